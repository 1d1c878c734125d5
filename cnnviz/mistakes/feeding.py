"""Batches of labeled images, decoded and prepared in threads while the model runs on the last one."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from math import prod
from pathlib import Path

import numpy as np

from cnnviz.convnets import Convnet
from cnnviz.datasets import Part
from cnnviz.datasets.dataset import ArrayImages
from cnnviz.datasets.files import FileImages
from cnnviz.errors import ImageError
from cnnviz.images import Photo, open_photo, rgb
from cnnviz.mistakes.labeled_data import ListedImages

_AHEAD = 1  # batches that are decoded while one is run
_MAX_BATCH_BYTES = 128 * 2**20


@dataclass(frozen=True, eq=False)
class Batch:
    """Some images, ready for the model.

    Attributes:
        indices: `(m,)` int64, which images of the part; without those that cannot be read.
        inputs: `(m, height, width, channels)` float32, as `convnet.prepare` makes them.
        unreadable: Index and reason of each image that cannot be read.
    """

    indices: np.ndarray
    inputs: np.ndarray
    unreadable: tuple[tuple[int, str], ...] = ()


def batches(convnet: Convnet, part: Part, indices: np.ndarray, *, size: int) -> Iterator[Batch]:
    """Prepare images in batches, in their order, the next ones in threads while the last is used.

    Args:
        convnet: Says how images are fitted and scaled.
        part: Labeled images.
        indices: Which of them.
        size: Images in a batch; fewer where they are large, so that a batch stays within 128 MB.

    Yields:
        Batches that together hold every image once, readable or not.
    """
    size = max(1, min(size, _MAX_BATCH_BYTES // (4 * prod(convnet.preparation.input_shape))))
    chunks = [indices[start : start + size] for start in range(0, len(indices), size)]
    if _is_ready(convnet, part):
        for chunk in chunks:
            yield Batch(chunk, _from_memory(convnet, part.images, chunk))  # type: ignore[arg-type]  # checked above
        return
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        waiting: deque[tuple[np.ndarray, list[Future[np.ndarray | str]]]] = deque()
        try:
            for chunk in chunks:
                waiting.append((chunk, [pool.submit(_prepared, convnet, part, int(index)) for index in chunk]))
                if len(waiting) > _AHEAD:
                    yield _gathered(convnet, *waiting.popleft())
            while waiting:
                yield _gathered(convnet, *waiting.popleft())
        finally:  # whoever stopped early waits for the images under way only
            for future in (future for _, futures in waiting for future in futures):
                future.cancel()


def _is_ready(convnet: Convnet, part: Part) -> bool:
    """Whether the images lie in memory at the model's size, so that fitting would change nothing."""
    rows, columns, channels = convnet.preparation.input_shape
    if not isinstance(part.images, ArrayImages) or part.images.pixels.shape[1:3] != (rows, columns):
        return False
    return (part.images.pixels.shape[3], channels) in ((1, 1), (1, 3), (3, 3))


def _from_memory(convnet: Convnet, images: ArrayImages, chunk: np.ndarray) -> np.ndarray:
    pixels = images.pixels[chunk].astype(np.float32)
    pixels = np.broadcast_to(pixels, (*pixels.shape[:3], convnet.preparation.channels))
    return np.asarray(convnet.preparation.scaling(pixels), np.float32)


def _prepared(convnet: Convnet, part: Part, index: int) -> np.ndarray | str:
    """One image as the model wants it, or why it cannot be read."""
    try:
        photo = _as_keras_decodes(convnet, part, index) if convnet.preparation.fit == "stretch" else part.photo(index)
    except ImageError as error:
        return str(error)
    return convnet.prepare([rgb(photo)])[0]


def _as_keras_decodes(convnet: Convnet, part: Part, index: int) -> np.ndarray:
    """A photo with the pixels that Keras's loader would see: JPEGs by TensorFlow, whose transform is another.

    Pillow has opened the file before, so that sizes are checked; photos that were turned as their EXIF tag says, or
    read at a fraction of their size, stay as Pillow read them.
    """
    import tensorflow as tf

    found = _file(part, index)
    if found is None or found[0].format != "JPEG" or found[0].notes:
        return part.photo(index) if found is None else found[0].pixels
    photo, data = found
    try:
        pixels = tf.io.decode_jpeg(data, channels=1 if convnet.preparation.channels == 1 else 3).numpy()
    except tf.errors.InvalidArgumentError:  # what Pillow reads nevertheless
        return photo.pixels
    return np.asarray(pixels)


def _file(part: Part, index: int) -> tuple[Photo, bytes] | None:
    """What an image's file holds, opened and as bytes; None for images that are in no file."""
    images = part.images
    if isinstance(images, FileImages):
        key = images.keys[index]
        return images.source.open_photo(key), images.source.read_bytes(key)
    if isinstance(images, ListedImages) and isinstance(path := images.items[index], str | Path):
        return open_photo(path), Path(path).read_bytes()
    return None


def _gathered(convnet: Convnet, chunk: np.ndarray, futures: list[Future[np.ndarray | str]]) -> Batch:
    results = [future.result() for future in futures]
    inputs = [result for result in results if isinstance(result, np.ndarray)]
    failed = tuple((int(index), text) for index, text in zip(chunk, results, strict=True) if isinstance(text, str))
    is_read = np.array([isinstance(result, np.ndarray) for result in results])
    nothing = np.zeros((0, *convnet.preparation.input_shape), np.float32)
    return Batch(chunk[is_read], np.stack(inputs) if inputs else nothing, failed)
