"""Keras callbacks of a run: progress, checkpoints, learning-rate schedule, early stopping, TensorBoard."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np

from cnnviz.errors import CancelledError, RunError
from cnnviz.runs import folder as names
from cnnviz.training import checkpoint, weights
from cnnviz.training.checkpoint import Checkpoint
from cnnviz.training.plan import Plan
from cnnviz.training.recipe import Recipe
from cnnviz.training.record import Record, append_epoch
from cnnviz.training.strategies import Sharing

MONITOR = "val_loss"
"""What is small in the best epoch: smoother than accuracy, and what over-fitting raises first."""

_TELL_SECONDS = 0.5

_ALONE = Sharing()

OnEpoch = Callable[[int, Mapping[str, float]], None]


class Reporter(keras.callbacks.Callback):
    """Says how far the epoch is; ends the run when somebody asks, or when its loss is no number any more.

    Workers ask each other at the same steps, about twice a second, so that all of them end at the same one.
    """

    def __init__(self, record: Record, sharing: Sharing = _ALONE) -> None:
        super().__init__()
        self.record, self.sharing = record, sharing
        self._told = self._began = self._asked = self._first = 0.0
        self._steps, self._until_asking = 0, 1

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        """Look whether to go on at all; epochs may be shorter than the time between two looks."""
        self._stop_if_asked()
        self._began = time.monotonic()
        self.record.tell(step=0, epoch_seconds=0.0)

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        """Twice a second, look whether to go on, and tell."""
        self._steps += 1
        if self._steps >= self._until_asking:
            self._stop_if_asked()
        now = time.monotonic()
        if batch == 0:
            self._first = now - self._began
        if now - self._told < _TELL_SECONDS:
            return
        self._told = now
        metrics = {name: float(value) for name, value in (logs or {}).items()}
        _require_finite(metrics, epoch=self.record.status.epoch + 1)
        self.record.tell(step=batch + 1, metrics=metrics, epoch_seconds=now - self._began, first_seconds=self._first)

    def _stop_if_asked(self) -> None:
        now = time.monotonic()
        patience = max(1, round(self._steps * _TELL_SECONDS / max(1e-3, now - self._asked)))
        is_asked = self.record.is_asked_to_stop()
        is_over, self._until_asking = self.sharing.hear(is_asked=is_asked, patience=patience)
        self._asked, self._steps = time.monotonic(), 0
        if is_over:
            raise CancelledError("Stopped.")


class Keeper(keras.callbacks.Callback):
    """Keeps what an epoch brought; the last of the callbacks, so that it sees what the others decided.

    The order makes a kill harmless at any moment: best weights, row, and then the checkpoint, from which a resume cuts
    the history back and trains the epoch again.
    """

    def __init__(
        self, plan: Plan, recipe: Recipe, record: Record, *, phase: int, others: Sequence[keras.callbacks.Callback],
        resumed: Checkpoint | None, on_epoch: OnEpoch | None,
    ) -> None:  # fmt: skip
        super().__init__()
        self.plan, self.recipe, self.record = plan, recipe, record
        self.phase, self.others, self.resumed, self.on_epoch = phase, others, resumed, on_epoch
        self._began = 0.0

    def on_train_begin(self, logs: Any = None) -> None:
        """Give the other callbacks back what they had counted, which they have just forgotten."""
        for other, kept in zip(self.others, self.resumed.notes["callbacks"] if self.resumed else (), strict=False):
            vars(other).update(kept)

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        """Look at the clock."""
        self._began = time.monotonic()

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Write everything down."""
        number = epoch + 1
        values = {name: float(value) for name, value in (logs or {}).items()}
        _require_finite(values, epoch=number)
        seconds = time.monotonic() - self._began
        rate = float(np.asarray(self.model.optimizer.learning_rate))  # of a strategy's variable `float` knows nothing
        values |= {"learning_rate": rate, "phase": self.phase, "seconds": seconds}
        best = self._keep_best(number, values[MONITOR])
        append_epoch(self.record.path / names.HISTORY, number, values)
        weights.keep_snapshot(self.plan, self.recipe, self.record.path, number)
        self._keep_checkpoint(number, best)
        self.record.tell(
            epoch=number, step=0, epoch_seconds=0.0, best=best, seconds=self.record.status.seconds + seconds
        )
        if self.on_epoch:
            self.on_epoch(number, values)

    def _keep_best(self, epoch: int, value: float) -> dict[str, Any]:
        best = self.record.status.best
        if best and value >= best["value"]:
            return best
        weights.keep_best(self.plan, self.record.path, epoch)
        return {"epoch": epoch, "monitor": MONITOR, "value": value}

    def _keep_checkpoint(self, epoch: int, best: Mapping[str, Any]) -> None:
        variables = [*self.plan.variables(), *self.model.optimizer.variables]
        is_over = self.model.stop_training or epoch >= self.plan.phases[self.phase].last_epoch
        notes = {
            "best": best,
            "seconds": self.record.status.seconds,
            "callbacks": [_plain_state(other) for other in self.others],
        }
        arrays = tuple(np.asarray(variable) for variable in variables)
        checkpoint.save(
            self.record.path / names.CHECKPOINTS, Checkpoint(epoch, self.phase, bool(is_over), notes, arrays)
        )


def deciding(recipe: Recipe) -> list[keras.callbacks.Callback]:
    """Make the callbacks that change how a run goes on."""
    made: list[keras.callbacks.Callback] = []
    if recipe.schedule == "plateau":
        made.append(keras.callbacks.ReduceLROnPlateau(MONITOR, factor=0.2, patience=2))
    if recipe.schedule == "exponential":
        made.append(keras.callbacks.LearningRateScheduler(lambda epoch, rate: rate * 0.9 if epoch else rate))
    if recipe.patience:
        made.append(keras.callbacks.EarlyStopping(MONITOR, patience=recipe.patience))
    return made


def tensorboard(recipe: Recipe, run: Path) -> list[keras.callbacks.Callback]:
    """Make the callback that writes for TensorBoard, if the recipe wants it."""
    folder = run / names.TENSORBOARD
    return [keras.callbacks.TensorBoard(folder, write_graph=False)] if recipe.has_tensorboard else []


def _require_finite(metrics: Mapping[str, float], *, epoch: int) -> None:
    if not all(map(math.isfinite, metrics.values())):
        raise RunError(
            "The loss became {loss} in epoch {epoch}. Try a lower learning rate, or clip the gradients.",
            loss=metrics.get("loss", math.nan),
            epoch=epoch,
        )


def _plain_state(other: keras.callbacks.Callback) -> dict[str, Any]:
    """What a callback counts: its plain numbers."""
    return {name: value for name, value in vars(other).items() if isinstance(value, bool | int | float | None)}
