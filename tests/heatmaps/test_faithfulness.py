import numpy as np
import pytest
from heatmap_nets import SIZE, sequential, wrap
from tiny_nets import state

from cnnviz.heatmaps import deletion_score, faithfulness, occlusion

HIDDEN = round(0.1 * SIZE[0] * SIZE[1])  # 6 pixels


@pytest.fixture(scope="module")
def brightness():
    """A sigmoid of the sum of the image's pixels, each with its own weight."""
    from keras import layers

    convnet = wrap(
        sequential([layers.Flatten(), layers.Dense(1, activation="sigmoid", name="scores")], channels=1), channels=1
    )
    weights = np.linspace(-1, 1, SIZE[0] * SIZE[1])[:, None]
    convnet.model.get_layer("scores").set_weights([weights, np.zeros(1)])
    return convnet


@pytest.fixture
def gray(rng):
    return rng.random((2, *SIZE, 1), np.float32)


def probability_without(convnet, image, pixels):
    """Closed form: the sigmoid of the weighted sum, once some pixels have the mean value."""
    weights = convnet.model.get_layer("scores").get_weights()[0][:, 0]
    values = image.ravel().copy()
    values[pixels] = image.mean()
    return 1 / (1 + np.exp(-weights @ values))


def test_the_hottest_tenth_is_replaced_by_the_mean_color(brightness, gray, rng):
    heat = rng.normal(size=(2, *SIZE))
    score = deletion_score(brightness, gray, heat, class_index=1)
    for image, own, before, after in zip(gray, heat, score.before, score.after, strict=True):
        hottest = np.argsort(-own.ravel())[:HIDDEN]
        np.testing.assert_allclose(before, probability_without(brightness, image, []), rtol=1e-5)
        np.testing.assert_allclose(after, probability_without(brightness, image, hottest), rtol=1e-5)
        assert abs(before - after) > 1e-3


def test_a_coarse_map_is_enlarged_first(brightness, gray):
    heat = np.zeros((2, 2, 2), np.float32)
    heat[:, 1, 1] = 1  # the lower right quarter; hottest at its outer corner, where enlarging is flat
    score = deletion_score(brightness, gray, heat, class_index=1)
    corner = np.zeros(SIZE, bool)
    corner[6:, 6:] = True  # four pixels at the full value, and two of the next, by chance
    found = []
    around = [(5, 6), (5, 7), (6, 5), (7, 5)]
    for first in around:
        for second in around:
            mask = corner.copy()
            mask[first] = mask[second] = True
            found.append(probability_without(brightness, gray[0], np.flatnonzero(mask)))
    assert np.abs(np.array(found) - score.after[0]).min() < 1e-6


def edges(masks):
    """How often a mask changes from one pixel to the next, on a torus: the finer its grain, the more often."""
    return sum(np.count_nonzero(masks != np.roll(masks, 1, axis), axis=(-2, -1)) for axis in (-2, -1))


@pytest.mark.parametrize(
    ("heat", "bounds"),
    [
        (lambda rng: rng.random((2, 2, 2)), (0, 200)),  # a coarse layer
        (lambda rng: rng.random((2, 64, 64)), (1000, 2000)),  # single pixels
        (lambda rng: np.kron(rng.random((2, 8, 8)), np.ones((8, 8))), (0, 300)),  # patches on a grid of pixels
        (lambda rng: np.zeros((2, 7, 7)), (1000, 2000)),  # nothing: chance decides pixel by pixel
    ],
)
def test_random_masks_have_the_area_and_the_grain_of_the_map_on_any_grid(rng, heat, bounds):
    masks = faithfulness._masks(heat(rng), (64, 64), 0)
    assert masks.shape == (2, 6, 64, 64)
    assert np.all(masks.sum(axis=(2, 3)) == round(0.1 * 64 * 64))
    assert bounds[0] < edges(masks[0, 0]) < bounds[1]
    np.testing.assert_array_equal(edges(masks[:, 1:]), edges(masks[:, :1]).repeat(5, axis=1))


def test_random_masks_of_occlusion_are_as_coarse_as_its_patches(brightness, gray):
    heat = occlusion(brightness, gray, class_index=1, patch=2, stride=2)
    assert np.ptp(heat.reshape(2, 4, 2, 4, 2), axis=(2, 4)).max() == 0 < np.ptp(heat)  # one value a patch
    masks, fine = (faithfulness._masks(some, SIZE, 0) for some in (heat, gray[..., 0]))
    np.testing.assert_array_equal(edges(masks[:, 1:]), edges(masks[:, :1]).repeat(5, axis=1))
    assert edges(masks).max() < edges(fine).min()


def test_random_masks_lie_at_different_places(rng):
    masks = faithfulness._masks(rng.random((1, 4, 4)), SIZE, 3)[0]
    assert len(np.unique(masks.reshape(6, -1), axis=0)) == 6


def test_a_map_of_what_counts_does_better_than_chance_and_its_opposite_worse(brightness, gray):
    weights = brightness.model.get_layer("scores").get_weights()[0].reshape(SIZE)
    worth = weights * (gray - gray.mean(axis=(1, 2), keepdims=True))[..., 0]
    best = deletion_score(brightness, gray, worth, class_index=1)
    worst = deletion_score(brightness, gray, -worth, class_index=1)
    assert best.random.shape == (2, 5)
    assert np.all(best.after < best.random.min(axis=1))
    assert np.all(worst.after > worst.random.max(axis=1))
    np.testing.assert_allclose(best.random_mean, best.random.mean(axis=1))


def test_the_score_depends_on_the_seed_and_not_on_the_neighbors(deep, images, rng):
    heat = rng.random((3, 4, 4))
    score = deletion_score(deep, images, heat, seed=1)
    alone = deletion_score(deep, images[1:2], heat[1:2], seed=1)
    np.testing.assert_allclose(alone.after, score.after[1:2], rtol=1e-5)
    np.testing.assert_allclose(alone.random, score.random[1:2], rtol=1e-5)
    assert not np.allclose(score.random, deletion_score(deep, images, heat, seed=2).random)


def test_the_class_is_each_images_own_unless_given(deep, images, rng):
    from cnnviz.probes import predict

    heat, probabilities = rng.random((3, 4, 4)), predict(deep, images)
    score = deletion_score(deep, images, heat)
    np.testing.assert_array_equal(score.classes, probabilities.argmax(axis=1))
    np.testing.assert_allclose(score.before, probabilities.max(axis=1), rtol=1e-6)
    np.testing.assert_allclose(deletion_score(deep, images, heat, class_index=3).before, probabilities[:, 3], rtol=1e-6)


def test_a_map_that_is_not_finite_has_no_score(deep, images):
    heat = np.ones((3, 4, 4))
    heat[1, 0, 0] = np.nan
    score = deletion_score(deep, images, heat)
    np.testing.assert_array_equal(np.isnan(score.after), [False, True, False])
    assert np.isfinite(score.random).all()


def test_maps_and_images_have_to_be_as_many(deep, images):
    with pytest.raises(ValueError, match="one map for each of 3 images"):
        deletion_score(deep, images, np.ones((2, 4, 4)))


def test_the_model_is_left_as_found(deep, images):
    before = state(deep.model)
    deletion_score(deep, images, np.ones((3, 4, 4)))
    assert state(deep.model) == before
