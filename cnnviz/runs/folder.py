"""Run folders: file names, listing, opening, and whether a run is alive."""

from __future__ import annotations

import errno
import json
import os
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from cnnviz.errors import RunError
from cnnviz.folders import read_bounded
from cnnviz.runs.history import History, read_history
from cnnviz.runs.status import Status, read_status
from cnnviz.sentences import Sentence

RECIPE, ENVIRONMENT, STATUS, HISTORY, LOG = (
    "recipe.json",
    "environment.json",
    "status.json",
    "history.csv",
    "train.log",
)
LOCK, STOP, CHECKPOINTS, SNAPSHOTS, TENSORBOARD = "lock", "stop", "checkpoints", "snapshots", "tensorboard"
BEST, LAST = "best.keras", "last.keras"
BEST_HEAD = "best-head.npz"  # among the checkpoints, until it is put together with its base

_SECONDS_TO_START = 60  # from the launch to the lock; a child that died earlier never took it
_SECONDS_OF_SILENCE = 120  # a trainer writes its status after every few batches
_MAX_RECIPE_BYTES = 2**18  # of every run at every look at the list
_MAX_ENVIRONMENT_BYTES = 4 * 2**20  # names of classes are in it
_MOST_COUNTED = 10**12
_KINDS: dict[str, type | tuple[type, ...]] = {
    **dict.fromkeys(("name", "data", "network", "series", "strategy"), str),
    **dict.fromkeys(("epochs", "batch_size"), int),
    "seed": (int, type(None)),
    "transfer": (dict, type(None)),
}


@dataclass(frozen=True)
class Run:
    """A run's folder, as it was when it was read.

    Attributes:
        path: The folder.
        recipe: What was asked for, as in recipe.json.
        status: Where it stands; a trainer that died without a word has state `interrupted`.
    """

    path: Path
    recipe: Mapping[str, Any]
    status: Status

    @property
    def name(self) -> str:
        """Name of the folder."""
        return self.path.name

    @cached_property
    def history(self) -> History:
        """Its epochs when they were first asked for."""
        return read_history(self.path / HISTORY)

    @property
    def environment(self) -> Mapping[str, Any]:
        """Versions, seed and data; empty before the trainer has begun."""
        found = _read_json(self.path / ENVIRONMENT, max_bytes=_MAX_ENVIRONMENT_BYTES) or {}
        return found if _is_environment(found) else {}

    @property
    def model(self) -> Path | None:
        """File with the weights of the best epoch so far; None before the first."""
        path = self.path / BEST
        return path if path.is_file() else None

    @property
    def has_loose_head(self) -> bool:
        """Whether its best epoch is kept without the base, as while it trains, or if its trainer was killed."""
        return (self.path / CHECKPOINTS / BEST_HEAD).is_file()


def runs_folder() -> Path:
    """Name the folder of all runs: `$CNNVIZ_RUNS_DIR`, or `runs` where the command was called."""
    return Path(os.environ.get("CNNVIZ_RUNS_DIR") or "runs")


def is_run(path: Path) -> bool:
    """Whether a folder is one of a run."""
    try:
        return (path / RECIPE).is_file()
    except (OSError, ValueError):  # a name that no folder can have
        return False


def open_run(path: str | Path) -> Run:
    """Read a run's folder.

    Raises:
        RunError: If it is none.
    """
    path = Path(path)
    recipe, status = _read_json(path / RECIPE, max_bytes=_MAX_RECIPE_BYTES), read_status(path / STATUS)
    if recipe is None or status is None or not _is_sound(recipe, _KINDS):
        raise RunError(
            "{name!r} is not a run: it has no {recipe} and {status}. `cnnviz runs` lists all.",
            name=path.name,
            recipe=RECIPE,
            status=STATUS,
        )
    if status.is_active and not is_alive(path):
        status = _after_death(path, status)
    return Run(path, recipe, status)


def list_runs(folder: Path | None = None) -> list[Run]:
    """Read all runs of a folder, the newest first; what is not a run is left out.

    A run whose files cannot be understood is listed as failed, with the reason.
    """
    found = []
    for recipe in (folder or runs_folder()).glob(f"*/{RECIPE}"):
        try:
            found.append((recipe.stat().st_mtime_ns, _open_or_explain(recipe.parent)))
        except OSError:  # gone meanwhile
            continue
    return [run for _, run in sorted(found, key=lambda pair: (pair[0], pair[1].name), reverse=True)]


def _open_or_explain(path: Path) -> Run:
    try:
        return open_run(path)
    except RunError:
        reason = Sentence("Its {recipe} or {status} cannot be understood. Delete it.", recipe=RECIPE, status=STATUS)
        return Run(path, {"name": path.name}, Status("failed", reason))


def trained_networks(folder: Path | None = None) -> list[str]:
    """Name the runs that have a model to open, the newest first; nothing else of them is read."""
    found = [(path.stat().st_mtime_ns, path.parent.name) for path in (folder or runs_folder()).glob(f"*/{BEST}")]
    return [name for _, name in sorted(found, reverse=True)]


def trained_run(name: str, folder: Path | None = None) -> Run | None:
    """Open the run of that name if it has a model to open; None if there is none, whatever the name is."""
    if name not in trained_networks(folder):
        return None
    try:
        return open_run((folder or runs_folder()) / name)
    except RunError:  # a model without a run around it
        return None


def is_alive(path: Path) -> bool:
    """Whether a trainer holds the run's lock."""
    try:
        return is_locked(path / LOCK)
    except PermissionError:  # somebody else's run: its status tells
        return time.time() - (path / STATUS).stat().st_mtime < _SECONDS_OF_SILENCE


def is_locked(lock: Path) -> bool:
    """Whether somebody holds a lock; looking does not take it, so that two who look do not see each other.

    Raises:
        PermissionError: If the file may not be read.
    """
    way = os.O_RDWR if sys.platform == "win32" else os.O_RDONLY | os.O_NONBLOCK
    try:
        descriptor = os.open(lock, way)
    except PermissionError:
        raise
    except OSError:  # nobody has taken it yet
        return False
    try:
        return not _is_free(descriptor)
    finally:
        os.close(descriptor)


def _is_free(descriptor: int) -> bool:
    """Whether a file's lock, as FileLock takes it, is free."""
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)  # there is no shared lock there
            msvcrt.locking(descriptor, msvcrt.LK_UNLCK, 1)
        else:
            import fcntl

            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError as error:
        return error.errno not in (errno.EACCES, errno.EAGAIN, errno.EDEADLK)
    return True


def _after_death(path: Path, status: Status) -> Status:
    """Read once more, since the trainer may have ended between two looks; else it was killed."""
    again = read_status(path / STATUS) or status
    is_starting = again.state == "queued" and 0 <= time.time() - again.updated < _SECONDS_TO_START
    if not again.is_active or is_starting:
        return again
    return replace(
        again,
        state="interrupted",
        reason=Sentence("The training process ended unexpectedly: it was killed, or the power failed."),
    )


def _is_sound(record: Mapping[str, Any], kinds: Mapping[str, type | tuple[type, ...]]) -> bool:
    """Whether what is there is of its kind: the file may have been written by anybody."""
    return all(isinstance(record[name], kind) for name, kind in kinds.items() if name in record)


def _is_environment(record: Mapping[str, Any]) -> bool:
    """Whether an environment is of the kinds that a trainer writes, as deep as it is read."""
    data = record.get("data", {})
    if not _is_sound(record, {"data": dict, "parameters": int, "trainable": int}):
        return False
    kinds = {"name": str, "fingerprint": str, "class_names": list, "pictures": dict}
    return (
        _is_sound(data, kinds)
        and all(isinstance(name, str) for name in data.get("class_names", ()))
        and all(isinstance(counts, list) for counts in data.get("pictures", {}).values())
        and all(_is_count(number) for counts in data.get("pictures", {}).values() for number in counts)
    )


def _is_count(number: object) -> bool:
    return isinstance(number, int) and 0 <= number <= _MOST_COUNTED


def _read_json(path: Path, *, max_bytes: int) -> dict[str, Any] | None:
    try:
        found = json.loads(read_bounded(path, max_bytes=max_bytes, follows_links=False))
    except (OSError, ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None
