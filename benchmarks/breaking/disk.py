"""Stress test: a full disk at every write."""

from __future__ import annotations

import contextlib
import hashlib
import os
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.breaking.outcome import Outcome, broken_by
from benchmarks.breaking.writers import WRITERS, half_written, use_folder

_DISK_BYTES = 12 * 2**20
_ROOM = (0, 1, 4, 16, 64, 150, 190)  # kilobytes left; what is written is larger, but for what is small
_ROUNDS = 5
_BALLAST = "ballast"


def run(scale: float) -> Iterator[Outcome]:
    """Let every writer write to a disk that is full after so many bytes."""
    outcome = Outcome("A full disk at every write")
    with tempfile.TemporaryDirectory() as folder:
        disk = Path(folder)
        try:
            subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={_DISK_BYTES}", "tmpfs", disk], check=True)
        except (OSError, subprocess.CalledProcessError):
            outcome.skipped = "no tmpfs can be mounted here"
            yield outcome
            return
        try:
            _fill(disk, outcome, rounds=max(1, round(scale * _ROUNDS)))
        finally:
            subprocess.run(["umount", disk], check=True)
    yield outcome


def _fill(disk: Path, outcome: Outcome, *, rounds: int) -> None:
    use_folder(disk)
    refused = 0
    for turn in range(rounds):
        for kilobytes in _ROOM:
            for place, name in enumerate(WRITERS):
                number = 1 + (turn * len(_ROOM) + _ROOM.index(kilobytes)) % 290 + place
                with _without_ballast(disk):
                    WRITERS[name].write(number)
                with _full(disk, kilobytes=kilobytes):
                    broken, is_refused = _write_on_full(disk, name, number + 1)
                refused += is_refused
                outcome.count([f"{name}, {kilobytes} kB left: {what}" for what in broken])
    outcome.note = f"{refused} were refused in a sentence, the others kept nothing or had room"


@contextlib.contextmanager
def _without_ballast(disk: Path) -> Iterator[None]:
    """Room for what is there before; what earlier tries left takes none of it."""
    (disk / _BALLAST).unlink(missing_ok=True)
    for path in sorted(disk.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    yield


@contextlib.contextmanager
def _full(disk: Path, *, kilobytes: int) -> Iterator[None]:
    free = os.statvfs(disk)
    size = free.f_bavail * free.f_frsize - kilobytes * 1024
    with (disk / _BALLAST).open("wb") as file:
        file.write(bytes(max(0, size // 4096 * 4096)))
    yield
    (disk / _BALLAST).unlink()


def _write_on_full(disk: Path, name: str, number: int) -> tuple[list[str], bool]:
    """What is wrong after a write that found no room, and whether it was refused."""
    before, broken, is_refused = _contents(disk), [], False
    try:
        WRITERS[name].write(number)
    except Exception as error:  # noqa: BLE001  # which one is the question
        broken += broken_by(error)
        is_refused = True
    after = _contents(disk)
    broken += [f"{path.name} is gone" for path in before if path not in after and "epoch-" not in path.name]
    broken += [f"{path.name} changed" for path in before if _is_named_by_content(path) and after[path] != before[path]]
    broken += [f"{path} is half written" for path in half_written(disk)]
    return broken + WRITERS[name].broken(), is_refused


def _is_named_by_content(path: Path) -> bool:
    return "runs" not in path.parts and path.suffix != ".json"


def _contents(disk: Path) -> dict[Path, str]:
    files = [path for path in disk.rglob("*") if path.is_file() and path.name != _BALLAST]
    return {path: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}
