"""Is a run's folder read as it is, whatever state it is in?"""

import json
import math
import os
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, fields
from types import NoneType

import numpy as np
import pytest
from filelock import FileLock

from cnnviz.errors import RunError
from cnnviz.runs import History, Status, list_runs, open_run, read_history, runs_folder, trained_run
from cnnviz.runs.status import read_status


def make_run(folder, name, **status):
    path = folder / name
    path.mkdir(parents=True)
    (path / "recipe.json").write_text(json.dumps({"name": "lenet5"}))
    (path / "status.json").write_text(json.dumps(asdict(Status(**status))))
    return path


def test_a_history_leaves_out_the_row_that_is_being_written(tmp_path):
    path = tmp_path / "history.csv"
    path.write_text("epoch,loss,val_loss\n1,0.5,0.6\n2,0.25,nan\n3,0.1")
    history = read_history(path)
    np.testing.assert_array_equal(history.epochs, [1, 2])
    np.testing.assert_array_equal(history.columns["loss"], [0.5, 0.25])
    assert np.isnan(history.columns["val_loss"][1])


def test_a_missing_or_strange_history_has_no_rows(tmp_path):
    assert len(read_history(tmp_path / "none.csv")) == 0
    for odd in ("no,header\n,\nx,y\n", "epoch,loss\n1," + "9" * 200_000 + "\n"):
        (tmp_path / "odd.csv").write_text(odd)
        assert len(read_history(tmp_path / "odd.csv")) == 0


def test_a_history_has_the_columns_that_it_promises(tmp_path):
    (tmp_path / "history.csv").write_text("epoch,val_loss,mine\n1,0.5,3\n")
    columns = read_history(tmp_path / "history.csv").columns
    assert columns["val_loss"] == [0.5] and columns["mine"] == [3]
    assert {name for name, values in columns.items() if np.isnan(values).all()} == {
        "loss", "accuracy", "val_accuracy", "seconds",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("written", "epochs"),
    [
        ("1 2 3", [1, 2, 3]),
        ("1 9 3", [1, 3]),  # the second was damaged
        ("1 2 2 3", [1, 2, 3]),
        ("0 1 2", [1, 2]),
        ("1 99999999999999999999 3", [1, 3]),
        (f"1 {'9' * 5000} 3", [1, 3]),
        ("1 \u0662 3", [1, 3]),
    ],
)
def test_a_history_has_each_epoch_once_and_in_their_order(tmp_path, written, epochs):
    path = tmp_path / "history.csv"
    path.write_text("epoch,loss\n" + "".join(f"{epoch},0.{epoch[:1]}\n" for epoch in written.split()), encoding="utf-8")
    np.testing.assert_array_equal(read_history(path).epochs, epochs)


def test_what_no_epoch_can_give_is_no_number(tmp_path):
    path = tmp_path / "history.csv"
    path.write_text("epoch,loss,val_accuracy,seconds\n1,9,0.5,2\n2,8,5.5,-2\n3,x,-0.5,3\n")
    columns = read_history(path).columns
    np.testing.assert_array_equal(columns["loss"], [9, 8, np.nan])
    np.testing.assert_array_equal(columns["val_accuracy"], [0.5, np.nan, np.nan])
    np.testing.assert_array_equal(columns["seconds"], [2, np.nan, 3])


def history_of(loss, val_loss):
    columns = {"loss": np.array(loss, float), "val_loss": np.array(val_loss, float)}
    return History(np.arange(1, len(loss) + 1), columns)


@pytest.mark.parametrize(
    ("loss", "val_loss", "best", "from_epoch"),
    [
        ([4, 3, 2, 1], [4, 3, 2, 1], 4, None),  # still learning
        ([4, 3, 2, 1], [4, 2, 3, 4], 2, 2),  # by heart after the second
        ([4, 3, 2], [4, 2, 3], 2, None),  # one bad epoch proves nothing
        ([4, 1, 2, 3], [4, 2, 3, 4], 2, None),  # both rise: it forgets, which is another illness
        ([4, 3], [np.nan, np.nan], None, None),
    ],
)
def test_over_fitting_begins_where_only_the_training_loss_goes_on_falling(loss, val_loss, best, from_epoch):
    history = history_of(loss, val_loss)
    assert (history.best_epoch, history.over_fits_from) == (best, from_epoch)


@pytest.mark.parametrize("state", ["running", "stopping"])
def test_a_run_without_its_trainer_is_interrupted(tmp_path, state):
    path = make_run(tmp_path, "a", state=state, epoch=3)
    (path / "lock").touch()
    assert (open_run(path).status.state, open_run(path).status.epoch) == ("interrupted", 3)
    with FileLock(path / "lock"):
        assert open_run(path).status.state == state


def test_a_run_that_was_launched_just_now_is_queued_and_one_that_never_began_is_interrupted(tmp_path):
    assert open_run(make_run(tmp_path, "now", updated=time.time())).status.state == "queued"
    assert open_run(make_run(tmp_path, "long ago", updated=time.time() - 3600)).status.state == "interrupted"


def test_runs_are_listed_newest_first_and_those_that_cannot_be_understood_say_so(tmp_path):
    for age, name in enumerate(["new", "middle", "old"]):
        recipe = make_run(tmp_path, name, state="finished") / "recipe.json"
        os.utime(recipe, (1e9 - age, 1e9 - age))
    (tmp_path / "empty").mkdir()
    broken = make_run(tmp_path, "broken", state="finished")
    (broken / "status.json").write_text("{")
    os.utime(broken / "recipe.json", (1e9 - 9, 1e9 - 9))
    found = list_runs(tmp_path)
    assert [run.name for run in found] == ["new", "middle", "old", "broken"]
    assert found[-1].status.state == "failed" and "cannot be understood" in found[-1].status.reason
    assert list_runs(tmp_path / "nowhere") == []


ODD = (
    None,
    "x",
    -1,
    1.5,
    10**400,
    float("nan"),
    True,
    [],
    {},
    {"epoch": "x"},
    {"accuracy": []},
    {"a": "b"},
    {"value": {}},
)


@pytest.mark.parametrize("name", [field.name for field in fields(Status)])
@pytest.mark.parametrize("value", ODD, ids=repr)
def test_a_status_is_of_the_kinds_that_it_promises_or_none(tmp_path, name, value):
    """Whoever reads it may calculate with it and write it into a sentence."""
    path = tmp_path / "status.json"
    path.write_text(json.dumps(asdict(Status("running", epoch=1, epochs=2)) | {name: value}))
    status = read_status(path)
    if status is not None:
        left = 0.0 if status.seconds_left is None else status.seconds_left
        assert math.isfinite(left + status.updated + status.step + status.steps)
        assert (status.state + status.reason + status.doing).isprintable()
        assert all(isinstance(number, (float, int, NoneType)) for number in status.metrics.values())
        if status.best:
            assert status.best["epoch"] >= 0 and status.best["monitor"].isprintable()
        if status.test:
            assert status.test["accuracy"] * status.test["pictures"] is not None


@pytest.mark.parametrize(
    ("name", "value"), [("name", 3), ("data", None), ("epochs", "x"), ("seed", []), ("series", {})]
)
def test_a_recipe_of_other_kinds_is_no_run(tmp_path, name, value):
    path = make_run(tmp_path, "a", state="finished")
    (path / "recipe.json").write_text(json.dumps({"name": "lenet5", name: value}))
    with pytest.raises(RunError, match="is not a run"):
        open_run(path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="pipes in folders are POSIX's")
@pytest.mark.parametrize("name", ["status.json", "recipe.json", "history.csv", "environment.json", "lock"])
@pytest.mark.parametrize(
    "make", [os.mkfifo, lambda path: path.symlink_to("/dev/zero"), os.mkdir], ids=["pipe", "endless", "folder"]
)
@pytest.mark.timeout(20)
def test_what_is_no_ordinary_file_is_not_waited_for(tmp_path, name, make):
    path = make_run(tmp_path, "a", state="running")
    (path / name).unlink(missing_ok=True)
    make(path / name)
    for run in list_runs(tmp_path):
        assert len(run.history) == 0 and not run.environment
        assert run.status.state in ("failed", "interrupted")


@pytest.mark.skipif(not hasattr(os, "O_NOFOLLOW"), reason="links cannot be told there")
@pytest.mark.parametrize("name", ["recipe.json", "history.csv", "environment.json"])
def test_a_link_to_another_file_is_not_followed(tmp_path, name):
    path = make_run(tmp_path / "runs", "a", state="finished")
    (path / "history.csv").write_text("epoch,loss\n1,0.5\n")
    (path / "environment.json").write_text('{"parameters": 3}')
    assert len(open_run(path).history) == 1 and open_run(path).environment == {"parameters": 3}
    (path / name).rename(tmp_path / "elsewhere")
    (path / name).symlink_to(tmp_path / "elsewhere")
    (run,) = list_runs(tmp_path / "runs")
    seen = {
        "recipe.json": run.status.state == "finished",
        "history.csv": len(run.history) == 1,
        "environment.json": run.environment == {"parameters": 3},
    }
    assert [read for read, is_seen in seen.items() if not is_seen] == [name]


def test_of_a_history_without_an_end_so_many_rows_are_read(tmp_path):
    rows = [f"{epoch},0.5" for epoch in range(1, 20_001)]
    (tmp_path / "history.csv").write_text("\n".join(["epoch,loss", *rows, ""]))
    assert list(read_history(tmp_path / "history.csv").epochs) == list(range(1, 10_001))
    (tmp_path / "history.csv").write_text("\n".join(["epoch,loss", *(rows * 100), ""]))  # 22 MB
    assert len(read_history(tmp_path / "history.csv")) == 0


@pytest.mark.parametrize(
    "data",
    [
        {"pictures": "no"},
        {"pictures": {"validation": "zzz"}},
        {"pictures": {"validation": ["a", "b"]}},
        {"pictures": {"validation": [10**400]}},
        {"pictures": {"validation": [-1]}},
        {"class_names": [1, 2]},
        {"class_names": "cats"},
        {"name": ["x"]},
        {"fingerprint": {}},
    ],
)
def test_an_environment_of_other_kinds_counts_as_none(tmp_path, data):
    path = make_run(tmp_path, "a", state="finished")
    for said, found in ((data, {}), ({}, {"data": {}})):
        (path / "environment.json").write_text(json.dumps({"data": said}))
        assert open_run(path).environment == found


def test_many_who_look_at_a_dead_run_do_not_take_each_other_for_its_trainer(tmp_path):
    path = make_run(tmp_path, "a", state="running")
    (path / "lock").touch()
    with ThreadPoolExecutor(16) as pool:
        states = list(pool.map(lambda _: open_run(path).status.state, range(400)))
    assert set(states) == {"interrupted"}


def test_a_clock_that_was_ahead_does_not_keep_a_run_waiting_for_ever(tmp_path):
    assert open_run(make_run(tmp_path, "ahead", updated=time.time() + 86_400)).status.state == "interrupted"


@pytest.mark.parametrize("text", ["", "[]", '{"state": "dancing"}', '{"state": 3}', "x" * 2_000_000])
def test_a_status_that_cannot_be_understood_is_no_run(tmp_path, text):
    path = make_run(tmp_path, "a")
    (path / "status.json").write_text(text)
    with pytest.raises(RunError, match="is not a run"):
        open_run(path)


def test_time_left_is_guessed_from_epochs_or_from_the_first_batches():
    assert Status("running", epochs=10).seconds_left is None
    assert Status("running", epochs=10, step=1, steps=20, epoch_seconds=3.0, first_seconds=3.0).seconds_left is None
    first = Status("running", epochs=10, step=5, steps=20, epoch_seconds=5.0, first_seconds=3.0)
    assert first.seconds_left == pytest.approx(0.5 * (200 - 5))  # half a second a step, once it is compiled
    later = Status("running", epochs=10, epoch=4, seconds=40.0, step=10, steps=20, epoch_seconds=5.0)
    assert later.seconds_left == pytest.approx(6 * 10 - 5)
    assert Status("finished", epochs=10, epoch=10, seconds=100.0).seconds_left is None


def test_the_environment_moves_the_folder_of_runs(monkeypatch, tmp_path):
    monkeypatch.setenv("CNNVIZ_RUNS_DIR", str(tmp_path))
    assert runs_folder() == tmp_path


@pytest.mark.parametrize("name", ["untrained", "network", "", "..", "../trained", "/", "no such"])
def test_only_a_run_with_a_model_is_found_by_its_name(tmp_path, name):
    """`network` is one without a run around it."""
    runs = tmp_path / "runs"
    for made in ("trained", "untrained"):
        make_run(runs, made, state="finished")
    make_run(tmp_path, "trained", state="finished")
    (runs / "network").mkdir()
    for home in (runs / "trained", runs / "network", tmp_path / "trained", tmp_path):
        (home / "best.keras").touch()
    assert trained_run("trained", runs).path == runs / "trained"
    assert trained_run(name, runs) is None
