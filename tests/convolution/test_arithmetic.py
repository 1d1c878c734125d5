"""Checked against Keras over random settings; where Keras has no such layer, against NumPy or a plain loop."""

import keras
import numpy as np
import pytest
from keras import ops

from cnnviz.convolution import arithmetic, pooling
from cnnviz.errors import LayerError

SETTINGS = 45


def settings(seed, *, dilated):
    """Random sizes, uneven ones included; a stride or a dilation, as Keras takes no two at once."""
    rng = np.random.default_rng(seed)
    is_dilated = dilated and rng.random() < 0.5
    return rng, {
        "size": tuple(int(n) for n in rng.integers(9, 14, 2)),
        "kernel": tuple(int(n) for n in rng.integers(1, 5, 2)),
        "channels": int(rng.integers(1, 5)),
        "stride": 1 if is_dilated else int(rng.integers(1, 5)),
        "dilation": int(rng.integers(2, 4)) if is_dilated else 1,
        "padding": rng.choice(["valid", "same", "number"]),
    }


def split(padding, rng):
    """Our padding, and Keras's: zeros added before, and what the layer is told."""
    if padding != "number":
        return str(padding), 0, str(padding)
    number = int(rng.integers(1, 4))
    return number, number, "valid"


def zero_padded(maps, number):
    return keras.layers.ZeroPadding2D(number)(maps[None])


def agrees(ours, theirs):
    theirs = ops.convert_to_numpy(theirs)[0]
    assert ours.dtype == np.float32
    assert np.abs(theirs).max() > 0
    np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-5 * np.abs(theirs).max())


@pytest.mark.parametrize("seed", range(SETTINGS))
def test_cross_correlation_is_what_keras_calls_convolution(seed):
    rng, chosen = settings(seed, dilated=True)
    groups = int(rng.integers(1, 3))
    maps = rng.normal(size=(*chosen["size"], chosen["channels"] * groups)).astype(np.float32)
    kernels = rng.normal(size=(*chosen["kernel"], chosen["channels"], 3 * groups)).astype(np.float32)
    bias = rng.normal(size=3 * groups).astype(np.float32)
    ours, zeros, theirs = split(chosen["padding"], rng)
    windows = {"stride": chosen["stride"], "dilation": chosen["dilation"]}
    found = arithmetic.cross_correlate(maps, kernels, bias=bias, padding=ours, **windows)
    expected = ops.conv(
        zero_padded(maps, zeros), kernels, strides=chosen["stride"], padding=theirs, dilation_rate=chosen["dilation"]
    )
    agrees(found, expected + bias)


@pytest.mark.parametrize("seed", range(SETTINGS))
def test_depthwise_is_that_of_keras(seed):
    rng, chosen = settings(seed, dilated=True)
    maps = rng.normal(size=(*chosen["size"], chosen["channels"])).astype(np.float32)
    kernels = rng.normal(size=(*chosen["kernel"], chosen["channels"], 2)).astype(np.float32)
    ours, zeros, theirs = split(chosen["padding"], rng)
    found = arithmetic.depthwise(maps, kernels, stride=chosen["stride"], padding=ours, dilation=chosen["dilation"])
    expected = ops.depthwise_conv(
        zero_padded(maps, zeros), kernels, strides=chosen["stride"], padding=theirs, dilation_rate=chosen["dilation"]
    )
    agrees(found, expected)


@pytest.mark.parametrize("seed", range(SETTINGS))
@pytest.mark.parametrize("kind", ["max", "average"])
def test_pooling_is_that_of_keras(kind, seed):
    rng, chosen = settings(seed, dilated=False)
    maps = rng.normal(-1, 1, (*chosen["size"], chosen["channels"])).astype(np.float32)  # zeros of a padding win
    ours, zeros, theirs = split(chosen["padding"], rng)
    pool = {"max": pooling.max_pool, "average": pooling.average_pool}[kind]
    layer = {"max": keras.layers.MaxPooling2D, "average": keras.layers.AveragePooling2D}[kind]
    found = pool(maps, size=chosen["kernel"], stride=chosen["stride"], padding=ours)
    agrees(found, layer(chosen["kernel"], chosen["stride"], theirs)(zero_padded(maps, zeros)))


@pytest.mark.parametrize("kind", ["max", "average"])
def test_pooling_steps_by_its_own_size_if_no_stride_is_given(kind, rng):
    maps = rng.normal(size=(7, 9, 2)).astype(np.float32)
    pool = {"max": pooling.max_pool, "average": pooling.average_pool}[kind]
    np.testing.assert_array_equal(pool(maps, size=(3, 2)), pool(maps, size=(3, 2), stride=(3, 2)))


@pytest.mark.parametrize("seed", range(SETTINGS))
def test_in_one_dimension_it_is_that_of_keras(seed):
    rng, chosen = settings(seed, dilated=True)
    length, size = chosen["size"][0], chosen["kernel"][0]
    signal = rng.normal(size=(length, 2)).astype(np.float32)
    kernels = rng.normal(size=(size, 2, 3)).astype(np.float32)
    padding = "same" if chosen["padding"] == "number" else str(chosen["padding"])
    found = arithmetic.cross_correlate_1d(
        signal, kernels, stride=chosen["stride"], padding=padding, dilation=chosen["dilation"]
    )
    expected = ops.conv(
        signal[None], kernels, strides=chosen["stride"], padding=padding, dilation_rate=chosen["dilation"]
    )
    agrees(found, expected)


@pytest.mark.parametrize("size", range(1, 7))
def test_with_the_kernel_turned_round_it_is_the_convolution_of_numpy(size, rng):
    signal, kernel = rng.normal(size=11), rng.normal(size=size)
    options = {"valid": "valid", "full": size - 1}
    for mode, padding in options.items():
        found = arithmetic.cross_correlate_1d(signal[:, None], kernel[::-1, None, None], padding=padding)[:, 0]
        np.testing.assert_allclose(found, np.convolve(signal, kernel, mode), rtol=1e-5, atol=1e-6)


def test_convolution_turns_the_kernel_and_cross_correlation_does_not(rng):
    """A single bright pixel leaves the kernel itself behind in one, and the kernel turned round in the other."""
    kernel = rng.normal(size=(3, 2, 1, 1)).astype(np.float32)
    point = np.zeros((5, 3, 1), np.float32)
    point[2, 1] = 1
    np.testing.assert_array_equal(arithmetic.convolve(point, kernel)[..., 0], kernel[..., 0, 0])
    turned = arithmetic.cross_correlate(point, kernel)[..., 0]
    np.testing.assert_array_equal(turned, kernel[::-1, ::-1, 0, 0])
    assert not np.array_equal(turned, kernel[..., 0, 0])


def looped(maps, kernels, stride, dilation, number):
    """The sum as the formula has it, one product at a time."""
    padded = np.pad(maps, ((number, number), (number, number), (0, 0)))
    height, width, inputs, filters = kernels.shape
    spans = [dilation * (size - 1) + 1 for size in (height, width)]
    rows, columns = ((length - span) // stride + 1 for length, span in zip(padded.shape[:2], spans, strict=True))
    sums = np.zeros((rows, columns, filters))
    for y, x, f, i, j, c in np.ndindex(rows, columns, filters, height, width, inputs):
        sums[y, x, f] += padded[y * stride + i * dilation, x * stride + j * dilation, c] * kernels[i, j, c, f]
    return sums


@pytest.mark.parametrize("seed", range(20))
def test_stride_together_with_dilation_is_that_of_a_plain_loop(seed):
    rng = np.random.default_rng(seed)
    maps, kernels = rng.normal(size=(8, 9, 2)), rng.normal(size=(*rng.integers(1, 4, 2), 2, 2))
    stride, dilation, number = (int(n) for n in rng.integers((2, 2, 0), (4, 4, 3)))
    found = arithmetic.cross_correlate(maps, kernels, stride=stride, dilation=dilation, padding=number)
    np.testing.assert_allclose(found, looped(maps, kernels, stride, dilation, number), rtol=1e-5, atol=1e-6)


def test_keras_refuses_stride_together_with_dilation():
    with pytest.raises(ValueError, match="dilation_rate"):
        keras.layers.Conv2D(1, 3, strides=2, dilation_rate=2)


def test_a_1_x_1_convolution_mixes_channels_and_nothing_else(rng):
    maps, mixing = rng.normal(size=(4, 5, 3)), rng.normal(size=(3, 2))
    found = arithmetic.cross_correlate(maps, mixing[None, None])
    np.testing.assert_allclose(found, maps @ mixing, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", ["relu", "sigmoid", "softmax"])
def test_activations_are_those_of_keras(name, rng):
    values = rng.normal(0, 30, (4, 5)).astype(np.float32)
    expected = ops.convert_to_numpy(getattr(keras.activations, name)(ops.convert_to_tensor(values)))
    np.testing.assert_allclose(getattr(arithmetic, name)(values), expected, rtol=1e-5, atol=1e-12)


def test_the_softmax_formula_gives_the_shares_even_of_scores_whose_exponentials_run_over():
    formula = arithmetic.softmax_formula(np.array([1000.0, 1001.0, 999.0]))
    assert formula.total == pytest.approx(1 + np.exp(-1) + np.exp(-2))
    np.testing.assert_allclose(formula.exponentials / formula.total, formula.shares, rtol=1e-6)
    np.testing.assert_allclose(formula.shares, arithmetic.softmax(np.array([1.0, 2.0, 0.0])), rtol=1e-6)


def test_global_average_pooling_is_that_of_keras(rng):
    maps = rng.normal(3, 1, (5, 4, 3)).astype(np.float32)
    agrees(pooling.global_average_pool(maps), keras.layers.GlobalAveragePooling2D()(maps[None]))


def test_a_skip_connection_adds_the_input_to_what_the_block_computes(rng):
    """The same block with and without it differs by its input, exactly."""
    maps = rng.normal(size=(5, 6, 3)).astype(np.float32)
    first, second = rng.normal(size=(2, 3, 3, 3, 3)).astype(np.float32)
    image = keras.Input(maps.shape)
    convs = [keras.layers.Conv2D(3, 3, padding="same", use_bias=False, activation=act) for act in ("relu", None)]
    plain = convs[1](convs[0](image))
    model = keras.Model(image, [plain, keras.layers.Add()([plain, image])])
    model.set_weights([first, second])
    without = arithmetic.cross_correlate(
        arithmetic.relu(arithmetic.cross_correlate(maps, first, padding="same")), second, padding="same"
    )
    expected = model(maps[None])
    agrees(without, expected[0])
    agrees(without + maps, expected[1])


def test_kernels_for_other_channels_and_windows_that_do_not_fit_are_refused(rng):
    maps = rng.normal(size=(4, 5, 3))
    with pytest.raises(ValueError, match="Expected kernels for 3 channels"):
        arithmetic.cross_correlate(maps, np.ones((3, 3, 2, 1)))
    with pytest.raises(ValueError, match="Expected kernels for 3 channels"):
        arithmetic.cross_correlate(maps, np.ones((3, 3, 1, 4)))
    with pytest.raises(LayerError, match="spans 5 does not fit into 4"):
        pooling.max_pool(maps, size=5)
