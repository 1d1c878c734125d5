import numpy as np
import pytest

from cnnviz.activations import channel_statistics, feature_maps, order_channels
from cnnviz.errors import LayerError

MAPS = np.stack(
    [
        [[0.0, 2.0], [0.0, 6.0]],
        [[0.0, 0.0], [0.0, 0.0]],  # silent
        [[-1.0, -3.0], [0.0, -4.0]],
        [[9.0, np.nan], [9.0, 9.0]],
        [[6.0, 0.0], [0.0, 0.0]],
        [[1.0, np.inf], [-np.inf, 0.0]],
    ],
    axis=-1,
).astype(np.float32)


def test_feature_maps_are_what_the_layers_compute(by_hand, inputs):
    maps = feature_maps(by_hand, inputs, layers=["relu", "conv", "pool"])
    center = inputs[:, 1:-1:2, 1:-1:2].sum(axis=-1)
    assert center.min() < 0 < center.max()
    assert list(maps) == ["relu", "conv", "pool"]
    np.testing.assert_allclose(maps["conv"][..., 0], center, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(maps["relu"][..., 1], np.maximum(-center, 0), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(maps["pool"][:, 0], np.maximum(center, 0).mean(axis=(1, 2)), rtol=1e-5)


def test_feature_maps_of_a_batch_are_those_one_by_one(by_hand, inputs):
    together = feature_maps(by_hand, inputs, layers=["relu"])["relu"]
    apart = [feature_maps(by_hand, inputs[i : i + 1], layers=["relu"])["relu"][0] for i in range(2)]
    np.testing.assert_allclose(together, apart, rtol=1e-5, atol=1e-6)


def test_feature_maps_reach_into_a_backbone(nested, inputs):
    maps = feature_maps(nested, inputs, layers=["backbone/twice", "backbone/twice@1", "by-hand/relu"])
    first = inputs.sum(axis=-1) / 2
    np.testing.assert_allclose(maps["backbone/twice"][..., 2], first, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(maps["backbone/twice@1"][..., 0], np.maximum(first, 0) * 1.5, rtol=1e-4, atol=1e-5)
    assert maps["by-hand/relu"].shape == (2, 10, 8, 4)


def test_feature_maps_of_no_layer_say_which_there_are(by_hand, inputs):
    with pytest.raises(LayerError, match=r"by-hand has no layer 'conv9'\. .*conv, relu"):
        feature_maps(by_hand, inputs, layers=["conv9"])
    with pytest.raises(TypeError, match="Expected a sequence of addresses"):
        feature_maps(by_hand, inputs, layers="conv")


def test_statistics_are_those_worked_out_by_hand():
    statistics = channel_statistics(MAPS)
    np.testing.assert_array_equal(statistics.mean, [2, 0, -2, np.nan, 1.5, np.nan])
    np.testing.assert_array_equal(statistics.minimum, [0, 0, -4, np.nan, 0, -np.inf])
    np.testing.assert_array_equal(statistics.maximum, [6, 0, 0, np.nan, 6, np.inf])
    np.testing.assert_array_equal(statistics.zero_share, [0.5, 1, 0.25, 0, 0.75, 0.25])
    np.testing.assert_array_equal(statistics.is_inactive, [False, True, False, False, False, False])
    np.testing.assert_array_equal(statistics.is_finite, [True, True, True, False, True, False])


def test_units_of_a_dense_layer_are_channels_of_one_position():
    statistics = channel_statistics(np.array([3.0, 0.0, -2.0], np.float32))
    np.testing.assert_array_equal(statistics.mean, [3, 0, -2])
    np.testing.assert_array_equal(statistics.maximum, statistics.minimum)
    np.testing.assert_array_equal(statistics.is_inactive, [False, True, False])


@pytest.mark.parametrize(
    ("by", "order"),
    [("strength", [0, 4, 2, 5, 3, 1]), ("sparsity", [4, 0, 2, 5, 3, 1]), ("index", [0, 2, 4, 3, 5, 1])],
)
def test_those_that_answer_come_first_and_silent_ones_last(by, order):
    ranks = order_channels(channel_statistics(MAPS), by=by)
    assert ranks.tolist() == order
    assert ranks.dtype.kind == "i"


def test_equals_stay_in_the_order_of_their_numbers():
    statistics = channel_statistics(np.ones((3, 3, 40), np.float32))
    for by in ("strength", "sparsity", "index"):
        assert order_channels(statistics, by=by).tolist() == list(range(40))


def test_an_unknown_order_is_a_mistake():
    with pytest.raises(ValueError, match=r"strength, sparsity, index\. Received: 'name'"):
        order_channels(channel_statistics(MAPS), by="name")


def test_the_channel_that_never_answers_is_silent(by_hand, inputs):
    maps = feature_maps(by_hand, inputs, layers=["relu"])["relu"]
    statistics = channel_statistics(maps[0])
    assert statistics.is_inactive.tolist() == [False, False, True, False]
    assert order_channels(statistics, by="index").tolist() == [0, 1, 3, 2]
