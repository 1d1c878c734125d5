"""Data augmentation: random rotation, shift, shear, zoom, contrast and flips, against overfitting."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, get_args

import numpy as np

from cnnviz.datasets import ahead
from cnnviz.errors import RunError

if TYPE_CHECKING:
    import tensorflow as tf

FillMode = Literal["nearest", "constant", "reflect", "wrap"]

_MOST_LEAN = 60.0  # degrees; towards 90 an image becomes a line
_MOST_ZOOM = 0.9


@dataclass(frozen=True)
class Augmentation:
    """Ranges from which every image of every epoch draws anew, evenly; all zero changes nothing.

    Attributes:
        rotation: Most degrees it is turned, to either side.
        width_shift: Most it moves sideways, as a share of its width.
        height_shift: Most it moves up or down, as a share of its height.
        shear: Most degrees by which its verticals lean, to either side.
        zoom: Most by which it is enlarged or reduced, as a share; width and height each by its own draw.
        horizontal_flip: Whether every second one is mirrored.
        vertical_flip: Whether every second one is turned upside down.
        contrast: Most by which the distance of its pixels from their mean grows or shrinks, as a share.
        fill: What stands where the image has nothing: its `nearest` pixel, `constant` black, or the image again,
            mirrored (`reflect`) or repeated (`wrap`).
    """

    rotation: float = 0.0
    width_shift: float = 0.0
    height_shift: float = 0.0
    shear: float = 0.0
    zoom: float = 0.0
    horizontal_flip: bool = False
    vertical_flip: bool = False
    contrast: float = 0.0
    fill: FillMode = "nearest"

    def __post_init__(self) -> None:
        limits = {
            "rotation": 180.0,
            "width_shift": 1.0,
            "height_shift": 1.0,
            "shear": _MOST_LEAN,
            "zoom": _MOST_ZOOM,
            "contrast": 1.0,
        }
        for name, most in limits.items():
            value = getattr(self, name)
            if not 0 <= value <= most:
                raise RunError(
                    "Augmentation {name} is {value}, out of range. Choose 0 to {most:g}.",
                    name=name,
                    value=value,
                    most=most,
                )
        if self.fill not in get_args(FillMode):
            raise RunError(
                "There is no fill mode {fill!r}. There are: {known}.",
                fill=self.fill,
                known=", ".join(get_args(FillMode)),
            )

    @property
    def is_none(self) -> bool:
        """Whether it changes nothing."""
        return self == Augmentation(fill=self.fill)


def preview(photo: np.ndarray, augmentation: Augmentation, *, count: int = 9, seed: int = 0) -> np.ndarray:
    """Vary one image several times, as training would.

    Args:
        photo: `(height, width, channels)` uint8.
        augmentation: How.
        count: How many times.
        seed: Another one gives other variants.

    Returns:
        `(count, height, width, channels)` uint8.
    """
    batch = np.repeat(photo[None].astype(np.float32), count, axis=0)
    varied = vary(batch, augmentation, seed=np.array([seed, 0], np.int64))
    return np.round(np.asarray(varied)).astype(np.uint8)


def augmented(stream: tf.data.Dataset, augmentation: Augmentation, *, seed: int, first_step: int) -> tf.data.Dataset:
    """Vary each batch of an endless stream of photos and labels.

    What becomes of an image hangs on the seed, the number of the step and its place in the batch only, so that a run
    that is resumed at `first_step` sees what it would have seen.
    """
    import tensorflow as tf

    def change(step: Any, batch: Any) -> Any:
        photos, labels = batch
        return vary(photos, augmentation, seed=tf.stack([tf.constant(seed, tf.int64), step])), labels

    return ahead(stream.enumerate(first_step).map(change, num_parallel_calls=os.cpu_count() or 1))


def vary(photos: Any, augmentation: Augmentation, *, seed: Any) -> Any:
    """Vary each image of a batch by its own draw.

    All that moves pixels is one affine map, so that an image is interpolated once, bilinearly.

    Args:
        photos: `(batch, rows, columns, channels)` float32, 0..255.
        augmentation: How.
        seed: Two whole numbers that name the draw.

    Returns:
        Tensor of the same shape, float32, 0..255.
    """
    import tensorflow as tf

    shape = tf.shape(photos)
    draws = _Draws(*tf.unstack(tf.random.stateless_uniform((9, shape[0]), seed, -1.0, 1.0)))
    matrix = _matrices(augmentation, draws)
    rows, columns = tf.cast(shape[1], tf.float32), tf.cast(shape[2], tf.float32)
    center = tf.stack([(columns - 1) / 2, (rows - 1) / 2])
    across, down = augmentation.width_shift * columns, augmentation.height_shift * rows
    shift = tf.stack([draws.width_shift * across, draws.height_shift * down], axis=1)
    moved = _transformed(photos, matrix, center - tf.linalg.matvec(matrix, center + shift), fill=augmentation.fill)
    mean = tf.reduce_mean(moved, axis=(1, 2, 3), keepdims=True)
    factor = (1 + draws.contrast * augmentation.contrast)[:, None, None, None]
    return tf.clip_by_value(mean + factor * (moved - mean), 0.0, 255.0)


class _Draws(NamedTuple):
    """Evenly drawn numbers between -1 and 1, each `(batch,)`."""

    rotation: Any
    width_shift: Any
    height_shift: Any
    shear: Any
    zoom_across: Any
    zoom_down: Any
    contrast: Any
    horizontal_flip: Any
    vertical_flip: Any


def _matrices(augmentation: Augmentation, draws: _Draws) -> Any:
    """Make the linear part that leads from a place in the new image to its place in the old one: `(batch, 2, 2)`."""
    import tensorflow as tf

    angle = draws.rotation * np.float32(np.radians(augmentation.rotation))
    lean = tf.tan(draws.shear * np.float32(np.radians(augmentation.shear)))
    across = _sign(draws.horizontal_flip, augmentation.horizontal_flip) / (1 + draws.zoom_across * augmentation.zoom)
    down = _sign(draws.vertical_flip, augmentation.vertical_flip) / (1 + draws.zoom_down * augmentation.zoom)
    cos, sin, zeros, ones = tf.cos(angle), tf.sin(angle), tf.zeros_like(angle), tf.ones_like(angle)
    rotate = tf.stack([tf.stack([cos, -sin], 1), tf.stack([sin, cos], 1)], 1)
    shear = tf.stack([tf.stack([ones, lean], 1), tf.stack([zeros, ones], 1)], 1)
    return rotate @ shear @ tf.linalg.diag(tf.stack([across, down], 1))


def _sign(draw: Any, is_flipped: bool) -> Any:
    """-1 for every second image if it may be mirrored."""
    import tensorflow as tf

    return tf.where(draw < 0, -1.0, 1.0) if is_flipped else tf.ones_like(draw)


def _transformed(photos: Any, matrix: Any, offset: Any, *, fill: FillMode) -> Any:
    import keras
    import tensorflow as tf

    rows = tf.concat([matrix, offset[:, :, None]], axis=2)  # (batch, 2, 3): the first two rows of a 3 x 3 matrix
    transform = tf.concat([tf.reshape(rows, (-1, 6)), tf.zeros_like(offset)], axis=1)
    return keras.ops.image.affine_transform(
        photos, transform, interpolation="bilinear", fill_mode=fill, data_format="channels_last"
    )
