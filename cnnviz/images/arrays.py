"""Arrays as photos: accepted shapes and values, and NumPy files of one array (.npy)."""

from __future__ import annotations

import io

import numpy as np
from numpy.lib import format as npy

from cnnviz.errors import ImageError
from cnnviz.images.decoding import Photo, check_size, damaged, on_white
from cnnviz.images.depth import to_eight_bits
from cnnviz.sentences import Sentence

_SHAPES = Sentence("(height, width), or (height, width, channels) with 1, 3 or 4 channels")
_HEADERS = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}


def photo_of(values: np.ndarray, name: str, *, stretch: bool = False) -> Photo:
    """Take an array as a photo: uint8 as it is, uint16 by its white, floats within 0..1.

    Raises:
        ImageError: If its shape or its values are others; nothing is guessed.
    """
    channels = values.shape[2] if values.ndim == 3 else 1
    if values.ndim not in (2, 3) or channels not in (1, 3, 4) or not values.size:
        raise ImageError(
            "Expected an image of shape {shapes}. Received: {shape}.", shapes=_SHAPES, shape=tuple(values.shape)
        )
    check_size(values.shape[:2], name)
    _check_values(values, stretch=stretch)
    values = values.reshape(*values.shape[:2], channels)
    colors = values[..., :3] if channels == 4 else values
    pixels, notes = to_eight_bits(colors, stretch=stretch)
    if values.dtype.kind == "f" and not stretch:
        notes = []  # what was asked for, and checked
    pixels = pixels.repeat(3, axis=2) if channels == 1 else pixels
    if channels == 4:
        pixels = on_white(pixels, to_eight_bits(values[..., 3])[0], notes)
    mode = f"{channels} x {values.dtype.name}"
    if channels == 1:
        mode = "F" if values.dtype.kind == "f" else "I"
    return Photo(pixels, "array", values.shape[:2], mode, tuple(notes), 8 * values.dtype.itemsize)


def _check_values(values: np.ndarray, *, stretch: bool) -> None:
    if values.dtype in (np.uint8, np.uint16) or values.dtype == bool:
        return
    is_number = values.dtype.kind in "iuf"
    if is_number and np.isfinite(values).all():
        low, high = values.min(), values.max()
        if stretch or (values.dtype.kind == "f" and low >= 0 and high <= 1):
            return
        raise ImageError(
            "Expected uint8 (0 to 255), uint16 (0 to 65535) or float values from 0 to 1. "
            "Received: {dtype} values from {low:.4g} to {high:.4g}; if these are 0 to 255, pass image.astype('uint8').",
            dtype=values.dtype.name, low=float(low), high=float(high),
        )  # fmt: skip
    what = Sentence("{dtype} values that are NaN or infinite", dtype=values.dtype.name)
    raise ImageError(
        "Expected uint8 (0 to 255), uint16 (0 to 65535) or float values from 0 to 1. Received: {what}.",
        what=what if is_number else values.dtype.name,
    )


def read_npy(data: bytes, name: str, *, stretch: bool = False) -> Photo:
    """Read a `.npy` file of one image; its header is checked before its values are looked at, and nothing is unpickled.

    Raises:
        ImageError: If it is cut short, holds Python objects, or no image.
    """
    file = io.BytesIO(data)
    try:
        version = npy.read_magic(file)
        shape, is_fortran, dtype = _HEADERS[version](file)
    except Exception as error:  # on hostile bytes NumPy raises almost anything
        raise damaged("NumPy (.npy)", name) from error
    if dtype.hasobject or dtype.kind not in "biuf":
        raise ImageError(
            "{name} holds an array of {dtype}, not of pixels. Save an image as uint8 with numpy.save.",
            name=name, dtype=str(dtype)[:40],
        )  # fmt: skip
    count = int(np.prod(shape, dtype=object))
    if min(shape, default=0) < 0 or count * dtype.itemsize > len(data) - file.tell():
        raise damaged("NumPy (.npy)", name)
    values = np.frombuffer(data, dtype, count, file.tell()).reshape(shape, order="F" if is_fortran else "C")
    values = values.astype(dtype.newbyteorder("="))
    photo = photo_of(values, name, stretch=stretch)
    return Photo(photo.pixels, "NPY", photo.size, photo.mode, photo.notes, photo.bits)
