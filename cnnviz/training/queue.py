"""Whose turn is it? Runs of one folder train one after the other, in the order in which they were launched."""

from __future__ import annotations

import time
from contextlib import suppress
from pathlib import Path

from filelock import FileLock, Timeout

from cnnviz.runs import folder as names
from cnnviz.runs import list_runs
from cnnviz.training.record import Record

_LOOK_SECONDS = 0.5
_TURN = ".turn"


def wait_for_turn(record: Record) -> FileLock:
    """Wait until no other run of the folder trains and none that waits is older.

    Returns:
        The turn, held until it is released or this process ends.

    Raises:
        CancelledError: If somebody asks this run to stop meanwhile.
    """
    turn = FileLock(record.path.parent / _TURN)
    while True:
        record.require_no_stop()
        # While another trains there is nothing to look for among what may be a thousand runs.
        if not names.is_locked(Path(turn.lock_file)) and not _is_another_first(record.path):
            with suppress(Timeout):
                turn.acquire(timeout=0)
                return turn
        time.sleep(_LOOK_SECONDS)


def _is_another_first(path: Path) -> bool:
    waiting = [run.path for run in list_runs(path.parent) if run.status.state == "queued"]
    return any(_launched(other) < _launched(path) for other in waiting)


def _launched(path: Path) -> tuple[int, str]:
    return (path / names.RECIPE).stat().st_mtime_ns, path.name
