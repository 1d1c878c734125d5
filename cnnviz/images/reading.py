"""How does a person's file become a photo, whatever it is, without harm?"""

from __future__ import annotations

import os
import stat
from pathlib import Path

import numpy as np

from cnnviz.errors import PictureError
from cnnviz.images.decoding import MAX_BYTES, Photo, check_bytes, decode
from cnnviz.sentences import Sentence

_LONGEST_NAME = 60


def read_photo(source: bytes | str | Path) -> np.ndarray:
    """Read a picture as a person sees it.

    See `open_photo`, which also tells what was done to it.

    Args:
        source: The file's content, or a path to it.

    Returns:
        `(height, width, 3)` uint8, RGB.

    Raises:
        PictureError: If it cannot be read, with the reason.

    Example:
        >>> read_photo("cat.jpg").shape
        (300, 451, 3)
    """
    return open_photo(source).pixels


def open_photo(source: bytes | str | Path) -> Photo:
    """Read a picture as a person sees it, and say what was done to it.

    The content decides, not the name: JPEG, PNG, WebP, GIF, BMP, TIFF and MPO. It is turned as its EXIF
    tag says; of an animation or of several pages the first is shown; transparent parts lie on white;
    16-bit gray is divided by its white, 65535; float and 32-bit numbers are stretched from their smallest
    to their largest. A JPEG of at least 4096 pixels on both sides is decoded at 1/2, 1/4 or 1/8 of its size.
    Embedded colour profiles are left aside, as they are where networks are trained.

    Args:
        source: The file's content, or a path to a regular file.

    Returns:
        The photo, with notes on what a person would not expect.

    Raises:
        PictureError: If the file is missing, empty, damaged, too large (`MAX_BYTES`, `MAX_PIXELS`,
            `MAX_SIDE`), or no picture of these formats. Its text holds the file's name, never its folder.
    """
    if isinstance(source, bytes):
        return decode(source, Sentence("The picture"))
    path = Path(source)
    name = _readable_name(path)
    return decode(_read_file(path, name), name)


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
                raise PictureError("{name} is no ordinary file. Choose a picture file.", name=name)
            check_bytes(status.st_size, name)
            return file.read(MAX_BYTES + 1)
    except FileNotFoundError as error:
        raise PictureError("There is no file {name}. Check its name and folder.", name=name) from error
    except IsADirectoryError as error:
        raise PictureError("{name} is a folder. Choose a picture in it.", name=name) from error
    except (OSError, ValueError) as error:  # ValueError: a name that no file can have
        raise PictureError("{name} cannot be opened. Check its name and that you may read it.", name=name) from error


def _open_without_waiting(path: str, flags: int) -> int:
    """Open as `open` does, but a pipe without a writer at once; Windows has neither such pipes nor the flag."""
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))
