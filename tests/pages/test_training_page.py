"""Does the training page launch, watch, explain and compare runs, whatever their folders hold?"""

import json
import os
from contextlib import nullcontext
from dataclasses import asdict

import numpy as np
import pytest
from filelock import FileLock
from PIL import Image
from reading_pages import sentences, zipped
from waiting import wait_until

from cnnviz.dashboard.training import processes
from cnnviz.runs import STATES, Status, list_runs, open_run, snapshot_path
from cnnviz.training import RECIPES
from cnnviz.training.record import append_epoch, write_json

SECONDS = 90
CLASSES = ("lying", "upright")
OFFLINE = {"cifar10-cnn": ("data cifar10-cnn", "fashion-sample"), "resnet50-transfer": ("base resnet50", "own")}


def labels(app):
    return [button.label for button in app.button]


def press(app, label):
    next(button for button in app.button if button.label == label).click().run()
    assert not app.exception
    return app


def bars(folder, sizes=(12, 12)):
    """Images of lying and of upright bars, so many of each."""
    rng = np.random.default_rng(0)
    for name, count in zip(CLASSES, sizes, strict=True):
        (folder / name).mkdir(parents=True)
        for number in range(count):
            pixels = rng.integers(0, 80, (28, 28))
            start = rng.integers(4, 20)
            (pixels if name == "lying" else pixels.T)[start : start + 4] += 150
            Image.fromarray(pixels.astype(np.uint8)).save(folder / name / f"{number}.png")
    return folder


@pytest.fixture
def runs(tmp_path):
    (tmp_path / "runs").mkdir()
    return tmp_path / "runs"


def make_run(runs, name="a-run", *, recipe="lenet5", losses=(), environment=None, **status):
    """A run's folder as a trainer would leave it, without any training."""
    path = runs / name
    path.mkdir()
    write_json(path / "recipe.json", RECIPES[recipe].recipe.to_json())
    write_json(path / "environment.json", environment or {})
    write_json(path / "status.json", asdict(Status(**status)))
    for epoch, (loss, val_loss, accuracy, val_accuracy) in enumerate(losses, start=1):
        values = {"loss": loss, "val_loss": val_loss, "accuracy": accuracy, "val_accuracy": val_accuracy}
        append_epoch(path / "history.csv", epoch, values | {"learning_rate": 1e-3, "phase": 0, "seconds": 2.0})
    return path


GOOD = ((2.0, 2.1, 0.3, 0.3), (1.0, 1.1, 0.6, 0.6), (0.5, 0.6, 0.8, 0.8))
BEST = {"epoch": 3, "monitor": "val_loss", "value": 0.6}
TEST = {"pictures": 1200, "accuracy": 0.875, "loss": 0.5, "confusion": [[500, 100], [50, 550]]}
TWO = {"parameters": 61706, "data": {"class_names": list(CLASSES), "pictures": {"validation": [50, 50]}}}


def test_where_nothing_was_trained_one_button_trains(open_page):
    app = open_page("training")
    assert not app.exception
    assert "Nothing has been trained here yet" in sentences(app)
    assert "Train LeNet-5 now" in labels(app)
    assert app.title[0].value == "Training"


@pytest.mark.parametrize("state", STATES)
def test_each_state_of_a_run_is_said_with_what_can_be_done(open_page, runs, state):
    is_active = state in ("queued", "running", "stopping")
    reason = "The disk is full." if state == "failed" else ""
    path = make_run(
        runs, losses=GOOD, state=state, reason=reason, doing="training" if is_active else "", epoch=3, epochs=12,
        step=5, steps=10, seconds=6.0, metrics={"loss": 0.41, "accuracy": 0.83}, best=BEST,
        test=TEST if state == "finished" else {}, environment=TWO,
    )  # fmt: skip
    (path / "best.keras").touch()
    if state == "stopping":
        (path / "stop").touch()
    with FileLock(path / "lock") if is_active else nullcontext():
        app = open_page("training")
    assert not app.exception
    said, known = sentences(app), labels(app)
    word = {"queued": "Queued", "running": "Training", "stopping": "Stopping"}.get(state, state.title())
    assert f"**{word}" in said
    assert ("Stop" in known) == (state in ("queued", "running"))
    assert ("Resume" in known) == (state in ("stopped", "failed", "interrupted"))
    assert ("Delete" in known) == (not is_active)
    assert "Open the model" in known
    assert ("epoch 4 of 12" in said) == is_active
    assert ("current epoch: loss 0.41, accuracy 83 %" in said) == is_active
    assert ("160 images/s · 2 s per epoch" in said) == is_active  # 3 epochs of 10 steps of 32 in 6 s
    assert ("The disk is full." in said) == (state == "failed")
    numbers = {metric.label: metric.value for metric in app.metric}
    assert numbers == {
        "Best epoch": "3", "Validation accuracy": "80 %", "Test accuracy": "88 %" if state == "finished" else "–",
        "Parameters": "61,706", "Time": "6 s",
    }  # fmt: skip
    assert ("1,200 test images" in said) == (state == "finished")


def test_a_run_before_its_first_epoch_has_no_curve_and_nothing_to_look_into(open_page, runs):
    path = make_run(runs, state="running", doing="reading images", epochs=12)
    with FileLock(path / "lock"):
        app = open_page("training")
    assert not app.exception
    assert "reading images" in sentences(app)
    assert "The curves start with the first epoch." in sentences(app)
    assert "Open the model" not in labels(app)
    assert not app.get("vega_lite_chart")


@pytest.mark.parametrize(
    ("file", "text"),
    [("history.csv", "no,header\n,\nx,y\n"), ("environment.json", "[1, 2"), ("train.log", "\x00\ufffd"), ("stop", "")],
)
def test_strange_files_in_a_run_break_nothing(open_page, runs, file, text):
    path = make_run(runs, losses=GOOD, state="stopped", epoch=3, epochs=12, best=BEST)
    (path / file).write_text(text)
    app = open_page("training")
    assert not app.exception
    assert "**Stopped**" in sentences(app)


def test_a_folder_that_is_no_run_is_left_out_and_a_run_that_cannot_be_understood_says_so(open_page, runs):
    (runs / "holiday").mkdir()
    app = open_page("training")
    assert "Nothing has been trained here yet" in sentences(app)
    broken = make_run(runs, "broken", state="finished")
    (broken / "status.json").write_text("{")
    app = open_page("training", run="broken", view="runs")
    assert not app.exception
    assert "Its recipe.json or status.json cannot be understood. Delete it." in sentences(app)
    assert "Delete" in [button.label for button in app.button]


@pytest.mark.parametrize(
    ("losses", "said"),
    [
        (((1, 1, 0.5, 0.5), (0.5, 0.8, 0.8, 0.75), (0.3, 0.9, 0.82, 0.78), (0.1, 1.2, 0.85, 0.8)), "Since epoch 2"),
        (((1, 1, 0.5, 0.5), (0.5, 0.8, 0.99, 0.75)), "Training accuracy is 99 %, validation accuracy 75 %"),
        (((0.7, 0.7, 0.5, 0.5),) * 3, "at chance level (50 %)"),
    ],
)
def test_what_puzzles_beginners_is_said_where_it_happens(open_page, runs, losses, said):
    make_run(runs, losses=losses, state="stopped", epoch=len(losses), epochs=12, environment=TWO)
    app = open_page("training")
    assert not app.exception
    assert [note.value for note in app.info if said in note.value] and len(app.info) == 1


def test_a_curve_of_few_images_is_said_to_jump_by_chance(open_page, runs):
    few = {"data": {"class_names": list(CLASSES), "pictures": {"validation": [4, 5]}}}
    make_run(runs, losses=GOOD, state="finished", epoch=3, epochs=12, environment=few)
    (note,) = open_page("training").info
    assert note.value.startswith("There are only 9 validation images: each counts for 11 % of the validation accuracy")


def test_the_others_of_a_series_are_said_to_go_on_and_are_stopped_together(open_page, runs):
    paths = [
        make_run(runs, name, losses=GOOD[:epoch], state=state, doing="training" * (state == "running"), epoch=epoch,
                 epochs=3, environment=TWO)
        for name, state, epoch in (("one", "finished", 3), ("two", "running", 1), ("three", "queued", 0))
    ]  # fmt: skip
    with FileLock(paths[1] / "lock"), FileLock(paths[2] / "lock"):
        app = open_page("training", run="one")
        app.multiselect(key="compared_runs").set_value(["two", "three"]).run()
        assert "2 other runs are active or queued" in sentences(app)
        table = app.dataframe[0].value.set_index("Run")
        assert list(table["State"]) == ["Finished", "Training · epoch 2 of 3", "Queued"]
        press(app, "Stop all")
        assert [(path / "stop").exists() for path in paths] == [False, True, True]


def test_runs_are_compared_with_what_differs_in_numbers_for_people(open_page, runs):
    make_run(runs, "one", losses=GOOD, state="finished", epoch=3, epochs=12, best=BEST, test=TEST, environment=TWO)
    make_run(runs, "two", recipe="mnist-dense", losses=GOOD[:1], state="stopped", epoch=1, epochs=5)
    app = open_page("training", run="one")
    app.multiselect(key="compared_runs").set_value(["two"]).run()
    assert not app.exception
    table = app.dataframe[0].value.set_index("Run")
    assert table.loc["one", "Test accuracy"] == pytest.approx(87.5)
    assert np.isnan(table.loc["two", "Test accuracy"])
    assert (table.loc["one", "Optimizer"], table.loc["two", "Optimizer"]) == ("adam", "sgd")
    assert table.loc["two", "Early stopping patience"] == "–"
    assert "Seed" not in table.columns
    assert [chart.proto.alt for chart in app.get("vega_lite_chart")] == [
        "Loss over the epochs of one, two.",
        "Accuracy over the epochs of one, two.",
    ]


def test_deleting_a_run_takes_its_folder_and_shows_what_is_left(open_page, runs):
    make_run(runs, "kept", state="stopped", epochs=3)
    gone = make_run(runs, "gone", state="stopped", epochs=3)
    app = open_page("training", run="gone")
    app.button(key="delete_run").click().run()
    assert not app.exception
    assert not gone.exists()
    assert app.selectbox(key="run").value == "kept"


def test_stop_is_passed_on_and_said(open_page, runs):
    path = make_run(runs, losses=GOOD, state="running", doing="training", epoch=3, epochs=12)
    with FileLock(path / "lock"):
        app = press(open_page("training"), "Stop")
        assert (path / "stop").exists()
        assert "**Stopping" in sentences(app)
        assert "Stop" not in labels(app)


def test_a_trainer_that_does_not_answer_can_be_ended(open_page, runs):
    """The number of the process is a stranger's here, so the page says why it is let alone."""
    path = make_run(runs, losses=GOOD, state="running", doing="training", epoch=3, epochs=12, pid=os.getpid())
    with FileLock(path / "lock"):
        app = press(open_page("training"), "Stop")
        assert "Kill the process" not in labels(app)
        os.utime(path / "stop", (0, 0))
        app = press(app.run(), "Kill the process")
        assert f"process {os.getpid()} was not launched for it alone" in sentences(app)


def test_a_full_queue_is_said_on_the_page(runs, monkeypatch):
    monkeypatch.setenv("CNNVIZ_MAX_RUNS", "1")
    path = make_run(runs, state="running", epochs=12)
    with FileLock(path / "lock"):
        processes.start(RECIPES["lenet5"].recipe)
    assert "There would be 2 unfinished runs in " in processes.take_error()
    assert [run.name for run in list_runs(runs)] == [path.name]


@pytest.fixture
def own_base(runs):
    """A model of one's own, so that no base is downloaded."""
    import keras

    path = make_run(runs, "own", state="finished", epochs=1)
    keras.Sequential(
        [
            keras.Input((32, 32, 3)),
            keras.layers.Rescaling(1 / 255),
            keras.layers.Conv2D(4, 3, activation="relu", name="maps"),
            keras.layers.GlobalAveragePooling2D(),
            keras.layers.Dense(2, activation="softmax"),
        ]
    ).save(path / "best.keras")


@pytest.mark.parametrize("name", RECIPES)
def test_each_recipe_shows_its_images_its_model_and_a_guess_of_the_time(open_page, own_base, name):
    app = open_page("training", view="new")
    if name in OFFLINE:
        key, value = OFFLINE[name]
        app.session_state[key] = value
    elif RECIPES[name].recipe.transfer is not None:
        app.session_state["base efficientnet-lite0"] = "own"
    app.selectbox(key="recipe").set_value(name).run()
    assert not app.exception
    said = sentences(app)
    assert RECIPES[name].summary in said
    assert "trainable" in said and "in 10 classes" in said
    assert f"for {RECIPES[name].recipe.epochs} epochs on this machine" in said
    assert "Train" in labels(app)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"clip_norm": 1.0, "clip_value": 1.0}, "by norm or by value, not by both"),
        ({"size": 7}, "7"),
    ],
)
def test_settings_that_cannot_be_are_explained_and_not_launched(open_page, settings, said):
    app = open_page("training", view="new")
    for name, value in settings.items():
        app.number_input(key=f"{name} lenet5").set_value(value)
    app.run()
    assert not app.exception
    assert "Train" not in labels(app)
    assert said in "".join(element.value for element in app.text)


def test_a_folder_of_ones_own_is_in_the_list_with_its_balance(open_page, tmp_path):
    folder = bars(tmp_path / "data" / "bars", sizes=(40, 10))
    app = open_page("training", view="new")
    app.selectbox(key="data lenet5").set_value(folder.name).run()
    assert not app.exception
    assert "in 2 classes" in sentences(app)
    assert [chart.proto.alt for chart in app.get("plotly_chart")] == ["Training images per class."]


def test_an_uploaded_zip_is_taken_and_a_bad_one_is_explained(open_page, tmp_path):
    app = open_page("training", view="new")
    app.file_uploader(key="data_upload").upload("bars.zip", zipped(bars(tmp_path / "mine")), "application/zip").run()
    assert not app.exception
    assert "in 2 classes" in sentences(app) and "Train" in labels(app)
    assert app.selectbox(key="data lenet5").value.endswith(".zip")
    app.file_uploader(key="data_upload").upload("bad.zip", b"PK\x03\x04 not really", "application/zip").run()
    assert not app.exception
    assert "Train" not in labels(app)
    assert app.selectbox(key="data lenet5").value.endswith(".zip") and "bad" in sentences(app)


def test_the_preview_stands_beside_the_sliders_when_the_editor_is_open(open_page):
    app = open_page("training", view="new")
    assert "every epoch sees the same image" not in sentences(app)
    app.session_state["augmentation"] = True
    app.run()
    assert "every epoch sees the same image" in sentences(app)
    app.slider(key="rotation lenet5").set_value(30.0).run()
    assert not app.exception
    assert "as nine epochs would see it" in sentences(app)


def replayed(app):
    """Draw the page until the work beside it has ended."""
    app.run()
    assert not app.exception
    wait_until(lambda: "Cancel" not in labels(app.run()), "the time lapse", seconds=SECONDS)
    assert not app.exception
    return app


def test_a_run_is_launched_finishes_and_is_replayed(open_page, tmp_path):
    folder = bars(tmp_path / "data" / "bars", sizes=(20, 20))
    app = open_page("training", view="new")
    app.selectbox(key="data lenet5").set_value(folder.name)
    app.number_input(key="epochs lenet5").set_value(2).run()
    press(app, "Train")
    name = app.selectbox(key="run").value
    path = tmp_path / "runs" / name
    wait_until(lambda: not open_run(path).status.is_active, "the end of the run")
    run = open_run(path)
    assert (run.status.state, run.status.reason) == ("finished", "")
    assert (run.recipe["epochs"], run.recipe["data"]) == (2, str(folder))

    app.session_state["lapse"] = True
    replayed(app)
    assert app.select_slider(key="lapse_epoch").options == ["before training", "epoch 1", "epoch 2"]
    assert app.selectbox(key="lapse_layer").value == "conv2"
    app.select_slider(key="lapse_epoch").set_value(0).run()
    assert not app.exception


def test_weights_that_cannot_be_read_are_explained_and_leave_the_rest(open_page, own_base, tmp_path):
    path = tmp_path / "runs" / "own"
    recipe = json.loads((path / "recipe.json").read_text()) | {"data": str(bars(tmp_path / "data" / "bars"))}
    write_json(path / "recipe.json", recipe)
    snapshot_path(path, 0).parent.mkdir()
    for epoch in (0, 1):
        snapshot_path(path, epoch).write_bytes(b"no weights")
    app = open_page("training", run="own")
    app.session_state["lapse"] = True
    replayed(app)
    assert "The weights of epoch 0 cannot be read." in sentences(app)
    assert "Compute the time lapse" in labels(app)
    assert "Runs are saved in" in sentences(app)


@pytest.mark.parametrize("state", ["running", "interrupted"])
def test_a_head_that_a_killed_trainer_left_can_be_looked_into(open_page, runs, state):
    path = make_run(runs, "killed", recipe="feature-extraction", losses=GOOD, state=state, epochs=5, environment=TWO)
    (path / "checkpoints").mkdir()
    (path / "checkpoints" / "best-head.npz").write_bytes(b"no head")
    with FileLock(path / "lock") if state == "running" else nullcontext():
        app = open_page("training", run="killed")
    assert ("Open the model" in labels(app)) == (state == "interrupted")


@pytest.mark.parametrize("name", ["optimizers", "regularization", "ladder"])
def test_each_series_tells_its_runs_and_what_differs(open_page, name):
    app = open_page("training", view="series", series=name)
    assert not app.exception
    table = app.dataframe[0].value
    count = {"optimizers": 7, "regularization": 6, "ladder": 4}[name]
    assert len(table) == table["Run"].nunique() == count
    assert len(table.columns) >= 2
    assert str(count) in app.button(key="launch_series").label
    assert "for all runs on this machine" in sentences(app) and "in 10 classes" in sentences(app)


def test_a_series_of_images_that_cannot_be_read_is_explained_and_not_launched(open_page, tmp_path):
    app = open_page("training", view="series")
    app.file_uploader(key="data_upload").upload("bad.zip", b"PK\x03\x04 not really", "application/zip").run()
    assert not app.exception
    assert app.selectbox(key="data of optimizers").value.startswith("bad-") and "bad" in sentences(app)
    assert not [label for label in labels(app) if label.startswith("Train all")]


def test_gray_images_for_a_color_base_are_named_before_the_launch(open_page):
    app = open_page("training", view="new", recipe="feature-extraction")
    assert not app.exception
    assert any("gray" in warning.value for warning in app.warning)


@pytest.mark.parametrize("has_runs", [False, True])
def test_a_link_to_a_run_that_is_gone_says_so(open_page, runs, has_runs):
    if has_runs:
        make_run(runs, state="finished", losses=GOOD)
    app = open_page("training", run="gone-run")
    assert "This link asks for run 'gone-run', which does not exist. Shown instead: the default." in (sentences(app))
    assert "gone-run" not in app.query_params.values()
