"""Laws that hold for every model: cnnviz against Keras, and against a layer-by-layer run."""

import contextlib
import tempfile
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from reference import state

import cnnviz
from cnnviz.convnets import convnet_from_model, load_convnet
from cnnviz.errors import CnnvizError, LayerError
from cnnviz.probes import forward

_convnets = {}

FLOAT32 = {"rtol": 1e-5, "atol": 1e-6}
HALF = {"rtol": 1e-2, "atol": 4e-3}  # half precision rounds differently when operations are fused


def tolerance(spec):
    return FLOAT32 if spec.policy == "float32" and "op_half" not in spec.blocks else HALF


def convnet_of(built):
    """One convnet for all laws, as an application holds one."""
    if built not in _convnets:
        _convnets.clear()
        _convnets[built] = convnet_from_model(built.model, head=built.head)
    return _convnets[built]


def expected_scores(outputs, kind):
    """What `predict` promises for outputs of a kind."""
    if kind == "sigmoid":
        return np.concatenate([1 - outputs, outputs], axis=1)
    if kind == "logits":
        exp = np.exp(outputs - outputs.max(axis=1, keepdims=True))
        return exp / exp.sum(axis=1, keepdims=True)
    return outputs


def kind_of_outputs_is_told(built):
    """`Convnet.outputs` is what the model was built to return, if that can be told."""
    if built.says_nothing:
        return
    assert convnet_of(built).outputs == built.kind


def predictions_are_the_models_own(built):
    """Softmax only where outputs are logits; a single sigmoid as 1 - p, p; everything else as it is."""
    _assert_predicted(cnnviz.predict(convnet_of(built), built.images), built)


def _assert_predicted(scores, built):
    np.testing.assert_allclose(scores, expected_scores(built.outputs, built.kind), **tolerance(built.spec))


def reference_is_the_model(built):
    """The reference itself gives what Keras gives, else the laws below would compare nothing."""
    np.testing.assert_allclose(built.run.main.numpy(), built.outputs, **tolerance(built.spec))


def gradients_are_those_of_the_logit(built):
    """Maps and gradients of the top class at every layer with maps; Grad-CAM of another class at the last one."""
    convnet, run = convnet_of(built), built.run
    if built.says_nothing or not np.isfinite(run.logits.numpy()).all():
        return
    scores = expected_scores(run.main.numpy(), built.kind)
    gradients = run.gradients(scores.argmax(axis=1))
    flowing = [address for address in _with_maps(run) if gradients[address] is not None]
    for _ in range(2 if flowing else 0):  # the first run is eager, the second one compiled
        reading = forward(convnet, built.images, layers=flowing, with_gradients=True)
        np.testing.assert_array_equal(reading.classes, scores.argmax(axis=1))
        _assert_predicted(reading.probabilities, built)
        for address in flowing:
            _assert_close(reading.maps[address], run.outputs[address], f"maps of {address}", built)
            _assert_close(reading.gradients[address], gradients[address], f"gradient at {address}", built)
    on_image = {info.address for info in cnnviz.layers(convnet) if info.has_maps}  # not where axes were exchanged
    for address in [address for address in flowing if address in on_image][-1:]:
        index = scores.shape[1] - 1
        output, gradient = run.outputs[address], run.gradients([index, index])[address]
        weights = tf.reduce_mean(tf.cast(gradient, tf.float32), axis=(1, 2), keepdims=True)
        heat = tf.nn.relu(tf.reduce_sum(tf.cast(output, tf.float32) * weights, axis=-1))
        found = cnnviz.grad_cam(convnet, built.images, layer=address, class_index=index)
        _assert_close(found, heat, f"Grad-CAM at {address}", built)


def no_gradient_is_an_error(built):
    """Where nothing flows back, zeros would read as: no evidence."""
    gradients = built.run.gradients([0, 0])
    for address in _with_maps(built.run):
        if gradients[address] is None:
            try:
                cnnviz.grad_cam(convnet_of(built), built.images, layer=address)
            except LayerError:
                continue
            raise AssertionError(f"{address}: no gradient, and no LayerError")


def _with_maps(run):
    return [address for address, output in run.outputs.items() if len(output.shape) == 4]


def _assert_close(actual, expected, what, built):
    "Within 1e-5 of largest value."
    rtol = tolerance(built.spec)["rtol"]
    expected = tf.cast(expected, tf.float32).numpy()
    np.testing.assert_allclose(actual, expected, rtol=rtol, atol=rtol * np.abs(expected).max() + 1e-9, err_msg=what)


def layers_are_all_listed(built):
    """Every call of every layer once, with Keras's own shapes and numbers of weights."""
    called = built.run.outputs
    infos = cnnviz.layers(convnet_of(built))
    addresses = [info.address for info in infos]
    assert len(addresses) == len(set(addresses))
    by_address = {info.address: info for info in infos}
    missing = sorted(set(called) - set(addresses))
    assert not missing, f"missing: {missing}"
    composite = tuple(f"{address}/" for address in built.net.layers)
    surplus = [address for address in addresses if address not in called and not address.startswith(composite)]
    assert not surplus, f"not called: {surplus}"
    for address, output in called.items():
        assert by_address[address].output_shape == tuple(output.shape[1:]), address
    top = [info for info in infos if "/" not in info.address]
    assert sum(info.parameters for info in top) == built.model.count_params()
    trainable = sum(int(np.prod(weight.shape)) for weight in built.model.trainable_weights)
    assert sum(info.trainable_parameters for info in top) == trainable


def a_file_means_the_same(built):
    """Saved by Keras and opened: same predictions, layers and meaning; a file that Keras cannot open is refused."""
    if built.spec.seed % 2:  # half of the models: files take as long as all other laws together
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / ("model.keras" if built.spec.seed % 4 == 1 else "model.h5")
            _assert_file_means_the_same(built, convnet_of(built), path)


def _assert_file_means_the_same(built, convnet, path):
    again = _saved_and_loaded_by_keras(built, path)
    if again is None or built.net.has_custom:
        with contextlib.suppress(CnnvizError):  # refused in a sentence, or opened
            load_convnet(path, head=built.head)
        return
    opened = load_convnet(path, head=built.head)
    scores = cnnviz.predict(opened, built.images), cnnviz.predict(convnet, built.images)
    np.testing.assert_allclose(*scores, **tolerance(built.spec))
    for name in ("outputs", "class_names", "preparation", "head"):
        assert getattr(opened, name) == getattr(convnet, name), name
    # Files of Keras itself make layers of some operations, and thaw nested layers: then its own model is what is shown.
    flags = [[layer.trainable for layer in model._flatten_layers()] for model in (again, built.model)]
    is_same = flags[0] == flags[1]
    assert cnnviz.layers(opened) == cnnviz.layers(convnet if is_same else convnet_from_model(again, head=built.head))


def _saved_and_loaded_by_keras(built, path):
    """The model again, or None where Keras itself cannot save and load it, or changes what it returns."""
    try:
        built.model.save(path)
        again = keras.saving.load_model(path, compile=False)
        outputs = keras.tree.flatten(again(built.images, training=False))[built.head]
    except Exception:  # noqa: BLE001  # Keras passes on whatever its layers raise
        return None
    is_same = np.allclose(tf.cast(outputs, tf.float32), built.outputs, **tolerance(built.spec))
    return again if is_same else None


def the_model_is_left_as_found(built):
    """Weights, flags, configuration, graph and random states, after everything was asked for."""
    convnet = convnet_of(built)
    maps = [info.address for info in cnnviz.layers(convnet) if info.has_maps]
    cnnviz.predict(convnet, built.images)
    if maps:
        with contextlib.suppress(LayerError):
            cnnviz.grad_cam(convnet, built.images, layer=maps[-1])
    after = state(built.model)
    changed = [name for name in built.found if built.found[name] != after[name]]
    assert not changed, f"changed: {changed}"


def main_head_is_found(built):
    """Of two outputs with names, the one that is not called `aux`, wherever it stands."""
    if built.spec.heads != "one" and not built.spec.nesting.startswith("whole"):
        assert convnet_from_model(built.model).head == built.head


def scaling_follows_the_model(built):
    """A model that takes integers, or scales pixels by itself, is given 0..255."""
    if built.spec.takes_pixels:
        assert convnet_of(built).preparation.scaling.name == "0..255"


LAWS = {
    law.__name__: law
    for law in (
        reference_is_the_model,
        kind_of_outputs_is_told,
        predictions_are_the_models_own,
        gradients_are_those_of_the_logit,
        no_gradient_is_an_error,
        layers_are_all_listed,
        the_model_is_left_as_found,
        a_file_means_the_same,  # Keras draws seeds from Python's generator when it loads
        scaling_follows_the_model,
        main_head_is_found,
    )
}
