"""What does a frozen base make of each picture? Computed once, kept on disk, read in every epoch."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from cnnviz.datasets import Part, ahead, batch_order, pipeline
from cnnviz.errors import RunError
from cnnviz.folders import DAMAGED, cache_folder, make_room, map_array, written_whole
from cnnviz.training.recipe import Recipe

if TYPE_CHECKING:
    import keras
    import tensorflow as tf

MAX_BYTES = 8 * 2**30
"""Of all that is kept; what was longest unused goes first."""

_BATCH = 32


def features_of(body: keras.Model, part: Part, *, key: str) -> np.ndarray:
    """Run a frozen body once over pictures, or read what it gave before.

    Args:
        body: From pixels 0..255 to vectors.
        part: The pictures.
        key: What the body is.

    Returns:
        `(pictures, values)` float32, read from the disk as it is needed.

    Raises:
        RunError: If they would take more room than there is.
    """
    name = hashlib.sha256(f"{key} {part.fingerprint}".encode()).hexdigest()[:32]
    path, shape = cache_folder("features") / f"{name}.npy", (len(part), body.outputs[0].shape[-1])
    kept = _recall(path, shape)
    if kept is None:
        _require_room(shape)
        path.parent.mkdir(parents=True, exist_ok=True)
        with written_whole(path) as whole:
            _run(body, part, whole, shape)
        make_room(keep=path, max_bytes=MAX_BYTES)
        kept = map_array(path)
    return kept


def _require_room(shape: tuple[int, int]) -> None:
    total = 4 * shape[0] * shape[1]
    if total > MAX_BYTES:
        raise RunError(
            "{count} pictures of {values} features each take {amount} GB; at most {most} GB are kept. "
            "Choose average pooling, or fewer pictures.",
            count=f"{shape[0]:,}",
            values=f"{shape[1]:,}",
            amount=f"{total / 2**30:.1f}",
            most=MAX_BYTES // 2**30,
        )


def _recall(path: Path, shape: tuple[int, int]) -> np.ndarray | None:
    """Map what was kept, used just now; None if it is missing or damaged."""
    try:
        kept = map_array(path)
        os.utime(path)
    except DAMAGED:
        return None
    return kept if kept.shape == shape and kept.dtype == np.float32 else None


def _run(body: keras.Model, part: Part, path: Path, shape: tuple[int, int]) -> None:
    _, rows, columns, channels = body.inputs[0].shape
    forward = _forward(body)
    kept = np.lib.format.open_memmap(path, mode="w+", dtype=np.float32, shape=shape)
    done = 0
    for photos, _ in pipeline(part, size=(rows, columns), channels=channels, batch_size=_BATCH):
        kept[done : done + len(photos)] = forward(photos).numpy()
        done += len(photos)
    kept.flush()


@lru_cache(maxsize=1)  # training and validation pictures, one after the other: tracing a base takes seconds
def _forward(body: keras.Model) -> Callable[[tf.Tensor], tf.Tensor]:
    import tensorflow as tf

    photos = tf.TensorSpec(body.inputs[0].shape, tf.float32)
    return tf.function(lambda photos: body(photos, training=False), input_signature=[photos])


def feature_batches(recipe: Recipe, features: np.ndarray, part: Part, **order: Any) -> tf.data.Dataset:
    """Stream vectors and labels in batches, in the order that pictures would come in."""
    import tensorflow as tf

    labels = tf.constant(part.labels, tf.int32)
    if recipe.is_one_hot:
        labels = tf.one_hot(labels, part.class_count)

    def batch(chosen: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        # From the mapped file: flattened maps of many pictures would not fit into memory.
        values = tf.numpy_function(features.__getitem__, [chosen], tf.float32, stateful=False)
        return tf.ensure_shape(values, (None, features.shape[1])), tf.gather(labels, chosen)

    return ahead(batch_order(len(part), recipe.batch_size, **order).map(batch))
