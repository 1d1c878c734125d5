"""Turns for computing, taken by sessions in order; a slow one lets the others go on."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

_LONG_SECONDS = 0.5
_AT_ONCE = 2
_LOOK_SECONDS = 0.05


class Turns:
    """Turns in the order of asking, so that thirty sessions do not starve each other and the server answers.

    A turn that has lasted for `long` seconds no longer keeps the next one back: a slow network of one session costs
    the others a share of the processor, and not its whole time. At most `at_once` turns last at the same time.
    """

    def __init__(self, *, long: float = _LONG_SECONDS, at_once: int = _AT_ONCE) -> None:
        self._long, self._at_once = long, at_once
        self._changed = threading.Condition()
        self._waiting: deque[object] = deque()
        self._began: dict[object, float] = {}

    @contextmanager
    def take(self) -> Iterator[None]:
        """Wait for a turn, and end it when the block is left."""
        turn = object()
        with self._changed:
            self._waiting.append(turn)
            try:
                while self._waiting[0] is not turn or not self._is_free():
                    self._changed.wait(_LOOK_SECONDS)
                self._began[turn] = time.monotonic()
            finally:
                self._waiting.remove(turn)
        try:
            yield
        finally:
            with self._changed:
                del self._began[turn]
                self._changed.notify_all()

    def _is_free(self) -> bool:
        long_ago = time.monotonic() - self._long
        return len(self._began) < self._at_once and all(began <= long_ago for began in self._began.values())
