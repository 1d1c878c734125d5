import io
import struct
import time
import tracemalloc
import zlib
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image

from cnnviz.errors import ImageError
from cnnviz.images import MAX_PIXELS, open_photo, read_photo

CASES = Path(__file__).parents[1] / "cases/pictures"
RGB8 = np.random.default_rng(0).integers(0, 256, (24, 32, 3), np.uint8)
RGB16 = np.random.default_rng(1).integers(0, 2**16, (24, 32, 3), np.uint16)
RGB_FLOAT = np.random.default_rng(2).uniform(0.02, 0.97, (24, 32, 3)).astype(np.float32)


def tiff(values, **options) -> bytes:
    buffer = io.BytesIO()
    tifffile.imwrite(buffer, values, **{"photometric": "rgb" if values.ndim >= 3 else "minisblack", **options})
    return buffer.getvalue()


def with_tag(data: bytes, tag: int, value: int) -> bytes:
    """The file with another number in one of its tags."""
    with tifffile.TiffFile(io.BytesIO(data)) as file:
        found = file.pages.first.tags[tag]
    changed = bytearray(data)
    struct.pack_into("<I" if found.dtype == 4 else "<H", changed, found.valueoffset, value)
    return bytes(changed)


def by_white(values) -> np.ndarray:
    return np.rint(values / 257).astype(np.uint8)


def test_float_rgb_within_0_and_1_is_taken_as_such():
    values = tifffile.imread(CASES / "rgb_float.tif")
    photo = open_photo(CASES / "rgb_float.tif")
    assert values.dtype == np.float32 and values.max() <= 1
    np.testing.assert_array_equal(photo.pixels, np.rint(values * 255))
    assert photo.notes == ("float values 0 to 1, 0 shown as black and 1 as white",)
    assert (photo.format, photo.size, photo.bits) == ("TIFF", values.shape[:2], 32)


def test_of_five_bands_the_first_three_are_shown():
    values = tifffile.imread(CASES / "bands_5.tif")
    photo = open_photo(CASES / "bands_5.tif")
    assert values.shape[2] == 5 and values.dtype == np.uint16
    np.testing.assert_array_equal(photo.pixels, by_white(values[..., :3]))
    assert photo.notes == (
        "bands 1 to 3 of 5 shown as red, green and blue",
        "16 bits per channel, 65535 shown as white",
    )


def test_a_float_range_within_0_and_1_is_not_stretched_unless_asked():
    photo, stretched = (open_photo(tiff(RGB_FLOAT), stretch=stretch) for stretch in (False, True))
    np.testing.assert_array_equal(photo.pixels, np.rint(RGB_FLOAT * 255))
    assert photo.notes == ("float values 0.0212 to 0.97, 0 shown as black and 1 as white",)
    low, high = RGB_FLOAT.min().astype(float), RGB_FLOAT.max().astype(float)
    np.testing.assert_allclose(stretched.pixels, (RGB_FLOAT - low) / (high - low) * 255, atol=0.51)
    assert (stretched.pixels.min(), stretched.pixels.max()) == (0, 255)
    assert stretched.notes == ("stretched from 0.0212 (black) to 0.97 (white)",)


def test_other_floats_are_stretched_over_all_channels_and_say_so():
    values = (RGB_FLOAT * [100, 200, 300] - 20).astype(np.float32)
    photo = open_photo(tiff(values))
    low, high = values.min(), values.max()
    np.testing.assert_allclose(photo.pixels, (values.astype(float) - low) / (high - low) * 255, atol=0.51)
    assert photo.notes[0].startswith("stretched from ")


@pytest.mark.parametrize("dtype", [np.int8, np.int16, np.int32, np.uint32, np.float16, np.float64])
def test_numbers_without_a_white_of_their_own_are_stretched(dtype):
    values = np.linspace(-90 if dtype != np.uint32 else 5, 120, 256).astype(dtype).reshape(16, 16)
    photo = open_photo(tiff(values))
    low, high = float(values.min()), float(values.max())
    np.testing.assert_allclose(photo.pixels[..., 0], (values.astype(float) - low) / (high - low) * 255, atol=0.51)
    assert photo.notes == (f"stretched from {low:.3g} (black) to {high:.3g} (white)",)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"planarconfig": "separate"},
        {"compression": "zlib"},
        {"compression": "zlib", "predictor": True},
        {"tile": (16, 16)},
        {"tile": (16, 16), "compression": "zlib", "planarconfig": "separate"},
        {"byteorder": ">"},
        {"bigtiff": True},
        {"rowsperstrip": 5},
    ],
)
def test_sixteen_bit_rgb_keeps_its_tones_however_it_is_stored(options):
    values = np.moveaxis(RGB16, -1, 0) if options.get("planarconfig") == "separate" else RGB16
    photo = open_photo(tiff(values, **options))
    np.testing.assert_array_equal(photo.pixels, by_white(RGB16))
    assert photo.notes == ("16 bits per channel, 65535 shown as white",)
    assert photo.bits == 16


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"planarconfig": "separate"},
        {"compression": "zlib"},
        {"tile": (16, 16)},
        {"byteorder": ">"},
        {"bigtiff": True},
    ],
)
def test_eight_bit_rgb_is_what_was_written(options):
    values = np.moveaxis(RGB8, -1, 0) if options.get("planarconfig") == "separate" else RGB8
    photo = open_photo(tiff(values, **options))
    np.testing.assert_array_equal(photo.pixels, RGB8)
    assert photo.notes == ()


@pytest.mark.parametrize("compression", ["tiff_lzw", "packbits", "tiff_adobe_deflate", "jpeg", "group4", "zstd"])
def test_compressions_agree_with_pillow(compression):
    image = Image.fromarray(RGB8 if compression != "group4" else RGB8[..., 0] > 127)
    buffer = io.BytesIO()
    image.save(buffer, "TIFF", compression=compression)
    expected = np.asarray(Image.open(io.BytesIO(buffer.getvalue())).convert("RGB"))
    np.testing.assert_array_equal(read_photo(buffer.getvalue()), expected)


@pytest.mark.parametrize("mode", ["CMYK", "YCbCr", "P", "1", "L"])
def test_color_spaces_agree_with_pillow(mode):
    image = Image.fromarray(RGB8).convert(mode)
    buffer = io.BytesIO()
    image.save(buffer, "TIFF")
    expected = np.asarray(Image.open(io.BytesIO(buffer.getvalue())).convert("RGB"))
    assert expected.std() > 10
    np.testing.assert_array_equal(read_photo(buffer.getvalue()), expected)


def test_deep_inks_agree_with_those_of_eight_bits():
    inks = np.asarray(Image.fromarray(RGB8).convert("CMYK"))
    expected = read_photo(tiff(inks, photometric="separated"))
    deep = read_photo(tiff(inks.astype(np.uint16) * 257, photometric="separated"))
    assert expected.std() > 10
    np.testing.assert_array_equal(deep, expected)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_where_white_is_zero_small_values_are_bright(dtype):
    values = np.linspace(0, np.iinfo(dtype).max, 256).astype(dtype).reshape(16, 16)
    pixels = read_photo(tiff(values, photometric="miniswhite"))
    np.testing.assert_array_equal(pixels[..., 0].ravel(), np.arange(256)[::-1])


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("kind", ["unassalpha", "assocalpha"])
def test_alpha_lies_on_white_multiplied_or_not(dtype, kind):
    white = np.iinfo(dtype).max
    share = np.float64([[0, 0.25], [0.5, 1]])[..., None]
    color = np.broadcast_to(np.float64([0.8, 0.4, 0.0]), (2, 2, 3))
    stored = color * share if kind == "assocalpha" else color
    data = tiff(np.rint(np.dstack([stored, share]) * white).astype(dtype), extrasamples=[kind])
    photo = open_photo(data)
    np.testing.assert_allclose(photo.pixels, (color * share + 1 - share) * 255, atol=2)
    assert "transparent parts shown on white" in photo.notes


def test_a_fourth_band_that_is_no_alpha_is_not_one():
    bands = np.dstack([RGB8, np.zeros_like(RGB8[..., 0])])
    photo = open_photo(tiff(bands, extrasamples=["unspecified"]))
    np.testing.assert_array_equal(photo.pixels, RGB8)
    assert photo.notes == ("bands 1 to 3 of 4 shown as red, green and blue",)


def test_of_two_bands_the_first_is_shown_gray():
    photo = open_photo(tiff(RGB16[..., :2], photometric="minisblack", planarconfig="contig"))
    np.testing.assert_array_equal(photo.pixels, by_white(RGB16[..., :1]).repeat(3, axis=2))
    assert photo.notes[0] == "the first of 2 bands shown"


def test_twelve_bits_in_sixteen_are_said_and_can_be_stretched():
    values = (RGB16 >> 4)[..., 0]
    values[0, :2] = 0, 4095
    plain, stretched = (open_photo(tiff(values), stretch=stretch) for stretch in (False, True))
    np.testing.assert_array_equal(plain.pixels[..., 0], by_white(values))
    assert plain.mode == "I"  # gray, as the audit of a folder counts it
    assert plain.notes[1] == "values only up to 4095, as 12-bit sources write: dark unless stretched"
    np.testing.assert_allclose(stretched.pixels[..., 0], values / 4095 * 255, atol=0.51)
    assert stretched.notes == ("stretched from 0 (black) to 4.1e+03 (white)",)


def test_no_data_is_black_and_left_out_of_the_range():
    values = np.linspace(10, 20, 64).astype(np.float32).reshape(8, 8)
    values[:2] = -9999
    photo = open_photo(tiff(values, extratags=[(42113, "s", 0, "-9999", True)]))
    inside = values[2:].astype(float)
    np.testing.assert_allclose(photo.pixels[2:, :, 0], (inside - inside.min()) / (20 - inside.min()) * 255, atol=0.51)
    assert not photo.pixels[:2].any()
    assert photo.notes[-1] == "no data (-9999) shown black"


def test_no_data_of_another_kind_of_number_does_not_matter():
    data = tiff(RGB16, extratags=[(42113, "s", 0, "-1e300", True)])
    np.testing.assert_array_equal(read_photo(data), by_white(RGB16))


def test_deep_images_are_turned_as_their_tag_says():
    upright = by_white(RGB16)
    data = tiff(np.rot90(RGB16, 1), extratags=[(274, "H", 1, 6, True)])
    photo = open_photo(data)
    np.testing.assert_array_equal(photo.pixels, upright)
    assert "turned as its EXIF tag says" in photo.notes


def test_of_several_deep_pages_the_first_is_shown():
    photo = open_photo(tiff(np.stack([RGB16, RGB16[::-1]])))
    np.testing.assert_array_equal(photo.pixels, by_white(RGB16))
    assert photo.notes[0] == "the first of several images in the file"


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (tiff((RGB_FLOAT + 1j).astype(np.complex64)), "64-bit complex numbers, 3 per pixel, compressed as none"),
        (with_tag(tiff(RGB8), 259, 34619), "compressed as 34619"),
    ],
    ids=["complex", "unknown compression"],
)  # fmt: skip
def test_a_whole_file_that_is_not_read_is_not_called_damaged(data, reason):
    with pytest.raises(ImageError, match=reason) as caught:
        read_photo(data)
    assert "damaged" not in str(caught.value)
    assert str(caught.value).endswith("Save it without compression, or as 8-bit RGB.")


def test_deep_colors_in_lzw_are_read_by_their_upper_bits():
    deep = tiff(RGB16)
    buffer = io.BytesIO()
    Image.fromarray(RGB16[..., 0]).save(buffer, "TIFF", compression="tiff_lzw")
    np.testing.assert_array_equal(read_photo(buffer.getvalue())[..., 0], by_white(RGB16[..., 0]))
    assert open_photo(deep).bits == 16


def test_raw_files_of_cameras_are_named():
    data = tiff(RGB8, extratags=[(50706, "B", 4, (1, 4, 0, 0), True)])
    with pytest.raises(ImageError, match=r"is a camera RAW file\. Develop it"):
        read_photo(data)


@pytest.mark.parametrize("share", [0.01, 0.3, 0.9])
@pytest.mark.parametrize("options", [{}, {"compression": "zlib"}, {"tile": (16, 16)}])
def test_deep_files_that_are_cut_short_are_named_as_such(share, options):
    data = tiff(RGB16, **options)
    with pytest.raises(ImageError, match="a TIFF file that is damaged or cut short"):
        read_photo(data[: int(len(data) * share)])


def deflated_bomb(claimed: tuple[int, int], unpacked: int) -> bytes:
    """A float TIFF of one strip that decodes to far more than its header claims."""
    data = bytearray(tiff(np.zeros((*claimed, 3), np.float32), compression="zlib", rowsperstrip=claimed[0]))
    with tifffile.TiffFile(io.BytesIO(data)) as file:
        counts = file.pages.first.tags["StripByteCounts"]
        offsets = file.pages.first.tags["StripOffsets"]
    packed = zlib.compress(bytes(unpacked))
    counts_at, offsets_at = counts.valueoffset, offsets.valueoffset
    struct.pack_into("<I", data, offsets_at, len(data))
    struct.pack_into("<I" if counts.dtype == 4 else "<H", data, counts_at, len(packed))
    return bytes(data) + packed


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (deflated_bomb((8, 8), 60_000_000), "damaged"),
        (with_tag(tiff(np.zeros((4, 4, 3), np.float32)), 256, 30_000), "30000 x 4 pixels"),
    ],
    ids=["deflate", "width"],
)  # fmt: skip
def test_deep_files_that_claim_or_unpack_too_much_are_refused_without_memory(data, reason):
    assert len(data) < 200_000
    read_photo(tiff(RGB16))  # imports
    tracemalloc.start()
    with pytest.raises(ImageError, match=reason):
        read_photo(data)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 8 * 2**20


def test_more_bytes_than_are_read_are_refused_from_the_header():
    data = tiff(np.zeros((4, 4, 3)), compression="zlib")
    data = with_tag(with_tag(data, 256, 6000), 257, 6000)
    assert MAX_PIXELS > 6000 * 6000
    with pytest.raises(ImageError, match=r"decodes to 864 MB; the limit is 480 MB"):
        read_photo(data)


def test_a_directory_of_thousands_of_large_tags_costs_nothing():
    """Each tag claims the whole file as its value; a reader that loads them all would need gigabytes."""
    base = tiff(RGB8)
    start = len(base) + len(base) % 2
    with tifffile.TiffFile(io.BytesIO(base)) as file:
        old = file.pages.first.offset
    count = struct.unpack_from("<H", base, old)[0]
    entries = base[old + 2 : old + 2 + 12 * count]
    size = 2 * 2**20
    more = b"".join(struct.pack("<HHII", tag, 7, size, 8) for tag in range(40_000, 60_000) if tag != 42113)
    directory = struct.pack("<H", count + len(more) // 12) + entries + more + bytes(4)
    data = bytearray(base.ljust(start, b"\0") + directory + bytes(size))
    struct.pack_into("<I", data, 4, start)
    tracemalloc.start()
    begin = time.perf_counter()
    np.testing.assert_array_equal(read_photo(bytes(data)), RGB8)
    seconds, (_, peak) = time.perf_counter() - begin, tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert seconds < 5
    assert peak < 20 * len(data)


def test_flipped_bytes_give_a_photo_or_one_sentence():
    rng = np.random.default_rng(0)
    for options in ({}, {"compression": "zlib"}, {"tile": (16, 16)}):
        data = tiff(RGB16, **options)
        for _ in range(150):
            broken = bytearray(data)
            place = rng.integers(len(data)) if rng.random() < 0.5 else rng.integers(300)
            broken[place] ^= int(rng.integers(1, 256))
            try:
                assert read_photo(bytes(broken)).shape[-1] == 3
            except ImageError as error:
                assert str(error).startswith("The image")
