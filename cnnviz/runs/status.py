"""Status of a run, read from status.json."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Literal, get_args

from cnnviz.folders import read_bounded

State = Literal["queued", "running", "stopping", "finished", "stopped", "failed", "interrupted"]
STATES: tuple[State, ...] = get_args(State)
ENDED: tuple[State, ...] = ("finished", "stopped", "failed", "interrupted")
RESUMABLE: tuple[State, ...] = ("stopped", "failed", "interrupted")

_MAX_BYTES = 2**20
_MOST = 10**15


@dataclass(frozen=True)
class Status:
    """What status.json holds.

    Attributes:
        state: One of `STATES`.
        reason: Why it failed or was stopped, one sentence; empty otherwise.
        doing: What it does just now, in words: reading images, training, testing.
        epoch: Epochs finished.
        epochs: Epochs planned.
        step: Batches done of the epoch that runs.
        steps: Batches an epoch has.
        seconds: Time spent in finished epochs.
        epoch_seconds: Time spent in the epoch that runs.
        first_seconds: Of it, that of the first batch; in the first epoch the network is compiled in it.
        metrics: Means over the batches of the epoch that runs.
        best: `epoch`, `monitor` and `value` of the best epoch so far; empty before the first.
        test: What the best weights reach on the test images: `loss`, `accuracy`, `confusion`; empty before.
        updated: When this was written, seconds since 1970.
        pid: The process that trains it, by its number on its computer; 0 before the first.
    """

    state: State = "queued"
    reason: str = ""
    doing: str = ""
    epoch: int = 0
    epochs: int = 0
    step: int = 0
    steps: int = 0
    seconds: float = 0.0
    epoch_seconds: float = 0.0
    first_seconds: float = 0.0
    metrics: dict[str, float] = field(default_factory=dict)
    best: dict[str, Any] = field(default_factory=dict)
    test: dict[str, Any] = field(default_factory=dict)
    updated: float = 0.0
    pid: int = 0

    @property
    def is_active(self) -> bool:
        """Whether it waits or runs."""
        return self.state not in ENDED

    @property
    def seconds_left(self) -> float | None:
        """Guess from finished epochs, or from the first batches; None before those."""
        if not self.is_active:
            return None
        if self.epoch:
            return max(0.0, self.seconds / self.epoch * (self.epochs - self.epoch) - self.epoch_seconds)
        if self.step < 2 or not self.steps:
            return None
        a_step = (self.epoch_seconds - self.first_seconds) / (self.step - 1)
        return a_step * (self.steps * self.epochs - self.step)


def read_status(path: Path) -> Status | None:
    """Read a status; None if there is none that can be understood."""
    try:
        found = dict(json.loads(read_bounded(path, max_bytes=_MAX_BYTES, follows_links=False)))
        status = Status(**{part.name: found[part.name] for part in fields(Status) if part.name in found})
    except (OSError, ValueError, TypeError, RecursionError):
        return None
    return status if "state" in found and _is_sound(status) else None


def _is_sound(status: Status) -> bool:
    """Whether every value is of its kind: the file may have been written by anybody."""
    numbers = (status.seconds, status.epoch_seconds, status.first_seconds, status.updated)
    counts = (status.epoch, status.epochs, status.step, status.steps, status.pid)
    texts = (status.state, status.reason, status.doing)
    return (
        all(isinstance(text, str) for text in texts)
        and status.state in STATES
        and all(_is_number(number) for number in numbers)
        and all(_is_count(count) for count in counts)
        and isinstance(status.metrics, dict)
        and all(_is_figure(value) for value in status.metrics.values())
        and _holds(status.best, {"epoch": _is_count, "monitor": _is_text, "value": _is_figure})
        and _holds(status.test, {"pictures": _is_count, "accuracy": _is_number})
    )


def _holds(values: object, kinds: Mapping[str, Callable[[object], bool]]) -> bool:
    """Whether it is an empty record, or one with a value of its kind under each name."""
    return isinstance(values, dict) and (not values or all(is_one(values.get(name)) for name, is_one in kinds.items()))


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_number(value: object) -> bool:
    return _is_figure(value) and value is not None and math.isfinite(value)  # type: ignore[arg-type]  # a number


def _is_figure(value: object) -> bool:
    """A number, or what stands for one that is none."""
    return value is None or isinstance(value, float) or _is_whole(value)


def _is_count(value: object) -> bool:
    return _is_whole(value) and value >= 0  # type: ignore[operator]  # a number


def _is_whole(value: object) -> bool:
    """A whole number that is not absurd: no float holds 400 digits."""
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) <= _MOST
