"""Remarks on learning curves: accuracy at chance, overfitting, rising loss beside rising accuracy."""

from __future__ import annotations

from typing import Literal

import numpy as np

from cnnviz.runs.history import History

Remark = Literal["surer where wrong", "by heart", "at chance"]

_GAP = 0.1  # of training above validation accuracy; less is often chance, with a few hundred images
_KNOWN = 0.5  # of the way from guessing to always right
_EPOCHS_AT_CHANCE = 3
_NEAR_CHANCE = 0.1  # of the way from guessing to always right
_TIMES_CHANCE = 1.5  # with many classes a tenth of that way is many times better than guessing


def remarks(history: History, *, chance: float) -> tuple[Remark, ...]:
    """Find what has to be said of a run's curves.

    Args:
        history: Its epochs so far.
        chance: Accuracy of the best guess without looking: the largest class's share of the images.

    Returns:
        Those of these that hold, in this order:
        `at chance`: after three epochs it is still about as good as guessing, also on the training images;
        `surer where wrong`: since the best epoch validation loss rose, and yet validation accuracy improved;
        `by heart`: it knows most of the images that it learns from, and is far better on them than on others, by ten
            percentage points or more.
    """
    needed = ("accuracy", "val_accuracy", "val_loss")
    if not len(history) or not all(name in history.columns for name in needed):
        return ()
    found: dict[Remark, bool] = {
        "at chance": _is_at_chance(history, chance),
        "surer where wrong": _is_surer_where_wrong(history),
        "by heart": _is_by_heart(history, chance),
    }
    return tuple(name for name, holds in found.items() if holds)


def _is_by_heart(history: History, chance: float) -> bool:
    trained, validated = history.columns["accuracy"][-1], history.columns["val_accuracy"][-1]
    return bool(trained >= chance + _KNOWN * (1 - chance) and trained - validated >= _GAP)


def _is_at_chance(history: History, chance: float) -> bool:
    reached = np.nanmax([history.columns["accuracy"], history.columns["val_accuracy"]], initial=0.0)
    bound = min(chance + _NEAR_CHANCE * (1 - chance), _TIMES_CHANCE * chance)
    return len(history) >= _EPOCHS_AT_CHANCE and bool(reached < bound)


def _is_surer_where_wrong(history: History) -> bool:
    best = history.over_fits_from
    if best is None:
        return False
    accuracy = history.columns["val_accuracy"]
    return bool(np.nanmax(accuracy[history.epochs > best], initial=0.0) > accuracy[history.epochs == best][0])
