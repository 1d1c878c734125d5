"""Where does a run stand?"""

from __future__ import annotations

import json
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Literal, get_args

State = Literal["queued", "running", "stopping", "finished", "stopped", "failed", "interrupted"]
STATES: tuple[State, ...] = get_args(State)
ENDED: tuple[State, ...] = ("finished", "stopped", "failed", "interrupted")
RESUMABLE: tuple[State, ...] = ("stopped", "failed", "interrupted")

_MAX_BYTES = 2**20


@dataclass(frozen=True)
class Status:
    """What status.json holds.

    Attributes:
        state: One of `STATES`.
        reason: Why it failed or was stopped, one sentence; empty otherwise.
        doing: What it does just now, in words: reading pictures, training, testing.
        epoch: Epochs finished.
        epochs: Epochs planned.
        step: Batches done of the epoch that runs.
        steps: Batches an epoch has.
        seconds: Time spent in finished epochs.
        epoch_seconds: Time spent in the epoch that runs.
        first_seconds: Of it, that of the first batch; in the first epoch the network is compiled in it.
        metrics: Means over the batches of the epoch that runs.
        best: `epoch`, `monitor` and `value` of the best epoch so far; empty before the first.
        test: What the best weights reach on the test pictures: `loss`, `accuracy`, `confusion`; empty before.
        updated: When this was written, seconds since 1970.
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
        if path.stat().st_size > _MAX_BYTES:
            return None
        found = dict(json.loads(path.read_text(encoding="utf-8")))
        status = Status(**{part.name: found[part.name] for part in fields(Status) if part.name in found})
    except (OSError, ValueError, TypeError, RecursionError):
        return None
    return status if "state" in found and status.state in STATES else None
