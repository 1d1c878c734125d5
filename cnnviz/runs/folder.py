"""Which runs are there, and which of them is alive?"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from cnnviz.errors import RunError
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
_MAX_BYTES = 4 * 2**20


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

    @property
    def history(self) -> History:
        """Its epochs so far."""
        return read_history(self.path / HISTORY)

    @property
    def environment(self) -> Mapping[str, Any]:
        """Versions, seed and data; empty before the trainer has begun."""
        return _read_json(self.path / ENVIRONMENT) or {}

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
    recipe, status = _read_json(path / RECIPE), read_status(path / STATUS)
    if recipe is None or status is None:
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
    """Read all runs of a folder, the newest first; what is not a run is left out."""
    found = []
    for recipe in (folder or runs_folder()).glob(f"*/{RECIPE}"):
        try:
            found.append((recipe.stat().st_mtime_ns, open_run(recipe.parent)))
        except (RunError, OSError):
            continue
    return [run for _, run in sorted(found, key=lambda pair: (pair[0], pair[1].name), reverse=True)]


def trained_networks(folder: Path | None = None) -> list[str]:
    """Name the runs that have a network to open, the newest first; nothing else of them is read."""
    found = [(path.stat().st_mtime_ns, path.parent.name) for path in (folder or runs_folder()).glob(f"*/{BEST}")]
    return [name for _, name in sorted(found, reverse=True)]


def trained_run(name: str, folder: Path | None = None) -> Run | None:
    """Open the run of that name if it has a network to open; None if there is none, whatever the name is."""
    if name not in trained_networks(folder):
        return None
    try:
        return open_run((folder or runs_folder()) / name)
    except RunError:  # a network without a run around it
        return None


def is_alive(path: Path) -> bool:
    """Whether a trainer holds the run's lock."""
    lock = path / LOCK
    if not lock.exists():
        return False
    try:
        with FileLock(lock, timeout=0):
            return False
    except Timeout:
        return True
    except OSError:
        return False  # a folder that cannot be written has no trainer


def _after_death(path: Path, status: Status) -> Status:
    """Read once more, since the trainer may have ended between two looks; else it was killed."""
    again = read_status(path / STATUS) or status
    is_starting = again.state == "queued" and time.time() - again.updated < _SECONDS_TO_START
    if not again.is_active or is_starting:
        return again
    return replace(
        again, state="interrupted", reason=Sentence("The trainer ended without a word: killed, or the power failed.")
    )


def _read_json(path: Path) -> dict[str, Any] | None:
    try:
        if path.stat().st_size > _MAX_BYTES:
            return None
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None
