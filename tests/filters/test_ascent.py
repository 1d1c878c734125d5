import numpy as np
import pytest
from filter_nets import SIZE, wrap

from cnnviz.filters.ascent import STYLES, prepare, run_ascent
from cnnviz.filters.objective import heights
from cnnviz.filters.textbook import STEP


def test_the_textbook_ascent_matches_the_closed_form_of_a_linear_net(linear, color_weights):
    """The gradient is the filter's own weights, inside the map's border, at every step."""
    ascent = prepare(linear, "mix", style=STYLES["textbook"], size=SIZE)
    *_, last = run_ascent(ascent, [1, 0], steps=4, seed=3)
    inner = np.zeros((SIZE, SIZE, 1), np.float32)
    inner[2:-2, 2:-2] = 1
    for index, pixels in zip([1, 0], last.state[0].numpy(), strict=True):
        start = ascent.start([index], seed=3)[0][0]
        gradient = inner * color_weights[:, index]
        expected = start + 4 * STEP * gradient / np.sqrt((gradient**2).mean())
        assert np.sign(gradient).min() < 0 < np.sign(gradient).max()
        np.testing.assert_allclose(pixels, expected, rtol=1e-5)


def test_heights_are_means_without_the_border_of_each_images_own_filter(rng):
    maps = rng.normal(size=(2, 7, 4, 3)).astype(np.float32)
    expected = [maps[0, 2:-2, :, 2].mean(), maps[1, 2:-2, :, 0].mean()]  # four columns are too few for a border
    np.testing.assert_allclose(heights(maps, np.int32([2, 0]), border=2, leak=1), expected, rtol=1e-5)


def test_negative_values_count_less_but_for_single_numbers(rng):
    maps = rng.normal(size=(1, 3, 3, 1)).astype(np.float32)
    assert maps.min() < 0 < maps.max()
    expected = np.where(maps > 0, maps, 0.3 * maps).mean()
    np.testing.assert_allclose(heights(maps, np.int32([0]), border=0, leak=0.3), [expected], rtol=1e-5)
    np.testing.assert_allclose(heights(-np.ones((1, 1, 1, 1)), np.int32([0]), border=0, leak=0.3), [-1])


def test_a_start_hangs_on_seed_and_filter_only(small):
    ascent = prepare(small, "late", style=STYLES["textbook"], size=SIZE)
    one, two, other = (ascent.start(filters, seed)[0] for filters, seed in (([4], 0), ([2, 4], 0), ([4], 1)))
    np.testing.assert_array_equal(one[0], two[1])
    assert np.abs(two[0] - two[1]).max() > 1
    assert np.abs(one - other).max() > 1


def test_chunks_hold_all_filters_in_order_and_are_bounded(small):
    chunks = prepare(small, "late", style=STYLES["textbook"], size=SIZE).chunks(range(20))
    assert [index for chunk in chunks for index in chunk] == list(range(20))
    assert len(chunks) > 1
    assert max(map(len, chunks)) <= 16


def test_another_start_rescues_a_filter_that_one_start_cannot_reach():
    """Only pixels brighter than a threshold reach the filter; the first start has none, the second has."""
    import keras
    from keras import layers

    model = keras.Sequential(
        [
            keras.Input((SIZE, SIZE, 1)),
            layers.Conv2D(1, 1, activation="relu", name="gate"),
            layers.Conv2D(1, 1, name="behind"),
        ]
    )
    convnet = wrap(model, channels=1)
    ascent = prepare(convnet, "behind", style=STYLES["textbook"], size=SIZE)

    def brightest(seed, attempt):
        return ascent.start([0], seed, attempt)[0][0, 2:-2, 2:-2].max()

    seed = next(seed for seed in range(50) if brightest(seed, 1) > brightest(seed, 0) + 0.05)
    threshold = (brightest(seed, 0) + brightest(seed, 1)) / 2 / 255
    model.get_layer("gate").set_weights([np.ones((1, 1, 1, 1)), np.array([-threshold])])
    model.get_layer("behind").set_weights([np.ones((1, 1, 1, 1)), np.zeros(1)])
    first, *_, last = run_ascent(ascent, [0], steps=3, seed=seed)
    assert last.is_rescued.tolist() == [True]
    assert last.is_dead.tolist() == [False]
    assert last.output[0] > first.output[0] > 0


def test_a_layer_that_no_image_reaches_is_named(small):
    from cnnviz.errors import LayerError

    with pytest.raises(LayerError, match="has no layer 'nowhere'"):
        prepare(small, "nowhere", style=STYLES["natural"], size=SIZE)
