"""Datasets made of image files, with validation and test images held out where there are none."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from cnnviz.datasets.dataset import Dataset, Part, digest
from cnnviz.datasets.layout import PartName, Parts
from cnnviz.datasets.looking import Finding
from cnnviz.datasets.notes import note_balance, note_sizes
from cnnviz.datasets.sources import Source
from cnnviz.datasets.splitting import TEST_SHARE, VALIDATION_SHARE, hold_out


@dataclass(frozen=True, eq=False)
class FileImages:
    """Photos in files, read when they are asked for.

    Attributes:
        source: Where the files are.
        keys: Their paths in it.
        channels: 1 to read gray images as one channel.
    """

    source: Source
    keys: tuple[str, ...]
    channels: int

    def __getitem__(self, index: int, /) -> np.ndarray:
        return self.source.open_photo(self.keys[index]).pixels[..., : self.channels]

    def take(self, indices: np.ndarray, /) -> FileImages:
        """Choose some of them."""
        return FileImages(self.source, tuple(self.keys[index] for index in indices), self.channels)


def files_of(parts: Parts) -> list[str]:
    """All files of all parts."""
    return [key for classes in parts.values() for keys in classes for key in keys]


def dataset_of_files(
    source: Source,
    parts: Parts,
    *,
    name: str,
    title: str,
    class_names: tuple[str, ...],
    findings: Mapping[str, Finding],
    notes: tuple[str, ...],
    seed: int,
) -> Dataset:
    """Put a data set together; where it lacks a part, that is held out from the training images.

    Args:
        source: Where the files are.
        parts: Which of them belong to which part and class; all can be read.
        name: What opens it again.
        title: Its name for people.
        class_names: One name a class.
        findings: What was found out about each file.
        notes: What is known already; sizes and imbalance are added.
        seed: Chooses what is held out.
    """
    kept = [findings[key] for key in files_of(parts)]
    sizes = [finding.size for finding in kept]
    channels = 1 if all(finding.is_gray for finding in kept) else 3
    made = {part: _part(source, classes, channels) for part, classes in parts.items()}
    train = made["train"]
    held_out: tuple[tuple[PartName, float], ...] = (("test", TEST_SHARE), ("validation", VALIDATION_SHARE))
    for part, share in held_out:
        if part not in made:
            train, made[part] = hold_out(train, share=share, seed=seed)
    notes = (*notes, *note_sizes(sizes), *note_balance(train.counts, class_names))
    size = sizes[0] if len(set(sizes)) == 1 else None
    return Dataset(name, title, class_names, train, made["validation"], made["test"], channels, size, notes)


def _part(source: Source, classes: Sequence[Sequence[str]], channels: int) -> Part:
    keys = tuple(key for of_class in classes for key in of_class)
    labels = np.repeat(np.arange(len(classes)), [len(of_class) for of_class in classes])
    fingerprint = digest(json.dumps([source.fingerprint, keys, labels.tolist(), channels]).encode())
    return Part(FileImages(source, keys, channels), labels, len(classes), fingerprint)
