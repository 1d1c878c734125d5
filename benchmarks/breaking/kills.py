"""Stress test: SIGKILL of trainers, of servers, and of whatever writes the cache and the runs."""

from __future__ import annotations

import os
import random
import signal
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks.breaking import killed_servers, trainers
from benchmarks.breaking.outcome import Outcome
from benchmarks.breaking.writers import WRITERS, broken_in_all, half_written, use_folder

_KILLS = 100
_NUMBERS = 300
_LONGEST = 0.25  # seconds; a writer's round takes about as long


def run(scale: float) -> Iterator[Outcome]:
    """Kill writers in a loop, then servers, then trainers."""
    yield _kill_writers(max(2, round(scale * _KILLS)))
    yield from killed_servers.run(max(2, round(scale * _KILLS)))
    yield from trainers.run(max(2, round(scale * _KILLS)))


def _kill_writers(kills: int) -> Outcome:
    outcome, rng = Outcome("SIGKILL of what writes cache and runs"), random.Random()
    with tempfile.TemporaryDirectory() as folder:
        use_folder(Path(folder))
        left = 0
        for _ in range(kills):
            _kill_a_writer(rng)
            outcome.count(broken_in_all())
            left = max(left, len(half_written(Path(folder))))
        _write_all(rng)  # and it goes on
        outcome.count(broken_in_all())
        outcome.note = f"at most {left} half-written files lay about"
    return outcome


def _kill_a_writer(rng: random.Random) -> None:
    numbers = random.Random(rng.random())
    process = in_child(lambda: _write_for_ever(numbers))
    time.sleep(rng.uniform(0, _LONGEST))
    os.kill(process, signal.SIGKILL)
    os.waitpid(process, 0)


def _write_for_ever(rng: random.Random) -> None:
    while True:
        _write_all(rng)


def _write_all(rng: random.Random) -> None:
    for name in rng.sample(sorted(WRITERS), len(WRITERS)):
        WRITERS[name].write(rng.randrange(_NUMBERS))


def in_child(act: Callable[[], object]) -> int:
    """Do something in a copy of this process, which ends with it; gives its number. It has no threads of ours."""
    process = os.fork()
    if process:
        return process
    try:
        act()
        os._exit(0)
    finally:
        os._exit(1)
