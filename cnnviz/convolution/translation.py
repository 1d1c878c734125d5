"""Translation, rotation and scaling of images and of feature maps."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Move:
    """An image's move around its center: first scaled, then turned, then shifted.

    Attributes:
        right: Pixels of the image to the right.
        down: Pixels of the image downwards.
        degrees: Counterclockwise.
        factor: Above 1 it is enlarged.
    """

    right: float = 0
    down: float = 0
    degrees: float = 0
    factor: float = 1


def move(maps: np.ndarray, by: Move, *, stride: tuple[int, int] = (1, 1)) -> np.ndarray:
    """Move an image, or maps as far as their image was moved.

    What comes into sight at the border is what was at the border; between values it is interpolated linearly, and a
    shift by whole steps changes no value.

    Args:
        maps: `(rows, columns, channels)`.
        by: The move, in pixels of the image.
        stride: Pixels of the image between neighboring values, along rows and columns.

    Returns:
        Same shape, float32.

    Example:
        >>> move(maps, Move(right=16), stride=(8, 8)).shape  # each value two columns further right
        (28, 28, 6)
    """
    from scipy.ndimage import affine_transform

    matrix, offset = _back(maps.shape[:2], by, stride)
    moved = [
        affine_transform(channel, matrix, offset, order=1, mode="nearest")
        for channel in np.moveaxis(np.asarray(maps, np.float32), -1, 0)
    ]
    return np.stack(moved, axis=-1)


def stays_inside(shape: tuple[int, ...], by: Move, *, stride: tuple[int, int] = (1, 1)) -> np.ndarray:
    """Say which values of moved maps come from inside the maps: `(rows, columns)` bool.

    Args:
        shape: Rows and columns of the maps; what follows is passed over.
        by: The move, in pixels of the image.
        stride: Pixels of the image between neighboring values, along rows and columns.
    """
    matrix, offset = _back(shape[:2], by, stride)
    places = np.indices(shape[:2]).reshape(2, -1)
    sources = matrix @ places + offset[:, None]
    last = np.array(shape[:2])[:, None] - 1
    tolerance = 1e-6  # of a step: sines and cosines round
    return ((sources >= -tolerance) & (sources <= last + tolerance)).all(axis=0).reshape(shape[:2])


def relative_difference(maps: np.ndarray, other: np.ndarray, *, where: np.ndarray | None = None) -> float:
    """How much maps differ from others, as a share of both.

        |maps - other| / sqrt((|maps| ** 2 + |other| ** 2) / 2)      (Euclidean lengths)

    Args:
        maps: `(rows, columns, channels)`.
        other: Same shape.
        where: `(rows, columns)` bool, positions that count; all if not given.

    Returns:
        0 for the same maps, about 1.4 for maps that have nothing in common, 0 where both are zero, NaN where no
        position counts.
    """
    if where is not None:
        maps, other = maps[where], other[where]
    if maps.size == 0:
        return float("nan")
    length = np.sqrt((np.square(maps).sum() + np.square(other).sum()) / 2)
    return float(np.linalg.norm(maps - other) / length) if length > 0 else 0.0


def _back(shape: tuple[int, ...], by: Move, stride: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """Matrix and offset from a place of the moved maps to where its value comes from; rows point downwards."""
    angle = np.deg2rad(by.degrees)
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    steps = np.array(stride, float)
    matrix = np.diag(1 / steps) @ turn @ np.diag(steps) / by.factor
    center = (np.array(shape[:2]) - 1) / 2
    shift = np.array([by.down, by.right]) / steps
    return matrix, center - matrix @ (center + shift)
