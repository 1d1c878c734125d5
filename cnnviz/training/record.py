"""Record of a run in its folder, as its trainer writes it: lock, status and history."""

from __future__ import annotations

import contextlib
import csv
import io
import json
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from filelock import BaseFileLock, FileLock, Timeout

from cnnviz.errors import CancelledError, RunError
from cnnviz.folders import written_whole
from cnnviz.runs import Status, read_history
from cnnviz.runs import folder as names

_LOCK_SECONDS = 5


@contextlib.contextmanager
def folder_written(path: Path) -> Iterator[None]:
    """Say in a sentence that a run's folder cannot be written.

    Raises:
        RunError: Instead of an `OSError`.
    """
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        raise RunError("{name!r} cannot be written: {reason}.", name=path.name, reason=reason) from error


def hold(path: Path) -> BaseFileLock:
    """Take a run's lock, which is free again when it is released or this process ends, however it ends.

    Raises:
        RunError: If somebody else has it, or the folder cannot be written.
    """
    lock = FileLock(path / names.LOCK)
    with folder_written(path):
        try:
            lock.acquire(timeout=_LOCK_SECONDS)
        except Timeout as error:
            raise RunError("{name!r} is being trained already. Stop it first.", name=path.name) from error
    return lock


@dataclass
class Record:
    """What a trainer says of its run.

    Attributes:
        path: The run's folder.
        status: What status.json holds.
    """

    path: Path
    status: Status

    def tell(self, **changed: Any) -> None:
        """Change the status and write it."""
        self.status = replace(self.status, **changed, updated=time.time())
        write_json(self.path / names.STATUS, asdict(self.status))

    def is_asked_to_stop(self) -> bool:
        """Whether somebody wants it to stop."""
        return (self.path / names.STOP).exists()

    def require_no_stop(self) -> None:
        """Raise where somebody does.

        Raises:
            CancelledError: Then.
        """
        if self.is_asked_to_stop():
            raise CancelledError("Stopped.")


def write_json(path: Path, found: Mapping[str, Any]) -> None:
    """Write plain values as a whole file."""
    with written_whole(path) as part:
        part.write_text(json.dumps(found, indent=1), encoding="utf-8")


def append_epoch(path: Path, epoch: int, values: Mapping[str, float]) -> None:
    """Append an epoch to a history; it is on the disk when this returns."""
    is_new = not path.exists() or not path.stat().st_size
    with path.open("a", encoding="utf-8", newline="") as file:
        file.write(_rows([(epoch, values)], has_header=is_new))
        file.flush()
        os.fsync(file.fileno())


def cut_history(path: Path, epoch: int) -> None:
    """Drop the rows after an epoch, and one that was cut off, before the run goes on from there."""
    history = read_history(path)
    kept = [
        (int(number), {name: float(column[row]) for name, column in history.columns.items()})
        for row, number in enumerate(history.epochs)
        if number <= epoch
    ]
    with written_whole(path) as part:
        part.write_text(_rows(kept, has_header=True) if kept else "", encoding="utf-8")


def _rows(rows: Sequence[tuple[int, Mapping[str, float]]], *, has_header: bool) -> str:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    if has_header:
        writer.writerow(["epoch", *rows[0][1]])
    writer.writerows([[epoch, *(f"{value:.9g}" for value in values.values())] for epoch, values in rows])
    return text.getvalue()
