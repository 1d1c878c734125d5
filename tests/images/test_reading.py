import gzip
import io
import os
import pickle
import struct
import threading
import time
import tracemalloc
import zipfile
import zlib

import numpy as np
import pytest
from PIL import Image

from cnnviz import images
from cnnviz.errors import ImageError
from cnnviz.images import open_photo, read_photo
from cnnviz.images.decoding import MAX_SCANS
from cnnviz.images.formats import count_scans

RED, WHITE = (255, 0, 0), (255, 255, 255)
UPRIGHT_TURNS = {  # how to store an upright image so that the EXIF tag brings it back
    1: None,
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


def scene() -> Image.Image:
    """64 x 48, red top left, on a gradient that no turning leaves as it was."""
    pixels = np.zeros((48, 64, 3), np.uint8)
    pixels[..., 1] = np.linspace(0, 200, 64)[None, :]
    pixels[..., 2] = np.linspace(0, 150, 48)[:, None]
    pixels[:16, :16] = RED
    return Image.fromarray(pixels)


def encoded(image: Image.Image, kind: str, **options) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png_claiming(width: int, height: int) -> bytes:
    """A PNG of a few bytes whose header claims a size, with valid pixels for its first rows."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    rows = zlib.compress(bytes((3 * width + 1) * min(height, 2)))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def jpeg_claiming(width: int, height: int) -> bytes:
    """A small JPEG whose header was rewritten."""
    data = bytearray(encoded(scene(), "JPEG"))
    frame = data.index(b"\xff\xc0")
    data[frame + 5 : frame + 9] = struct.pack(">HH", height, width)
    return bytes(data)


@pytest.mark.parametrize("kind", ["PNG", "BMP", "TIFF", "WEBP"])
def test_lossless_formats_give_the_pixels_back(kind):
    options = {"lossless": True} if kind == "WEBP" else {}
    photo = open_photo(encoded(scene(), kind, **options))
    np.testing.assert_array_equal(photo.pixels, np.asarray(scene()))
    assert (photo.format, photo.size, photo.notes) == (kind, (48, 64), ())


def test_avif_is_read():
    photo = open_photo(encoded(scene(), "AVIF", quality=100, subsampling="4:4:4"))
    np.testing.assert_allclose(photo.pixels.astype(int), np.asarray(scene()), atol=6)
    assert photo.format == "AVIF"


def test_sixteen_bit_colors_of_a_png_are_said_to_be_cut():
    header = struct.pack(">IIBBBBB", 2, 1, 16, 2, 0, 0, 0)
    row = b"\0" + np.array([[0, 0x1234, 0xFFFF], [0x8000, 1, 0x0100]], ">u2").tobytes()
    data = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(row)) + chunk(b"IEND", b"")
    photo = open_photo(data)
    assert photo.pixels.tolist() == [[[0, 0x12, 0xFF], [0x80, 0, 1]]]
    assert photo.notes == ("16 bits per channel, only the upper 8 are used",)
    assert photo.bits == 16


def test_a_dark_image_can_be_stretched():
    dark = (np.asarray(scene()) // 8).astype(np.uint8)
    photo = open_photo(encoded(Image.fromarray(dark), "PNG"), stretch=True)
    np.testing.assert_allclose(photo.pixels, dark / dark.max() * 255, atol=0.51)
    assert photo.notes == (f"stretched from 0 (black) to {dark.max()} (white)",)


@pytest.mark.parametrize("kind", ["JPEG", "GIF", "MPO"])
def test_lossy_formats_keep_place_and_color(kind):
    pixels = read_photo(encoded(scene(), kind))
    assert pixels.shape == (48, 64, 3)
    assert pixels.dtype == np.uint8
    np.testing.assert_allclose(pixels[8, 8].astype(int), RED, atol=12)
    np.testing.assert_allclose(pixels[40, 60].astype(int), np.asarray(scene())[40, 60], atol=12)


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_all_eight_exif_orientations_come_out_upright(kind, orientation):
    turn = UPRIGHT_TURNS[orientation]
    stored = scene() if turn is None else scene().transpose(turn)
    exif = Image.Exif()
    exif[0x0112] = orientation
    photo = open_photo(encoded(stored, kind, exif=exif))
    np.testing.assert_array_equal(photo.pixels, np.asarray(scene()))


def test_a_turned_camera_jpeg_says_so():
    exif = Image.Exif()
    exif[0x0112] = 6
    photo = open_photo(encoded(scene().transpose(Image.Transpose.ROTATE_90), "JPEG", exif=exif))
    assert photo.pixels.shape == (48, 64, 3)
    np.testing.assert_allclose(photo.pixels[8, 8].astype(int), RED, atol=12)
    assert photo.notes == ("turned as its EXIF tag says",)


def test_broken_exif_does_not_matter():
    photo = open_photo(encoded(scene(), "JPEG", exif=b"Exif\x00\x00II*\x00\x08\x00\x00\x00\xff\xff" + b"\xee" * 30))
    assert photo.pixels.shape == (48, 64, 3)


def test_cmyk_becomes_rgb():
    pixels = read_photo(encoded(scene().convert("CMYK"), "JPEG"))
    np.testing.assert_allclose(pixels[8, 8].astype(int), RED, atol=12)


@pytest.mark.parametrize("mode", ["L", "1", "P"])
def test_gray_one_bit_and_palette_become_rgb(mode):
    image = scene().convert(mode)
    np.testing.assert_array_equal(read_photo(encoded(image, "PNG")), np.asarray(image.convert("RGB")))


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_sixteen_bit_gray_keeps_its_tones(kind):
    ramp = np.tile(np.linspace(0, 65535, 256).astype(np.uint16), (8, 1))
    photo = open_photo(encoded(Image.fromarray(ramp), kind))
    assert abs(photo.pixels.mean() - 127) <= 2
    np.testing.assert_array_equal(photo.pixels[0, :, 0], np.arange(256))
    assert photo.notes == ("16 bits per channel, 65535 shown as white",)


def test_sixteen_bit_gray_stored_big_end_first_keeps_its_tones():
    ramp = np.tile(np.linspace(0, 65535, 256).astype(">u2"), (8, 1))
    image = Image.frombytes("I;16B", (256, 8), ramp.tobytes())
    np.testing.assert_array_equal(read_photo(encoded(image, "TIFF"))[0, :, 0], np.arange(256))


@pytest.mark.parametrize("dtype", [np.float32, np.int32])
def test_float_and_32_bit_gray_are_stretched_from_least_to_most(dtype):
    values = np.tile(np.arange(-100, 156).astype(dtype), (4, 1))
    photo = open_photo(encoded(Image.fromarray(values), "TIFF"))
    np.testing.assert_array_equal(photo.pixels[0, :, 1], np.arange(256))
    assert photo.notes == ("stretched from -100 (black) to 155 (white)",)


def test_float_gray_with_holes_and_constants_is_black_there():
    values = np.array([[np.nan, 1.0], [np.inf, 3.0]], np.float32)
    np.testing.assert_array_equal(read_photo(encoded(Image.fromarray(values), "TIFF"))[..., 0], [[0, 0], [0, 255]])
    constant = Image.fromarray(np.full((2, 2), 7, np.float32))
    assert not read_photo(encoded(constant, "TIFF")).any()


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "TIFF"])
def test_transparent_parts_lie_on_white(kind):
    pixels = np.zeros((4, 6, 4), np.uint8)
    pixels[...] = (255, 0, 0, 0)  # red that nobody was to see
    pixels[0] = (0, 0, 255, 255)
    pixels[1] = (0, 0, 0, 128)
    photo = open_photo(encoded(Image.fromarray(pixels), kind, **({"lossless": True} if kind == "WEBP" else {})))
    np.testing.assert_array_equal(photo.pixels[0], np.tile((0, 0, 255), (6, 1)))
    np.testing.assert_allclose(photo.pixels[1], 127, atol=1)
    assert (photo.pixels[2:] == 255).all()
    assert photo.notes == ("transparent parts shown on white",)


def test_gray_with_alpha_lies_on_white():
    pixels = np.array([[[0, 0], [0, 255]]], np.uint8)
    assert read_photo(encoded(Image.fromarray(pixels), "PNG"))[0].tolist() == [[255] * 3, [0] * 3]


@pytest.mark.parametrize("transparency", [1, bytes([255, 0])])
def test_a_transparent_palette_entry_lies_on_white(transparency):
    image = Image.new("P", (4, 4), 0)
    image.putpalette([0, 128, 0, 255, 0, 0])
    image.putpixel((2, 1), 1)
    photo = open_photo(encoded(image, "PNG", transparency=transparency))
    assert photo.pixels[1, 2].tolist() == [255, 255, 255]
    assert photo.pixels[0, 0].tolist() == [0, 128, 0]
    assert photo.notes == ("transparent parts shown on white",)


def test_an_opaque_alpha_is_not_worth_a_note():
    assert open_photo(encoded(scene().convert("RGBA"), "PNG")).notes == ()


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG"])
def test_of_an_animation_the_first_frame_is_shown(kind):
    frames = [Image.new("RGB", (16, 12), color) for color in ("red", "blue", "lime")]
    photo = open_photo(encoded(frames[0], kind, save_all=True, append_images=frames[1:], duration=50))
    np.testing.assert_allclose(photo.pixels[6, 8].astype(int), RED, atol=3)
    assert photo.notes == ("frame 1 of an animation",)


@pytest.mark.parametrize("kind", ["TIFF", "MPO"])
def test_of_several_pages_the_first_is_shown(kind):
    photo = open_photo(encoded(scene(), kind, save_all=True, append_images=[Image.new("RGB", (64, 48), "blue")]))
    np.testing.assert_allclose(photo.pixels[8, 8].astype(int), RED, atol=12)
    assert photo.notes == ("the first of several images in the file",)


def test_three_thousand_frames_are_not_counted():
    frames = [Image.new("L", (8, 8), level % 256) for level in range(3000)]
    data = encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])
    start = time.perf_counter()
    assert open_photo(data).notes == ("frame 1 of an animation",)
    assert time.perf_counter() - start < 0.5  # walking through all of them takes longer


@pytest.mark.parametrize("size", [(1, 1), (1, 5000), (5000, 1), (images.MAX_SIDE, 2)])
def test_odd_sizes_are_read(size):
    assert read_photo(encoded(Image.new("RGB", size, "red"), "PNG")).shape == (size[1], size[0], 3)


def test_a_huge_jpeg_is_read_at_half_its_size():
    image = Image.new("L", (4096, 4100), 90)
    photo = open_photo(encoded(image, "JPEG"))
    assert photo.pixels.shape == (2050, 2048, 3)
    assert photo.size == (4100, 4096)
    assert photo.notes == ("read at 2048 x 2050 of 4096 x 4100 pixels",)


def test_what_follows_a_image_is_ignored_and_its_name_too(tmp_path):
    path = tmp_path / "really a png.jpg"
    path.write_bytes(encoded(scene(), "PNG") + b"PK\x03\x04 a zip behind it")
    photo = open_photo(path)
    assert photo.format == "PNG"
    np.testing.assert_array_equal(photo.pixels, np.asarray(scene()))


@pytest.mark.parametrize("name", ["Kätzchen 猫.png", "a b'c.png", "x" * 200 + ".png", "-.png"])
def test_any_name_will_do(tmp_path, name):
    path = tmp_path / name
    path.write_bytes(encoded(scene(), "PNG"))
    assert read_photo(path).shape == read_photo(str(path)).shape == (48, 64, 3)


def test_pixels_can_be_painted_on():
    pixels = read_photo(encoded(scene(), "PNG"))
    pixels[:8] = 0
    assert not pixels[:8].any()


BOMBS = {
    "80 megapixels": (png_claiming(10_000, 8_000), "10000 x 8000 pixels, more than 40 megapixels or 16,000 pixels in"),
    "150 megapixels": (png_claiming(15_000, 10_000), "15000 x 10000 pixels"),
    "3600 megapixels": (png_claiming(60_000, 60_000), "more than 40 megapixels or 16,000 pixels in width or height"),
    "long": (png_claiming(60_000, 2), "60000 x 2 pixels"),
    "jpeg": (jpeg_claiming(9_000, 9_000), "9000 x 9000 pixels"),
}


@pytest.mark.parametrize(("data", "reason"), BOMBS.values(), ids=BOMBS)
def test_too_many_pixels_are_refused_from_the_header(data, reason):
    open_photo(encoded(scene(), "PNG"))  # Pillow's own start
    tracemalloc.start()
    start = time.perf_counter()
    with pytest.raises(ImageError, match=reason):
        read_photo(data)
    seconds, (_, peak) = time.perf_counter() - start, tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(data) < 200_000
    assert seconds < 0.5  # decoding would take several
    assert peak < 2 * 2**20


def test_a_text_that_unpacks_to_many_megabytes_is_refused():
    header = struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0)
    bomb = chunk(b"zTXt", b"Comment\x00\x00" + zlib.compress(bytes(30 * 2**20)))
    pixels = chunk(b"IDAT", zlib.compress(bytes(4)))
    data = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + bomb + pixels + chunk(b"IEND", b"")
    with pytest.raises(ImageError, match="damaged"):
        read_photo(data)


def test_a_file_of_too_many_bytes_is_refused_unread(tmp_path):
    path = tmp_path / "large.png"
    with path.open("wb") as file:
        file.truncate(images.MAX_BYTES + 2**20)  # a hole: no disk is used
    with pytest.raises(ImageError, match=r"'large.png' is 21.0 MB; the limit is 20 MB"):
        read_photo(path)
    with pytest.raises(ImageError, match=r"The image is 20\.0 MB"):
        read_photo(bytes(images.MAX_BYTES + 1))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF"])
@pytest.mark.parametrize("share", [0.05, 0.5, 0.9])
def test_what_is_cut_short_is_named_as_such(kind, share):
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8))
    data = encoded(noise, kind)
    with pytest.raises(ImageError) as caught:
        read_photo(data[: int(len(data) * share)])
    name = "WebP" if share < 0.4 and kind == "WEBP" else kind
    assert (
        str(caught.value).casefold()
        == (f"The image is a {name} file that is damaged or cut short. Save or download it again.").casefold()
    )


def test_flipped_bytes_give_a_photo_or_one_sentence():
    data = encoded(scene(), "PNG")
    rng = np.random.default_rng(0)
    for _ in range(200):
        broken = bytearray(data)
        broken[rng.integers(len(data))] ^= int(rng.integers(1, 256))
        try:
            assert read_photo(bytes(broken)).shape[-1] == 3
        except ImageError as error:
            assert str(error).startswith("The image")


def npz() -> bytes:
    buffer = io.BytesIO()
    np.savez(buffer, a=np.zeros(3))
    return buffer.getvalue()


def zipped(*names: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in names:
            archive.writestr(name, "x")
    return buffer.getvalue()


def jpeg_with(place: int, value: int) -> bytes:
    """A whole JPEG whose frame header says something else."""
    data = bytearray(encoded(scene(), "JPEG"))
    data[data.index(b"\xff\xc0") + place] = value
    return bytes(data)


NIFTI = (348).to_bytes(4, "little") + bytes(340) + b"n+1\0" + bytes(100)
NOT_IMAGES = {
    "empty": (b"", "The image is empty. Choose another file."),
    "heic": (b"\0\0\0\x18ftypheic" + bytes(40), "a HEIC image. Save it as JPEG or PNG"),
    "heif": (b"\0\0\0\x18ftypmif1" + bytes(40), "a HEIC image"),
    "video": (b"\0\0\0\x18ftypisom" + bytes(40), "a video"),
    "svg": (b'<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg"/>', "an SVG drawing"),
    "html": (b"\n<!DOCTYPE html><html></html>", "a web page (HTML)"),
    "pdf": (b"%PDF-1.7\n", "a PDF document"),
    "eps": (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "a PostScript (EPS) file"),
    "npz": (npz(), "a NumPy archive (.npz). Save one of its arrays as .npy"),
    "keras": (zipped("metadata.json"), "a Keras model. Open it as a model."),
    "torch": (zipped("cats/data.pkl"), "a PyTorch model. Choose a JPEG"),
    "pickle": (pickle.dumps([1]), "a Python pickle"),
    "tflite": (b"\x1c\0\0\0TFL3" + bytes(40), "a TensorFlow Lite model"),
    "nifti": (NIFTI, "a NIfTI volume. Save one of its slices as .npy"),
    "nifti 2": (b"\x1c\x02\0\0n+2\0" + bytes(600), "a NIfTI volume"),
    "nii.gz": (gzip.compress(NIFTI), "a NIfTI volume"),
    "gz": (gzip.compress(b"x" * 1000), "a gzip archive"),
    "matlab": (b"MATLAB 5.0 MAT-file, Platform: GLNXA64" + bytes(200), "a MATLAB file. Save its array as .npy"),
    "raw": (b"FUJIFILMCCD-RAW 0201", "a camera's raw file. Develop it"),
    "cr3": (b"\0\0\0\x18ftypcrx " + bytes(40), "a camera's raw file"),
    "webm": (b"\x1a\x45\xdf\xa3" + bytes(40), "a video. Save one of its frames"),
    "avi": (b"RIFF\0\0\0\0AVI LIST" + bytes(40), "a video"),
    "jxl": (b"\xff\x0a" + bytes(40), "a JPEG XL image"),
    "jp2": (b"\0\0\0\x0cjP  \r\n\x87\n" + bytes(40), "a JPEG 2000 image"),
    "exr": (b"\x76\x2f\x31\x01" + bytes(40), "an OpenEXR image"),
    "hdr": (b"#?RADIANCE\n" + bytes(40), "a Radiance HDR image"),
    "12-bit jpeg": (jpeg_with(4, 12), "a JPEG image of 12 bits per channel. Save it as JPEG or PNG"),
    "lossless jpeg": (jpeg_with(1, 0xC3), "a JPEG image of a rare kind"),
    "zip": (b"PK\x03\x04" + bytes(30), "a zip archive"),
    "hdf5": (b"\x89HDF\r\n\x1a\n" + bytes(30), "an HDF5 file"),
    "psd": (b"8BPS\x00\x01" + bytes(30), "a Photoshop document"),
    "ico": (b"\x00\x00\x01\x00\x01\x00" + bytes(30), "an icon (ICO)"),
    "ppm": (b"P6\n2 2\n255\n" + bytes(12), "a Netpbm (PPM) image"),
    "text": ("Grüße, 猫".encode(), "is text. Choose a JPEG, PNG"),
    "text cut in a character": (b"x" * 2047 + "猫".encode(), "is text."),
    "bytes": (bytes(range(256)), "not an image in a supported format"),
    "latin text": ("naïve".encode("latin-1") + b" " * 20, "not an image in a supported format"),
}


@pytest.mark.parametrize(("data", "text"), NOT_IMAGES.values(), ids=NOT_IMAGES)
def test_what_is_no_image_is_named_whatever_its_name(tmp_path, data, text):
    with pytest.raises(ImageError) as of_bytes:
        read_photo(data)
    assert text in str(of_bytes.value)
    path = tmp_path / "photo.png"
    path.write_bytes(data)
    with pytest.raises(ImageError) as of_path:
        read_photo(path)
    assert str(of_path.value) == str(of_bytes.value).replace("The image", "'photo.png'")
    assert str(of_path.value).count(". ") == 1


def test_lab_is_refused_rather_than_shown_wrong():
    data = encoded(Image.new("LAB", (4, 4), (50, 20, 20)), "TIFF")
    with pytest.raises(ImageError, match=r"stores its colors as LAB, which is not read\. Save it as RGB"):
        read_photo(data)


def test_a_pipe_does_not_hang_and_a_device_does_not_fill_the_memory(tmp_path):
    pipe = tmp_path / "pipe.png"
    os.mkfifo(pipe)
    caught = []

    def read() -> None:
        try:
            read_photo(pipe)
        except ImageError as error:
            caught.append(str(error))

    thread = threading.Thread(target=read, daemon=True)
    thread.start()
    thread.join(timeout=5)
    assert caught == ["'pipe.png' is not a regular file. Choose an image file."]
    with pytest.raises(ImageError, match="'zero' is not a regular file"):
        read_photo("/dev/zero")


def test_what_is_not_there_is_said_without_its_folder(tmp_path):
    loop = tmp_path / "loop.png"
    loop.symlink_to(loop)
    cases = {
        tmp_path / "none.png": "There is no file 'none.png'. Check its name and folder.",
        tmp_path: f"{tmp_path.name!r} is a folder. Choose an image in it.",
        loop: "'loop.png' cannot be opened. Check its name and your permissions.",
        tmp_path / "nul\0.png": r"'nul\x00.png' cannot be opened. Check its name and your permissions.",
        tmp_path / ("y" * 300): f"'{'y' * 60}...' cannot be opened. Check its name and your permissions.",
    }
    for path, text in cases.items():
        with pytest.raises(ImageError) as caught:
            read_photo(path)
        assert str(caught.value) == text


def test_the_samples_are_photographs():
    photos = {name: read_photo(path) for name, path in images.sample_photos().items()}
    assert {"chelsea", "coffee", "camera"} <= set(photos)
    for photo in photos.values():
        assert min(photo.shape[:2]) >= 224
        assert photo.std() > 20


def with_scans(count: int) -> bytes:
    """A progressive JPEG whose last scan is there again and again."""
    data = encoded(scene(), "JPEG", progressive=True)
    scans = count_scans(data)
    last = data[data.rindex(b"\xff\xda") : -2]
    return data[:-2] + last * (count - scans) + data[-2:]


def test_a_jpeg_of_thousands_of_scans_is_refused_before_it_is_decoded():
    assert count_scans(encoded(scene(), "JPEG")) == 1
    usual = encoded(scene(), "JPEG", progressive=True)
    assert read_photo(with_scans(MAX_SCANS)).shape == (48, 64, 3)
    with pytest.raises(ImageError, match="more than 100 scans"):
        read_photo(with_scans(MAX_SCANS + 1))
    assert count_scans(usual[:2] + b"\xff\xfe\0\2" * 100_001 + usual[2:]) > MAX_SCANS  # too much to walk over


def test_what_looks_like_scans_in_a_photos_data_is_none():
    data = encoded(scene(), "JPEG", comment=b"\xff\xda" * 500)
    assert count_scans(data + b"\xff\xda" * 500) == 1  # a video behind the photo, as some phones put it
    assert read_photo(data + b"\xff\xda" * 500).shape == (48, 64, 3)
