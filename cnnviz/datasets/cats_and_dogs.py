"""Cats vs. dogs: the subset that textbooks train on, and where to find it.

Kaggle's `train.zip` holds `cat.0.jpg` to `cat.12499.jpg`, likewise dogs; Microsoft's original `Cat/0.jpg`, some of
them damaged.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path

from cnnviz.datasets.class_names import CATS_AND_DOGS
from cnnviz.datasets.dataset import Dataset, OnStep
from cnnviz.datasets.files import dataset_of_files
from cnnviz.datasets.inspection import inspect
from cnnviz.datasets.layout import PartName
from cnnviz.datasets.looking import Finding
from cnnviz.datasets.notes import note_files
from cnnviz.datasets.sources import Source, open_source
from cnnviz.errors import DataError
from cnnviz.sentences import Sentence

COUNTS: dict[PartName, int] = {"train": 1000, "validation": 500, "test": 1000}
"""Images of each class, in the order of their numbers."""

_NUMBERED = re.compile(r"(?:^|/)(cat|dog)s?[./](\d{1,9})\.jpe?g$", re.IGNORECASE)
_PLACES = ("cats-vs-dogs", "cats-vs-dogs.zip", "dogs-vs-cats", "dogs-vs-cats/train.zip", "train.zip", "PetImages")


def cats_and_dogs(source: Source, *, counts: dict[PartName, int] = COUNTS, on_step: OnStep | None = None) -> Dataset:
    """Choose images by their numbers: first those to learn from, then validation, then test.

    A file that cannot be read is named in the notes, and the next number takes its place.

    Args:
        source: A folder or archive with `cat.0.jpg`, or `Cat/0.jpg`, somewhere in it.
        counts: Images of each class and part.
        on_step: Called with the files looked at and their number.

    Raises:
        DataError: If there are too few images that can be read.
    """
    wanted = sum(counts.values())
    findings: dict[str, Finding] = {}
    chosen = [_first_readable(source, keys, wanted, findings, on_step) for keys in numbered(source)]
    for class_name, keys in zip(CATS_AND_DOGS, chosen, strict=True):
        if len(keys) < wanted:
            raise DataError(
                "{name} has {count:,} readable images of a {class_name}; {wanted:,} are needed. "
                "Put them into folders cats and dogs to train on what is there.",
                name=source.name,
                count=len(keys),
                class_name=class_name,
                wanted=wanted,
            )
    ends = {part: sum(list(counts.values())[: index + 1]) for index, part in enumerate(counts)}
    parts = {part: tuple(keys[ends[part] - counts[part] : ends[part]] for keys in chosen) for part in counts}
    problems = [finding.problem for finding in findings.values() if finding.problem]
    return dataset_of_files(
        source,
        parts,
        name=str(source.path.resolve()),
        title="Cats and dogs",
        class_names=CATS_AND_DOGS,
        findings=findings,
        notes=note_files(*_LEFT_OUT, problems),
        seed=0,
    )


def numbered(source: Source) -> tuple[list[str], list[str]]:
    """Files of cats and of dogs, each by number."""
    found: dict[str, dict[int, str]] = {class_name: {} for class_name in CATS_AND_DOGS}
    for key in source.files:
        if match := _NUMBERED.search(key):
            found[match[1].lower()].setdefault(int(match[2]), key)
    cats, dogs = ([files[number] for number in sorted(files)] for files in found.values())
    return cats, dogs


def is_kaggles(source: Source) -> bool:
    """Whether cats and dogs lie in one folder, so that only their names tell them apart."""
    cats, dogs = numbered(source)
    return bool(cats and dogs) and len({key.rpartition("/")[0] for key in (*cats, *dogs)}) == 1


def find_cats_and_dogs() -> Path | None:
    """Where they are in $CNNVIZ_DATA_DIR; None if they are not."""
    folder = os.environ.get("CNNVIZ_DATA_DIR")
    if not folder:
        return None
    return next((path for path in (Path(folder) / place for place in _PLACES) if path.exists()), None)


_LEFT_OUT = (
    Sentence("1 file is skipped and replaced by the next number: {files}."),
    Sentence("{count:,} files are skipped and replaced by the next numbers: {files}."),
)


def open_cats_and_dogs(*, on_step: OnStep | None = None) -> Dataset:
    """Open them where `find_cats_and_dogs` says.

    Raises:
        DataError: If they are not there.
    """
    path = find_cats_and_dogs()
    if path is None:
        raise DataError(
            "The cats-vs-dogs dataset is not installed. Download train.zip from the Kaggle competition "
            "dogs-vs-cats and set CNNVIZ_DATA_DIR to its folder."
        )
    return cats_and_dogs(open_source(path), on_step=on_step)


def _first_readable(
    source: Source, keys: Sequence[str], wanted: int, findings: dict[str, Finding], on_step: OnStep | None
) -> list[str]:
    """The first files that can be read, as many as are wanted."""
    readable: list[str] = []
    rest = list(keys)
    while rest and len(readable) < wanted:
        tried, rest = rest[: wanted - len(readable)], rest[wanted - len(readable) :]
        found = inspect(source, tried, on_step=on_step)
        findings.update(found)
        readable += [key for key in tried if not found[key].problem]
    return readable
