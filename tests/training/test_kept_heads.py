"""Where only the head learns, is it kept alone on the way, and does an ended run have whole models all the same?"""

import keras
import numpy as np
import pytest
from keras import layers

from cnnviz.convnets import load_convnet
from cnnviz.datasets import load_dataset, photos
from cnnviz.runs import open_run, snapshots
from cnnviz.training import Recipe, Transfer, carry_out, create_run, reopen, stop
from cnnviz.training.completing import complete
from cnnviz.training.time_lapse import time_lapse

SIDE = 12
EPOCHS = 5


@pytest.fixture(scope="module")
def recipe(shapes, tmp_path_factory):
    """So high a rate that the Best epoch is not the last."""
    keras.utils.set_random_seed(3)
    path = tmp_path_factory.mktemp("bases") / "base.keras"
    image = keras.Input((SIDE, SIDE, 1))
    maps = layers.Conv2D(32, 3, activation="relu", name="conv")(layers.Rescaling(1 / 255)(image))
    maps = layers.Conv2D(32, 5, activation="relu", name="last")(maps)
    vector = layers.GlobalAveragePooling2D()(maps)
    keras.Model(image, layers.Dense(2, activation="softmax")(vector)).save(path)
    transfer = Transfer(str(path), pooling="flatten", dense=4)
    return Recipe(
        "own", str(shapes), "transfer", EPOCHS, batch_size=16, learning_rate=0.04, snapshots=EPOCHS,
        has_tensorboard=False, transfer=transfer,
    )  # fmt: skip


def answers(path, recipe):
    """What a whole model, opened from its file, makes of the validation images."""
    part = load_dataset(recipe.data).validation
    pixels = photos(part, size=(SIDE, SIDE), channels=1).astype(np.float32)
    return np.asarray(keras.saving.load_model(path, compile=False)(pixels, training=False)), part.labels


def assert_whole(run, recipe):
    """Both files are whole models, of the epochs that they are named by, and nothing is left to do."""
    losses = run.history.columns["val_loss"]
    for name, expected in {"best.keras": losses.min(), "last.keras": losses[-1]}.items():
        probabilities, labels = answers(run.path / name, recipe)
        found = -np.log(probabilities[np.arange(len(labels)), labels]).mean()
        assert found == pytest.approx(expected, rel=1e-3), name
    assert not run.has_loose_head


def stop_after(epoch, path):
    def on_epoch(number, values):
        if number == epoch:
            stop(path)

    return on_epoch


def test_the_head_alone_is_kept_until_the_run_ends(recipe, runs):
    path, seen = create_run(recipe, folder=runs), []
    run = carry_out(path, on_epoch=lambda *_: seen.append(({*path.glob("*.keras")}, open_run(path).has_loose_head)))
    assert seen == [(set(), True)] * EPOCHS
    losses = run.history.columns["val_loss"]
    assert losses.min() < 0.99 * losses[-1]  # else best and last would be the same
    assert_whole(run, recipe)


def test_a_stopped_run_has_whole_models_and_so_has_the_resumed_one(recipe, runs):
    path = create_run(recipe, folder=runs)
    stopped = carry_out(path, on_epoch=stop_after(3, path))
    assert (stopped.status.state, stopped.status.epoch) == ("stopped", 3)
    assert_whole(stopped, recipe)
    reopen(path)
    resumed = carry_out(path)
    assert list(resumed.history.epochs) == list(range(1, EPOCHS + 1))
    assert_whole(resumed, recipe)


def test_a_killed_run_is_put_together_when_somebody_wants_to_look_inside(recipe, runs, monkeypatch):
    path = create_run(recipe, folder=runs)
    with monkeypatch.context() as patch:  # as little is done at the end as by a trainer that was killed
        patch.setattr("cnnviz.training.fitting.put_together", lambda *_: None)
        carry_out(path, on_epoch=stop_after(3, path))
    killed = open_run(path)
    assert killed.model is None and killed.has_loose_head
    whole = complete(killed)
    assert_whole(whole, recipe)
    changed = whole.model.stat().st_mtime_ns
    assert complete(whole).model.stat().st_mtime_ns == changed  # nothing is left to do
    reopen(path)
    assert_whole(carry_out(path), recipe)


def test_its_time_lapse_is_what_each_head_said(recipe, runs):
    run = carry_out(create_run(recipe, folder=runs))
    kept = snapshots(run.path)
    epochs = list(kept)
    assert (epochs[0], epochs[-1]) == (0, EPOCHS) and len(epochs) > 3
    whole = (run.path / "best.keras").stat().st_size
    assert all(path.name.endswith(".head.weights.h5") and path.stat().st_size < whole for path in kept.values())
    inputs = photos(load_dataset(recipe.data).validation, size=(SIDE, SIDE), channels=1).astype(np.float32)
    lapse = time_lapse(load_convnet(run.path), inputs[:1], snapshots=kept, class_index=0)
    assert np.ptp(lapse.probabilities, axis=0).max() > 0.05
    np.testing.assert_allclose(lapse.probabilities[-1], answers(run.path / "last.keras", recipe)[0][0], atol=1e-4)
    assert (lapse.kernels == lapse.kernels[0]).all()
