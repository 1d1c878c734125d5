"""Drawings as 28 x 28 images in the style of MNIST and Fashion-MNIST.

MNIST's digits were scaled to a box of 20 x 20 with their shape kept, and laid into 28 x 28 so that their center of
mass is in the middle (LeCun, Cortes, Burges, http://yann.lecun.com/exdb/mnist/). Fashion-MNIST's garments were
trimmed, scaled so that the longer side fills the 28, and laid into the middle (Xiao et al. 2017,
https://arxiv.org/abs/1708.07747, section 2).
"""

from __future__ import annotations

import numpy as np
from PIL import Image
from scipy import ndimage

SIDE = 28
_DIGIT_BOX = 20
_FAINT = 0.1  # what is less inked at the edge is no part of the shape: antialiasing leaves it


def as_digit(ink: np.ndarray) -> np.ndarray:
    """Scale a drawing into a box of 20 x 20 and bring its center of mass to the middle, as MNIST did.

    Args:
        ink: `(rows, columns)` float, 0..1.

    Returns:
        `(28, 28)` float32, 0..1. All zero: nothing is drawn.
    """
    scaled = _scaled(ink, _DIGIT_BOX)
    if not scaled.size:
        return np.zeros((SIDE, SIDE), np.float32)
    center = ndimage.center_of_mass(scaled)
    top, left = (round((SIDE - 1) / 2 - at) for at in center)
    return _laid(scaled, top, left)


def as_garment(ink: np.ndarray) -> np.ndarray:
    """Scale a drawing until its longer side fills 28 pixels, and lay it into the middle, as Fashion-MNIST did.

    Args:
        ink: `(rows, columns)` float, 0..1.

    Returns:
        `(28, 28)` float32, 0..1. All zero: nothing is drawn.
    """
    scaled = _scaled(ink, SIDE)
    return _laid(scaled, (SIDE - scaled.shape[0]) // 2, (SIDE - scaled.shape[1]) // 2)


def as_it_is(ink: np.ndarray) -> np.ndarray:
    """Reduce a drawing to 28 x 28 where it stands.

    Args:
        ink: `(rows, columns)` float, 0..1.

    Returns:
        `(28, 28)` float32, 0..1.
    """
    return _resized(ink, (SIDE, SIDE))


def _scaled(ink: np.ndarray, box: int) -> np.ndarray:
    """Trim a drawing and scale its longer side to a box; nothing is left of an empty one."""
    rows, columns = (np.flatnonzero(ink.max(axis=axis) > _FAINT) for axis in (1, 0))
    if not len(rows):
        return np.zeros((0, 0), np.float32)
    shape = ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    factor = box / max(shape.shape)
    return _resized(shape, (max(1, round(shape.shape[0] * factor)), max(1, round(shape.shape[1] * factor))))


def _resized(ink: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    image = Image.fromarray(ink.astype(np.float32)).resize(size[::-1], Image.Resampling.BILINEAR)
    return np.asarray(image, np.float32).clip(0, 1)


def _laid(shape: np.ndarray, top: int, left: int) -> np.ndarray:
    """Lay a shape on 28 x 28; a heavy side may push the other one over the edge, where it is cut."""
    field = np.zeros((3 * SIDE, 3 * SIDE), np.float32)
    field[SIDE + top : SIDE + top + shape.shape[0], SIDE + left : SIDE + left + shape.shape[1]] = shape
    return field[SIDE : 2 * SIDE, SIDE : 2 * SIDE]
