"""Layout of a labeled folder: which folder stands for which class, and for which split."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from dataclasses import dataclass
from typing import Literal

from cnnviz.datasets.notes import listed, shown
from cnnviz.datasets.sources import Source
from cnnviz.errors import DataError
from cnnviz.sentences import Sentence

PartName = Literal["train", "validation", "test"]
MAX_CLASSES = 1000

Parts = dict[PartName, tuple[list[str], ...]]
"""For each part, for each class its files."""

_PARTS: dict[str, PartName] = {
    "train": "train",
    "training": "train",
    "validation": "validation",
    "valid": "validation",
    "val": "validation",
    "test": "test",
    "testing": "test",
}
_LAYOUTS = Sentence(
    "Make one folder per class with its images in it, such as cats/1.jpg and dogs/1.jpg; "
    "or folders train, validation and test with these in each."
)

_Path = tuple[str, ...]


@dataclass(frozen=True)
class Layout:
    """Files by part and class.

    Attributes:
        class_names: Names of the folders in Python's sorted order, as Keras numbers them: 10 before 2, B before a.
        parts: For each part that has a folder, for each class in their order, the files below its folder.
            Without such folders everything is in `train`.
        outside: Files that belong to no class.
    """

    class_names: tuple[str, ...]
    parts: Parts
    outside: tuple[str, ...]


def find_layout(source: Source) -> Layout:
    """Recognize one folder per class, or train/validation/test above them, inside any number of outer folders.

    Raises:
        DataError: If there are no class folders, one class only, an empty class, or other classes in another part.
    """
    files = {tuple(key.split("/")): key for key in source.files}
    outer = _outer_folder(set(files))
    depth = len(outer)
    inner = {path[depth:]: key for path, key in files.items() if path[:depth] == outer}
    folders = {tuple(key.split("/")) for key in source.folders}
    found = _by_part(inner, {path[depth:] for path in folders if path[:depth] == outer and len(path) > depth})
    _check(found, source.name)
    class_names = tuple(sorted(found["train"]))
    kept = {key for classes in found.values() for keys in classes.values() for key in keys}
    parts = {
        part: tuple(sorted(classes[name], key=natural_key) for name in class_names) for part, classes in found.items()
    }
    return Layout(class_names, parts, tuple(sorted(set(source.files) - kept, key=natural_key)))


def natural_key(name: str) -> tuple[tuple[int, str], ...]:
    """Sort as people count, without regard to case: each run of digits by its length, then its digits."""
    pieces = re.split(r"(\d+)", name.casefold())
    numbers = [(len(piece.lstrip("0")), piece.lstrip("0")) for piece in pieces[1::2]]
    texts = [(0, piece) for piece in pieces[::2]]
    ordered = [pair for both in zip(texts, [*numbers, (0, "")], strict=True) for pair in both]
    return (*ordered, (0, name))


def _outer_folder(paths: set[_Path]) -> _Path:
    """The folders that everything lies in, as in most zip archives; files beside them do not count."""
    outer: _Path = ()
    while True:
        inside = [path[len(outer) :] for path in paths if path[: len(outer)] == outer]
        tops = {path[0] for path in inside if len(path) > 1}
        if len(tops) != 1 or max(map(len, inside)) < 3 or next(iter(tops)).casefold() in _PARTS:
            return outer
        outer = (*outer, *tops)


def _by_part(files: dict[_Path, str], folders: set[_Path]) -> dict[PartName, dict[str, list[str]]]:
    """Files of each class of each part; classes of empty folders too."""
    found: dict[PartName, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    has_parts = any(len(path) > 2 and _PARTS.get(path[0].casefold()) for path in files)
    depth = 1 if has_parts else 0  # of the class's name in a path
    for path, key in [*files.items(), *((folder, "") for folder in folders)]:
        part = _PARTS.get(path[0].casefold()) if has_parts else "train"
        is_inside = len(path) > depth + 1 if key else len(path) == depth + 1
        if part and is_inside:
            keys = found[part][unicodedata.normalize("NFC", path[depth])]
            keys += [key] if key else []
    return {part: dict(classes) for part, classes in found.items()}


def _check(found: dict[PartName, dict[str, list[str]]], name: str) -> None:
    if not any(keys for classes in found.values() for keys in classes.values()):
        raise DataError("In {name} there are no folders with images. {advice}", name=name, advice=_LAYOUTS)
    if "train" not in found:
        raise DataError(
            "In {name} there is a folder {found}, but no train. {advice}",
            name=name,
            found=listed(list(found)),
            advice=_LAYOUTS,
        )
    classes = sorted(found["train"], key=natural_key)
    if len(classes) == 1:
        raise DataError(
            "In {name} there is only one class, {class_name!r}. Add a folder with something else.",
            name=name,
            class_name=shown(classes[0]),
        )
    if len(classes) > MAX_CLASSES:
        raise DataError(
            "In {name} there are {count:,} folders; the limit is {most:,} classes.",
            name=name,
            count=len(classes),
            most=MAX_CLASSES,
        )
    for part, others in found.items():
        _check_classes(part, others, set(classes))


def _check_classes(part: PartName, found: dict[str, list[str]], classes: set[str]) -> None:
    differing = sorted(map(shown, classes ^ set(found)), key=natural_key)
    if differing:
        raise DataError(
            "The classes in train and in {part} differ: {differing}. Give both the same folders, or remove {part}.",
            part=part,
            differing=listed(differing),
        )
    empty = sorted((shown(name) for name, keys in found.items() if not keys), key=natural_key)
    if empty:
        raise DataError(
            "No files for class {empty} in {part}. Add images, or remove the folder.", empty=listed(empty), part=part
        )
