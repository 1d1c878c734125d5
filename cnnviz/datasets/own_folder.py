"""Dataset from a folder or zip archive of one's own images."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from cnnviz.datasets.dataset import Dataset, OnStep
from cnnviz.datasets.files import dataset_of_files, files_of
from cnnviz.datasets.inspection import inspect
from cnnviz.datasets.layout import Layout, Parts, find_layout
from cnnviz.datasets.looking import Finding
from cnnviz.datasets.notes import note_files, shown
from cnnviz.datasets.sources import Source, open_source
from cnnviz.errors import DataError
from cnnviz.sentences import Sentence

LEAST_IMAGES = 5
"""Readable training images that each class needs, so that some can be held out."""

_LEFT_OUT = (Sentence("1 file is left out: {files}."), Sentence("{count:,} files are left out: {files}."))
_COPIES = (
    Sentence("1 file is left out because the same image is there already: {files}."),
    Sentence("{count:,} files are left out because the same image is there already: {files}."),
)
_OUTSIDE = (
    Sentence("1 file is outside the folders of the classes and left out: {files}."),
    Sentence("{count:,} files are outside the folders of the classes and left out: {files}."),
)


def open_folder(path: str | Path, *, seed: int = 0, on_step: OnStep | None = None) -> Dataset:
    """Open labeled images: one folder per class, or train, validation and test above these.

    Every file is looked at once, whatever its name; what cannot be read is left out and named in the
    notes. Of images with equal pixels one is kept, the test's before the others', so that no image
    is both learned and tested. Where there is no test folder, 20 % of each class are held out as test
    images; where there is no validation folder, 10 % of each class of what then remains.

    Args:
        path: A folder or a zip archive, which is not unpacked. Hidden files and links are left aside.
        seed: Chooses what is held out.
        on_step: Called with the files looked at and their number.

    Returns:
        The data set; its images are read from the files when they are asked for.

    Raises:
        DataError: If there is nothing to learn from, with the reason.

    Example:
        >>> open_folder("pets").class_names
        ('cats', 'dogs')
    """
    return folder_dataset(open_source(Path(path)), seed=seed, on_step=on_step)


def folder_dataset(source: Source, *, seed: int = 0, on_step: OnStep | None = None) -> Dataset:
    """Make a data set of what `open_folder` found at its path."""
    layout = find_layout(source)
    findings = inspect(source, files_of(layout.parts), on_step=on_step)
    parts, copies = _without_copies(layout, findings)
    problems = [finding.problem for finding in findings.values() if finding.problem]
    _check(source.name, layout, parts, problems)
    notes = (
        *note_files(*_LEFT_OUT, problems),
        *note_files(*_COPIES, copies),
        *note_files(*_OUTSIDE, list(map(shown, layout.outside))),
        *source.notes,
    )
    return dataset_of_files(
        source,
        parts,
        name=str(source.path.resolve()),
        title=shown(source.path.resolve().name),
        class_names=tuple(map(shown, layout.class_names)),
        findings=findings,
        notes=notes,
        seed=seed,
    )


def _without_copies(layout: Layout, findings: Mapping[str, Finding]) -> tuple[Parts, list[str]]:
    """Keep what can be read, each image once; and say which file is a copy of which."""
    first: dict[str, str] = {}
    copies: list[str] = []

    def is_kept(key: str) -> bool:
        finding = findings[key]
        if finding.problem:
            return False
        original = first.setdefault(finding.digest, key)
        if original != key:
            copies.append(f"{shown(key)} is {shown(original)}")
        return original == key

    ordered = sorted(layout.parts, key=("test", "validation", "train").index)
    return {part: tuple(list(filter(is_kept, keys)) for keys in layout.parts[part]) for part in ordered}, copies


def _check(name: str, layout: Layout, parts: Parts, problems: Sequence[str]) -> None:
    """Refuse a set in which a class has too few images."""
    if not files_of(parts):
        raise DataError(
            "None of the {count} files in {name} is an image that can be read: {problem}.",
            count=len(problems),
            name=name,
            problem=problems[0],
        )
    for part, classes in parts.items():
        least = LEAST_IMAGES if part == "train" else 1
        for class_name, keys in zip(layout.class_names, classes, strict=True):
            if len(keys) < least:
                raise DataError(
                    "Class {class_name!r} has {count} different images in {part} that can be read; "
                    "{least} are needed. Add images, or remove the folder.",
                    class_name=shown(class_name),
                    count=len(keys),
                    part=part,
                    least=least,
                )
