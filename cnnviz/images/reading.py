"""Photos from files, bytes, arrays and Pillow images: the single entry to all readers."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from cnnviz.errors import ImageError
from cnnviz.images.arrays import photo_of, read_npy
from cnnviz.images.decoding import MAX_BYTES, Photo, check_bytes, decode, decode_image
from cnnviz.images.formats import DICOM, NPY, TIFF, readable_format
from cnnviz.sentences import Sentence

Source = bytes | str | Path | np.ndarray | Image.Image

_LONGEST_NAME = 60
_BYTES = (bytes, bytearray, memoryview)


def read_photo(source: Source, *, stretch: bool = False) -> np.ndarray:
    """Read an image as a person sees it.

    See `open_photo`, which also tells what was done to it.

    Args:
        source: A path, a file's content, an array, or an image of Pillow.
        stretch: Whether to show its smallest value black and its largest white.

    Returns:
        `(height, width, 3)` uint8, RGB.

    Raises:
        ImageError: If it cannot be read, with the reason.
        TypeError: If it is none of these kinds.

    Example:
        >>> read_photo("cat.jpg").shape
        (300, 451, 3)
    """
    return open_photo(source, stretch=stretch).pixels


def open_photo(source: Source, *, stretch: bool = False) -> Photo:
    """Read an image as a person sees it, and say what was done to it.

    Of a file the content decides, not the name: JPEG, PNG, WebP, GIF, BMP, TIFF, MPO, AVIF, DICOM (with pydicom
    installed) and `.npy`. It is turned as its EXIF tag says; of an animation or of several pages the first is shown, of
    a scan the frame in the middle; of many bands the first three; transparent parts lie on white; 16 bits are divided
    by their white, 65535; floats within 0..1 are taken as such, others and 32-bit numbers are stretched from their
    smallest to their largest. A JPEG of at least 4096 pixels on both sides is decoded at 1/2, 1/4 or 1/8 of its size.
    Embedded color profiles are left aside, as they are where models are trained.

    Of arrays nothing is guessed: uint8, uint16 (divided by its white), or floats from 0 to 1; `(height, width)` or
    `(height, width, channels)` with 1, 3 (RGB) or 4 (RGB and alpha) channels.

    Args:
        source: A path to a regular file, a file's content, an array, or an image of Pillow.
        stretch: Whether to show its smallest value black and its largest white, over all channels together: for
            12-bit data in files of 16 bits, and for what is dark otherwise. A window of DICOM is left aside then.

    Returns:
        The photo, with notes on what a person would not expect.

    Raises:
        ImageError: If the file is missing, empty, damaged, too large (`MAX_BYTES`, `MAX_PIXELS`,
            `MAX_SIDE`), or no image of these formats; or an array is no image. Its text holds the file's name, never
            its folder.
        TypeError: If it is none of these kinds.
    """
    this = Sentence("The image")
    if isinstance(source, _BYTES):
        return _decode(bytes(source), this, stretch=stretch)
    if isinstance(source, Image.Image):
        return decode_image(source, this, stretch=stretch)
    if isinstance(source, (str, os.PathLike)):
        path = Path(source)
        name = _readable_name(path)
        return _decode(_read_file(path, name), name, stretch=stretch)
    if isinstance(source, (np.ndarray, np.generic)) or hasattr(source, "__array__"):
        return photo_of(np.asarray(source), this, stretch=stretch)
    raise TypeError(f"Expected an image: a path, bytes, an array or an image of Pillow. Received: {_said(source)}.")


def read_photos(sources: Iterable[Any]) -> list[np.ndarray]:
    """Read a list of images; photos `(height, width, 3)` uint8 pass as they are.

    Raises:
        ImageError: If one cannot be read.
        TypeError: If it is a single image instead of a list, or holds something else.
    """
    if isinstance(sources, (str, os.PathLike, *_BYTES, Image.Image)) or getattr(sources, "ndim", 4) != 4:
        raise TypeError(f"Expected a list of images, such as [photo]. Received: {_said(sources)}.")
    if not hasattr(sources, "__iter__"):
        raise TypeError(f"Expected a list of images, such as [photo]. Received: {_said(sources)}.")
    photos = [source if _is_photo(source) else read_photo(source) for source in sources]
    if not photos:
        raise ValueError("Expected at least one image. Received: none.")
    return photos


def without_personal_data(data: bytes) -> bytes:
    """Leave away what names a person, before a file is kept: of DICOM all but the pixels and what they mean."""
    if readable_format(data) != DICOM:
        return data
    from cnnviz.images.dicom import without_patient

    return without_patient(data, Sentence("The image"))


def _decode(data: bytes, name: str, *, stretch: bool) -> Photo:
    check_bytes(len(data), name)
    kind = readable_format(data)
    if kind == DICOM:
        from cnnviz.images.dicom import read_dicom  # as the next one: few files need it

        return read_dicom(data, name, stretch=stretch)
    if kind == TIFF:
        from cnnviz.images.tiff import read_tiff

        return read_tiff(data, name, stretch=stretch)
    if kind == NPY:
        return read_npy(data, name, stretch=stretch)
    return decode(data, name, stretch=stretch)


def _is_photo(source: object) -> bool:
    return isinstance(source, np.ndarray) and source.dtype == np.uint8 and source.ndim == 3 and source.shape[2] == 3


def _said(source: object) -> str:
    """Name a thing in an error: its type, and the shape of an array."""
    shape = getattr(source, "shape", None)
    return type(source).__name__ if shape is None else f"{type(source).__name__} of shape {tuple(shape)}"


def _readable_name(path: Path) -> str:
    """The file's own name, printable and of bounded length."""
    name = path.name or str(path)
    return repr(name if len(name) <= _LONGEST_NAME else f"{name[:_LONGEST_NAME]}...")


def _read_file(path: Path, name: str) -> bytes:
    """Read a regular file; anything else (a pipe, a device) would hang or never end."""
    try:
        with open(path, "rb", opener=_open_without_waiting) as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise ImageError("{name} is not a regular file. Choose an image file.", name=name)
            check_bytes(status.st_size, name)
            return file.read(MAX_BYTES + 1)
    except FileNotFoundError as error:
        raise ImageError("There is no file {name}. Check its name and folder.", name=name) from error
    except IsADirectoryError as error:
        raise ImageError("{name} is a folder. Choose an image in it.", name=name) from error
    except (OSError, ValueError) as error:  # ValueError: a name that no file can have
        raise ImageError("{name} cannot be opened. Check its name and your permissions.", name=name) from error


def _open_without_waiting(path: str, flags: int) -> int:
    """Open as `open` does, but a pipe without a writer at once; Windows has neither such pipes nor the flag."""
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))
