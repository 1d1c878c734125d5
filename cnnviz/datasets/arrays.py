"""Images of a dataset decoded and fitted to one size, as one array that is kept on disk."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np

from cnnviz.datasets import cache
from cnnviz.datasets.dataset import ArrayImages, OnStep, Part
from cnnviz.datasets.threads import in_threads
from cnnviz.errors import DataError
from cnnviz.folders import make_room
from cnnviz.images import Fit, fit, gray
from cnnviz.kept_arrays import map_rows, write_rows
from cnnviz.sentences import Sentence

_VERSION = 1


def photos(
    part: Part,
    *,
    size: tuple[int, int],
    channels: int,
    indices: np.ndarray | None = None,
    how: Fit = "crop",
    on_step: OnStep | None = None,
) -> np.ndarray:
    """Bring images to one size and one number of channels.

    A whole part is kept as a file in the cache folder and mapped into memory from there, so that the
    next run starts at once. Images that have the size already are returned as they are.

    Args:
        part: Labeled images.
        size: Rows and columns wanted.
        channels: 1 for gray, 3 for colors.
        indices: Which images; all if not given.
        how: How an image of another shape is fitted, see `images.fit`.
        on_step: Called with the images done and their number, when they are decoded.

    Returns:
        `(n, rows, columns, channels)` uint8, 0..255, read-only.

    Raises:
        DataError: If they would take more room than there is.
        ImageError: If a file changed since the data set was opened and cannot be read any more.
    """
    if channels not in (1, 3) or min(size) < 1:
        raise ValueError(f"Expected channels 1 or 3 and a size of at least 1 x 1. Received: {channels} and {size}.")
    shape = (len(part), *size, channels)
    if isinstance(part.images, ArrayImages) and part.images.pixels.shape == shape:
        return part.images.pixels if indices is None else part.images.pixels[indices]
    path = cache.cached(f"{part.fingerprint}-{size[0]}x{size[1]}x{channels}-{how}-{_VERSION}.npy")
    kept = map_rows(path, shape=shape, dtype=np.uint8)
    read = partial(_fitted, part, size, channels, how)
    if kept is None and indices is not None:
        return np.stack(list(in_threads(read, indices.tolist(), on_step=on_step)))
    if kept is None:
        kept = _keep(path, in_threads(read, range(len(part)), on_step=on_step), shape)
    return kept if indices is None else kept[indices]


def _fitted(part: Part, size: tuple[int, int], channels: int, how: Fit, index: int) -> np.ndarray:
    """One image as a model receives it: fitted first, then turned gray."""
    photo = part.photo(index)
    fitted = fit(photo.repeat(3 // photo.shape[-1], axis=-1), size, how=how)
    return gray(fitted)[..., :1] if channels == 1 else fitted


def _keep(path: Path, fitted: Iterator[np.ndarray], shape: tuple[int, ...]) -> np.ndarray:
    """Write images one after the other, so that memory never holds them all, and map the file."""
    total = int(np.prod(shape, dtype=np.int64))
    amount = Sentence(
        "{count:,} images of {width} x {height} pixels take {size:.1f} GB",
        count=shape[0],
        width=shape[2],
        height=shape[1],
        size=total / 2**30,
    )
    if total > cache.MAX_BYTES:
        raise DataError(
            "{amount}; the limit is {most:.0f} GB. Choose a smaller image size or fewer images.",
            amount=amount,
            most=cache.MAX_BYTES / 2**30,
        )
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_rows(path, fitted, shape=shape, dtype=np.uint8)
        kept = np.load(path, mmap_mode="r", allow_pickle=False)
    except OSError as error:
        raise DataError(
            "{amount} and cannot be kept: {reason}. Free space or set CNNVIZ_CACHE_DIR.",
            amount=amount,
            reason=error.strerror,
        ) from error
    make_room(keep=path, max_bytes=cache.MAX_BYTES)
    return kept
