"""Series of runs that differ in one choice, to compare recipes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cnnviz.errors import RunError
from cnnviz.runs import Run
from cnnviz.sentences import Sentence
from cnnviz.training.launch import create_runs
from cnnviz.training.recipe import OPTIMIZERS, Recipe, edited
from cnnviz.training.recipes import RECIPES
from cnnviz.training.record import hold
from cnnviz.training.trainer import carry_out, refresh

if TYPE_CHECKING:
    from cnnviz.training.callbacks import OnEpoch

OnBegin = Callable[[Path], None]

_LENET = replace(RECIPES["lenet5"].recipe, patience=None)
# The usual rates of these two are hundredfold below their papers', and their curves would tell of that only.
_RATES = {"adadelta": 1.0, "adagrad": 0.01}
_LADDER_SIDE = 96  # pixels; at 224 fine-tuning a few thousand photos takes hours without a GPU
_LADDER_EPOCHS = {"scratch": 20, "scratch-augmented": 30, "feature-extraction": 20, "fine-tuning": 10}
_REGULARISATIONS: dict[str, dict[str, Any]] = {
    "none": {},
    "early-stopping": {"patience": 3},
    "l1": {"l1": 1e-4},
    "l2": {"l2": 1e-3},
    "dropout": {"dropout": 0.5},
    "batch-norm": {"has_batch_norm": True},
}


@dataclass(frozen=True)
class Series:
    """Runs on the same data, with the same seed and so the same split, that differ in one choice.

    Attributes:
        recipes: In the order in which they are trained.
        title: Its name for people.
        summary: What it shows.
    """

    recipes: tuple[Recipe, ...]
    title: str
    summary: str


def _optimizers() -> tuple[Recipe, ...]:
    return tuple(replace(_LENET, optimizer=name, learning_rate=_RATES.get(name)) for name in OPTIMIZERS)


def _named(series: str, recipes: Mapping[str, Recipe]) -> tuple[Recipe, ...]:
    return tuple(replace(recipe, name=f"{series}-{name}", series=series) for name, recipe in recipes.items())


SERIES: dict[str, Series] = {
    "optimizers": Series(
        _named("optimizers", dict(zip(OPTIMIZERS, _optimizers(), strict=True))),
        Sentence("Seven optimizers"),
        Sentence(
            "LeNet-5 on the same digits from the same initial weights; only the optimizer and its learning rate differ."
        ),
    ),
    "regularization": Series(
        _named(
            "regularization",
            {name: replace(_LENET, epochs=20, **changes) for name, changes in _REGULARISATIONS.items()},
        ),
        Sentence("Regularization"),
        Sentence("LeNet-5 trained long enough to overfit, without regularization and with five kinds of it."),
    ),
    "ladder": Series(
        _named(
            "ladder",
            {
                name: replace(RECIPES[name].recipe, size=_LADDER_SIDE, epochs=epochs)
                for name, epochs in _LADDER_EPOCHS.items()
            },
        ),
        Sentence("From scratch to fine-tuning"),
        Sentence("From scratch, with augmentation, feature extraction, fine-tuning: what works best on these photos?"),
    ),
}


def series_recipes(
    name: str, *, data: str | None = None, changes: Mapping[str, Any] | None = None
) -> tuple[Recipe, ...]:
    """Make the recipes of a series.

    Args:
        name: A name of `SERIES`.
        data: Name of a data set, or path of a folder or .zip; the series' own if not given.
        changes: Settings that are the same in all of them, as `edited` takes them. What the series compares stays,
            unless it is named here; a setting of `transfer` changes those that have one.

    Raises:
        RunError: If there is no such series or setting.
    """
    if name not in SERIES:
        raise RunError("There is no series {name!r}. There are: {known}.", name=name, known=", ".join(SERIES))
    wanted = dict(changes or {}) | ({"data": data} if data is not None else {})
    return tuple(edited(recipe, _fitting(recipe, wanted)) for recipe in SERIES[name].recipes)


def _fitting(recipe: Recipe, changes: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: value
        for name, value in changes.items()
        if recipe.transfer is not None or not name.startswith("transfer.")
    }


def create_series(
    name: str, *, data: str | None = None, folder: Path | None = None, changes: Mapping[str, Any] | None = None
) -> tuple[Path, ...]:
    """Make a folder for each run of a series, queued in its order; `launch` each, or `carry_out` one by one.

    Args:
        name: A name of `SERIES`.
        data: As in `series_recipes`.
        folder: Folder of all runs; `runs_folder()` if not given.
        changes: As in `series_recipes`.

    Raises:
        RunError: If there is no such series or setting, the folder cannot be written, or too many of its runs are
            unfinished.
    """
    return create_runs(series_recipes(name, data=data, changes=changes), folder=folder)


def carry_out_in_turn(
    paths: Sequence[Path], *, on_begin: OnBegin | None = None, on_epoch: OnEpoch | None = None
) -> Iterator[Run]:
    """Train runs one after the other in this process.

    Those that wait are held meanwhile, so that nobody takes them for dead; those that never began, because the caller
    goes no further, end as stopped.

    Args:
        paths: Their folders, queued.
        on_begin: Told the folder of each that begins.
        on_epoch: Told after each epoch, as by `carry_out`.

    Yields:
        Each run as it ended.

    Raises:
        RunError: If one of them is being trained already.
    """
    waiting = {path: hold(path) for path in paths}
    try:
        for path in paths:
            refresh(path)  # between the two locks it is known by its time
            waiting.pop(path).release()
            if on_begin:
                on_begin(path)
            yield carry_out(path, on_epoch=on_epoch)
    finally:
        for path, lock in waiting.items():
            refresh(path, state="stopped", reason=Sentence("Stopped before it started."))
            lock.release()
