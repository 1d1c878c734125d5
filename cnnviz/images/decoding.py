"""Image decoding with Pillow: the header first, with sizes checked before a pixel is decoded."""

from __future__ import annotations

import contextlib
import io
import threading
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from PIL import Image

from cnnviz.errors import ImageError
from cnnviz.images.depth import to_eight_bits
from cnnviz.images.formats import count_scans, describe_rare_kind, describe_unreadable, readable_format
from cnnviz.sentences import Sentence, one_line

FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "GIF", "TIFF", "MPO", "AVIF")
"""Pillow's readers that are used at all: the others of Pillow start programs or are little tested."""

_READERS = tuple(kind for kind in FORMATS if kind != "MPO")  # which JPEG's reader opens

MAX_BYTES = 20 * 2**20
MAX_PIXELS = 40_000_000
MAX_SIDE = 16_000
MAX_SCANS = 100  # of a progressive JPEG, each of which goes over all its pixels; encoders write about ten
_LIMIT = Sentence(
    "{pixels} megapixels or {side:,} pixels in width or height", pixels=MAX_PIXELS // 10**6, side=MAX_SIDE
)

_ORIENTATION = 0x0112  # EXIF
_UPRIGHT = 1
TURNED = Sentence("turned as its EXIF tag says")
TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_DRAFT = (2048, 2048)  # larger than any model's input; a JPEG of twice that decodes at half its size
_PNG_DEPTH, _PNG_KIND = 24, 25  # places in its header
_PNG_CUT_TO_8_BITS = (2, 4, 6)  # RGB, gray with alpha, RGB with alpha
_OF_8_BITS = ("RGB", "RGBA", "LA")

_warnings_lock = threading.Lock()  # warning filters belong to the process


@dataclass(frozen=True, eq=False)
class Photo:
    """An image as a person sees it, and what was done to get there.

    Attributes:
        pixels: `(height, width, 3)` uint8.
        format: What the content is, whatever the file's name says: `JPEG`, `PNG`, ...
        size: Height and width that the file states, in pixels, before turning or reducing.
        mode: How the file stores a pixel, in Pillow's words: `RGB`, `P`, `CMYK`, `I;16`, ...; where it has none, the
            number of channels and their type: `5 x uint16`. Gray is `I` or `F` there, and `MONOCHROME2` of DICOM.
        notes: What a person should know, each without a full stop: `frame 1 of an animation`.
        bits: Bits a channel in the file; of more than 8, stretching may show what is dark otherwise.
    """

    pixels: np.ndarray
    format: str
    size: tuple[int, int]
    mode: str
    notes: tuple[str, ...] = ()
    bits: int = 8

    __repr__ = one_line


def check_bytes(count: int, name: str) -> None:
    """Refuse an empty file and one that is too large to look at."""
    if count > MAX_BYTES:
        raise ImageError(
            "{name} is {size:.1f} MB; the limit is {most} MB. Save a smaller version.",
            name=name,
            size=count / 2**20,
            most=MAX_BYTES // 2**20,
        )
    if not count:
        raise ImageError("{name} is empty. Choose another file.", name=name)


def decode(
    data: bytes, name: str, *, stretch: bool = False, bits: int | None = None, unread: ImageError | None = None
) -> Photo:
    """Header, sizes, pixels, depth, orientation, transparency: in this order.

    Args:
        data: The file.
        name: What messages call it.
        stretch: Whether its values are to run from black to white.
        bits: Bits a channel in use, where the header that Pillow shows does not tell.
        unread: What to raise where the header is whole but Pillow has no reader for it.
    """
    with quiet():
        image = _open(data, name, unread)
        check_size((image.height, image.width), name)
        _check_scans(image, data, name)
        size = (image.height, image.width)
        notes = [*_note_frames(image), *_note_draft(image)]
    _load(image, data, name)
    photo = _photo(image, name, notes, depth=bits or _depth_of(image, data), stretch=stretch)
    return replace(photo, size=size)


def decode_image(image: Image.Image, name: str, *, stretch: bool = False) -> Photo:
    """Turn an image of Pillow into a photo; it is only read."""
    check_size((image.height, image.width), name)
    _load(image, b"", name)
    return _photo(image, name, [], depth=_depth_of(image, b""), stretch=stretch)


def _load(image: Image.Image, data: bytes, name: str) -> None:
    try:
        image.load()  # has no remarks to make, and runs in several threads at once
    except Exception as error:  # on hostile bytes Pillow raises almost anything
        raise _rare_or_damaged(image.format or "image", data, name) from error


def _photo(image: Image.Image, name: str, notes: list[str], *, depth: int, stretch: bool) -> Photo:
    """Depth, orientation, transparency: in this order."""
    kind, mode, size = image.format or "image", image.mode, (image.height, image.width)
    with quiet():
        turn = _turn_of(image)
        image = _without_depth(image, notes, bits=depth, stretch=stretch)
        if turn is not None:
            image = image.transpose(turn)
            notes.append(TURNED)
        pixels = np.array(_without_transparency(image, notes, name))
    if depth > 8 and mode in _OF_8_BITS:
        notes.append(Sentence("{bits} bits per channel, only the upper 8 are used", bits=depth))
    if stretch and mode[0] not in "IF":
        pixels, said = to_eight_bits(pixels, stretch=True)
        notes += said
    return Photo(pixels, kind, size, mode, tuple(notes), depth)


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Keep remarks of readers on odd files out of the log, or from being raised."""
    with _warnings_lock, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _open(data: bytes, name: str, unread: ImageError | None) -> Image.Image:
    """Read the header."""
    try:
        return Image.open(io.BytesIO(data), formats=_READERS)
    except Image.DecompressionBombError as error:
        raise ImageError("{name} has more than {limit}. Save it smaller.", name=name, limit=_LIMIT) from error
    except Exception as error:  # on hostile bytes Pillow raises almost anything
        if unread is not None:
            raise unread from error
        promised = readable_format(data)
        if promised:
            raise _rare_or_damaged(promised, data, name) from error
        what, advice = describe_unreadable(data)
        raise ImageError("{name} is {what}. {advice}", name=name, what=what, advice=advice) from error


def _rare_or_damaged(kind: str, data: bytes, name: str) -> ImageError:
    rare = describe_rare_kind(data)
    if rare is None:
        return damaged(kind, name)
    what, advice = rare
    return ImageError("{name} is {what}. {advice}", name=name, what=what, advice=advice)


def damaged(kind: str, name: str) -> ImageError:
    """Say of a file that is cut short, or whose pixels cannot be decoded, that it is."""
    return ImageError(
        "{name} is a {kind} file that is damaged or cut short. Save or download it again.", name=name, kind=kind
    )


def check_size(size: tuple[int, int], name: str) -> None:
    """Refuse more pixels than are looked at, before any is decoded."""
    height, width = size
    if height * width > MAX_PIXELS or max(size) > MAX_SIDE:
        raise ImageError(
            "{name} has {width} x {height} pixels, more than {limit}. Save it smaller.",
            name=name,
            width=width,
            height=height,
            limit=_LIMIT,
        )


def _check_scans(image: Image.Image, data: bytes, name: str) -> None:
    """Refuse a JPEG that takes minutes to decode, whatever its size."""
    if image.format in ("JPEG", "MPO") and count_scans(data) > MAX_SCANS:
        raise ImageError(
            "{name} is a JPEG of more than {most} scans, which takes minutes to decode. Save it again.",
            name=name,
            most=MAX_SCANS,
        )


def _note_frames(image: Image.Image) -> list[str]:
    """Say if there are more frames or pages; counting them would walk through all."""
    try:
        has_more = getattr(image, "is_animated", False)
    except Exception:  # noqa: BLE001  # a damaged second frame does not spoil the first
        return []
    if not has_more:
        return []
    return [
        Sentence("the first of several images in the file")
        if image.format in ("TIFF", "MPO")
        else Sentence("frame 1 of an animation")
    ]


def _note_draft(image: Image.Image) -> list[str]:
    """Have a huge JPEG decoded at a fraction of its size, which is many times faster."""
    before = image.size
    if image.format in ("JPEG", "MPO"):
        image.draft(None, _DRAFT)
    if image.size == before:
        return []
    return [
        Sentence(
            "read at {width} x {height} of {columns} x {rows} pixels",
            width=image.width,
            height=image.height,
            columns=before[0],
            rows=before[1],
        )
    ]


def _turn_of(image: Image.Image) -> Image.Transpose | None:
    """How the EXIF tag says to turn the image; damaged EXIF says nothing."""
    try:
        return TURNS.get(image.getexif().get(_ORIENTATION, _UPRIGHT))
    except Exception:  # noqa: BLE001  # on hostile bytes Pillow raises almost anything
        return None


def _depth_of(image: Image.Image, data: bytes) -> int:
    """Bits a channel in the file; of a PNG with colors Pillow keeps 8 and does not tell."""
    if image.format == "PNG" and len(data) > _PNG_KIND and data[_PNG_KIND] in _PNG_CUT_TO_8_BITS:
        return data[_PNG_DEPTH]
    return 16 if image.mode.startswith("I;16") else 32 if image.mode in ("I", "F") else 8


def _without_depth(image: Image.Image, notes: list[str], *, bits: int, stretch: bool) -> Image.Image:
    """Bring 16-bit, 32-bit and float gray to 8 bits; Pillow itself would cut them off at 255."""
    if not image.mode.startswith("I;16") and image.mode not in ("I", "F"):
        return image
    values = np.asarray(image)
    pixels, said = to_eight_bits(values, bits=bits if values.dtype.kind == "u" else None, stretch=stretch)
    notes += said
    return Image.fromarray(pixels)


def on_white(pixels: np.ndarray, alpha: np.ndarray, notes: list[str]) -> np.ndarray:
    """Lay pixels on white: `(height, width, 3)` uint8, with an alpha `(height, width)` uint8."""
    image = Image.fromarray(np.dstack([pixels, alpha]))
    return np.array(_without_transparency(image, notes, ""))


def _without_transparency(image: Image.Image, notes: list[str], name: str) -> Image.Image:
    """Lay what is transparent on white: dropping alpha would uncover colors nobody was to see."""
    if image.mode == "LAB":
        raise ImageError("{name} stores its colors as LAB, which is not read. Save it as RGB.", name=name)
    if not image.has_transparency_data:
        return image.convert("RGB")
    image = image.convert("RGBA")
    least_alpha, _ = image.getchannel("A").getextrema()
    if least_alpha == 255:
        return image.convert("RGB")
    notes.append(Sentence("transparent parts shown on white"))
    white = Image.new("RGBA", image.size, "white")
    white.alpha_composite(image)
    return white.convert("RGB")
