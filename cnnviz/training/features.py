"""Features from a frozen base, computed once, kept on disk, and streamed in every epoch."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from cnnviz.datasets import Part, ahead, batch_order, pipeline
from cnnviz.errors import RunError
from cnnviz.folders import cache_folder, make_room
from cnnviz.kept_arrays import map_rows, write_rows
from cnnviz.training.recipe import Recipe

if TYPE_CHECKING:
    import keras
    import tensorflow as tf

MAX_BYTES = 8 * 2**30
"""Of all that is kept; what was longest unused goes first."""

_BATCH = 32


def features_of(body: keras.Model, part: Part, *, key: str) -> np.ndarray:
    """Run a frozen body once over images, or read what it gave before.

    Args:
        body: From pixels 0..255 to vectors.
        part: The images.
        key: What the body is.

    Returns:
        `(images, values)` float32, read from the disk as it is needed.

    Raises:
        RunError: If they would take more room than there is, or cannot be written.
    """
    name = hashlib.sha256(f"{key} {part.fingerprint}".encode()).hexdigest()[:32]
    path, shape = cache_folder("features") / f"{name}.npy", (len(part), body.outputs[0].shape[-1])
    kept = map_rows(path, shape=shape, dtype=np.float32)
    if kept is None:
        _require_room(shape)
        kept = _keep(path, _run(body, part), shape)
    return kept


def _require_room(shape: tuple[int, int]) -> None:
    total = 4 * shape[0] * shape[1]
    if total > MAX_BYTES:
        raise RunError(
            "{count} images of {values} features each take {amount} GB; at most {most} GB are kept. "
            "Choose average pooling, or fewer images.",
            count=f"{shape[0]:,}",
            values=f"{shape[1]:,}",
            amount=f"{total / 2**30:.1f}",
            most=MAX_BYTES // 2**30,
        )


def _keep(path: Path, rows: Iterator[np.ndarray], shape: tuple[int, int]) -> np.ndarray:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_rows(path, rows, shape=shape, dtype=np.float32)
        kept = np.load(path, mmap_mode="r", allow_pickle=False)
    except OSError as error:
        raise RunError(
            "The features of {count} images take {amount} GB and cannot be kept: {reason}. Free space or set "
            "CNNVIZ_CACHE_DIR.",
            count=f"{shape[0]:,}",
            amount=f"{4 * shape[0] * shape[1] / 2**30:.1f}",
            reason=error.strerror,
        ) from error
    make_room(keep=path, max_bytes=MAX_BYTES)
    return kept


def _run(body: keras.Model, part: Part) -> Iterator[np.ndarray]:
    """Features of a few images after the other."""
    _, rows, columns, channels = body.inputs[0].shape
    forward = _forward(body)
    for photos, _ in pipeline(part, size=(rows, columns), channels=channels, batch_size=_BATCH):
        yield forward(photos).numpy()


@lru_cache(maxsize=1)  # training and validation images, one after the other: tracing a base takes seconds
def _forward(body: keras.Model) -> Callable[[tf.Tensor], tf.Tensor]:
    import tensorflow as tf

    photos = tf.TensorSpec(body.inputs[0].shape, tf.float32)
    return tf.function(lambda photos: body(photos, training=False), input_signature=[photos])


def feature_batches(recipe: Recipe, features: np.ndarray, part: Part, **order: Any) -> tf.data.Dataset:
    """Stream vectors and labels in batches, in the order that images would come in."""
    import tensorflow as tf

    labels = tf.constant(part.labels, tf.int32)
    if recipe.is_one_hot:
        labels = tf.one_hot(labels, part.class_count)

    def batch(chosen: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        # From the mapped file: flattened maps of many images would not fit into memory.
        values = tf.numpy_function(features.__getitem__, [chosen], tf.float32, stateful=False)
        return tf.ensure_shape(values, (None, features.shape[1])), tf.gather(labels, chosen)

    return ahead(batch_order(len(part), recipe.batch_size, **order).map(batch))
