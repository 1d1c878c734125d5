import numpy as np
import pytest

from cnnviz.convolution.arithmetic import cross_correlate, relu
from cnnviz.convolution.outputs import explain_output, explain_pooling
from cnnviz.convolution.pooling import average_pool, max_pool
from cnnviz.errors import LayerError


@pytest.fixture
def maps(rng):
    return rng.normal(-0.5, 1, (7, 9, 4)).astype(np.float32)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"padding": "same"},
        {"padding": "same", "stride": (2, 3)},
        {"padding": 2, "stride": 2, "dilation": (2, 1)},
        {"groups": 2, "padding": 1},
        {"groups": 4, "padding": "same"},
    ],
)
def test_every_value_taken_apart_is_the_value_of_the_whole(options, maps, rng):
    groups = options.pop("groups", 1)
    kernels, bias = rng.normal(size=(3, 2, 4 // groups, 4)).astype(np.float32), rng.normal(size=4)
    whole = cross_correlate(maps, kernels, bias=bias, **options)
    assert whole.std() > 1
    for row, column, filter in np.ndindex(whole.shape):
        value = explain_output(maps, kernels, row=row, column=column, filter=filter, bias=bias, **options)
        assert value.value == pytest.approx(whole[row, column, filter], rel=1e-5, abs=1e-5)
        assert value.total + value.bias == value.before_activation == value.value
        np.testing.assert_allclose(value.products.sum(), value.total, rtol=1e-4, atol=1e-5)


def test_the_patch_is_cut_where_it_says_and_is_zero_outside(maps, rng):
    kernels = rng.normal(size=(3, 3, 4, 2))
    value = explain_output(maps, kernels, row=0, column=4, stride=2, padding=2, dilation=2)
    assert (value.rows, value.columns, value.channels) == ((-2, 0, 2), (6, 8, 10), (0, 1, 2, 3))
    np.testing.assert_array_equal(value.is_padding, [[1, 1, 1], [0, 0, 1], [0, 0, 1]])
    assert not value.patch[value.is_padding].any()
    np.testing.assert_array_equal(value.patch[1:, :2], maps[[0, 2]][:, [6, 8]])
    np.testing.assert_allclose(value.products, value.patch * kernels[..., 0], rtol=1e-5, atol=1e-6)


def test_a_grouped_filter_reads_the_channels_of_its_group(maps, rng):
    kernels = rng.normal(size=(1, 1, 2, 6))
    read = [explain_output(maps, kernels, row=0, column=0, filter=f).channels for f in range(6)]
    assert read == [(0, 1)] * 3 + [(2, 3)] * 3


def test_the_activation_comes_after_the_bias(maps):
    kernels, bias = np.ones((1, 1, 4, 1)), np.array([-100.0])
    value = explain_output(maps, kernels, row=1, column=1, bias=bias, activation="relu")
    assert value.before_activation < 0
    assert value.value == relu(np.array(value.before_activation)) == 0
    smooth = explain_output(maps, kernels, row=1, column=1, activation="sigmoid")
    assert smooth.value == pytest.approx(1 / (1 + np.exp(-smooth.total)), rel=1e-6)


@pytest.mark.parametrize("padding", ["valid", "same", 1])
@pytest.mark.parametrize(("operation", "pool"), [("maximum", max_pool), ("mean", average_pool)])
def test_every_pooled_value_taken_apart_is_the_value_of_the_whole(operation, pool, padding, maps):
    maps = maps - 3  # all negative, so that a zero of the padding would win
    whole = pool(maps, size=(2, 3), stride=2, padding=padding)
    for row, column, channel in np.ndindex(whole.shape):
        value = explain_pooling(
            maps,
            row=row,
            column=column,
            channel=channel,
            operation=operation,
            size=(2, 3),
            stride=2,
            padding=padding,
        )
        assert value.value == pytest.approx(whole[row, column, channel], rel=1e-6)
        assert value.kernel.sum() == pytest.approx(1)
        assert value.channels == (channel,)


def test_of_equal_values_the_first_one_wins():
    value = explain_pooling(np.ones((2, 2, 1)), row=0, column=0)
    np.testing.assert_array_equal(value.kernel[..., 0], [[1, 0], [0, 0]])


@pytest.mark.parametrize(
    ("where", "text"),
    [
        ({"row": 5, "column": 0}, "no row 5. Choose one from 0 to 4."),
        ({"row": 0, "column": -1}, "no column -1. Choose one from 0 to 6."),
        ({"row": 0, "column": 0, "filter": 2}, "no filter 2. Choose one from 0 to 1."),
    ],
)
def test_outputs_that_do_not_exist_are_refused(where, text, maps):
    with pytest.raises(LayerError, match=text):
        explain_output(maps, np.ones((3, 3, 4, 2)), **where)
