import threading
from dataclasses import replace

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers
from tiny_nets import flat, listed, nested, pooled, randomize, state

from cnnviz import heatmaps, probes
from cnnviz.activations import channel_effect
from cnnviz.convnets import SCALINGS, Convnet, Preparation, convnet_from_model
from cnnviz.errors import ClassError, LayerError, ModelError
from cnnviz.probes import INPUT, compiled, forward, predict


@pytest.fixture(autouse=True, params=["eager", "compiled"])
def way(request, monkeypatch):
    """Every law holds for the first image, which runs eagerly, and for the later ones, which are compiled."""
    monkeypatch.setattr(Convnet, "is_kept", lambda self, key: request.param == "compiled")
    if request.param == "eager":
        monkeypatch.setattr(probes, "_at_once", lambda *_: 1)


def softmax(logits):
    exponentials = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return exponentials / exponentials.sum(axis=-1, keepdims=True)


def sigmoid(logits):
    return 1 / (1 + np.exp(-logits))


def images(rng, batch=2, size=(9, 8), channels=3):
    return rng.normal(size=(batch, *size, channels)).astype(np.float32)


def logits_by_hand(model, inputs):
    """Scores of `pooled` before their activation, with NumPy alone."""
    (kernel, bias), (dense, offset) = model.get_layer("conv").get_weights(), model.get_layer("scores").get_weights()
    windows = np.lib.stride_tricks.sliding_window_view(inputs, (3, 3), axis=(1, 2))  # (b, y, x, c, i, j)
    maps = np.maximum(np.einsum("byxcij,ijcf->byxf", windows, kernel) + bias, 0)
    return maps, maps.mean(axis=(1, 2)) @ dense + offset


def plain_gradients(model, inputs, class_index, layer_names):
    """What a textbook does for a flat functional model: a submodel, a tape, the logit rebuilt by hand."""
    outputs = [model.get_layer(name).output for name in (*layer_names, "pool")]
    submodel = keras.Model(model.inputs[0], outputs)
    dense, offset = model.get_layer("scores").get_weights()
    with tf.GradientTape() as tape:
        *maps, features = submodel(inputs, training=False)
        score = (features @ dense + offset)[:, class_index]
    return [gradient.numpy() for gradient in tape.gradient(score, maps)]


@pytest.fixture
def trained_like(rng):
    """Flat, nested and subclassed twins with the same weights."""
    models = [randomize(build()) for build in (flat, nested, listed)]
    assert len({tuple(weight.shape for weight in model.weights) for model in models}) == 1
    return models


CONV = {"flat": "conv2", "nested": "encoder/backbone/conv2", "listed": "conv2"}


def test_maps_scores_and_probabilities_match_those_worked_out_by_hand(rng):
    model = randomize(pooled())
    inputs = images(rng, size=(6, 6))
    maps, logits = logits_by_hand(model, inputs)
    assert np.ptp(logits, axis=1).min() > 0.1
    reading = forward(convnet_from_model(model), inputs, layers=["conv"])
    np.testing.assert_allclose(reading.maps["conv"], maps, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(reading.logits, logits, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(reading.probabilities, softmax(logits), rtol=1e-4)
    assert reading.is_logit
    assert reading.classes.tolist() == logits.argmax(axis=1).tolist()


def test_nested_and_subclassed_twins_give_what_the_flat_one_gives(trained_like, rng):
    inputs = images(rng)
    readings = []
    for model in trained_like:
        convnet = convnet_from_model(model, preparation=Preparation((9, 8)))
        reading = forward(convnet, inputs, layers=[CONV[model.name]], with_gradients=True)
        assert reading.is_logit
        readings.append((reading.logits, reading.maps[CONV[model.name]], reading.gradients[CONV[model.name]]))
    assert min(np.abs(part).max() for part in readings[0]) > 1e-3
    for twin in readings[1:]:
        for ours, flats in zip(twin, readings[0], strict=True):
            np.testing.assert_allclose(ours, flats, rtol=1e-5, atol=1e-6)


def test_gradients_match_a_plain_tape_on_a_flat_model(rng):
    model = randomize(flat())
    inputs = images(rng)
    expected = plain_gradients(model, inputs, 2, ["conv1", "bn", "conv2"])
    assert np.abs(expected[0]).max() > 1e-2
    reading = forward(
        convnet_from_model(model), inputs, layers=["conv1", "bn", "conv2"], with_gradients=True, class_index=2
    )
    for ours, plain in zip(reading.gradients.values(), expected, strict=True):
        np.testing.assert_allclose(ours, plain, rtol=1e-5, atol=1e-6)


def test_the_input_is_a_layer_too_and_a_frozen_model_has_gradients(rng):
    model = randomize(flat())
    model.trainable = False
    inputs = images(rng, batch=1)
    reading = forward(convnet_from_model(model), inputs, layers=[INPUT], with_gradients=True, class_index=0)
    step = np.zeros_like(inputs)
    step[0, 4, 4, 1] = 1e-2
    convnet = convnet_from_model(model)
    difference = (forward(convnet, inputs + step).logits - forward(convnet, inputs - step).logits)[0, 0] / 2e-2
    assert abs(difference) > 1e-3
    np.testing.assert_allclose(reading.gradients[INPUT][0, 4, 4, 1], difference, rtol=0.05)
    np.testing.assert_array_equal(reading.maps[INPUT], inputs)


def test_a_batch_is_its_images_one_by_one(rng):
    convnet = convnet_from_model(randomize(flat()))
    inputs = images(rng, batch=3)
    together = forward(convnet, inputs, layers=["conv2"], with_gradients=True)
    alone = [forward(convnet, inputs[i : i + 1], layers=["conv2"], with_gradients=True) for i in range(3)]
    for i, single in enumerate(alone):
        np.testing.assert_allclose(together.logits[i], single.logits[0], rtol=1e-4, atol=1e-6)
        np.testing.assert_allclose(together.gradients["conv2"][i], single.gradients["conv2"][0], rtol=1e-4, atol=1e-6)


def test_batch_normalization_runs_in_inference_mode(rng):
    model = randomize(flat())
    before = [weight.numpy().copy() for weight in model.weights]
    inputs = images(rng, batch=4)
    assert np.abs(model(inputs, training=True) - model(inputs, training=False)).max() > 1e-3
    for weight, value in zip(model.weights, before, strict=True):
        weight.assign(value)
    np.testing.assert_allclose(predict(convnet_from_model(model), inputs), model(inputs, training=False), rtol=1e-5)
    for weight, value in zip(model.weights, before, strict=True):
        np.testing.assert_array_equal(weight, value)


def with_scores(last):
    """A functional model whose scores go through a layer of their own."""
    base = pooled(activation=None)
    return randomize(keras.Model(base.inputs[0], last(base.outputs[0])))


@pytest.mark.parametrize(
    "build",
    [
        lambda: randomize(pooled("softmax")),
        lambda: with_scores(layers.Softmax()),
        lambda: with_scores(layers.Activation("softmax")),
        lambda: with_scores(keras.ops.softmax),
        lambda: with_scores(lambda x: layers.Reshape((3,))(layers.Softmax()(layers.Reshape((1, 3))(x)))),
        lambda: with_scores(lambda x: layers.Dropout(0.5)(layers.Softmax()(x))),
    ],
)
def test_a_softmax_of_any_form_is_taken_off(build, rng):
    model = build()
    inputs = images(rng, size=(6, 6))
    expected = logits_by_hand(model, inputs)[1]
    reading = forward(convnet_from_model(model), inputs)
    np.testing.assert_allclose(reading.logits, expected, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(reading.probabilities, softmax(expected), rtol=1e-4)
    assert reading.is_logit


@pytest.mark.parametrize("last", [tf.nn.softmax, keras.ops.softmax, keras.activations.softmax])
def test_a_softmax_at_the_end_of_a_subclassed_call_is_taken_off(last, rng):
    model = randomize(listed(last=last))
    convnet = convnet_from_model(model, preparation=Preparation((9, 8)))
    reading = forward(convnet, images(rng))
    assert (convnet.outputs, reading.is_logit) == ("softmax", True)
    assert np.abs(reading.logits.sum(axis=1)).min() > 1e-3
    np.testing.assert_allclose(softmax(reading.logits), reading.probabilities, rtol=1e-4)


def test_of_a_softmax_that_cannot_be_taken_off_log_p_is_left(rng):
    def by_hand(x):
        exponentials = keras.ops.exp(x)
        return exponentials / keras.ops.sum(exponentials, axis=-1, keepdims=True)

    convnet = convnet_from_model(randomize(listed(last=by_hand)), preparation=Preparation((9, 8)))
    reading = forward(convnet, images(rng))
    assert (convnet.outputs, reading.is_logit) == ("softmax", False)
    np.testing.assert_allclose(reading.logits, np.log(reading.probabilities), rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize(
    "build",
    [lambda: randomize(pooled("sigmoid", units=1)), lambda: with_one_unit(keras.ops.sigmoid), lambda: with_one_unit()],
)
def test_a_single_unit_is_two_classes(build, rng):
    """Whether its sigmoid is an activation, an operation, or left to the loss."""
    model = build()
    inputs = images(rng, size=(6, 6))
    z = logits_by_hand(model, inputs)[1]
    assert np.abs(z).min() > 0.05
    convnet = convnet_from_model(model, class_names=["cat", "dog"])
    reading = forward(convnet, inputs, layers=["conv"], with_gradients=True, class_index=0)
    np.testing.assert_allclose(reading.logits, np.concatenate([-z, z], axis=1), rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(reading.probabilities, np.concatenate([1 - sigmoid(z), sigmoid(z)], axis=1), rtol=1e-4)
    opposite = forward(convnet, inputs, layers=["conv"], with_gradients=True, class_index=1)
    assert np.abs(reading.gradients["conv"]).max() > 1e-3
    np.testing.assert_allclose(reading.gradients["conv"], -opposite.gradients["conv"], rtol=1e-5)


def with_one_unit(last=lambda x: x):
    base = pooled(activation=None, units=1)
    return randomize(keras.Model(base.inputs[0], last(base.outputs[0])))


def test_several_sigmoids_each_keep_their_own_probability(rng):
    model = randomize(pooled("sigmoid"))
    inputs = images(rng, size=(6, 6))
    z = logits_by_hand(model, inputs)[1]
    reading = forward(convnet_from_model(model), inputs)
    np.testing.assert_allclose(reading.logits, z, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(reading.probabilities, sigmoid(z), rtol=1e-4)
    assert np.abs(reading.probabilities.sum(axis=1) - 1).min() > 0.01


def test_linear_outputs_are_logits(rng):
    model = randomize(pooled(activation=None))
    inputs = images(rng, size=(6, 6))
    z = logits_by_hand(model, inputs)[1]
    reading = forward(convnet_from_model(model), inputs)
    np.testing.assert_allclose(reading.logits, z, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(reading.probabilities, softmax(z), rtol=1e-4)


def test_a_confident_softmax_still_has_gradients(rng):
    model = randomize(pooled())
    dense, offset = model.get_layer("scores").get_weights()
    model.get_layer("scores").set_weights([dense * 1e4, offset])
    reading = forward(
        convnet_from_model(model), images(rng, size=(6, 6)), layers=["conv"], with_gradients=True, class_index=0
    )
    assert reading.probabilities.max() == 1
    np.testing.assert_allclose(reading.gradients["conv"][0, 0, 0], dense[:, 0] * 1e4 / 16, rtol=1e-4)


def test_a_head_is_chosen_among_several_outputs(rng):
    image = keras.Input((6, 6, 3))
    maps = layers.Conv2D(4, 3, name="conv")(image)
    x = layers.GlobalAveragePooling2D()(maps)
    model = keras.Model(
        image, [layers.Dense(3, activation="softmax", name="kind")(x), layers.Dense(1, activation="sigmoid")(x)]
    )
    inputs = images(rng, size=(6, 6))
    for head, (outputs, expected) in enumerate(zip(("softmax", "sigmoid"), model(inputs), strict=True)):
        convnet = convnet_from_model(model, head=head)
        assert convnet.outputs == outputs
        np.testing.assert_allclose(predict(convnet, inputs)[:, -1], expected[:, -1], rtol=1e-5)


def test_image_to_image_has_maps_but_no_scores(rng):
    image = keras.Input((6, 6, 3))
    convnet = convnet_from_model(keras.Model(image, layers.Conv2D(3, 3, padding="same", name="conv")(image)))
    reading = forward(convnet, images(rng, size=(6, 6)), layers=["conv"])
    assert reading.logits.shape == reading.probabilities.shape == (2, 0)
    assert reading.maps["conv"].shape == (2, 6, 6, 3)
    with pytest.raises(ModelError, match=r"has no class scores\. You can still look at its feature maps and filters"):
        predict(convnet, images(rng, size=(6, 6)))
    with pytest.raises(ClassError, match="has no class scores to explain"):
        forward(convnet, images(rng, size=(6, 6)), layers=["conv"], with_gradients=True)


@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("size", [(9, 8), (None, None)])
def test_gray_color_and_alpha_at_fixed_and_free_size(channels, size, rng):
    model = randomize(nested(size, channels))
    convnet = convnet_from_model(model, preparation=Preparation((12, 10), channels) if size[0] is None else None)
    inputs = convnet.prepare([rng.integers(0, 256, (20, 20, 3), dtype=np.uint8)])
    assert inputs.shape == (1, *((12, 10) if size[0] is None else size), channels)
    reading = forward(convnet, inputs, layers=[CONV["nested"]], with_gradients=True)
    np.testing.assert_allclose(reading.probabilities, model(inputs), rtol=1e-4)
    assert reading.gradients[CONV["nested"]].any()


def test_scaling_inside_the_model_is_part_of_it(rng):
    image = keras.Input((6, 6, 1))
    x = layers.Rescaling(1 / 255, name="rescaling")(image)
    x = layers.Normalization(mean=0.5, variance=0.25, name="normalization")(x)
    model = keras.Model(image, layers.Dense(2, activation="softmax")(layers.Flatten()(x)))
    convnet = convnet_from_model(model)
    assert convnet.preparation.scaling == SCALINGS["0..255"]
    reading = forward(convnet, np.full((1, 6, 6, 1), 255, np.float32), layers=["rescaling", "normalization"])
    np.testing.assert_allclose(reading.maps["rescaling"], 1)
    np.testing.assert_allclose(reading.maps["normalization"], 1)


def test_float16_layers_are_returned_as_float32(rng):
    policy = keras.dtype_policies.DTypePolicy("mixed_float16")
    image = keras.Input((6, 6, 3))
    x = layers.Conv2D(4, 3, activation="relu", dtype=policy, name="conv")(image)
    x = layers.GlobalAveragePooling2D(dtype=policy)(x)
    half = randomize(keras.Model(image, layers.Dense(3, activation="softmax", dtype=policy, name="scores")(x)))
    full = randomize(pooled())
    inputs = images(rng, size=(6, 6))
    ours, exact = (forward(convnet_from_model(m), inputs, layers=["conv"], with_gradients=True) for m in (half, full))
    assert ours.is_logit
    for array in (ours.logits, ours.probabilities, ours.maps["conv"], ours.gradients["conv"]):
        assert array.dtype == np.float32
    np.testing.assert_allclose(ours.logits, exact.logits, rtol=0.02, atol=0.02)
    np.testing.assert_allclose(
        forward(convnet_from_model(half), inputs, layers=["conv"], with_gradients=True, class_index=1).gradients[
            "conv"
        ],
        forward(convnet_from_model(full), inputs, layers=["conv"], with_gradients=True, class_index=1).gradients[
            "conv"
        ],
        rtol=0.01,
        atol=1e-3,
    )


def test_a_second_call_and_another_batch_size_do_not_trace_again(rng, monkeypatch):
    monkeypatch.undo()  # as it is outside the tests
    convnet = convnet_from_model(flat())
    for batch in (1, 1, 5, 2):
        forward(convnet, images(rng, batch=batch), layers=["conv1"], with_gradients=True)
    run = compiled(convnet, ("conv1",), True)
    assert run.experimental_get_tracing_count() == 1
    assert compiled(convnet, ("conv1",), True) is run
    assert compiled(convnet, ("conv2",), True) is not run


@pytest.mark.parametrize("build", [flat, nested, listed])
def test_the_model_is_left_as_found(build, rng):
    model = randomize(build())
    model.layers[1].trainable = False
    before = state(model)
    convnet = convnet_from_model(model, preparation=Preparation((9, 8)))
    forward(convnet, images(rng), layers=[CONV[model.name], INPUT], with_gradients=True)
    assert state(model) == before


def test_the_model_is_left_as_found_when_the_trace_fails(rng):
    class Failing(layers.Layer):
        is_broken = False

        def call(self, x):
            if Failing.is_broken:
                raise RuntimeError("on purpose")
            return x

    image = keras.Input((6, 6, 3))
    x = Failing(name="failing")(layers.Conv2D(2, 3, activation="relu", name="conv")(image))
    model = keras.Model(image, layers.Dense(2, activation="softmax")(layers.Flatten()(x)))
    convnet = convnet_from_model(model)
    run, before = compiled(convnet, ("conv",), True), state(model)
    Failing.is_broken = True
    with pytest.raises(RuntimeError, match="on purpose"):
        run(images(rng, size=(6, 6)), np.zeros(2, np.int32))
    Failing.is_broken = False
    assert state(model) == before
    assert forward(convnet, images(rng, size=(6, 6)), layers=["conv"], with_gradients=True).gradients["conv"].any()


def test_eight_threads_at_once_get_the_same_and_leave_the_model_as_found(rng):
    model = randomize(nested())
    before = state(model)
    convnet, inputs = convnet_from_model(model), images(rng)
    addresses = ["encoder/backbone/conv1", "encoder/backbone/bn", "encoder/backbone/conv2", INPUT]
    results = {}
    gate = threading.Barrier(8)

    def work(number):
        gate.wait()
        address = addresses[number % 4]
        results[number] = forward(convnet, inputs, layers=[address], with_gradients=True).gradients[address]

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert state(model) == before
    for number in range(8):
        address = addresses[number % 4]
        alone = forward(convnet_from_model(model), inputs, layers=[address], with_gradients=True).gradients[address]
        np.testing.assert_allclose(results[number], alone, rtol=1e-5, atol=1e-7)


def test_a_layer_called_twice_is_read_at_either_call(rng):
    image = keras.Input((6, 6, 3))
    shared = layers.Conv2D(3, 3, padding="same", activation="relu", name="shared")
    x = layers.GlobalAveragePooling2D(name="pool")(shared(shared(image)))
    model = randomize(keras.Model(image, layers.Dense(2, activation="softmax", name="scores")(x)))
    inputs = images(rng, size=(6, 6))
    reading = forward(convnet_from_model(model), inputs, layers=["shared", "shared@1"], with_gradients=True)
    np.testing.assert_allclose(reading.maps["shared"], shared(inputs), rtol=1e-5)
    np.testing.assert_allclose(reading.maps["shared@1"], shared(shared(inputs)), rtol=1e-5, atol=1e-5)
    assert np.abs(reading.maps["shared@1"] - reading.maps["shared"]).max() > 0.1


def test_weights_that_are_not_finite_give_nan_and_no_exception(rng):
    model = randomize(pooled())
    model.get_layer("scores").set_weights([np.full((4, 3), np.nan), np.zeros(3)])
    assert np.isnan(predict(convnet_from_model(model), images(rng, size=(6, 6)))).all()


def test_mistakes_are_told_in_a_sentence(rng):
    convnet = convnet_from_model(pooled())
    inputs = images(rng, size=(6, 6))
    with pytest.raises(LayerError, match=r"pooled has no layer 'nothing'\. Layers with feature maps: conv"):
        forward(convnet, inputs, layers=["nothing"])
    with pytest.raises(ClassError, match=r"pooled has no class 3\. Its classes are 0 to 2"):
        forward(convnet, inputs, class_index=3)
    with pytest.raises(TypeError, match=r"Expected a class's index or name\. Received: 1\.5"):
        forward(convnet, inputs, class_index=1.5)


def test_what_was_not_prepared_is_told_so(rng):
    convnet = convnet_from_model(pooled())
    inputs, photo = images(rng, size=(6, 6)), np.zeros((6, 6, 3), np.uint8)
    for given, received in (
        (inputs[0], r"\(6, 6, 3\) float32"),
        (photo[None], r"\(1, 6, 6, 3\) uint8"),
        ([photo], "list"),
    ):
        for probe in (forward, predict):
            expected = r"Expected inputs of shape \(batch, 6, 6, 3\) and type float32, scaled as the model wants them\."
            with pytest.raises(ValueError, match=rf"{expected} Received: {received}\. .*prepare"):
                probe(convnet, given)


def test_a_class_goes_by_its_name_or_its_index(rng):
    convnet = replace(convnet_from_model(randomize(pooled())), class_names=("10", "tabby cat", "0"))
    inputs = images(rng, size=(6, 6))
    for name, index in (("10", 0), ("tabby cat", 1), ("tabby", 1), ("0", 2), ("1", 1), (np.int64(2), 2)):
        by_name, by_index = (
            forward(convnet, inputs, layers=["conv"], with_gradients=True, class_index=which) for which in (name, index)
        )
        assert (by_name.classes == index).all()
        np.testing.assert_array_equal(by_name.gradients["conv"], by_index.gradients["conv"])
    with pytest.raises(ClassError, match="has no class 'dog'"):
        forward(convnet, inputs, class_index="dog")


def test_every_explanation_takes_a_class_by_name(rng):
    convnet = replace(convnet_from_model(randomize(pooled())), class_names=("ant", "bee", "cow"))
    inputs = images(rng, size=(6, 6))
    calls = {name: method.explain for name, method in heatmaps.methods_for(convnet).items()}
    calls |= {
        "deletion": lambda *given, **which: (
            heatmaps.deletion_score(*given, np.ones((len(inputs), 6, 6)), **which).after
        ),
        "strip": lambda *given, **which: heatmaps.strip(*given, layers=["conv"], **which)["conv"],
        "compare": lambda *given, **which: heatmaps.compare(*given, layer="conv", against="ant", **which).difference,
        "effect": lambda *given, **which: channel_effect(*given, layer="conv", **which),
    }
    for name, explain in calls.items():
        given = inputs[:1] if name == "effect" else inputs
        by_name, by_index = (explain(convnet, given, class_index=which) for which in ("cow", 2))
        np.testing.assert_allclose(by_name, by_index, err_msg=name)
        with pytest.raises(ClassError, match="has no class 'dog'"):
            explain(convnet, given, class_index="dog")


def test_the_first_answer_is_the_later_ones(lite0, cat):
    inputs = lite0.prepare([cat])
    address = "block7_add"  # asked for nowhere else
    first, second = (forward(lite0, inputs, layers=[address], with_gradients=True) for _ in range(2))
    assert np.abs(first.gradients[address]).max() > 0
    np.testing.assert_allclose(first.logits, second.logits, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(first.maps[address], second.maps[address], rtol=1e-3, atol=1e-4)
    difference = np.abs(first.gradients[address] - second.gradients[address])
    # Where a ReLU6 sits on its kink, rounding alone decides whether the gradient passes.
    assert difference.max() < 0.03 * np.abs(first.gradients[address]).max()
    assert (difference > 1e-5).mean() < 0.02


def test_images_that_do_not_fit_into_memory_together_run_one_part_after_the_other(rng, monkeypatch, way):
    convnet = convnet_from_model(randomize(pooled()))
    inputs = images(rng, batch=7, size=(6, 6))
    whole = forward(convnet, inputs, layers=["conv"], with_gradients=True)
    ran = []
    usual = probes._run
    monkeypatch.setattr(probes, "_at_once", lambda *_: 3)
    monkeypatch.setattr(probes, "_run", lambda *given: ran.append(len(given[3])) or usual(*given))
    parts = forward(convnet, inputs, layers=["conv"], with_gradients=True)
    assert ran == [3, 3, 1]
    for name in ("logits", "probabilities", "classes"):
        np.testing.assert_allclose(getattr(parts, name), getattr(whole, name), rtol=1e-6)
    np.testing.assert_allclose(parts.maps["conv"], whole.maps["conv"], rtol=1e-6)
    np.testing.assert_allclose(parts.gradient("conv"), whole.gradient("conv"), rtol=1e-6)
