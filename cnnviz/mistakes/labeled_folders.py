"""Labeled images to evaluate: a split of a dataset, or a folder with one folder per class."""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cnnviz.datasets import Dataset, Part, catalog, load_dataset
from cnnviz.datasets.dataset import digest
from cnnviz.datasets.files import FileImages
from cnnviz.datasets.layout import natural_key
from cnnviz.datasets.notes import shown
from cnnviz.datasets.sources import Source, open_source
from cnnviz.errors import DataError
from cnnviz.mistakes.mapping import ClassOrder

ALL = "all"
"""Name of the part that holds all images of a folder."""

_PARTS = {
    "test": ("test", "testing"),
    "validation": ("validation", "valid", "val"),
    "train": ("train", "training"),
}


@dataclass(frozen=True, eq=False)
class Labeled:
    """Images to evaluate a model on.

    Attributes:
        title: Their name for people.
        class_names: One name a class.
        part: The images.
        class_order: How its classes are numbered: `sorted` for folders, `given` where labels came as numbers.
        split: `test`, `validation` or `train`; None where the images are not split, or all are taken.
        learned_count: How many of the images the model is known to have learned from.
        notes: What a person must be told of the choice of images, a sentence each.
    """

    title: str
    class_names: tuple[str, ...]
    part: Part
    class_order: ClassOrder = "given"
    split: str | None = None
    learned_count: int = 0
    notes: tuple[str, ...] = ()

    def __repr__(self) -> str:
        split = f", {self.split}" if self.split else ""
        return f"<Labeled {self.title!r}{split}: {len(self.part):,} images, {len(self.class_names):,} classes>"


def open_labeled(name_or_path: str | Path, *, part: str | None = None) -> Labeled:
    """Open images to evaluate a model on: a split of a data set by name, or a folder or zip archive.

    Of a folder every file counts that lies in a folder of its class, at any depth; nothing is held out, one class is
    enough and so is one image. What is above the classes' folders is passed over; where it says `train` and
    `test`, one of these is taken. Whether a file is an image shows when it is evaluated. Classes are the folders in
    Python's sorted order, as `keras.utils.image_dataset_from_directory` numbers them.

    Args:
        name_or_path: A name of `datasets.catalog()`, or a path.
        part: `train`, `validation` or `test`; `all` for every image of a folder. The test images if not given; of a
            folder without such folders all of them.

    Raises:
        DataError: If it is not there, holds no folders with files, or has no such split.

    Note:
        Keras's loader goes by the ending of a name (.bmp, .gif, .jpeg, .jpg, .png), also of hidden files; here the
        content decides, also of WebP and TIFF files, and hidden files and links are left aside. Keras does not turn
        photos as their EXIF tag says, drops transparency instead of laying it on white, and cuts 16 bits where they
        are rounded here. JPEGs are decoded as Keras decodes them where images are stretched; elsewhere pixels differ
        by a few of 255.

    Example:
        >>> open_labeled("pets").class_names
        ('cats', 'dogs')
    """
    if part not in (*_PARTS, ALL, None):
        raise ValueError(f"Expected a part of {[*_PARTS, ALL]}. Received: {part!r}.")
    if str(name_or_path) in catalog() or not _exists(name_or_path):
        dataset: Dataset = load_dataset(str(name_or_path))
        return split_of(dataset, part)
    return _of_source(open_source(Path(name_or_path)), part)


def split_of(dataset: Dataset, part: str | None = None) -> Labeled:
    """One split of a data set, the test images if not given.

    Raises:
        DataError: If all of its images are asked for: they are of three kinds.
    """
    if part == ALL:
        raise DataError("{title} comes in splits. Choose test, validation or train.", title=dataset.title)
    split = part or "test"
    order: ClassOrder = "given" if dataset.name in catalog() else "sorted"
    return Labeled(dataset.title, dataset.class_names, getattr(dataset, split), order, split)


def splits_of(name_or_path: str | Path) -> tuple[str, ...]:
    """List the splits that there are: all three of a data set, of a folder those that have a folder, perhaps none.

    Raises:
        DataError: If a folder or archive cannot be opened.
    """
    if str(name_or_path) in catalog() or not _exists(name_or_path):
        return tuple(_PARTS)
    return _splits(open_source(Path(name_or_path)))


def _exists(path: str | Path) -> bool:
    try:
        return bool(str(path)) and Path(path).exists()
    except (OSError, ValueError):  # a name that no file can have
        return False


def names_of(part: Part) -> tuple[str, ...]:
    """Name each image: its path in the folder, or its number where it has no file."""
    if isinstance(part.images, FileImages):
        return tuple(map(shown, part.images.keys))
    return tuple(str(index) for index in range(len(part)))


def _of_source(source: Source, part: str | None) -> Labeled:
    splits = _splits(source)
    if part not in (None, ALL, *splits):
        raise DataError(
            "{name} has no split {part!r}: there is no folder {part} with class folders in it. "
            "Leave the split out to evaluate all of it.",
            name=source.name,
            part=part,
        )
    split = None if part == ALL or not splits else part or splits[0]
    by_class = _by_class(source, [split] if split else splits)
    names = sorted(by_class)
    if not any(by_class.values()):
        raise DataError(
            "In {name} there are no folders with images. Make one folder per class, such as cats/1.jpg.",
            name=source.name,
        )
    keys = tuple(key for name in names for key in sorted(by_class[name], key=natural_key))
    labels = np.repeat(np.arange(len(names)), [len(by_class[name]) for name in names])
    fingerprint = digest("\n".join([source.fingerprint, *keys, *map(str, labels)]).encode("utf-8", "surrogatepass"))
    made = Part(FileImages(source, keys, 3), labels.astype(np.int64), len(names), fingerprint)
    title, shown_names = shown(source.path.resolve().name), tuple(map(shown, names))
    return Labeled(title, shown_names, made, "sorted", split, notes=source.notes)


_Path = tuple[str, ...]


def _splits(source: Source) -> tuple[str, ...]:
    files, folders = _paths(source)
    return tuple(part for part in _PARTS if _of_part(_outer(list(files.values()), folders), files.values(), part))


def _by_class(source: Source, splits: Sequence[str]) -> dict[str, list[str]]:
    """Files of each class, of all the splits together; classes of empty folders too."""
    files, folders = _paths(source)
    outer = _outer(list(files.values()), folders)
    inside = [_of_part(outer, files.values(), split) or outer for split in splits] or [outer]
    found: dict[str, list[str]] = defaultdict(list)
    for above in inside:
        depth = len(above)
        for path in folders:
            if len(path) == depth + 1 and path[:depth] == above:
                found[_normal(path[depth])] += []
        for key, path in files.items():
            if len(path) > depth + 1 and path[:depth] == above:
                found[_normal(path[depth])].append(key)
    return dict(found)


def _paths(source: Source) -> tuple[dict[str, _Path], set[_Path]]:
    """Files and folders as lists of names; archives need not list their folders."""
    files = {key: tuple(key.split("/")) for key in source.files}
    folders = {path[:depth] for path in files.values() for depth in range(1, len(path))}
    return files, folders | {tuple(folder.split("/")) for folder in source.folders}


def _outer(files: list[_Path], folders: set[_Path]) -> _Path:
    """The folder above the classes' folders, or above those of the splits: single ones are passed through."""
    outer: _Path = ()
    while True:
        depth = len(outer)
        inside = {path[depth] for path in folders if len(path) > depth and path[:depth] == outer}
        is_deeper = any(len(path) > depth + 2 and path[:depth] == outer for path in files)
        has_split = any(_of_part(outer, files, part) for part in _PARTS)
        has_images = any(len(path) == depth + 2 and path[:depth] == outer and _is_image(path[-1]) for path in files)
        if has_split or len(inside) != 1 or not is_deeper or has_images:
            return outer
        outer = (*outer, *inside)


def _of_part(outer: _Path, files: Iterable[_Path], part: str) -> _Path | None:
    """The folder of a split, if there is one with folders of classes in it."""
    depth = len(outer)
    inside = (path for path in files if len(path) > depth + 2 and path[:depth] == outer)
    return next((path[: depth + 1] for path in inside if path[depth].casefold() in _PARTS[part]), None)


def _is_image(name: str) -> bool:
    """Whether a name ends as that of an image; what lies beside outer folders is rather a text."""
    return name.lower().endswith((".bmp", ".gif", ".jpeg", ".jpg", ".png", ".webp", ".tif", ".tiff"))


def _normal(name: str) -> str:
    return unicodedata.normalize("NFC", name)
