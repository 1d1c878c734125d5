"""History of a run: metrics epoch by epoch, read from history.csv."""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from itertools import islice, zip_longest
from pathlib import Path

import numpy as np

from cnnviz.folders import read_bounded
from cnnviz.sentences import one_line

_SEEN_EPOCHS = 2
MOST_EPOCHS = 10_000
"""Most that a run has, and most rows that are read of a history: curves of more are slow to draw and show no more."""
_MAX_BYTES = 8 * 2**20
_PROMISED = ("loss", "accuracy", "val_loss", "val_accuracy", "seconds")
_EPOCH = re.compile(r"[1-9][0-9]{0,8}")
_BOUNDS = {"accuracy": (0, 1 + 1e-6), "learning_rate": (0, np.inf), "seconds": (0, np.inf)}  # by a name's ending


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

    __repr__ = one_line

    def __len__(self) -> int:
        return len(self.epochs)

    @property
    def best_epoch(self) -> int | None:
        """Epoch of the smallest `val_loss`; None where there is none."""
        losses = self.columns.get("val_loss", np.zeros(0))
        return int(self.epochs[np.nanargmin(losses)]) if np.isfinite(losses).any() else None

    @property
    def over_fits_from(self) -> int | None:
        """Epoch after which it learned by heart: `val_loss` was never as small again, while `loss` went on falling.

        None where that has not been seen for two epochs at least. Accuracy may still rise meanwhile: the model gets
        more right, and is surer where it is wrong.
        """
        best = self.best_epoch
        if best is None or self.epochs[-1] < best + _SEEN_EPOCHS:
            return None
        losses = self.columns["loss"]
        return best if losses[-1] < losses[self.epochs == best][0] else None


def read_history(path: Path) -> History:
    """Read a history.

    A row that is being written is left out, one that is out of the order of the epochs, and what is beyond
    `MOST_EPOCHS`; a file that is missing, or is no table, has no rows. What no epoch can give, such as an accuracy
    above 1, is NaN; so is a column that lacks.
    """
    try:
        text = read_bounded(path, max_bytes=_MAX_BYTES, follows_links=False).decode()
        whole = text[: text.rfind("\n") + 1]
        rows_told = islice(csv.DictReader(whole.splitlines()), MOST_EPOCHS)
        told = [row for row in rows_told if _EPOCH.fullmatch(row.get("epoch") or "")]
    except (OSError, UnicodeDecodeError, csv.Error):
        return History(np.zeros(0, int), {})
    rows = _in_order(told)
    names = [name for name in dict.fromkeys((*rows[0], *_PROMISED)) if name and name != "epoch"] if rows else []
    epochs = np.array([int(row["epoch"]) for row in rows], int)
    return History(epochs, {name: np.array([_number(name, row.get(name)) for row in rows], float) for name in names})


def _in_order(rows: list[dict[str, str]]) -> list[dict[str, str]]:
    """Leave out a row that the next one contradicts, so that one damaged number takes no others with it."""
    kept, last = [], 0
    for row, following in zip_longest(rows, rows[1:]):
        epoch = int(row["epoch"])
        if last < epoch and (following is None or epoch < int(following["epoch"])):
            kept.append(row)
            last = epoch
    return kept


def _number(name: str, text: str | None) -> float:
    try:
        value = float(text or "nan")
    except ValueError:
        return float("nan")
    low, high = next((bounds for ending, bounds in _BOUNDS.items() if name.endswith(ending)), (-np.inf, np.inf))
    return value if low <= value <= high else float("nan")
