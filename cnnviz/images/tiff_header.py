"""First directory of a TIFF file: its pixel tags, and a copy of the file with nothing else in it.

A directory may name thousands of tags of many megabytes each, and lead to thousands of others. Readers load them before
a size can be checked, so they are given a copy in which only the tags of the pixels are left.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from cnnviz.errors import ImageError
from cnnviz.images.decoding import damaged
from cnnviz.sentences import Sentence

WIDTH, HEIGHT, BITS, COMPRESSION, PHOTOMETRIC, ORIENTATION, SAMPLES = 256, 257, 258, 259, 262, 274, 277
PLANAR, PREDICTOR, EXTRA_SAMPLES, SAMPLE_FORMAT, NO_DATA = 284, 317, 338, 339, 42113
_SUBFILE_TYPE, _SUB_DIRECTORIES, _DNG_VERSION = 254, 330, 50706
_NAMED = (WIDTH, HEIGHT, BITS, COMPRESSION, PHOTOMETRIC, ORIENTATION, SAMPLES, PLANAR, PREDICTOR, EXTRA_SAMPLES)
_FILL_ORDER, _STRIPS, _FAX, _PALETTE, _TILES, _INKS = (
    (266,),
    (273, 278, 279),
    (292, 293),
    (320,),
    range(322, 326),
    (332,),
)
_JPEG, _YCBCR = (347, *range(512, 516), *range(519, 522)), (529, 530, 531, 532)
_OF_PIXELS = frozenset(
    (*_NAMED, SAMPLE_FORMAT, *_FILL_ORDER, *_STRIPS, *_FAX, *_PALETTE, *_TILES, *_INKS, *_JPEG, *_YCBCR)
)
_NUMBERS = {1: "B", 3: "H", 4: "I", 16: "Q"}
_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8, 17: 8, 18: 8}
_MOST_VALUES = 4096  # of a tag that is looked at: one number a band
_BIG = 43
_KINDS = {1: Sentence("unsigned"), 2: Sentence("signed"), 3: Sentence("float"), 4: Sentence("unsigned"),
          5: Sentence("complex"), 6: Sentence("complex")}  # fmt: skip


@dataclass(frozen=True)
class TiffHeader:
    """What the first directory says.

    Attributes:
        tags: Tag to its numbers, of those that are looked at.
        pixels_only: The file without any other tag or directory.
        has_more: Whether other directories follow: pages, or the same image smaller.
        no_data: Value that stands for "no data" (GDAL), if there is one.
        is_raw: Whether it is a camera's raw file, whose first image is a thumbnail.
    """

    tags: dict[int, tuple[int, ...]]
    pixels_only: bytes
    has_more: bool
    no_data: float | None
    is_raw: bool

    def first(self, tag: int, default: int) -> int:
        """First number of a tag."""
        return self.tags.get(tag, (default,))[0]

    @property
    def size(self) -> tuple[int, int]:
        """Height and width."""
        return self.first(HEIGHT, 0), self.first(WIDTH, 0)

    @property
    def kind(self) -> str:
        """What its numbers are, in a word."""
        return _KINDS.get(self.first(SAMPLE_FORMAT, 1), Sentence("unknown"))


def read_header(data: bytes, name: str) -> TiffHeader:
    """Read the first directory.

    Raises:
        ImageError: If it does not lie within the file.
    """
    try:
        return _read(data)
    except (struct.error, IndexError, ValueError, UnicodeDecodeError) as error:
        raise damaged("TIFF", name) from error


def _read(data: bytes) -> TiffHeader:
    order = "<" if data[:2] == b"II" else ">"
    is_big = struct.unpack_from(f"{order}H", data, 2)[0] == _BIG
    count_code, offset_code, entry = ("Q", "Q", 20) if is_big else ("H", "I", 12)
    (start,) = struct.unpack_from(order + offset_code, data, 8 if is_big else 4)
    (count,) = struct.unpack_from(order + count_code, data, start)
    first = start + struct.calcsize(count_code)
    end = first + count * entry
    (following,) = struct.unpack_from(order + offset_code, data, end)
    kept: dict[int, bytes] = {}
    values: dict[int, tuple[int, ...]] = {}
    no_data = None
    for place in range(first, end, entry):
        tag, kind = struct.unpack_from(f"{order}HH", data, place)
        if tag in kept:
            continue
        if tag in _OF_PIXELS:
            kept[tag] = data[place : place + entry]
        if tag in (*_OF_PIXELS, _SUBFILE_TYPE, _SUB_DIRECTORIES, _DNG_VERSION) and kind in _NUMBERS:
            values[tag] = _values(data, order, offset_code, place) or values.get(tag, ())
        if tag == NO_DATA:
            no_data = _number(data, order, offset_code, place)
    is_reduced = bool(values.get(_SUBFILE_TYPE, (0,))[0] & 1)
    is_raw = _DNG_VERSION in values or (is_reduced and _SUB_DIRECTORIES in values) or data[8:10] == b"CR"
    trimmed = bytearray(data)
    head = struct.pack(order + count_code, len(kept)) + b"".join(kept.values()) + struct.pack(order + offset_code, 0)
    trimmed[start : start + len(head)] = head
    return TiffHeader(
        {tag: numbers for tag, numbers in values.items() if numbers},
        bytes(trimmed), following != 0, no_data, is_raw,
    )  # fmt: skip


def _place(data: bytes, order: str, offset_code: str, place: int) -> tuple[int, int, int]:
    """Kind of a tag's values, how many there are, and where they lie: in the entry itself if they fit."""
    kind, count = struct.unpack_from(f"{order}H{offset_code}", data, place + 2)
    inline = place + 4 + struct.calcsize(offset_code)
    if count * _SIZES.get(kind, 1) <= struct.calcsize(offset_code):
        return kind, count, inline
    return kind, count, struct.unpack_from(order + offset_code, data, inline)[0]


def _values(data: bytes, order: str, offset_code: str, place: int) -> tuple[int, ...]:
    kind, count, start = _place(data, order, offset_code, place)
    return struct.unpack_from(f"{order}{min(count, _MOST_VALUES)}{_NUMBERS[kind]}", data, start)


def _number(data: bytes, order: str, offset_code: str, place: int) -> float | None:
    _, count, start = _place(data, order, offset_code, place)
    try:
        return float(data[start : start + min(count, 64)].split(b"\0")[0].decode("ascii"))
    except ValueError:
        return None


def unread(header: TiffHeader, compression: str, name: str) -> ImageError:
    """Say of a whole file why it is not read."""
    bits = max(header.tags.get(BITS, (1,)))
    return ImageError(
        "{name} stores {bits}-bit {kind} numbers, {samples} per pixel, compressed as {compression}, which is not "
        "read. Save it without compression, or as 8-bit RGB.",
        name=name, bits=bits, kind=header.kind, samples=header.first(SAMPLES, 1), compression=compression,
    )  # fmt: skip
