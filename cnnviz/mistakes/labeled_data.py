"""Labeled images from Python: arrays, lists of photos, `tf.data` datasets and Keras sequences."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from cnnviz.datasets import Dataset, Part
from cnnviz.datasets.dataset import ArrayImages, digest
from cnnviz.errors import DataError
from cnnviz.images import read_photo, rgb
from cnnviz.mistakes.labeled_folders import Labeled, open_labeled
from cnnviz.sentences import Sentence

_MAX_BYTES = 8 * 2**30
_PIXELS = Sentence("Give pixels from 0 to 255; they are scaled as the model wants them.")


@dataclass(frozen=True, eq=False)
class ListedImages:
    """Photos of any sizes, by number.

    Attributes:
        items: Arrays `(height, width[, channels])` uint8, PIL images, or paths of image files.
    """

    items: tuple[Any, ...]

    def __getitem__(self, index: int, /) -> np.ndarray:
        item = self.items[index]
        if isinstance(item, str | Path):
            return read_photo(item)
        if isinstance(item, Image.Image):
            return np.asarray(item.convert("RGB"))
        return rgb(np.atleast_3d(np.rint(item).astype(np.uint8)))

    def take(self, indices: np.ndarray, /) -> ListedImages:
        """Choose some of them."""
        return ListedImages(tuple(self.items[index] for index in indices))


def as_labeled(data: Any, *, class_count: int, class_names: Sequence[str] | None = None) -> Labeled:
    """Bring anything that holds labeled images to one form.

    Args:
        data: A `Part` or `Labeled`; a folder, a zip archive or the name of a data set; a pair of images and labels;
            a `tf.data.Dataset` of such pairs, batched or not; a `keras.utils.PyDataset`. Images are arrays
            `(n, height, width, 1 or 3)` or lists of arrays, PIL images or paths, with pixels from 0 to 255; labels
            are class indices `(n,)` or one-hot rows `(n, classes)`.
        class_count: Number of classes that labels may name, where they come without names.
        class_names: One name a class, where the data has none.

    Raises:
        DataError: If it is none of these, or images and labels do not fit.
    """
    if isinstance(data, Labeled):
        return data
    names = tuple(class_names or ())
    if isinstance(data, Part):
        return Labeled("", names, data)
    if isinstance(data, str | os.PathLike):
        return open_labeled(Path(data) if isinstance(data, os.PathLike) else data)
    if isinstance(data, Dataset):
        raise DataError("{name} has three splits. Evaluate one of them, such as dataset.test.", name=data.title)
    if isinstance(data, tuple | list) and len(data) == 2:
        images, labels = data
    elif _is_sequence_of_batches(data):
        images, labels = _collected(_batches(data))
        names = names or tuple(getattr(data, "class_names", None) or ())
    else:
        raise DataError(
            "Labeled images cannot be read from {kind}. Give a folder, a dataset's name, a pair of images and "
            "labels, or a tf.data.Dataset.",
            kind=type(data).__name__,
        )
    return Labeled("", names, _part(images, labels, len(names) or class_count))


def _is_sequence_of_batches(data: Any) -> bool:
    """A tf.data.Dataset, or anything with batches by number, as a Keras PyDataset has."""
    is_listed = all(hasattr(data, name) for name in ("__getitem__", "__len__"))
    return hasattr(data, "as_numpy_iterator") or (is_listed and not isinstance(data, np.ndarray | dict | bytes))


def _batches(data: Any) -> Iterator[Any]:
    if hasattr(data, "as_numpy_iterator"):
        yield from data.as_numpy_iterator()
    else:
        yield from (data[index] for index in range(len(data)))


def _collected(pairs: Iterable[Any]) -> tuple[Any, np.ndarray]:
    """All images and labels of a data set, whole numbers as uint8."""
    found: list[np.ndarray] = []
    labels: list[np.ndarray] = []
    size = 0
    for pair in pairs:
        if not isinstance(pair, tuple | list) or len(pair) < 2:
            raise DataError("The dataset has images without labels. Give pairs of images and labels.")
        photos, given = np.asarray(pair[0]), np.asarray(pair[1])
        is_batch = photos.ndim == 4
        photos = photos if is_batch else photos[None]
        found.append(_whole(photos))
        labels.append(given if is_batch else given[None])
        size += found[-1].nbytes
        if size > _MAX_BYTES:
            raise DataError(
                "The dataset takes more than {size} GB. Evaluate a part of it, such as dataset.take(100), or its "
                "folder.",
                size=_MAX_BYTES // 2**30,
            )
    if not found:
        raise DataError("The dataset is empty. Give one with images.")
    has_one_size = len({photos.shape[1:] for photos in found}) == 1
    return (np.concatenate(found) if has_one_size else [one for some in found for one in some]), np.concatenate(labels)


def _whole(pixels: np.ndarray) -> np.ndarray:
    """Pixels as uint8 where that loses nothing, else as float32."""
    if pixels.dtype == np.uint8:
        return pixels
    if pixels.dtype.kind not in "iuf":
        raise DataError("Images are {kind}, not numbers. {advice}", kind=pixels.dtype, advice=_PIXELS)
    low, high = (float(pixels.min()), float(pixels.max())) if pixels.size else (0.0, 0.0)
    if not (low >= 0 and high <= 255) or (pixels.dtype.kind == "f" and 0 < high <= 1):
        raise DataError(
            "Images hold numbers from {low:.3g} to {high:.3g}. {advice}", low=low, high=high, advice=_PIXELS
        )
    whole = pixels.astype(np.uint8)
    return whole if (whole == pixels).all() else pixels.astype(np.float32)


def _part(images: Any, labels: Any, class_count: int) -> Part:
    """Images and labels as one part."""
    images, count, content = _images(images)
    indices = _indices(labels, class_count)
    if len(indices) != count:
        raise DataError(
            "There are {count} images and {labels} labels. Give one label per image.", count=count, labels=len(indices)
        )
    if not count:
        raise DataError("There is no image. Give at least one.")
    return Part(images, indices, class_count, digest(content, indices.data))


def _images(images: Any) -> tuple[ArrayImages | ListedImages, int, bytes]:
    """Images by number, how many they are, and what they are as bytes."""
    if not isinstance(images, str | bytes | dict) and hasattr(images, "__len__") and not hasattr(images, "shape"):
        items = tuple(images)
        if any(isinstance(item, str | os.PathLike | Image.Image) for item in items):
            return ListedImages(tuple(map(_item, items))), len(items), digest(*map(_content, items)).encode()
        items = tuple(_whole(_checked(np.asarray(item))) for item in items)
        if len({item.shape for item in items}) != 1:
            return ListedImages(items), len(items), digest(*map(_content, items)).encode()
        images = np.stack(items)
    if not hasattr(images, "shape"):
        raise DataError(
            "Images cannot be read from {kind}. Give an array (n, height, width, channels), or a list of images.",
            kind=type(images).__name__,
        )
    pixels = np.asarray(images)
    pixels = pixels[..., None] if pixels.ndim == 3 else pixels
    if pixels.ndim != 4 or pixels.shape[-1] not in (1, 3):
        raise DataError(
            "Images have the shape {shape}. Give (n, height, width, channels) with 1 or 3 channels.",
            shape=tuple(np.shape(images)),
        )
    pixels = np.ascontiguousarray(_whole(pixels)).view()
    pixels.setflags(write=False)
    return ArrayImages(pixels), len(pixels), digest(str((pixels.shape, pixels.dtype)).encode(), pixels.data).encode()


def _checked(pixels: np.ndarray) -> np.ndarray:
    if pixels.ndim not in (2, 3) or (pixels.ndim == 3 and pixels.shape[-1] not in (1, 3)):
        raise DataError(
            "An image has the shape {shape}. Give (height, width, channels) with 1 or 3 channels.", shape=pixels.shape
        )
    return pixels


def _item(item: Any) -> Any:
    if isinstance(item, os.PathLike):
        return Path(item)
    return item if isinstance(item, str | Image.Image) else _whole(_checked(np.asarray(item)))


def _content(item: Any) -> bytes:
    """What tells one image from another: pixels, or a file's name, size and time of change."""
    if isinstance(item, str | os.PathLike):
        try:
            status = Path(item).stat()
        except (OSError, ValueError):  # told when it is read
            return str(item).encode()
        return f"{Path(item).resolve()} {status.st_size} {status.st_mtime_ns}".encode()
    pixels = np.ascontiguousarray(item)
    return str((pixels.shape, pixels.dtype)).encode() + pixels.tobytes()


def _indices(labels: Any, class_count: int) -> np.ndarray:
    """Class indices, from indices or one-hot rows."""
    try:
        given = np.asarray(labels)
        values = given.astype(np.float64)
    except (TypeError, ValueError) as error:
        raise DataError("Labels are not numbers. Give class indices, or one-hot rows.") from error
    if given.ndim == 2 and given.shape[1] > 1:
        if (
            given.shape[1] != class_count
            or not ((values == 0) | (values == 1)).all()
            or (values.sum(axis=1) != 1).any()
        ):
            raise DataError(
                "Labels have the shape {shape}, which are not one-hot rows of {count} classes. Give class indices.",
                shape=given.shape,
                count=class_count,
            )
        return values.argmax(axis=1).astype(np.int64)
    values = values.reshape(-1) if given.ndim in (1, 2) else values
    if values.ndim != 1 or not (values == np.rint(values)).all():
        raise DataError("Labels have the shape {shape}. Give class indices, or one-hot rows.", shape=given.shape)
    if len(values) and not (values.min() >= 0 and values.max() < class_count):
        raise DataError(
            "Labels range from {low:.0f} to {high:.0f}, but classes from 0 to {last}. Number the labels from 0.",
            low=values.min(),
            high=values.max(),
            last=class_count - 1,
        )
    return values.astype(np.int64)
