"""How do a file's bytes become pixels? The header first: its sizes are checked before anything is decoded."""

from __future__ import annotations

import contextlib
import io
import threading
import warnings
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from PIL import Image

from cnnviz.errors import PictureError
from cnnviz.images.colours import to_unit, value_range
from cnnviz.images.formats import describe_unreadable, readable_format
from cnnviz.sentences import Sentence

FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "GIF", "TIFF", "MPO")
"""Readers that are used at all: the others of Pillow start programs or are little tested."""

MAX_BYTES = 20 * 2**20
MAX_PIXELS = 40_000_000
MAX_SIDE = 16_000
_LIMIT = Sentence("{pixels} megapixels or {side:,} a side", pixels=MAX_PIXELS // 10**6, side=MAX_SIDE)

_ORIENTATION = 0x0112  # EXIF
_UPRIGHT = 1
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_DRAFT = (2048, 2048)  # larger than any network's input; a JPEG of twice that decodes at half its size
_WHITE_16_BIT = 65_535

_warnings_lock = threading.Lock()  # warning filters belong to the process


@dataclass(frozen=True, eq=False)
class Photo:
    """A picture as a person sees it, and what was done to get there.

    Attributes:
        pixels: `(height, width, 3)` uint8.
        format: What the content is, whatever the file's name says: `JPEG`, `PNG`, ...
        size: Height and width that the file states, in pixels, before turning or reducing.
        mode: How the file stores a pixel, in Pillow's words: `RGB`, `P`, `CMYK`, `I;16`, ...
        notes: What a person should know, each without a full stop: `frame 1 of an animation`.
    """

    pixels: np.ndarray
    format: str
    size: tuple[int, int]
    mode: str
    notes: tuple[str, ...] = ()


def check_bytes(count: int, name: str) -> None:
    """Refuse an empty file and one that is too large to look at."""
    if count > MAX_BYTES:
        raise PictureError(
            "{name} has {size:.1f} MB; {most} MB are read. Save it smaller.",
            name=name,
            size=count / 2**20,
            most=MAX_BYTES // 2**20,
        )
    if not count:
        raise PictureError("{name} is empty. Choose another file.", name=name)


def decode(data: bytes, name: str) -> Photo:
    """Header, sizes, pixels, depth, orientation, transparency: in this order."""
    check_bytes(len(data), name)
    with _quiet():
        image = _open(data, name)
        kind, mode, size = image.format or "", image.mode, (image.height, image.width)
        _check_size(size, name)
        notes = [*_note_frames(image), *_note_draft(image)]
    try:
        image.load()  # has no remarks to make, and runs in several threads at once
    except Exception as error:  # on hostile bytes Pillow raises almost anything
        raise _damaged(kind, name) from error
    with _quiet():
        turn = _turn_of(image)
        image = _without_depth(image, notes)
        if turn is not None:
            image = image.transpose(turn)
            notes.append(Sentence("turned as its EXIF tag says"))
        pixels = np.array(_without_transparency(image, notes, name))
    return Photo(pixels, kind, size, mode, tuple(notes))


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keep Pillow's remarks on odd files out of the log, or from being raised."""
    with _warnings_lock, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _open(data: bytes, name: str) -> Image.Image:
    """Read the header."""
    try:
        return Image.open(io.BytesIO(data), formats=FORMATS)
    except Image.DecompressionBombError as error:
        raise PictureError("{name} has more than {limit}. Save it smaller.", name=name, limit=_LIMIT) from error
    except Exception as error:  # on hostile bytes Pillow raises almost anything
        promised = readable_format(data)
        if promised:
            raise _damaged(promised, name) from error
        what, advice = describe_unreadable(data)
        raise PictureError("{name} is {what}. {advice}", name=name, what=what, advice=advice) from error


def _damaged(kind: str, name: str) -> PictureError:
    return PictureError(
        "{name} is a {kind} file that is damaged or cut short. Save or download it again.", name=name, kind=kind
    )


def _check_size(size: tuple[int, int], name: str) -> None:
    height, width = size
    if height * width > MAX_PIXELS or max(size) > MAX_SIDE:
        raise PictureError(
            "{name} has {width} x {height} pixels, more than {limit}. Save it smaller.",
            name=name,
            width=width,
            height=height,
            limit=_LIMIT,
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
        Sentence("the first of several pictures in the file")
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
    """How the EXIF tag says to turn the picture; damaged EXIF says nothing."""
    try:
        return _TURNS.get(image.getexif().get(_ORIENTATION, _UPRIGHT))
    except Exception:  # noqa: BLE001  # on hostile bytes Pillow raises almost anything
        return None


def _without_depth(image: Image.Image, notes: list[str]) -> Image.Image:
    """Bring 16-bit, 32-bit and float gray to 8 bits; Pillow itself would cut them off at 255."""
    if image.mode.startswith("I;16"):
        notes.append(Sentence("16-bit gray, {white} shown as white", white=_WHITE_16_BIT))
        table = np.rint(np.arange(_WHITE_16_BIT + 1) * (255 / _WHITE_16_BIT)).astype(np.uint8)
        return Image.fromarray(table[np.asarray(image)])
    if image.mode not in ("I", "F"):
        return image
    values = np.asarray(image)
    low, high = value_range(values)
    notes.append(Sentence("stretched from {low:.3g} (black) to {high:.3g} (white)", low=low, high=high))
    # Row by row: the double precision in between would take eight times the picture's memory.
    rows = [np.rint(np.nan_to_num(to_unit(row, low=low, high=high)) * 255).astype(np.uint8) for row in values]
    return Image.fromarray(np.stack(rows))


def _without_transparency(image: Image.Image, notes: list[str], name: str) -> Image.Image:
    """Lay what is transparent on white: dropping alpha would uncover colours nobody was to see."""
    if image.mode == "LAB":
        raise PictureError("{name} stores its colours as LAB, which is not read. Save it as RGB.", name=name)
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
