"""Does augmentation move pixels where its words say, and never anything else?"""

import numpy as np
import pytest
from scipy import ndimage

from cnnviz.errors import RunError
from cnnviz.training.augmentation import Augmentation, _Draws, _matrices, augmented, preview, vary

SEED = np.array([0, 0], np.int64)


@pytest.fixture
def photos(rng):
    smooth = ndimage.gaussian_filter(rng.normal(size=(4, 24, 32, 1)), (0, 3, 3, 0))
    return ((smooth - smooth.min()) / np.ptp(smooth) * 255).astype(np.float32)


def draws(**given):
    """Draws of one image, all in the middle but those given."""
    middle = dict.fromkeys(_Draws._fields, 0.0) | {"horizontal_flip": 1.0, "vertical_flip": 1.0} | given
    return _Draws(*(np.array([middle[name]], np.float32) for name in _Draws._fields))


def test_no_range_changes_nothing(photos):
    assert Augmentation().is_none and Augmentation(fill="wrap").is_none and not Augmentation(rotation=1).is_none
    np.testing.assert_allclose(vary(photos, Augmentation(), seed=SEED), photos, atol=1e-3)


def test_flips_mirror_half_of_the_images_exactly(photos):
    many = np.repeat(photos[:1], 400, axis=0)
    varied = np.asarray(vary(many, Augmentation(horizontal_flip=True), seed=SEED))
    is_mirrored = np.isclose(varied, many[:, :, ::-1], atol=1e-2).all(axis=(1, 2, 3))
    is_same = np.isclose(varied, many, atol=1e-2).all(axis=(1, 2, 3))
    assert (is_mirrored ^ is_same).all()
    assert 0.4 < is_mirrored.mean() < 0.6
    upside = np.asarray(vary(many, Augmentation(vertical_flip=True), seed=SEED))
    assert np.isclose(upside, many[:, ::-1], atol=1e-2).all(axis=(1, 2, 3)).any()


@pytest.mark.parametrize(
    ("augmentation", "given", "matrix"),
    [
        (Augmentation(rotation=90), {"rotation": 1.0}, [[0, -1], [1, 0]]),
        (Augmentation(shear=45), {"shear": 1.0}, [[1, 1], [0, 1]]),
        (Augmentation(zoom=0.5), {"zoom_across": 1.0, "zoom_down": -1.0}, [[1 / 1.5, 0], [0, 2]]),
        (Augmentation(horizontal_flip=True), {"horizontal_flip": -0.5}, [[-1, 0], [0, 1]]),
    ],
)
def test_each_range_is_the_matrix_that_its_words_say(augmentation, given, matrix):
    np.testing.assert_allclose(np.asarray(_matrices(augmentation, draws(**given)))[0], matrix, atol=1e-6)


@pytest.mark.parametrize(
    ("fill", "mode"),
    [("nearest", "nearest"), ("constant", "grid-constant"), ("reflect", "reflect"), ("wrap", "grid-wrap")],
)
def test_agrees_with_scipy_for_every_fill_mode(photos, fill, mode):
    augmentation = Augmentation(rotation=25, shear=10, zoom=0.2, width_shift=0.1, fill=fill)
    import tensorflow as tf

    found = np.asarray(vary(photos, augmentation, seed=SEED))
    drawn = _Draws(*(row.numpy() for row in tf.random.stateless_uniform((9, len(photos)), SEED, -1.0, 1.0)))
    matrices = np.asarray(_matrices(augmentation, drawn))
    center = np.array([(32 - 1) / 2, (24 - 1) / 2])
    for photo, result, matrix, shift in zip(photos, found, matrices, drawn.width_shift, strict=True):
        offset = center - matrix @ (center + np.array([shift * 0.1 * 32, 0]))
        swap = np.array([[0, 1], [1, 0]])  # SciPy counts rows first
        expected = ndimage.affine_transform(photo[..., 0], swap @ matrix @ swap, offset[::-1], order=1, mode=mode)
        assert np.abs(expected - photo[..., 0]).mean() > 5  # it moves at all
        inner = (slice(6, -6), slice(8, -8))
        np.testing.assert_allclose(result[..., 0][inner], expected[inner], atol=1.0)
        assert np.abs(result[..., 0] - expected).mean() < 3  # borders: the two libraries round differently


def test_constant_fills_with_black_and_the_others_do_not(photos):
    bright = np.full_like(photos, 200)
    shifted = {
        fill: np.asarray(vary(bright, Augmentation(width_shift=0.5, fill=fill), seed=SEED))
        for fill in ("constant", "nearest", "reflect", "wrap")
    }
    assert (shifted["constant"] < 1).any()
    assert all(shifted[fill].min() > 199 for fill in ("nearest", "reflect", "wrap"))


def test_contrast_keeps_the_mean_and_stretches_the_rest(photos):
    soft = 100 + photos / 10
    varied = np.asarray(vary(soft, Augmentation(contrast=0.5), seed=SEED))
    ratios = varied.std(axis=(1, 2, 3)) / soft.std(axis=(1, 2, 3))
    np.testing.assert_allclose(varied.mean(axis=(1, 2, 3)), soft.mean(axis=(1, 2, 3)), rtol=1e-3)
    assert (ratios >= 0.5).all() and (ratios <= 1.5).all() and np.ptp(ratios) > 0.1


def test_a_image_hangs_on_seed_step_and_place_only(photos):
    """What a stream gives at step 7 is what a stream that starts there gives first."""
    import tensorflow as tf

    augmentation = Augmentation(rotation=30, contrast=0.2)
    stream = tf.data.Dataset.from_tensors((photos, np.arange(4))).repeat()
    assert augmented(stream, augmentation, seed=3, first_step=0).options().autotune.enabled is False
    undisturbed = [batch.numpy() for batch, _ in augmented(stream, augmentation, seed=3, first_step=0).take(9)]
    resumed = [batch.numpy() for batch, _ in augmented(stream, augmentation, seed=3, first_step=7).take(2)]
    np.testing.assert_array_equal(undisturbed[7:], resumed)
    assert np.abs(undisturbed[0] - undisturbed[1]).mean() > 1
    other = next(iter(augmented(stream, augmentation, seed=4, first_step=0)))[0].numpy()
    assert np.abs(other - undisturbed[0]).mean() > 1


def test_the_preview_shows_one_image_nine_times(photos):
    photo = np.repeat(photos[0], 3, axis=-1).astype(np.uint8)
    shown = preview(photo, Augmentation(rotation=20), seed=1)
    assert shown.shape == (9, 24, 32, 3) and shown.dtype == np.uint8
    assert len({image.tobytes() for image in shown}) == 9


@pytest.mark.parametrize("wrong", [{"rotation": -1}, {"zoom": 1.5}, {"shear": 90}, {"fill": "mirror"}, {"contrast": 2}])
def test_a_range_that_cannot_be_is_refused_by_name(wrong):
    with pytest.raises(RunError, match=next(iter(wrong))):
        Augmentation(**wrong)
