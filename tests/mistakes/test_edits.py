"""Does each edit do what it says, and nothing to the photo it was given?"""

import numpy as np
import pytest

from cnnviz.mistakes import perturbations


@pytest.fixture
def photo(rng):
    return rng.integers(20, 230, (12, 16, 3), np.uint8)


def every_edit(photo):
    hidden = np.zeros(photo.shape[:2], bool)
    hidden[2:4] = True
    yield perturbations.mask(photo, hidden)
    yield perturbations.mask_box(photo, (1, 2, 5, 6))
    yield perturbations.crop(photo, (1, 2, 5, 6))
    yield perturbations.hide_hottest(photo, np.arange(12, dtype=np.float32).reshape(3, 4))
    for slider in perturbations.SLIDERS.values():
        yield slider.edit(photo, slider.low)
        yield slider.edit(photo, (slider.low + slider.high) / 2.1)


def test_every_edit_gives_a_new_photo_and_leaves_the_old_one(photo):
    before = photo.copy()
    photo.setflags(write=False)
    for edited in every_edit(photo):
        assert edited.dtype == np.uint8 and edited.shape[2] == 3 and edited.flags.writeable
        assert not np.shares_memory(edited, photo)
    np.testing.assert_array_equal(photo, before)


@pytest.mark.parametrize("name", [name for name in perturbations.SLIDERS if name != "jpeg"])
def test_the_neutral_strength_changes_nothing_and_the_others_do(photo, name):
    slider = perturbations.SLIDERS[name]
    np.testing.assert_array_equal(slider.edit(photo, slider.neutral), photo)
    assert (slider.edit(photo, slider.high if slider.neutral != slider.high else slider.low) != photo).any()
    assert slider.low <= slider.neutral <= slider.high


def test_masks_cover_with_the_mean_color_and_nothing_else(photo):
    edited = perturbations.mask_box(photo, (-3, 2, 5, 600))
    mean = np.rint(photo.mean(axis=(0, 1)))
    assert (edited[:5, 2:] == mean).all()
    np.testing.assert_array_equal(edited[5:], photo[5:])
    np.testing.assert_array_equal(edited[:, :2], photo[:, :2])


def test_a_soft_mask_mixes_the_photo_with_its_mean_color(photo):
    share = np.zeros(photo.shape[:2], np.float32)
    share[:4], share[4:8] = 1, 0.25
    edited, mean = perturbations.mask(photo, share), perturbations.mean_color(photo).astype(float)
    assert (edited[:4] == mean).all()
    np.testing.assert_allclose(edited[4:8], 0.75 * photo[4:8] + 0.25 * mean, atol=0.5)
    np.testing.assert_array_equal(edited[8:], photo[8:])


def test_a_crop_outside_is_refused(photo):
    np.testing.assert_array_equal(perturbations.crop(photo, (2, 3, 99, 9)), photo[2:, 3:9])
    with pytest.raises(ValueError, match="inside a photo of 16 x 12"):
        perturbations.crop(photo, (20, 3, 99, 9))


def test_brightness_and_contrast_multiply(photo):
    np.testing.assert_allclose(perturbations.brightness(photo, 0.5), photo / 2, atol=1)
    gray = perturbations.contrast(photo, 0)
    assert np.ptp(gray) == 0
    np.testing.assert_allclose(perturbations.contrast(photo, 0.5), (photo + gray.astype(float)) / 2, atol=1)


def test_a_quarter_turn_is_exact_where_nothing_is_lost(rng):
    square = rng.integers(0, 256, (10, 10, 3), np.uint8)
    np.testing.assert_array_equal(perturbations.rotate(square, 90), np.rot90(square))


def test_blur_keeps_the_mean_and_takes_the_detail(photo):
    blurred = perturbations.blur(photo, 2)
    assert blurred.std() < photo.std() / 2
    assert blurred.mean() == pytest.approx(photo.mean(), abs=6)


def test_noise_is_as_strong_as_asked_and_the_same_for_a_seed():
    plain = np.full((60, 60, 3), 128, np.uint8)
    noisy = perturbations.noise(plain, 20)
    assert noisy.std() == pytest.approx(20, rel=0.05) and noisy.mean() == pytest.approx(128, abs=1)
    np.testing.assert_array_equal(noisy, perturbations.noise(plain, 20))
    assert (noisy != perturbations.noise(plain, 20, seed=1)).any()


def test_jpeg_is_worse_the_lower_its_quality(photo):
    errors = [np.abs(perturbations.jpeg(photo, quality).astype(float) - photo).mean() for quality in (95, 50, 5)]
    assert 0 < errors[0] < errors[1] < errors[2]


def test_fading_ends_in_gray(photo):
    gray = perturbations.fade(photo, 1)
    assert (gray == gray[..., :1]).all() and np.ptp(gray) > 50


def test_the_hottest_share_is_covered(photo):
    heat = np.arange(12 * 16, dtype=np.float32).reshape(12, 16)
    edited = perturbations.hide_hottest(photo, heat, share=0.25)
    mean = np.rint(photo.mean(axis=(0, 1)))
    assert (edited[9:] == mean).all()
    np.testing.assert_array_equal(edited[:9], photo[:9])
    np.testing.assert_array_equal(perturbations.hide_hottest(photo, heat, share=0), photo)
