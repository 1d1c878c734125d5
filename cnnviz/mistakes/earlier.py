"""Reuse of an earlier evaluation for images that have not changed since."""

from __future__ import annotations

import hashlib
import os
import struct
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import fields
from pathlib import Path

import numpy as np

from cnnviz.datasets import Part
from cnnviz.datasets.files import FileImages
from cnnviz.mistakes.evaluation import Evaluation

_LENGTHS_OFFSET, _LENGTHS = 26, struct.Struct("<HH")  # of name and extra field, in a member's own header
ROWS = tuple(entry.name for entry in fields(Evaluation) if entry.type == "np.ndarray")
"""What an evaluation holds of each image."""


def versions(part: Part) -> tuple[str, ...] | None:
    """Tell each image's file and its state by a text; None for images that are in no files, or are gone.

    Of a folder, size and time of change count, and nothing is read; of an archive, what is stored of each file: the
    checksums in it are whatever its author wrote.
    """
    if not isinstance(part.images, FileImages):
        return None
    try:
        return tuple(_versions(part.images.source.path, part.images.keys))
    except (OSError, KeyError, struct.error, zipfile.BadZipFile):
        return None


def _versions(path: Path, keys: Sequence[str]) -> Iterator[str]:
    if path.is_dir():
        for key in keys:
            status = (path / key).stat()
            yield f"{key} {status.st_size} {status.st_mtime_ns}"
        return
    with zipfile.ZipFile(path) as archive, path.open("rb") as file:
        members = [archive.getinfo(key) for key in keys]
        if sum(member.compress_size for member in members) > path.stat().st_size:
            raise zipfile.BadZipFile("Its files overlap: reading them all would have no end.")
        for key, member in zip(keys, members, strict=True):
            file.seek(member.header_offset + _LENGTHS_OFFSET)
            file.seek(sum(_LENGTHS.unpack(file.read(_LENGTHS.size))), os.SEEK_CUR)
            stored = hashlib.sha256(file.read(member.compress_size)).hexdigest()
            yield f"{key} {member.file_size} {member.compress_type} {stored}"


def still_valid(
    earlier: Evaluation, known: Sequence[str], part: Part, current: Sequence[str]
) -> dict[str, np.ndarray] | None:
    """Choose the answers to images that are the same now, at their present places.

    Args:
        earlier: By the same model, to the same classes.
        known: Version of each of its rows.
        part: The images of now.
        current: Version of each of them.

    Returns:
        Arrays as in an `Evaluation`, by name; None where nothing holds.
    """
    places = {version: index for index, version in enumerate(current)}
    indices = np.array([places.get(version, -1) for version in known], np.int64)
    rows = np.flatnonzero(indices >= 0)
    rows = rows[part.labels[indices[rows]] == earlier.labels[rows]]
    if not len(rows):
        return None
    kept: dict[str, np.ndarray] = {name: getattr(earlier, name)[rows] for name in ROWS}
    return kept | {"indices": indices[rows]}
