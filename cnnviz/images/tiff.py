"""TIFF images of any bit depth: 8-bit through Pillow; float, 16-bit and multi-band through tifffile."""

from __future__ import annotations

import io
import zlib
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from cnnviz.errors import ImageError
from cnnviz.images import tiff_header as tags
from cnnviz.images.decoding import MAX_PIXELS, TURNED, TURNS, Photo, check_size, damaged, decode, on_white
from cnnviz.images.depth import to_eight_bits
from cnnviz.images.tiff_header import TiffHeader, read_header, unread
from cnnviz.sentences import Sentence

if TYPE_CHECKING:
    from tifffile import TiffPage

_NONE, _DEFLATE, _OLD_DEFLATE = 1, 8, 32946
_BY_TIFFFILE = (_NONE, _DEFLATE, _OLD_DEFLATE)  # others would need its plugins, or cannot be bounded beforehand
_OLD_JPEG, _JPEG = 6, 7
_BY_PILLOW = {
    _NONE: "none", 2: "CCITT", 3: "CCITT", 4: "CCITT", 5: "LZW", _OLD_JPEG: "JPEG", _JPEG: "JPEG", _DEFLATE: "deflate",
    _OLD_DEFLATE: "deflate", 32773: "PackBits", 34925: "LZMA", 50000: "Zstandard", 50001: "WebP",
}  # fmt: skip
_WHITE_IS_ZERO, _BLACK_IS_ZERO, _RGB, _SEPARATED = 0, 1, 2, 5
_UNSIGNED, _SIGNED, _FLOAT = 1, 2, 3
_UNTYPED = 4
_ASSOCIATED, _UNASSOCIATED = 1, 2  # alpha, and whether the colors were multiplied by it
_NO_PREDICTOR, _HORIZONTAL = 1, 2
_MAX_DECODED_BYTES = 12 * MAX_PIXELS  # float RGB of as many pixels as are read
_CHUNK = 2**20


def read_tiff(data: bytes, name: str, *, stretch: bool = False) -> Photo:
    """Read the first image of a TIFF file.

    Raises:
        ImageError: If it is damaged, too large, or stored in a way that is not read.
    """
    header = read_header(data, name)
    if header.is_raw:
        raise ImageError(
            "{name} is a camera RAW file. Develop it: export it as JPEG or TIFF and choose that file.", name=name
        )
    check_size(header.size, name)
    compression = header.first(tags.COMPRESSION, _NONE)
    refusal = unread(header, _BY_PILLOW.get(compression, str(compression)), name)
    bits = max(header.tags.get(tags.BITS, (1,)))
    if compression not in _BY_PILLOW or (compression in (_OLD_JPEG, _JPEG) and bits != 8):
        raise refusal
    if _is_usual(header) or not _is_deep(header):
        photo = decode(header.pixels_only, name, stretch=stretch, bits=max(bits, 8), unread=refusal)
    else:
        photo = _read_deep(header, name, refusal, stretch=stretch)
    more = [Sentence("the first of several images in the file")] if header.has_more else []
    return replace(photo, notes=(*more, *photo.notes))


def _is_usual(header: TiffHeader) -> bool:
    """Whether it is what Pillow reads without loss: at most 8 bits, gray, RGB, palette or inks, and one alpha."""
    extra = header.tags.get(tags.EXTRA_SAMPLES, ())
    return (
        set(header.tags.get(tags.BITS, (1,))) <= {1, 2, 4, 8}
        and set(header.tags.get(tags.SAMPLE_FORMAT, (_UNSIGNED,))) <= {_UNSIGNED, _UNTYPED}
        and (not extra or (len(extra) == 1 and extra[0] in (_ASSOCIATED, _UNASSOCIATED)))
        and header.first(tags.SAMPLES, 1) - len(extra) in (1, 3, 4)
    )


def _is_deep(header: TiffHeader) -> bool:
    """Whether it is what tifffile reads alone, and `_read_deep` understands."""
    bits = set(header.tags.get(tags.BITS, (1,)))
    formats = set(header.tags.get(tags.SAMPLE_FORMAT, (_UNSIGNED,)))
    return (
        len(bits) == len(formats) == 1
        and bits <= {8, 16, 32, 64}
        and formats <= {_UNSIGNED, _SIGNED, _FLOAT}
        and header.first(tags.COMPRESSION, _NONE) in _BY_TIFFFILE
        and header.first(tags.PREDICTOR, _NO_PREDICTOR) in (_NO_PREDICTOR, _HORIZONTAL)
        and header.first(tags.PHOTOMETRIC, _BLACK_IS_ZERO) in (_WHITE_IS_ZERO, _BLACK_IS_ZERO, _RGB, _SEPARATED)
    )


def _read_deep(header: TiffHeader, name: str, refusal: ImageError, *, stretch: bool) -> Photo:
    import tifffile

    try:
        with tifffile.TiffFile(io.BytesIO(header.pixels_only)) as file:
            page = file.pages.first
            if page.axes not in ("YX", "YXS", "SYX"):
                raise refusal
            check_size((page.imagelength, page.imagewidth), name)
            _check_segments(page, len(header.pixels_only), name)
            values = page.asarray(maxworkers=1)
            values = np.moveaxis(values, 0, -1) if page.axes == "SYX" else values
    except ImageError:
        raise
    except Exception as error:  # on hostile bytes tifffile raises almost anything
        raise damaged("TIFF", name) from error
    return _photo(np.atleast_3d(values), header, stretch=stretch)


def _check_segments(page: TiffPage, file_size: int, name: str) -> None:
    """Refuse strips and tiles that lie outside the file, or unpack to more than they may hold."""
    segments = list(zip(page.dataoffsets, page.databytecounts, strict=True))
    if page.nbytes > _MAX_DECODED_BYTES:
        raise ImageError(
            "{name} decodes to {size:.0f} MB; the limit is {most:.0f} MB. Save it smaller, or with fewer bands.",
            name=name, size=page.nbytes / 1e6, most=_MAX_DECODED_BYTES / 1e6,
        )  # fmt: skip
    if any(offset + count > file_size for offset, count in segments):
        raise damaged("TIFF", name)
    if page.compression == _NONE:
        return
    most = int(np.prod(page.chunks)) * page.bitspersample // 8
    data = page.parent.filehandle
    for offset, count in segments:
        data.seek(offset)
        if _unpacked(data.read(count), most) > most:
            raise damaged("TIFF", name)


def _unpacked(packed: bytes, most: int) -> int:
    """Count what a deflated segment unpacks to, a piece at a time, no further than is needed."""
    unpacker, total, left = zlib.decompressobj(), 0, packed
    while left and total <= most and not unpacker.eof:
        total += len(unpacker.decompress(left, _CHUNK))
        left = unpacker.unconsumed_tail
    return total


def _photo(values: np.ndarray, header: TiffHeader, *, stretch: bool) -> Photo:
    """Choose the bands to show, and bring them to 8 bits, upright and on white."""
    photometric, samples = header.first(tags.PHOTOMETRIC, _BLACK_IS_ZERO), values.shape[2]
    extra = header.tags.get(tags.EXTRA_SAMPLES, ())
    colors = 3 if samples >= 3 else 1
    if photometric == _SEPARATED and samples >= 4:
        colors = 4
    alpha_kind = extra[0] if extra and samples - len(extra) in (1, colors) else 0
    is_gray = samples - len(extra) == 1 and bool(alpha_kind)
    shown = values[..., : 1 if is_gray else colors]
    notes: list[str] = []
    is_valid = _valid(shown, header.no_data)
    pixels, said = to_eight_bits(shown, stretch=stretch, is_valid=is_valid)
    notes += [*_note_bands(shown.shape[2], samples, bool(alpha_kind)), *said]
    if is_valid is not None:
        notes.append(Sentence("no data ({value:g}) shown black", value=header.no_data))
    if photometric == _WHITE_IS_ZERO:
        pixels = 255 - pixels if is_valid is None else np.where(is_valid, 255 - pixels, pixels)
    if photometric == _SEPARATED and pixels.shape[2] == 4:
        pixels = np.array(Image.fromarray(pixels, "CMYK").convert("RGB"))
    pixels = pixels.repeat(3, axis=2) if pixels.shape[2] == 1 else pixels
    if alpha_kind in (_ASSOCIATED, _UNASSOCIATED):
        pixels = _without_alpha(pixels, values[..., shown.shape[2]], alpha_kind, notes)
    turn = TURNS.get(header.first(tags.ORIENTATION, 1))
    if turn is not None:
        pixels = np.array(Image.fromarray(pixels).transpose(turn))
        notes.append(TURNED)
    mode = f"{samples} x {values.dtype.name}"
    if samples == 1:
        mode = "F" if values.dtype.kind == "f" else "I"
    return Photo(pixels, "TIFF", values.shape[:2], mode, tuple(notes), 8 * values.dtype.itemsize)


def _valid(values: np.ndarray, no_data: float | None) -> np.ndarray | None:
    """Where values are data; None if all are."""
    if no_data is None:
        return None
    is_missing = np.isnan(values) if np.isnan(no_data) else values == no_data
    return np.broadcast_to(~is_missing.any(axis=2, keepdims=True), values.shape) if is_missing.any() else None


def _note_bands(shown: int, samples: int, has_alpha: bool) -> list[str]:
    if shown + has_alpha >= samples:
        return []
    if shown == 1:
        return [Sentence("the first of {samples} bands shown", samples=samples)]
    return [Sentence("bands 1 to 3 of {samples} shown as red, green and blue", samples=samples)]


def _without_alpha(pixels: np.ndarray, alpha: np.ndarray, kind: int, notes: list[str]) -> np.ndarray:
    """Lay an image on white: its colors were multiplied by alpha already if that is associated with them."""
    opacity, _ = to_eight_bits(alpha)
    if kind == _UNASSOCIATED or (opacity == 255).all():
        return on_white(pixels, opacity, notes)
    notes.append(Sentence("transparent parts shown on white"))
    return np.minimum(pixels.astype(np.int32) + (255 - opacity[..., None].astype(np.int32)), 255).astype(np.uint8)
