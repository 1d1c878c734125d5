"""Does a run end as it should, and go on as if nothing had happened?"""

import errno
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from filelock import FileLock

from cnnviz.datasets import load_dataset
from cnnviz.errors import RunError
from cnnviz.runs import Status, list_runs, open_run
from cnnviz.training import Augmentation, carry_out, create_run, delete, launch, reopen, stop
from cnnviz.training.plans import make_plan
from cnnviz.training.record import Record
from cnnviz.training.weights import keep_last


def weights(path):
    import keras

    return keras.saving.load_model(path, compile=False).get_weights()


def stop_after(epoch, path):
    """A listener that asks the run to stop as soon as an epoch is done, as a person would."""

    def on_epoch(number, values):
        if number == epoch:
            stop(path)

    return on_epoch


@pytest.fixture
def undisturbed(runs, recipe):
    path = create_run(recipe, folder=runs)
    (path / ".cnnviz-part-killed.keras").touch()  # as a trainer leaves it that was killed
    return carry_out(path)


def test_a_run_learns_and_keeps_all_that_it_promises(undisturbed, recipe):
    status, history = undisturbed.status, undisturbed.history
    assert (status.state, status.reason, status.epoch) == ("finished", "", recipe.epochs)
    assert list(history.epochs) == [1, 2, 3, 4]
    assert history.columns["loss"][-1] < 0.7 * history.columns["loss"][0]
    best = int(history.columns["val_loss"].argmin())
    assert status.best == {
        "epoch": best + 1,
        "monitor": "val_loss",
        "value": pytest.approx(history.columns["val_loss"][best]),
    }
    confusion = np.array(status.test["confusion"])
    assert confusion.sum() == status.test["pictures"] > 20
    assert np.trace(confusion) / confusion.sum() == pytest.approx(status.test["accuracy"])
    assert status.test["accuracy"] > 0.6
    names = {path.name for path in undisturbed.path.iterdir()}
    assert {"recipe.json", "environment.json", "status.json", "history.csv", "best.keras", "last.keras"} <= names
    assert not [name for name in names if name.startswith(".")]
    data = undisturbed.environment["data"]
    assert data["class_names"] == ["lying", "noise", "upright"]
    assert sum(map(sum, data["pictures"].values())) == 120


def test_what_came_out_is_a_model_like_any_other(undisturbed, shapes):
    import cnnviz

    convnet = cnnviz.load_convnet(undisturbed.model)
    assert convnet.class_names == ("lying", "noise", "upright")
    photos = [cnnviz.read_photo(shapes / name / "0.png") for name in convnet.class_names]
    probabilities = cnnviz.predict(convnet, convnet.prepare(photos))
    assert (probabilities.argmax(axis=1) == [0, 1, 2]).sum() >= 2
    assert convnet.preparation.scaling.name == "0..255"  # scaling is inside


@pytest.mark.parametrize("epoch", [1, 3])
def test_a_run_that_is_stopped_and_resumed_equals_an_undisturbed_one(undisturbed, runs, recipe, epoch):
    path = create_run(recipe, folder=runs)
    stopped = carry_out(path, on_epoch=stop_after(epoch, path))
    assert (stopped.status.state, stopped.status.epoch) == ("stopped", epoch)
    assert stopped.model is not None
    reopen(path)
    resumed = carry_out(path)
    assert resumed.status.state == "finished"
    assert list(resumed.history.epochs) == [1, 2, 3, 4]
    for name in ("loss", "val_loss", "accuracy", "learning_rate"):
        np.testing.assert_allclose(resumed.history.columns[name], undisturbed.history.columns[name], rtol=1e-4)
    for file in ("best.keras", "last.keras"):
        for mine, theirs in zip(weights(path / file), weights(undisturbed.path / file), strict=True):
            np.testing.assert_allclose(mine, theirs, rtol=1e-3, atol=1e-5)
    assert resumed.status.best["epoch"] == undisturbed.status.best["epoch"]


def test_the_last_model_is_that_of_the_checkpoint_whatever_was_learned_since(runs, recipe):
    run = carry_out(create_run(replace(recipe, epochs=1), folder=runs))
    kept = weights(run.path / "last.keras")
    (run.path / "last.keras").unlink()
    plan = make_plan(recipe, load_dataset(recipe.data))
    assert np.abs(plan.product.get_weights()[0] - kept[0]).max() > 0.01  # another model, as after half an epoch
    keep_last(plan, run.path, phase=1)
    assert not (run.path / "last.keras").exists()  # of that phase no epoch has ended
    keep_last(plan, run.path, phase=0)
    for mine, theirs in zip(weights(run.path / "last.keras"), kept, strict=True):
        np.testing.assert_array_equal(mine, theirs)


def test_early_stopping_counts_on_after_a_resume(runs, recipe):
    """With a rate of nearly nothing val_loss stands still: patience 2 ends the third epoch, interrupted or not."""
    still = replace(
        recipe, epochs=9, patience=2, learning_rate=1e-9, dropout=None, augmentation=Augmentation(), schedule="constant"
    )
    whole = carry_out(create_run(still, folder=runs))
    path = create_run(still, folder=runs)
    carry_out(path, on_epoch=stop_after(2, path))
    reopen(path)
    assert carry_out(path).status.epoch == whole.status.epoch < 9


def test_a_loss_that_is_no_number_ends_the_run_and_says_what_to_do(runs, recipe):
    mad = replace(recipe, network="mnist_convnet", learning_rate=1e38, schedule="constant")
    run = carry_out(create_run(mad, folder=runs))
    assert run.status.state == "failed"
    assert "nan" in run.status.reason and "lower learning rate" in run.status.reason


def test_a_setting_that_cannot_be_carried_out_fails_with_its_sentence(runs, recipe):
    run = carry_out(create_run(replace(recipe, data="no-such-data"), folder=runs))
    assert run.status.state == "failed"
    assert "no-such-data" in run.status.reason


def test_images_that_changed_meanwhile_are_noticed(runs, recipe, shapes, tmp_path):
    import shutil

    folder = shutil.copytree(shapes, tmp_path / "mine")
    path = create_run(replace(recipe, data=str(folder)), folder=runs)
    carry_out(path, on_epoch=stop_after(1, path))
    shutil.copy(folder / "noise" / "0.png", folder / "noise" / "another.png")
    reopen(path)
    run = carry_out(path)
    assert run.status.state == "failed"
    assert "changed since the run began" in run.status.reason


def test_a_full_disk_is_named_and_the_best_weights_stay(runs, recipe, monkeypatch):
    import errno

    from cnnviz.training import checkpoint

    path = create_run(recipe, folder=runs)
    write = checkpoint.save

    def full(folder, kept):
        if kept.epoch == 2:
            raise OSError(errno.ENOSPC, "No space left on device")
        write(folder, kept)

    monkeypatch.setattr(checkpoint, "save", full)
    run = carry_out(path)
    assert (run.status.state, run.status.epoch) == ("failed", 1)
    assert "disk is full" in run.status.reason
    assert weights(run.model)
    monkeypatch.undo()
    monkeypatch.setenv("CNNVIZ_CACHE_DIR", str(runs.parent / "cache"))
    reopen(path)
    assert list(carry_out(path).history.epochs) == [1, 2, 3, 4]


def test_one_run_is_trained_by_one_trainer(runs, recipe, monkeypatch):
    from cnnviz.training import record

    monkeypatch.setattr(record, "_LOCK_SECONDS", 0.1)
    path = create_run(recipe, folder=runs)
    with FileLock(path / "lock"), pytest.raises(RunError, match="being trained already"):
        carry_out(path)


def test_a_trainer_that_died_leaves_an_interrupted_run(runs, recipe):
    path = create_run(recipe, folder=runs)
    Record(path, Status()).tell(state="running", epoch=2, epochs=4)
    with FileLock(path / "lock"):
        assert open_run(path).status.state == "running"
    run = open_run(path)
    assert run.status.state == "interrupted" and run.status.epoch == 2


@pytest.mark.parametrize(("act", "state"), [(stop, "running"), (reopen, "stopped"), (launch, "queued")])
def test_a_folder_that_cannot_be_written_is_named(runs, recipe, monkeypatch, act, state):
    path = create_run(recipe, folder=runs)
    Record(path, Status()).tell(state=state)

    def refuse(*_, **__):
        raise OSError(errno.EROFS, "Read-only file system")

    with FileLock(path / "lock"):
        monkeypatch.setattr(Path, "touch", refuse)
        monkeypatch.setattr(Path, "open", refuse)
        monkeypatch.setitem(launch.__globals__, "open_ordinary", refuse)
        with pytest.raises(RunError, match=f"'{path.name}' cannot be written: Read-only file system."):
            act(path)


def test_what_has_ended_is_not_stopped_and_what_has_finished_is_not_resumed(undisturbed):
    with pytest.raises(RunError, match="not running"):
        stop(undisturbed.path)
    with pytest.raises(RunError, match="finished"):
        reopen(undisturbed.path)
    with pytest.raises(RunError, match="finished"):
        carry_out(undisturbed.path)
    delete(undisturbed)
    assert list_runs(undisturbed.path.parent) == []
