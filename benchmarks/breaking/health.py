"""Response times of a server's health check, polled several times a second from a thread of its own."""

from __future__ import annotations

import contextlib
import threading
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field

_PAUSE, _PATIENCE = 0.1, 20.0


@dataclass
class Health:
    """Seconds that each question took; infinite where there was no answer."""

    seconds: list[float] = field(default_factory=list)

    @property
    def worst(self) -> float:
        """The longest."""
        return max(self.seconds, default=float("inf"))

    def ask(self, url: str) -> None:
        """Ask once."""
        start = time.perf_counter()
        try:
            answer = urllib.request.urlopen(f"{url}/_stcore/health", timeout=_PATIENCE).read()
        except OSError:
            answer = b""
        self.seconds.append(time.perf_counter() - start if answer == b"ok" else float("inf"))


@contextlib.contextmanager
def watched(url: str) -> Iterator[Health]:
    """Ask again and again while something else goes on."""
    health, over = Health(), threading.Event()

    def ask() -> None:
        while not over.wait(_PAUSE):
            health.ask(url)

    thread = threading.Thread(target=ask)
    thread.start()
    try:
        yield health
    finally:
        over.set()
        thread.join()
