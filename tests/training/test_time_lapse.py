"""Is every epoch replayed with its own weights, and the model left as it was?"""

import keras
import numpy as np
import pytest

from cnnviz import activations, heatmaps, probes
from cnnviz.convnets import convnet_from_model
from cnnviz.errors import CancelledError, LayerError, RunError
from cnnviz.filters import kernels
from cnnviz.runs import snapshot_path, snapshots
from cnnviz.training.time_lapse import time_lapse
from cnnviz.training.weights import save_snapshot

EPOCHS = (0, 1, 5)


def net(seed, channels=3):
    keras.utils.set_random_seed(seed)
    return keras.Sequential(
        [
            keras.Input((12, 12, 1)),
            keras.layers.Conv2D(4, 3, activation="relu", name="stem"),
            keras.layers.Conv2D(channels, 3, activation="relu", name="last"),
            keras.layers.GlobalAveragePooling2D(name="pool"),
            keras.layers.Dense(3, activation="softmax", name="answer"),
        ]
    )


@pytest.fixture
def kept(tmp_path):
    """A run's folder with weights of three epochs, each of another model."""
    snapshot_path(tmp_path, 0).parent.mkdir()
    for epoch in EPOCHS:
        net(epoch).save_weights(snapshot_path(tmp_path, epoch))
    return tmp_path


@pytest.fixture
def inputs(rng):
    return rng.uniform(0, 1, (1, 12, 12, 1)).astype(np.float32)


def test_each_epoch_is_what_a_model_with_its_weights_says(kept, inputs):
    lapse = time_lapse(convnet_from_model(net(9)), inputs, snapshots=snapshots(kept), class_index=1, layer="stem")
    assert lapse.epochs == EPOCHS
    assert lapse.heats.max() > 0 and np.ptp(lapse.probabilities, axis=0).max() > 0.01
    for row, epoch in enumerate(EPOCHS):
        alone = convnet_from_model(net(epoch))
        maps = activations.feature_maps(alone, inputs, layers=["stem"])["stem"][0]
        np.testing.assert_allclose(lapse.probabilities[row], probes.predict(alone, inputs)[0], rtol=1e-5)
        np.testing.assert_allclose(lapse.kernels[row], kernels(alone, "stem"))
        np.testing.assert_allclose(lapse.maps[row], maps, rtol=1e-5, atol=1e-6)
        heat = heatmaps.grad_cam(alone, inputs, class_index=1)[0]
        np.testing.assert_allclose(lapse.heats[row], heat, rtol=1e-4, atol=1e-7)


def test_the_model_is_left_as_it_was_also_after_a_failure(kept, inputs):
    convnet = convnet_from_model(net(9))
    before, said = convnet.model.get_weights(), probes.predict(convnet, inputs)
    time_lapse(convnet, inputs, snapshots=snapshots(kept), class_index=0)
    snapshots(kept)[5].write_bytes(b"no weights")
    with pytest.raises(RunError, match=r"The weights of epoch 5 cannot be read\. Delete 'epoch-000005"):
        time_lapse(convnet, inputs, snapshots=snapshots(kept), class_index=0)
    for mine, theirs in zip(convnet.model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(mine, theirs)
    np.testing.assert_array_equal(probes.predict(convnet, inputs), said)


def test_weights_that_were_damaged_on_the_disk_are_told_not_shown(tmp_path, inputs):
    path = snapshot_path(tmp_path, 1)
    save_snapshot(net(1), path)
    convnet, whole = convnet_from_model(net(9)), path.read_bytes()
    assert time_lapse(convnet, inputs, snapshots={1: path}, class_index=0).epochs == (1,)
    weights = net(1).get_layer("stem").get_weights()[0].tobytes()
    assert whole.count(weights) == 1
    path.write_bytes(whole.replace(weights, bytes([weights[0] ^ 1]) + weights[1:]))
    with pytest.raises(RunError, match="The weights of epoch 1 cannot be read"):
        time_lapse(convnet, inputs, snapshots={1: path}, class_index=0)


def test_it_can_be_cancelled_between_two_epochs_and_leaves_the_model_as_it_was(kept, inputs):
    convnet, steps = convnet_from_model(net(9)), []
    before = convnet.model.get_weights()

    def cancel(done, total):
        steps.append((done, total))
        if done == 2:
            raise CancelledError("Stopped.")

    with pytest.raises(CancelledError):
        time_lapse(convnet, inputs, snapshots=snapshots(kept), class_index=0, on_step=cancel)
    assert steps == [(0, 3), (1, 3), (2, 3)]
    for mine, theirs in zip(convnet.model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(mine, theirs)


def test_weights_of_another_model_are_named(kept, inputs):
    with pytest.raises(RunError, match="The weights of epoch 0 cannot be read"):
        time_lapse(convnet_from_model(net(0, channels=5)), inputs, snapshots=snapshots(kept), class_index=0)


def test_a_layer_without_maps_is_refused(kept, inputs):
    with pytest.raises(LayerError, match="pool"):
        time_lapse(convnet_from_model(net(9)), inputs, snapshots=snapshots(kept), class_index=0, layer="pool")


def test_of_many_channels_those_that_vary_most_in_the_end_are_kept(tmp_path, inputs):
    path = snapshot_path(tmp_path, 1)
    path.parent.mkdir()
    net(1, channels=80).save_weights(path)
    convnet = convnet_from_model(net(1, channels=80))
    lapse = time_lapse(convnet, inputs, snapshots={1: path}, class_index=0)
    whole = activations.feature_maps(convnet, inputs, layers=["last"])["last"][0]
    spread = whole.std(axis=(0, 1))
    assert lapse.maps.shape[-1] == 64
    np.testing.assert_allclose(np.sort(lapse.maps[0].std(axis=(0, 1))), np.sort(spread)[-64:], rtol=1e-4, atol=1e-7)


def test_a_model_without_convolutions_has_its_answers_only(tmp_path, inputs):
    model = keras.Sequential([keras.Input((12, 12, 1)), keras.layers.Flatten(), keras.layers.Dense(2, "softmax")])
    path = snapshot_path(tmp_path, 0)
    path.parent.mkdir()
    model.save_weights(path)
    lapse = time_lapse(convnet_from_model(model), inputs, snapshots={0: path}, class_index=0)
    assert (lapse.kernels, lapse.maps, lapse.heats) == (None, None, None)
    assert lapse.probabilities.shape == (1, 2)
