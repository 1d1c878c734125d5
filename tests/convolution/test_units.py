"""Every kind of layer of some models: what is taken apart is what the model computes."""

import keras
import numpy as np
import pytest
from keras import layers as kl
from tiny_nets import nested, randomize

from cnnviz.convnets import convnet_from_model, load_convnet
from cnnviz.convolution.layer_runs import run_layer
from cnnviz.convolution.units import explain_unit, unit_of
from cnnviz.errors import LayerError
from cnnviz.layers import layers
from cnnviz.probes import INPUT, forward


def chain(*steps, size=(9, 8), channels=3):
    image = x = keras.Input((*size, channels), name="image")
    for step in steps:
        x = step(x)
    model = keras.Model(image, x, name="chain")
    randomize(model)
    return convnet_from_model(model)


def separable():
    """Depthwise, separable and grouped ones with a skip connection, all kinds of padding, and a gate that adds."""
    image = keras.Input((11, 10, 3), name="image")
    x = kl.Rescaling([0.5, 1, 2], offset=-0.5, name="rescale")(image)
    x = kl.ZeroPadding2D(((1, 0), (2, 1)), name="pad")(x)
    x = kl.DepthwiseConv2D(3, depth_multiplier=2, strides=2, padding="same", name="depthwise")(x)
    x = kl.BatchNormalization(name="bn", scale=False)(x)
    x = kl.LeakyReLU(0.3, name="leaky")(x)
    y = kl.SeparableConv2D(6, (3, 2), depth_multiplier=2, padding="same", activation="tanh", name="separable")(x)
    x = kl.Add(name="add")([x, y, x])
    x = kl.Conv2D(4, 3, dilation_rate=2, padding="same", groups=2, activation="sigmoid", name="grouped")(x)
    x = kl.Concatenate(name="joined")([x, y])
    p = kl.AveragePooling2D(3, 2, "same", name="mean")(x)
    q = kl.MaxPooling2D(3, 2, "same", name="max")(x)
    x = kl.Add(name="both")([p, q])
    x = kl.Conv2D(3, (1, 2), use_bias=False, activation="softmax", name="positions")(x)
    x = kl.Cropping2D(((0, 1), (0, 0)), name="crop")(x)
    top = kl.GlobalMaxPooling2D(name="top")(x)
    mean = kl.GlobalAveragePooling2D(keepdims=True, name="average")(x)
    x = kl.Add(name="sum")([top, kl.Flatten(name="flat")(mean)])
    x = kl.Dense(5, "elu", name="dense")(kl.Dropout(0.5, name="dropout")(x))
    x = kl.Softmax(name="shares")(kl.Activation("gelu", name="gelu")(x))
    model = keras.Model(image, x, name="separable")
    randomize(model)
    return convnet_from_model(model)


def gated():
    """Measured scaling both ways, and a squeeze-and-excite gate, given first and last."""
    image = keras.Input((7, 6, 3), name="image")
    x = kl.Normalization(mean=[100, 120, 90], variance=[900, 400, 1600], name="normal")(image)
    x = kl.Conv2D(4, 3, name="conv")(x)
    gate = kl.Conv2D(4, 1, activation="sigmoid", name="gate")(kl.GlobalMaxPooling2D(keepdims=True)(x))
    x = kl.Multiply(name="last")([x, gate])
    x = kl.Multiply(name="first")([gate, x])
    x = kl.Normalization(mean=2.0, variance=9.0, invert=True, name="back")(x)
    model = keras.Model(image, kl.Dense(2, name="scores")(kl.Flatten()(x)), name="gated")
    for weight in model.trainable_weights:
        weight.assign(np.random.default_rng(1).normal(0, 0.5, weight.shape))
    return convnet_from_model(model)


def nested_net():
    model = nested()
    randomize(model)
    return convnet_from_model(model)


NETS = {
    "lite0": load_convnet,
    "lenet5": lambda: load_convnet("lenet5-mnist"),
    "nested": nested_net,
    "separable": separable,
    "gated": gated,
}


@pytest.fixture(scope="module", params=NETS)
def net(request):
    return NETS[request.param]()


@pytest.fixture(scope="module")
def separable_net():
    return separable()


def image(convnet, seed=0):
    return np.random.default_rng(seed).uniform(0, 255, (1, *convnet.preparation.input_shape)).astype(np.float32)


def one_of_each_kind(convnet):
    """The last layer of each kind and padding; all of a small model."""
    leaves = [info for info in layers(convnet) if not info.is_container]
    return leaves if len(leaves) < 30 else list({(info.kind, info.kernel_size): info for info in leaves}.values())


def positions(shape, rng):
    """Corners, where padding lies, and some in between."""
    *grid, channels = shape if len(shape) == 3 else (1, 1, *shape)
    rows, columns = grid
    yield from ((0, 0, 0), (rows - 1, columns - 1, channels - 1))
    for _ in range(4):
        yield tuple(int(rng.integers(side)) for side in (rows, columns, channels))


def test_every_kind_of_layer_gives_the_models_own_value(net, rng):
    inputs = image(net)
    infos = one_of_each_kind(net)
    maps = forward(net, inputs, layers=[info.address for info in infos]).maps
    seen = []
    for info in infos:
        run, own = run_layer(net, inputs, layer=info.address), maps[info.address][0]
        own = own if own.ndim == 3 else own[None, None]
        for row, column, channel in positions(info.output_shape, rng):
            unit = unit_of(run, row=row, column=column, channel=channel)
            last = unit.steps[-1]
            size = float(np.abs(last.products).sum()) + abs(last.bias)
            assert last.value == pytest.approx(own[row, column, channel], rel=1e-5, abs=2e-6 * size), info
            assert unit.value == pytest.approx(own[row, column, channel], rel=1e-5, abs=1e-6 * size), info
            seen.append(last.value)
    assert np.std(seen) > 0.01
    assert np.mean(np.array(seen) == 0) < 0.5


def test_a_patch_is_what_the_layer_below_returned(separable_net):
    inputs = image(separable_net)
    below = forward(separable_net, inputs, layers=["pad"]).maps["pad"][0]
    unit = explain_unit(separable_net, inputs, layer="depthwise", row=5, column=0, channel=3)
    (value,) = unit.steps
    assert unit.sources == ("pad",)
    assert value.channels == (1,)
    np.testing.assert_array_equal(value.is_padding, [[1, 0, 0], [1, 0, 0], [1, 1, 1]])
    inside = [(i, j) for i, j in np.ndindex(value.is_padding.shape) if not value.is_padding[i, j]]
    for i, j in inside:
        assert value.patch[i, j, 0] == below[value.rows[i], value.columns[j], 1]


def test_the_first_layer_reads_the_model_input(separable_net):
    inputs = image(separable_net)
    unit = explain_unit(separable_net, inputs, layer="rescale", row=2, column=3, channel=2)
    assert unit.sources == (INPUT,)
    assert unit.steps[0].patch.item() == inputs[0, 2, 3, 2]
    assert (unit.steps[0].kernel.item(), unit.steps[0].bias) == (2, -0.5)


def test_a_separable_unit_is_a_mixture_of_the_values_before_it(separable_net):
    *between, last = explain_unit(
        separable_net, image(separable_net), layer="separable", row=1, column=2, channel=4
    ).steps
    assert len(between) == 12
    np.testing.assert_allclose(last.patch.ravel(), [value.value for value in between], rtol=1e-6)
    assert [value.channels for value in between[:4]] == [(0,), (0,), (1,), (1,)]
    assert last.activation == "tanh"
    assert last.value == pytest.approx(np.tanh(last.before_activation), rel=1e-5)


def test_a_softmax_comes_after_the_score_and_reads_all_scores():
    convnet = nested_net()
    score, share = explain_unit(convnet, image(convnet), layer="scores", channel=2).steps
    assert score.activation == "linear"
    assert share.activation == "softmax"
    assert share.patch.shape == (1, 1, 3)
    assert share.total == pytest.approx(score.value, rel=1e-5)
    exponentials = np.exp(share.patch.ravel() - share.patch.max())
    assert share.value == pytest.approx(exponentials[2] / exponentials.sum(), rel=1e-5)


def test_an_addition_holds_one_value_of_each_input(separable_net):
    inputs = image(separable_net)
    maps = forward(separable_net, inputs, layers=["leaky", "separable"]).maps
    unit = explain_unit(separable_net, inputs, layer="add", row=3, column=1, channel=5)
    assert unit.sources == ("leaky", "separable", "leaky")
    assert unit.steps[0].source is None
    here = [float(maps[address][0, 3, 1, 5]) for address in unit.sources]
    np.testing.assert_allclose(unit.steps[0].patch.ravel(), here, rtol=1e-5)


@pytest.mark.parametrize(("layer", "weighed"), [("last", 0), ("first", 1)])
def test_a_gate_is_the_weight_of_what_it_lets_through(layer, weighed):
    convnet = gated()
    inputs = image(convnet)
    unit = explain_unit(convnet, inputs, layer=layer, row=2, column=3, channel=1)
    assert unit.sources[1 - weighed] == "gate"
    step = unit.steps[0]
    opened = forward(convnet, inputs, layers=["gate"]).maps["gate"][0, 0, 0, 1]
    assert 0 < opened < 1
    assert step.kernel.item() == pytest.approx(opened, rel=1e-5)
    assert (step.source, step.rows, step.columns, step.channels) == (weighed, (2,), (3,), (1,))


def test_what_only_moves_values_says_which_one_it_moved(separable_net, rng):
    inputs = image(separable_net)
    joined = explain_unit(separable_net, inputs, layer="joined", row=2, column=3, channel=6).steps[0]
    assert (joined.source, joined.rows, joined.columns, joined.channels) == (1, (2,), (3,), (2,))
    first = explain_unit(separable_net, inputs, layer="joined", row=0, column=0, channel=4).steps[0]
    assert (first.source, first.rows, first.columns, first.channels) == (1, (0,), (0,), (0,))
    flattened = chain(kl.Conv2D(4, 3), kl.Flatten(name="flat"), kl.Dense(2))
    run = run_layer(flattened, image(flattened), layer="flat")
    for unit in rng.integers(0, run.output.size, 5):
        step = unit_of(run, channel=int(unit)).steps[0]
        at = (*step.rows, *step.columns, *step.channels)
        assert np.ravel_multi_index(at, run.inputs[0].shape) == unit
        assert run.inputs[0][at] == run.output[unit]


def test_padding_that_a_layer_adds_is_marked_where_it_lies(separable_net):
    inputs = image(separable_net)
    step = explain_unit(separable_net, inputs, layer="pad", row=0, column=1, channel=1).steps[0]
    assert step.is_padding.all()
    assert (step.rows, step.columns, step.value) == ((-1,), (-1,), 0)
    inside = explain_unit(separable_net, inputs, layer="pad", row=1, column=2, channel=1).steps[0]
    assert (inside.rows, inside.columns) == ((0,), (0,))
    assert not inside.is_padding.any()


def test_operations_between_layers_are_part_of_what_the_next_one_reads():
    tensor = keras.Input((6, 6, 3))
    doubled = kl.Conv2D(2, 3, name="below")(tensor) * 2
    model = keras.Model(tensor, kl.Conv2D(2, 3, name="above")(doubled))
    randomize(model)
    convnet = convnet_from_model(model)
    unit = explain_unit(convnet, image(convnet), layer="above", channel=1)
    assert unit.sources == (None,)
    assert unit.steps[0].value == pytest.approx(unit.value, rel=1e-5)


def test_of_a_layer_called_twice_each_call_has_its_own_values():
    shared = kl.Conv2D(3, 1, name="shared")
    convnet = chain(shared, kl.ReLU(name="relu"), shared)
    first, second = (
        explain_unit(convnet, image(convnet), layer=address, row=3, column=3, channel=1)
        for address in ("shared", "shared@1")
    )
    assert (first.sources, second.sources) == ((INPUT,), ("relu",))
    assert first.value != second.value
    np.testing.assert_array_equal(first.steps[0].kernel, second.steps[0].kernel)


def test_a_rectifier_with_a_ceiling_is_named_so(lite0):
    assert explain_unit(lite0, image(lite0), layer="stem_relu", channel=0).steps[0].activation == "relu6"


class Doubled(kl.Conv2D):
    """Derived from a layer of Keras, and something else."""

    def call(self, x):
        return 2 * super().call(x)


@pytest.mark.parametrize(
    "layer",
    [
        Doubled(2, 3, name="odd"),
        kl.Conv2DTranspose(2, 3, name="odd"),
        kl.LayerNormalization(name="odd"),
        kl.BatchNormalization(axis=1, name="odd"),
        kl.Softmax(axis=1, name="odd"),
        kl.Reshape((8, 27), name="odd"),
    ],
    ids=lambda layer: type(layer).__name__,
)
def test_other_kinds_say_that_they_are_not_taken_apart(layer):
    convnet = chain(layer)
    text = rf"Layer 'odd' \({type(layer).__name__}\) cannot be shown step by step\. Choose a convolution"
    with pytest.raises(LayerError, match=text):
        explain_unit(convnet, image(convnet), layer="odd", row=1, column=0, channel=1)


def test_containers_and_units_that_do_not_exist_are_refused():
    convnet = nested_net()
    inputs = image(convnet)
    container = next(info.address for info in layers(convnet) if info.is_container)
    with pytest.raises(LayerError, match="contains other layers"):
        explain_unit(convnet, inputs, layer=container, channel=0)
    with pytest.raises(LayerError, match=r"'scores' has no channel 3\. Choose one from 0 to 2\."):
        explain_unit(convnet, inputs, layer="scores", channel=3)
    with pytest.raises(LayerError, match="'scores' has no row 1"):
        explain_unit(convnet, inputs, layer="scores", row=1, channel=0)
    with pytest.raises(LayerError, match="no layer 'none'"):
        explain_unit(convnet, inputs, layer="none", channel=0)
    with pytest.raises(ValueError, match="Expected one image"):
        explain_unit(convnet, np.repeat(inputs, 2, axis=0), layer="scores", channel=0)


def test_broken_weights_are_refused():
    convnet = nested_net()
    kernel = convnet.model.get_layer("scores").kernel
    kernel.assign(np.full(kernel.shape, np.nan))
    with pytest.raises(LayerError, match="NaN or infinite"):
        explain_unit(convnet, image(convnet), layer="scores", channel=0)
