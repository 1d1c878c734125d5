import io

import numpy as np
import pytest
from PIL import Image

from cnnviz.errors import ImageError
from cnnviz.images import open_photo, read_photo, read_photos

RGB = np.random.default_rng(0).integers(0, 256, (6, 8, 3), np.uint8)
GRAY = RGB[..., 0]


class Tensor:
    """What TensorFlow and others give: something that can be an array."""

    def __array__(self, dtype=None, copy=None):
        return RGB.copy()


def npy(values, **options) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, values, **options)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (RGB, RGB),
        (GRAY, GRAY[..., None].repeat(3, axis=2)),
        (GRAY[..., None], GRAY[..., None].repeat(3, axis=2)),
        (np.dstack([RGB, np.full_like(GRAY, 255)]), RGB),
        (RGB / 255, RGB),
        ((RGB / 255).astype(np.float32), RGB),
        (RGB.astype(np.uint16) * 257, RGB),
        (GRAY > 100, np.where(GRAY > 100, 255, 0)[..., None].repeat(3, axis=2)),
        (RGB[::-1, ::2], RGB[::-1, ::2]),
        (Tensor(), RGB),
        (Image.fromarray(RGB), RGB),
        (Image.fromarray(GRAY), GRAY[..., None].repeat(3, axis=2)),
        (bytearray(npy(RGB)), RGB),
        (npy(np.asfortranarray(RGB)), RGB),
        (npy((RGB / 255).astype(">f8")), RGB),
    ],
)  # fmt: skip
def test_arrays_images_and_npy_files_are_photos(given, expected):
    pixels = read_photo(given)
    assert pixels.dtype == np.uint8
    np.testing.assert_array_equal(pixels, expected)
    assert np.ptp(pixels) > 100


def test_a_transparent_array_lies_on_white_as_its_file_does():
    values = np.dstack([RGB, np.linspace(0, 255, 48).astype(np.uint8).reshape(6, 8)])
    buffer = io.BytesIO()
    Image.fromarray(values).save(buffer, "PNG")
    expected = read_photo(buffer.getvalue())
    np.testing.assert_array_equal(read_photo(values), expected)
    np.testing.assert_array_equal(read_photo(Image.fromarray(values)), expected)
    np.testing.assert_allclose(read_photo(values / 255), expected, atol=1)


def test_what_is_given_is_only_read_and_what_comes_is_new():
    given, image = RGB.copy(), Image.fromarray(RGB)
    for source in (given, image):
        pixels = read_photo(source)
        pixels[:] = 0
    np.testing.assert_array_equal(given, RGB)
    np.testing.assert_array_equal(np.asarray(image), RGB)
    assert image.mode == "RGB"


def test_any_numbers_can_be_stretched_if_asked():
    values = np.linspace(-3, 500, 48).reshape(6, 8)
    photo = open_photo(values, stretch=True)
    np.testing.assert_allclose(photo.pixels[..., 0], (values + 3) / 503 * 255, atol=0.51)
    assert photo.notes == ("stretched from -3 (black) to 500 (white)",)


RANGE = r"Expected uint8 \(0 to 255\), uint16 \(0 to 65535\) or float values from 0 to 1\. Received: "
SHAPE = r"Expected an image of shape \(height, width\), or .* 1, 3 or 4 channels\. Received: "


@pytest.mark.parametrize(
    ("given", "text"),
    [
        (RGB.astype(np.float32), RANGE + r"float32 values from \d+ to \d+; if these are 0 to 255, pass image\.astype"),
        (RGB.astype(np.int64), RANGE + "int64 values from"),
        (RGB / 255 - 0.5, RANGE + "float64 values from -0.5"),
        (np.full((4, 4), np.nan), RANGE + "float64 values that are NaN"),
        (np.full((4, 4), 1j), RANGE + "complex128"),
        (np.array([["a"]]), RANGE + "str"),
        (np.array([[None]]), RANGE + "object"),
        (RGB[None], SHAPE + r"\(1, 6, 8, 3\)"),
        (np.zeros((4, 4, 2), np.uint8), SHAPE + r"\(4, 4, 2\)"),
        (np.zeros((0, 4, 3), np.uint8), SHAPE + r"\(0, 4, 3\)"),
        (np.float32(3), SHAPE + r"\(\)"),
        (np.zeros((1, 20_000), np.uint8), "20000 x 1 pixels, more than"),
        (npy(np.array([[{}]], object), allow_pickle=True), "holds an array of object, not of pixels"),
        (npy(np.array(["a"])), "holds an array of <U1"),
        (npy(RGB)[:-1], r"a NumPy \(.npy\) file that is damaged or cut short"),
        (npy(RGB)[:40], r"a NumPy \(.npy\) file that is damaged or cut short"),
        (npy(RGB).replace(b"(6, 8, 3)", b"(9**9,1) "), "damaged"),
        (npy(RGB).replace(b"(6, 8, 3)", b"(6,8,900)"), "damaged"),
        (npy(RGB).replace(b"(6, 8, 3)", b"(6,-8,-3)"), "damaged"),
    ],
)
def test_what_is_no_image_gets_one_sentence(given, text):
    with pytest.raises(ImageError, match=text):
        read_photo(given)


@pytest.mark.parametrize(
    ("given", "received"), [(None, "NoneType"), (3, "int"), ([[1, 2]], "list"), (io.BytesIO(b""), "BytesIO")]
)
def test_other_kinds_are_a_type_error_that_says_what_is_expected(given, received):
    with pytest.raises(TypeError, match=rf"Expected an image: .*\. Received: {received}\."):
        read_photo(given)


def test_a_list_of_anything_is_read_and_photos_pass_as_they_are(tmp_path):
    Image.fromarray(RGB).save(tmp_path / "a.png")
    photos = read_photos([RGB, tmp_path / "a.png", str(tmp_path / "a.png"), RGB / 255, Image.fromarray(RGB), npy(RGB)])
    assert photos[0] is RGB
    for photo in photos:
        np.testing.assert_array_equal(photo, RGB)
    assert len(read_photos(np.stack([RGB, RGB]))) == len(read_photos(iter([RGB, GRAY]))) == 2


@pytest.mark.parametrize("given", [RGB, "a.png", b"x", Image.fromarray(RGB), 3, None, np.stack([RGB] * 2)[None]])
def test_one_image_is_no_list(given):
    with pytest.raises(TypeError, match=r"Expected a list of images, such as \[photo\]\. Received: "):
        read_photos(given)


def test_no_image_is_none():
    with pytest.raises(ValueError, match="Expected at least one image"):
        read_photos([])
