"""Turns for computing: quick work one by one, in order; what takes long lets other models go on beside it."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

_LONG_SECONDS = 0.5
_AT_ONCE = 4
_LOOK_SECONDS = 0.05


@dataclass(eq=False)
class _Turn:
    model: str
    began: float = 0.0


class Turns:
    """Turns in the order of asking, so that thirty sessions do not starve each other and the server answers.

    A turn that has lasted for `long` seconds no longer keeps the others back: a slow model costs them a share of the
    processor, and not its whole time. A model has one turn at a time, however many sessions look at it; at most
    `at_once` turns last at the same time.
    """

    def __init__(self, *, long: float = _LONG_SECONDS, at_once: int = _AT_ONCE) -> None:
        self._long, self._at_once = long, at_once
        self._changed = threading.Condition()
        self._waiting: list[_Turn] = []
        self._running: list[_Turn] = []

    @contextmanager
    def take(self, model: str = "") -> Iterator[None]:
        """Wait for a turn, and end it when the block is left.

        Args:
            model: Fingerprint of the model that computes; empty for other work.
        """
        turn = _Turn(model)
        with self._changed:
            self._waiting.append(turn)
            try:
                while self._next() is not turn:
                    self._changed.wait(_LOOK_SECONDS)
                turn.began = time.monotonic()
                self._running.append(turn)
            finally:
                self._waiting.remove(turn)
        try:
            yield
        finally:
            with self._changed:
                self._running.remove(turn)
                self._changed.notify_all()

    def _next(self) -> _Turn | None:
        """The turn that may begin now, if any."""
        long_ago = time.monotonic() - self._long
        if len(self._running) >= self._at_once or any(turn.began > long_ago for turn in self._running):
            return None
        busy = {turn.model for turn in self._running} - {""}
        return next((turn for turn in self._waiting if turn.model not in busy), None)
