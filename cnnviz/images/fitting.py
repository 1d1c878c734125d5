"""Resizing of images and of maps: crop, pad, stretch as Keras's loaders do, thumbnails."""

from __future__ import annotations

from typing import Literal

import numpy as np
from PIL import Image, ImageOps

Fit = Literal["crop", "pad", "stretch"]


def fit(photo: np.ndarray, size: tuple[int, int], *, how: Fit = "crop") -> np.ndarray:
    """Bring a photo to a size.

    Args:
        photo: `(height, width, 3)` uint8.
        size: Height and width wanted, in pixels.
        how: `crop` keeps the center, `pad` keeps all on black, `stretch` keeps all and bends the shape.

    Returns:
        `(*size, 3)` uint8. Cropped and padded images are resized bicubically with antialiasing; stretched ones as
        Keras's loaders resize, see `stretch`, and rounded.
    """
    height, width = size
    if how == "stretch":
        return np.rint(stretch(photo, size)).astype(np.uint8)
    image = Image.fromarray(photo)
    if how == "pad":
        return np.array(ImageOps.pad(image, (width, height), Image.Resampling.BICUBIC, color="black"))
    if how == "crop":
        image = image.crop(_center_box(image, width / height))
    return np.array(image.resize((width, height), Image.Resampling.BICUBIC))


def stretch(photo: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Resize an image as Keras's loaders do: `tf.image.resize`, bilinear, without antialiasing.

    An output pixel `o` lies at `(o + 0.5) * old / new - 0.5` of the old pixels, and is drawn between the two nearest
    of them, along the columns first:

        a + (b - a) * fraction

    Args:
        photo: `(height, width, channels)`, uint8 or float, any range.
        size: Height and width wanted, in pixels.

    Returns:
        `(*size, channels)` float32, same units, not rounded; the image itself where it has that size.

    Note:
        Where an image shrinks to less than half, pixels between the nearest two are passed over: fine patterns
        turn into coarse ones that were not there. Models that were trained on such images expect them.

    Reference:
        `keras.utils.image_dataset_from_directory(interpolation="bilinear")`; TensorFlow's `ResizeBilinear` with
        half-pixel centers.
    """
    (top, bottom, down), (left, right, across) = map(_between, photo.shape[:2], size)
    down, across = down[:, None, None], across[:, None]

    def row(rows: np.ndarray) -> np.ndarray:
        lines = photo[rows]
        first = lines[:, left].astype(np.float32)
        return first + (lines[:, right] - first) * across

    upper = row(top)
    return upper + (row(bottom) - upper) * down


def _between(old: int, new: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """For each new pixel the old ones before and behind it, and where it lies between them, in float32 as there."""
    places = (np.arange(new, dtype=np.float32) + np.float32(0.5)) * (np.float32(old) / np.float32(new)) - np.float32(
        0.5
    )
    floor = np.floor(places)
    before = np.maximum(floor.astype(np.int64), 0)
    behind = np.minimum(np.ceil(places).astype(np.int64), old - 1)
    return before, behind, places - floor


def thumbnail(photo: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Bring a photo to a size for looking at it: bicubic, antialiased, bent if its shape is another.

    Args:
        photo: `(height, width, 3)` uint8.
        size: Height and width wanted, in pixels.

    Returns:
        `(*size, 3)` uint8.
    """
    height, width = size
    return np.array(Image.fromarray(photo).resize((width, height), Image.Resampling.BICUBIC))


def _center_box(image: Image.Image, aspect: float) -> tuple[int, int, int, int]:
    """Largest centered box of an aspect ratio, in whole pixels."""
    width = max(1, min(image.width, round(image.height * aspect)))
    height = max(1, min(image.height, round(image.width / aspect)))
    left, top = (image.width - width) // 2, (image.height - height) // 2
    return (left, top, left + width, top + height)


def gray(photo: np.ndarray) -> np.ndarray:
    """Turn a photo gray, keeping three equal channels: ITU-R 601 luma, as Pillow and Keras do."""
    luma = np.asarray(Image.fromarray(photo).convert("L"))
    return np.repeat(luma[..., None], 3, axis=-1)


def rgb(photo: np.ndarray) -> np.ndarray:
    """Give gray images `(..., 1)` three equal channels; others stay as they are."""
    return photo.repeat(3, axis=-1) if photo.shape[-1] == 1 else photo


def scale_up(image: np.ndarray, factor: int) -> np.ndarray:
    """Enlarge a small image with sharp pixels: every pixel becomes a square of `factor` by `factor`.

    Args:
        image: `(height, width)` or `(height, width, channels)`, any dtype.
        factor: At least 1.

    Returns:
        The same with `height * factor` rows and `width * factor` columns.
    """
    if factor < 1:
        raise ValueError(f"Expected a factor of at least 1. Received: {factor}.")
    return image.repeat(factor, axis=0).repeat(factor, axis=1)


def enlarge(heat: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Lay a coarse map over an image, bilinearly, with half-pixel centers.

    Args:
        heat: `(rows, columns)` or `(batch, rows, columns)`, float, any range.
        size: Height and width wanted, in pixels.

    Returns:
        `(*size)` or `(batch, *size)`, float32, same units; never beyond the range of `heat`. A value
        that is not finite spreads to the pixels that would draw on it.

    Note:
        The smooth hills between cells are drawn, not measured: one cell of a 7 x 7 map stands for
        32 x 32 pixels of a 224 x 224 image.

    Example:
        >>> enlarge(np.zeros((1, 7, 7)), (224, 224)).shape
        (1, 224, 224)
    """
    if heat.ndim == 3:
        return np.array([enlarge(one, size) for one in heat], np.float32).reshape(-1, *size)
    height, width = size
    resized = Image.fromarray(np.asarray(heat, np.float32)).resize((width, height), Image.Resampling.BILINEAR)
    return np.array(resized)
