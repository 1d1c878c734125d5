"""`Dataset`: labeled images in training, validation and test splits."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from cnnviz.sentences import one_line

OnStep = Callable[[int, int], None]
"""Called with the steps done and their total."""


class Images(Protocol):
    """Photos by number: an array, or files that are read when they are asked for."""

    def __getitem__(self, index: int, /) -> np.ndarray: ...

    def take(self, indices: np.ndarray, /) -> Images:
        """Choose some of them."""
        ...


@dataclass(frozen=True, eq=False)
class ArrayImages:
    """Photos in memory.

    Attributes:
        pixels: `(n, rows, columns, channels)` uint8, read-only; or float32, 0..255, where a loader had resized them
            already and rounding would change what the model is given.
    """

    pixels: np.ndarray

    __repr__ = one_line

    def __getitem__(self, index: int, /) -> np.ndarray:
        photo: np.ndarray = self.pixels[index]
        return photo if photo.dtype == np.uint8 else np.rint(photo).astype(np.uint8)

    def take(self, indices: np.ndarray, /) -> ArrayImages:
        """Choose some of them."""
        chosen = self.pixels[indices]
        chosen.setflags(write=False)
        return ArrayImages(chosen)


@dataclass(frozen=True, eq=False)
class Part:
    """Labeled images for one use: to learn from, to choose by, or to test on.

    Attributes:
        images: The photos, in memory or in files.
        labels: `(n,)` int64, indices of classes.
        class_count: Number of classes; some may be without an image here.
        fingerprint: What the images and labels are, as a sha256; keys every cache.
    """

    images: Images
    labels: np.ndarray
    class_count: int
    fingerprint: str

    def __len__(self) -> int:
        return len(self.labels)

    def __repr__(self) -> str:
        return f"<Part: {len(self):,} images, {self.class_count:,} classes>"

    @property
    def counts(self) -> np.ndarray:
        """Images of each class: `(class_count,)` int64."""
        return np.bincount(self.labels, minlength=self.class_count)

    def photo(self, index: int) -> np.ndarray:
        """Read one image as it is.

        Args:
            index: 0 to `len(part) - 1`.

        Returns:
            `(height, width, 1 or 3)` uint8; one channel where the whole data set is gray.

        Raises:
            ImageError: If the file changed since the data set was opened and cannot be read any more.
        """
        return self.images[index]


@dataclass(frozen=True, eq=False)
class Dataset:
    """Labeled images in three parts; no image is in two of them.

    Attributes:
        name: What `load_dataset` opens again: a name of the catalog or a path.
        title: Its name for people.
        class_names: One name a class, in the order of the labels.
        train: Images to learn from.
        validation: Images to choose the best epoch by.
        test: Images that are looked at once, at the end.
        channels: 1 if all images are gray, else 3.
        size: Rows and columns of every image; None if they differ.
        notes: What a person must be told, a sentence each: files left out, mixed sizes, imbalance.
    """

    name: str
    title: str
    class_names: tuple[str, ...]
    train: Part
    validation: Part
    test: Part
    channels: int
    size: tuple[int, int] | None
    notes: tuple[str, ...]

    def __repr__(self) -> str:
        sizes = (f"{name} {len(getattr(self, name)):,}" for name in ("train", "validation", "test"))
        return f"<Dataset {self.name!r}: {', '.join(sizes)} images, {len(self.class_names):,} classes>"

    @property
    def fingerprint(self) -> str:
        """What is in the three parts, as a sha256; for folders from names, sizes and times of change."""
        parts = (self.train, self.validation, self.test)
        return digest(*(part.fingerprint.encode() for part in parts))


def array_part(pixels: np.ndarray, labels: np.ndarray, class_count: int) -> Part:
    """Make a part of images in memory.

    Args:
        pixels: `(n, rows, columns)` or `(n, rows, columns, channels)` uint8.
        labels: `(n,)` integers.
        class_count: Number of classes.
    """
    pixels = np.ascontiguousarray(pixels[..., None] if pixels.ndim == 3 else pixels)
    pixels.setflags(write=False)  # one array serves everybody
    labels = labels.astype(np.int64)
    return Part(ArrayImages(pixels), labels, class_count, digest(str(pixels.shape).encode(), pixels.data, labels.data))


def digest(*pieces: bytes | memoryview) -> str:
    """Sha256 of all pieces in their order."""
    found = hashlib.sha256()
    for piece in pieces:
        found.update(piece)
    return found.hexdigest()
