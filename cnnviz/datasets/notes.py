"""What must a person be told about their pictures before they train on them?"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

MOST_NAMED = 10
_IMBALANCE = 4
_LONGEST_NAME = 80


def shown(name: str) -> str:
    """Make a file's name printable and of bounded length."""
    printable = "".join(sign if sign.isprintable() else "?" for sign in name)
    return printable if len(printable) <= _LONGEST_NAME else f"{printable[:_LONGEST_NAME]}..."


def listed(items: Sequence[str], *, most: int = MOST_NAMED) -> str:
    """Join the first few items and count the rest."""
    rest = len(items) - most
    return ", ".join(items[:most]) + (f" and {rest:,} more" if rest > 0 else "")


def note_files(what: str, items: Sequence[str]) -> tuple[str, ...]:
    """Name files that something happened to: `2 files are left out: ...`."""
    if not items:
        return ()
    return (f"{'1 file is' if len(items) == 1 else f'{len(items):,} files are'} {what}: {listed(items)}.",)


def note_sizes(sizes: Sequence[tuple[int, int]]) -> tuple[str, ...]:
    """Say that pictures have different sizes, and what is done about it."""
    if len(set(sizes)) == 1:
        return ()
    (least_rows, least_columns), (most_rows, most_columns) = np.min(sizes, axis=0), np.max(sizes, axis=0)
    return (
        f"The pictures have different sizes, {least_columns} to {most_columns} pixels wide and {least_rows} to "
        f"{most_rows} high; each is cropped around its centre and resized.",
    )


def note_balance(counts: np.ndarray, class_names: Sequence[str]) -> tuple[str, ...]:
    """Say that one class has far more training pictures than another, and how that can mislead."""
    most, least = int(np.argmax(counts)), int(np.argmin(counts))
    if counts[most] < _IMBALANCE * counts[least]:
        return ()
    share = counts[most] / counts.sum()
    return (
        f"Class {class_names[most]!r} has {counts[most]:,} training pictures, class {class_names[least]!r} only "
        f"{counts[least]:,}: always answering {class_names[most]!r} is right in {share:.0%} of them.",
    )
