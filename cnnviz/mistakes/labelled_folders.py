"""Which pictures of a folder are labelled with which class, if they are to be asked about and not learnt from?"""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cnnviz.datasets import Dataset, Part, catalogue, load_dataset
from cnnviz.datasets.dataset import digest
from cnnviz.datasets.files import FilePictures
from cnnviz.datasets.layout import natural_key
from cnnviz.datasets.notes import shown
from cnnviz.datasets.sources import Source, open_source
from cnnviz.errors import DataError

_PARTS = {
    "train": ("train", "training"),
    "validation": ("validation", "valid", "val"),
    "test": ("test", "testing"),
}


@dataclass(frozen=True, eq=False)
class Labelled:
    """Pictures to ask about.

    Attributes:
        title: Their name for people.
        class_names: One name a class.
        part: The pictures.
    """

    title: str
    class_names: tuple[str, ...]
    part: Part


def open_labelled(name_or_path: str | Path, *, part: str = "test") -> Labelled:
    """Open pictures to ask a network about: a part of a data set by name, or a whole folder or zip archive.

    Of a folder every file counts that lies in a folder of its class; nothing is held out, one class is enough and so
    is one picture. What is above the classes' folders is passed over; where it says `train` and `test`, one
    of these is taken. Whether a file is a picture shows when it is asked about.

    Args:
        name_or_path: A name of `datasets.catalogue()`, or a path.
        part: `train`, `validation` or `test`.

    Raises:
        DataError: If it is not there, or holds no folders with files.

    Example:
        >>> open_labelled("pets").class_names
        ('cats', 'dogs')
    """
    if part not in _PARTS:
        raise ValueError(f"Expected a part of {list(_PARTS)}. Received: {part!r}.")
    if str(name_or_path) in catalogue() or not _exists(name_or_path):
        dataset: Dataset = load_dataset(str(name_or_path))
        return Labelled(dataset.title, dataset.class_names, getattr(dataset, part))
    return _of_source(open_source(Path(name_or_path)), part)


def _exists(path: str | Path) -> bool:
    try:
        return bool(str(path)) and Path(path).exists()
    except (OSError, ValueError):  # a name that no file can have
        return False


def names_of(part: Part) -> tuple[str, ...]:
    """Name each picture: its path in the folder, or its number where it has no file."""
    if isinstance(part.pictures, FilePictures):
        return tuple(map(shown, part.pictures.keys))
    return tuple(str(index) for index in range(len(part)))


def _of_source(source: Source, part: str) -> Labelled:
    by_class = _by_class(source, part)
    names = sorted(by_class, key=natural_key)
    if not any(by_class.values()):
        raise DataError(
            "In {name} there are no folders with pictures. Make one folder per class, such as cats/1.jpg.",
            name=source.name,
        )
    keys = tuple(key for name in names for key in sorted(by_class[name], key=natural_key))
    labels = np.repeat(np.arange(len(names)), [len(by_class[name]) for name in names])
    fingerprint = digest("\n".join([source.fingerprint, *keys, *map(str, labels)]).encode("utf-8", "surrogatepass"))
    made = Part(FilePictures(source, keys, 3), labels.astype(np.int64), len(names), fingerprint)
    return Labelled(shown(source.path.resolve().name), tuple(map(shown, names)), made)


def _by_class(source: Source, part: str) -> dict[str, list[str]]:
    """Files of each class; classes of empty folders too."""
    files = {key: tuple(key.split("/")) for key in source.files}
    # Archives need not list their folders.
    folders = {path[:depth] for path in files.values() for depth in range(1, len(path))}
    folders |= {tuple(folder.split("/")) for folder in source.folders}
    outer = _outer(list(files.values()), folders, part)
    depth = len(outer)
    found: dict[str, list[str]] = defaultdict(list)
    for path in folders:
        if len(path) == depth + 1 and path[:depth] == outer:
            found[_normal(path[depth])] += []
    for key, path in files.items():
        if len(path) > depth + 1 and path[:depth] == outer:
            found[_normal(path[depth])].append(key)
    return dict(found)


def _outer(files: list[tuple[str, ...]], folders: set[tuple[str, ...]], part: str) -> tuple[str, ...]:
    """The folder above the classes' folders: single ones are passed through, and the part's is entered."""
    outer: tuple[str, ...] = ()
    while True:
        depth = len(outer)
        inside = {path[depth] for path in folders if len(path) > depth and path[:depth] == outer}
        of_part = [name for name in inside if name.casefold() in _PARTS[part]]
        is_deeper = any(len(path) > depth + 2 and path[:depth] == outer for path in files)
        if of_part and any(path[: depth + 1] == (*outer, of_part[0]) and len(path) > depth + 2 for path in files):
            return (*outer, of_part[0])
        if len(inside) != 1 or not is_deeper:
            return outer
        outer = (*outer, *inside)


def _normal(name: str) -> str:
    return unicodedata.normalize("NFC", name)
