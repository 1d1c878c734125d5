"""Queue of training runs: one at a time in each folder, in order, with bounded length."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from cnnviz.errors import RunError
from cnnviz.runs import folder as names
from cnnviz.runs import list_runs
from cnnviz.training.record import Record, folder_written

_LOOK_SECONDS = 0.5
_TURN, _LAUNCH = ".turn", ".launch"
_LAUNCH_SECONDS = 10
_MOST = "CNNVIZ_MAX_RUNS"
_MOST_UNFINISHED = "8"  # one that trains and the largest series behind it; each has TensorFlow in memory


@contextmanager
def room_for(count: int, folder: Path) -> Iterator[None]:
    """Add runs to the queue inside, when it has room for all of them; nobody else adds any meanwhile.

    Args:
        count: How many are made or reopened.
        folder: Folder of all runs; it exists.

    Raises:
        RunError: If more than `$CNNVIZ_MAX_RUNS` would be unfinished.
        OSError: If the folder cannot be written.
    """
    with FileLock(folder / _LAUNCH, timeout=_LAUNCH_SECONDS):
        unfinished = sum(run.status.is_active for run in list_runs(folder))
        if unfinished + count > (most := _most_unfinished()):
            raise RunError(
                "There would be {count} unfinished runs in {folder!r}, and there may be {most}. Wait for some to end, "
                "stop some, or set {variable}.",
                count=unfinished + count,
                folder=str(folder),
                most=most,
                variable=_MOST,
            )
        yield


def _most_unfinished() -> int:
    said = os.environ.get(_MOST) or _MOST_UNFINISHED
    if not said.isdecimal() or not int(said):
        raise RunError("{variable} is {value!r}. Set a whole number of at least 1.", variable=_MOST, value=said)
    return int(said)


def wait_for_turn(record: Record) -> FileLock:
    """Wait until no other run of the folder trains and none that waits is older.

    Returns:
        The turn, held until it is released or this process ends.

    Raises:
        CancelledError: If somebody asks this run to stop meanwhile.
        RunError: If the folder of all runs cannot be written.
    """
    turn = FileLock(record.path.parent / _TURN)
    while True:
        record.require_no_stop()
        # While another trains there is nothing to look for among what may be a thousand runs.
        with folder_written(record.path.parent), suppress(Timeout):
            if not names.is_locked(Path(turn.lock_file)) and not _is_another_first(record.path):
                turn.acquire(timeout=0)
                return turn
        time.sleep(_LOOK_SECONDS)


def _is_another_first(path: Path) -> bool:
    waiting = [run.name for run in list_runs(path.parent) if run.status.state == "queued"]  # the newest first
    return bool(waiting) and waiting[-1] != path.name
