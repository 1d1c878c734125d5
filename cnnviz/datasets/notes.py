"""Notes on a dataset before training: skipped files, image sizes, class imbalance."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cnnviz.sentences import Sentence

MOST_NAMED = 10
_IMBALANCE = 4
_LONGEST_NAME = 80


def shown(name: str) -> str:
    """Make a file's name printable and of bounded length."""
    printable = "".join(sign if sign.isprintable() else "?" for sign in name)
    return printable if len(printable) <= _LONGEST_NAME else f"{printable[:_LONGEST_NAME]}..."


def listed(items: Sequence[str], *, most: int = MOST_NAMED) -> str:
    """Join the first few items and count the rest."""
    rest, first = len(items) - most, ", ".join(items[:most])
    return Sentence("{first} and {rest:,} more", first=first, rest=rest) if rest > 0 else first


def note_files(one: str, many: str, items: Sequence[str]) -> tuple[str, ...]:
    """Name files that something happened to, by a template for one and a template for many: `2 files are ...: ...`."""
    if not items:
        return ()
    return (Sentence(one if len(items) == 1 else many, count=len(items), files=listed(items)),)


def note_sizes(sizes: Sequence[tuple[int, int]]) -> tuple[str, ...]:
    """Say that images have different sizes, and what is done about it."""
    if len(set(sizes)) == 1:
        return ()
    (least_rows, least_columns), (most_rows, most_columns) = np.min(sizes, axis=0), np.max(sizes, axis=0)
    return (
        Sentence(
            "The images have different sizes, {least_columns} to {most_columns} pixels wide and {least_rows} "
            "to {most_rows} high; each is cropped around its center and resized.",
            least_columns=least_columns,
            most_columns=most_columns,
            least_rows=least_rows,
            most_rows=most_rows,
        ),
    )


def note_balance(counts: np.ndarray, class_names: Sequence[str]) -> tuple[str, ...]:
    """Say that one class has far more training images than another, and how that can mislead."""
    most, least = int(np.argmax(counts)), int(np.argmin(counts))
    if counts[most] < _IMBALANCE * counts[least]:
        return ()
    share = counts[most] / counts.sum()
    return (
        Sentence(
            "Class {most!r} has {most_count:,} training images, class {least!r} only {least_count:,}: "
            "always predicting {most!r} is {share:.0%} accurate.",
            most=class_names[most],
            most_count=int(counts[most]),
            least=class_names[least],
            least_count=int(counts[least]),
            share=float(share),
        ),
    )
