import numpy as np
import pytest

from cnnviz.activations import channel_statistics, display_tiles, feature_maps, shown_range, tiles
from cnnviz.errors import LayerError
from cnnviz.layers import map_layers


def stack(*channels) -> np.ndarray:
    return np.stack(channels, axis=-1).astype(np.float32)


def test_a_channel_that_is_never_negative_runs_from_zero_to_its_maximum():
    shown = tiles(stack([[0.0, 1.0], [3.0, 4.0]], [[2.0, 2.0], [2.0, 2.0]], [[0.0, 0.0], [0.0, 0.0]]))
    assert shown.tolist() == [[[0, 63], [191, 255]], [[255, 255], [255, 255]], [[0, 0], [0, 0]]]
    assert shown.dtype == np.uint8


def test_a_channel_below_zero_runs_from_its_minimum_to_its_maximum():
    shown = tiles(stack([[-3.0, -2.0], [0.0, 1.0]], [[-3.0, -2.0], [-2.0, -1.0]], [[-5.0, -5.0], [-5.0, -5.0]]))
    assert shown.tolist() == [[[0, 63], [191, 255]], [[0, 127], [127, 255]], [[0, 0], [0, 0]]]


def test_one_scale_for_the_layer_keeps_faint_channels_faint():
    maps = stack([[0.0, 8.0]], [[1.0, 2.0]])
    assert tiles(maps, normalize="layer").tolist() == [[[0, 255]], [[31, 63]]]
    assert tiles(maps, normalize="channel").tolist() == [[[0, 255]], [[127, 255]]]
    assert tiles(stack([[-2.0, 0.0]], [[0.0, 6.0]]), normalize="layer").tolist() == [[[0, 63]], [[63, 255]]]


def test_rounding_noise_on_a_constant_is_not_blown_up_to_a_image(rng):
    constant = -7.07 + rng.normal(scale=1e-6, size=(8, 8, 1))
    assert np.ptp(constant.astype(np.float32)) > 0
    assert not tiles(constant).any()


def test_channels_with_values_that_are_not_finite_are_black_and_leave_the_others_alone():
    maps = stack([[0.0, 4.0]], [[np.nan, 9.0]], [[np.inf, 1.0]], [[-np.inf, 1.0]])
    expected = [[[0, 255]], [[0, 0]], [[0, 0]], [[0, 0]]]
    assert tiles(maps).tolist() == expected
    assert tiles(maps, normalize="layer").tolist() == expected
    assert not tiles(np.full((3, 3, 2), np.nan)).any()


def test_large_maps_are_reduced_by_a_whole_factor_to_means():
    maps = np.arange(16.0).reshape(4, 4, 1)
    means = np.array([[2.5, 4.5], [10.5, 12.5]])
    np.testing.assert_array_equal(tiles(maps, side=2)[0], np.floor(means / 15 * 255.999))
    assert tiles(maps, side=3).shape == (1, 2, 2)
    assert tiles(maps, side=4).shape == (1, 4, 4)
    assert tiles(np.zeros((65, 10, 2)), side=64).shape == (2, 33, 5)


def test_what_a_whole_factor_leaves_over_is_averaged_over_what_is_there():
    maps = np.array([[0.0], [6.0], [2.0], [4.0], [6.0]])[..., None]  # squares of 2: [0, 6], [2, 4], [6]
    np.testing.assert_array_equal(tiles(maps, side=3)[0, :, 0], np.floor(np.array([3, 3, 6]) / 6 * 255.999))


@pytest.mark.parametrize("shape", [(1, 1, 3), (1, 5000, 2), (5000, 1, 2), (112, 112, 5), (130, 97, 4)])
def test_tiles_of_any_shape_fit_the_side(rng, shape):
    shown = tiles(rng.random(shape))
    assert shown.shape[0] == shape[2]
    assert 1 <= min(shown.shape[1:]) <= max(shown.shape[1:]) <= 64
    assert shown.flags.c_contiguous
    assert shown.max() > 0


def test_means_that_round_beyond_the_ends_do_not_wrap_round(rng):
    """Far from zero, with one place a little lower: the mean of equal numbers need not equal them."""
    maps = np.tile(-rng.uniform(1, 1000, 400).astype(np.float32), (21, 21, 1))
    maps[0, 0] *= 1.0011
    means = maps[10:, 10:].mean(axis=(0, 1), dtype=np.float32)
    assert (means > maps[-1, -1]).any()
    shown = tiles(maps, side=3)
    assert shown[:, 1:, 1:].min() >= 254
    assert shown[:, 0, 0].max() < 254


def test_the_shown_range_is_that_of_black_and_white():
    maps = stack([[1.0, 4.0]], [[-3.0, 1.0]], [[0.0, 0.0]], [[np.nan, 1.0]])
    statistics = channel_statistics(maps)
    low, high = shown_range(statistics)
    np.testing.assert_array_equal(low, [0, -3, 0, np.nan])
    np.testing.assert_array_equal(high, [4, 1, 0, np.nan])
    low, high = shown_range(statistics, normalize="layer")
    np.testing.assert_array_equal(low, [-3, -3, -3, np.nan])
    np.testing.assert_array_equal(high, [4, 4, 4, np.nan])


@pytest.mark.parametrize("make", [tiles, lambda maps, **o: shown_range(channel_statistics(maps), **o)])
def test_an_unknown_scale_is_a_mistake(make):
    with pytest.raises(ValueError, match=r"Expected a scale of channel, layer\. Received: 'all'"):
        make(np.zeros((2, 2, 1)), normalize="all")


@pytest.mark.parametrize("normalize", ["channel", "layer"])
@pytest.mark.parametrize("side", [64, 4, 3])
def test_all_layers_at_once_give_the_same_bytes(by_hand, inputs, normalize, side):
    at_once = display_tiles(by_hand, inputs[:1], normalize=normalize, side=side)
    maps = feature_maps(by_hand, inputs[:1], layers=list(at_once))
    assert list(at_once) == [info.address for info in map_layers(by_hand)] == ["conv", "relu"]
    for address, shown in at_once.items():
        expected = tiles(maps[address][0], normalize=normalize, side=side)
        assert np.ptp(expected[:2].astype(int), axis=(1, 2)).min() > 20
        assert shown.shape == expected.shape
        assert np.abs(shown.astype(int) - expected).max() <= 1


def test_all_layers_of_the_default_model_give_the_same_bytes(lite0, cat):
    inputs = lite0.prepare([cat])
    some = ["stem_conv", "stem_bn", "stem_relu", "block3_dw_bn", "head_relu"]
    maps = feature_maps(lite0, inputs, layers=some)
    for address, shown in display_tiles(lite0, inputs, layers=some).items():
        expected = tiles(maps[address][0])
        assert expected.std() > 20
        assert np.mean(np.abs(shown.astype(int) - expected) > 1) < 1e-4  # differently compiled runs round differently


def test_channels_far_from_zero_give_the_same_bytes(rng):
    """A constant that is much larger than what varies around it, of either sign, and pooled."""
    import keras
    from activation_nets import wrap

    image = keras.Input((21, 21, 3))
    maps = keras.layers.Conv2D(400, 1, name="far")(image)
    scores = keras.layers.Dense(2)(keras.layers.GlobalAveragePooling2D()(maps))
    model = keras.Model(image, scores)
    levels = rng.uniform(1, 1000, 400).astype(np.float32) * np.sign(rng.normal(size=400))
    model.get_layer("far").set_weights([np.tile(-np.abs(levels) * 0.0011 / 3, (1, 1, 3, 1)), levels])
    far = wrap(model, (21, 21))
    inputs = np.zeros((1, 21, 21, 3), np.float32)
    inputs[:, 0, 0] = 1
    shown = display_tiles(far, inputs, layers=["far"], side=3)["far"].astype(int)
    expected = tiles(feature_maps(far, inputs, layers=["far"])["far"][0], side=3)
    assert shown[:, 1:, 1:].min() >= 254
    assert np.abs(shown - expected).max() <= 1
    assert (levels > 0).any()
    assert expected[levels < 0, 0, 0].max() < 254


def test_a_broken_model_is_black_where_it_is_broken(inputs):
    from activation_nets import build, wrap

    model = build()
    kernel = model.get_layer("conv").kernel.numpy()
    kernel[1, 1, 0, 0] = np.nan
    model.get_layer("conv").kernel.assign(kernel)
    broken = wrap(model)
    for normalize in ("channel", "layer"):
        shown = display_tiles(broken, inputs[:1], normalize=normalize)
        for address in ("conv", "relu"):
            assert not shown[address][0].any()
            assert shown[address][1].max() > 200


def test_the_model_is_left_as_it_was(by_hand, inputs):
    model = by_hand.model
    weights, attributes = model.get_weights(), {layer.name: sorted(vars(layer)) for layer in model.layers}
    display_tiles(by_hand, inputs[1:], layers=["conv"], side=2)
    for before, after in zip(weights, model.get_weights(), strict=True):
        np.testing.assert_array_equal(before, after)
    assert {layer.name: sorted(vars(layer)) for layer in model.layers} == attributes


def test_layers_without_maps_and_batches_are_refused(by_hand, inputs):
    with pytest.raises(LayerError, match="No feature maps at layer 'scores'"):
        display_tiles(by_hand, inputs[:1], layers=["scores"])
    with pytest.raises(ValueError, match="Expected one image"):
        display_tiles(by_hand, inputs)
    assert display_tiles(by_hand, inputs[:1], layers=[]) == {}
