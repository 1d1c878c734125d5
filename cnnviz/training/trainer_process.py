"""Trainer process of a launched run: its command, whether it responds, and how it is killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from cnnviz.errors import RunError
from cnnviz.runs import Run, open_run
from cnnviz.runs import folder as names
from cnnviz.sentences import Sentence
from cnnviz.training.record import Record, hold

SECONDS_TO_ANSWER = 20
"""A trainer looks about twice a second whether to stop; it is silent for longer while it compiles or reads images."""

_LISTING_SECONDS = 10
_KILL = signal.SIGTERM if sys.platform == "win32" else signal.SIGKILL  # Windows ends a process at once by either


def words_of(path: Path) -> list[str]:
    """Give the command that trains a run, and nothing else, in a process of its own."""
    return [sys.executable, "-m", "cnnviz", "train", "--run", str(path.resolve())]


def is_deaf(run: Run) -> bool:
    """Whether a run was asked to stop, and its trainer has shown no sign of life for as long as it may take."""
    try:
        asked = (run.path / names.STOP).stat().st_mtime
    except OSError:  # nobody asked
        return False
    now = time.time()
    last_sign = max((sign for sign in (asked, run.status.updated) if sign <= now), default=now)
    return run.status.is_active and run.status.pid > 0 and now - last_sign > SECONDS_TO_ANSWER


def kill(run: Run) -> None:
    """Kill the trainer of a run; the run is interrupted then, and can be resumed.

    Raises:
        RunError: If its process does not train this run and nothing else, or cannot be killed.
    """
    pid = run.status.pid
    if not _trains(pid, run.path):  # the number may have gone to a stranger, or belong to another computer
        raise RunError(
            "The trainer of {name!r} does not answer, and process {pid} was not launched for it alone. End it where "
            "it was started.",
            name=run.name,
            pid=pid,
        )
    try:
        os.kill(pid, _KILL)
    except OSError as error:
        reason = error.strerror or str(error)
        raise RunError(
            "The trainer of {name!r}, process {pid}, cannot be killed: {reason}.",
            name=run.name,
            pid=pid,
            reason=reason,
        ) from error
    with hold(run.path):  # nobody can before the process is gone
        _write_down(run.path)


def _write_down(path: Path) -> None:
    record = Record(path, open_run(path).status)
    if record.status.is_active:
        reason = Sentence("The training process did not respond to Stop, so it was killed.")
        record.tell(state="interrupted", reason=reason, doing="")


def _trains(pid: int, path: Path) -> bool:
    words = words_of(path)[1:]  # a system may show the program under another of its names
    shown = subprocess.list2cmdline(words) if sys.platform == "win32" else " ".join(words)
    return _command_of(pid).endswith(f" {shown}")


def _command_of(pid: int) -> str:
    """The command line of a process; empty if there is none, or the system does not tell."""
    if sys.platform == "linux":
        try:
            return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").rstrip()
        except OSError:
            return ""
    asking = ["ps", "-ww", "-o", "command=", "-p", str(pid)]
    if sys.platform == "win32":
        of_it = f"(Get-CimInstance Win32_Process -Filter 'ProcessId={pid}').CommandLine"
        asking = ["powershell", "-NoProfile", "-Command", of_it]
    try:
        shown = subprocess.run(asking, capture_output=True, text=True, timeout=_LISTING_SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return shown.stdout.strip()
