import io

import numpy as np
import pytest
from PIL import Image

from cnnviz import images


@pytest.fixture
def photo(rng) -> np.ndarray:
    return rng.integers(0, 256, (32, 48, 3), np.uint8)


@pytest.fixture
def hot() -> np.ndarray:
    """Heat of 5 on the right half, a fifth of it on the left."""
    heat = np.ones((32, 48))
    heat[:, 24:] = 5
    return heat


@pytest.mark.parametrize("draw", [images.overlay, images.overlay_signed])
@pytest.mark.parametrize("options", [{"opacity": 0.0}, {"threshold": 1.01}], ids=["no opacity", "threshold"])
def test_the_photo_stays_where_nothing_is_to_be_seen(photo, hot, draw, options):
    assert (draw(photo, hot) != photo).any()
    np.testing.assert_array_equal(draw(photo, hot, **options), photo)
    np.testing.assert_array_equal(draw(photo, hot * 0), photo)


def test_the_hottest_place_has_the_last_color(photo, hot):
    drawn = images.overlay(photo, hot, opacity=1, colormap="viridis")
    assert (drawn[:, 30:] == images.lookup_table("viridis")[255]).all()


def test_alpha_rises_with_the_heat(photo, hot):
    drawn = images.overlay(photo, hot, opacity=0.5).astype(float)
    table = images.lookup_table("magma").astype(float)
    np.testing.assert_allclose(drawn[:, :20], 0.9 * photo[:, :20] + 0.1 * table[51], atol=1.5)
    np.testing.assert_allclose(drawn[:, 30:], 0.5 * photo[:, 30:] + 0.5 * table[255], atol=1.5)


def test_the_threshold_is_a_share_of_the_peak(photo, hot):
    drawn = images.overlay(photo, hot, threshold=0.3)
    np.testing.assert_array_equal(drawn[:, :20], photo[:, :20])
    np.testing.assert_array_equal(drawn[:, 30:], images.overlay(photo, hot)[:, 30:])
    assert (images.overlay(photo, hot)[:, :20] != photo[:, :20]).any()


def test_a_shared_peak_makes_two_maps_compare(photo, hot):
    own, shared = images.overlay(photo, hot / 5), images.overlay(photo, hot / 5, peak=5)
    np.testing.assert_array_equal(own, images.overlay(photo, hot))
    assert np.abs(shared.astype(int) - photo).sum() < np.abs(own.astype(int) - photo).sum()


def test_coarse_heat_is_enlarged_to_the_photo(photo):
    heat = np.zeros((4, 6))
    heat[1, 2] = 1  # rows 8 to 15, columns 16 to 23
    drawn = images.overlay(photo, heat, opacity=1)
    changed = (drawn != photo).any(axis=-1)
    assert changed[8:16, 16:24].all()
    assert not changed[:, 32:].any()
    assert not changed[20:].any()


def test_signed_heat_is_orange_below_zero_and_purple_above(photo):
    heat = np.zeros((32, 48))
    heat[:, :12], heat[:, 36:] = -2, 4
    drawn = images.overlay_signed(photo, heat, opacity=1)
    table = images.lookup_table("PuOr")
    np.testing.assert_array_equal(drawn[:, 14:34], photo[:, 14:34])
    assert (drawn[:, 38:] == table[255]).all()
    np.testing.assert_allclose(drawn[:, :10], 0.5 * photo[:, :10] + 0.5 * table[64], atol=1.5)


@pytest.mark.parametrize("draw", [images.overlay, images.overlay_signed])
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_heat_that_is_not_finite_is_marked(photo, hot, draw, value):
    hot[:10] = value
    drawn = draw(photo, hot, opacity=1, threshold=0.9)
    assert (drawn[:9] == images.NOT_A_NUMBER).all()
    assert (drawn[12:] != images.NOT_A_NUMBER).any(axis=-1).all()
    everywhere = draw(photo, np.full((7, 7), value), opacity=1)
    assert (everywhere == images.NOT_A_NUMBER).all()


def test_faint_heat_is_drawn_as_strong_heat_is(photo, hot):
    np.testing.assert_array_equal(images.overlay(photo, hot * 1e-42), images.overlay(photo, hot))
    np.testing.assert_array_equal(images.overlay(photo, hot * 1e300), images.overlay(photo, hot))


def test_overlay_leaves_its_arguments_alone(photo, hot):
    before = photo.copy(), hot.copy()
    images.overlay(photo, hot)[:] = 0
    np.testing.assert_array_equal(photo, before[0])
    np.testing.assert_array_equal(hot, before[1])


def test_a_contact_sheet_reads_like_a_page():
    photos = np.stack([np.full((2, 3, 3), level, np.uint8) for level in (10, 20, 30, 40, 50)])
    sheet = images.contact_sheet(photos, columns=3, gap=1, background=(0, 0, 255))
    assert sheet.shape == (5, 11, 3)
    np.testing.assert_array_equal(
        sheet[..., 0],
        [
            [10, 10, 10, 0, 20, 20, 20, 0, 30, 30, 30],
            [10, 10, 10, 0, 20, 20, 20, 0, 30, 30, 30],
            [0] * 11,
            [40, 40, 40, 0, 50, 50, 50, 0, 0, 0, 0],
            [40, 40, 40, 0, 50, 50, 50, 0, 0, 0, 0],
        ],
    )
    assert sheet[2, 0].tolist() == sheet[4, 10].tolist() == [0, 0, 255]


def test_a_contact_sheet_is_no_wider_than_its_images():
    photos = np.zeros((2, 4, 4, 3), np.uint8)
    assert images.contact_sheet(photos, columns=16, gap=0).shape == (4, 8, 3)


@pytest.mark.parametrize(("shape", "columns"), [((0, 4, 4, 3), 2), ((4, 4, 3), 2), ((1, 4, 4, 3), 0)])
def test_a_contact_sheet_of_nothing_is_a_mistake(shape, columns):
    with pytest.raises(ValueError, match="Expected images"):
        images.contact_sheet(np.zeros(shape, np.uint8), columns=columns)


@pytest.mark.parametrize("shape", [(5, 7, 3), (5, 7)])
def test_png_bytes_hold_the_image_and_nothing_else(rng, shape):
    image = rng.integers(0, 256, shape, np.uint8)
    data = images.png_bytes(image)
    decoded = Image.open(io.BytesIO(data))
    np.testing.assert_array_equal(np.asarray(decoded), image)
    assert decoded.info == {}
    assert data.count(b"IDAT") == 1
