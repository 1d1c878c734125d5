"""How did a run go, epoch by epoch?"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np


@dataclass(frozen=True, eq=False)
class History:
    """The columns of history.csv.

    Attributes:
        epochs: `(rows,)` int, counted from 1.
        columns: Name to `(rows,)` float64: `loss`, `accuracy`, `val_loss`, `val_accuracy`, `learning_rate`,
            `seconds` (of the epoch) and what else the recipe measures; NaN where a row has none.
    """

    epochs: np.ndarray
    columns: dict[str, np.ndarray]

    def __len__(self) -> int:
        return len(self.epochs)


def read_history(path: Path) -> History:
    """Read a history; a row that is being written is left out, a file that is missing has no rows."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return History(np.zeros(0, int), {})
    whole = text[: text.rfind("\n") + 1]
    rows = [row for row in csv.DictReader(whole.splitlines()) if (row.get("epoch") or "").isdecimal()]
    names = [name for name in rows[0] if name and name != "epoch"] if rows else []
    epochs = np.array([int(row["epoch"]) for row in rows], int)
    return History(epochs, {name: np.array([_number(row[name]) for row in rows]) for name in names})


def _number(text: str | None) -> float:
    try:
        return float(text or "nan")
    except ValueError:
        return float("nan")
