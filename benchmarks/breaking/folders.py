"""Stress test: corrupted and foreign files; folders that are read-only, deleted meanwhile or full of runs."""

from __future__ import annotations

import contextlib
import json
import os
import random
import resource
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path

from benchmarks.breaking.kills import in_child
from benchmarks.breaking.outcome import Outcome, broken_by, in_time
from benchmarks.breaking.readers import READERS, Reader
from benchmarks.breaking.spoiling import CHANCES, WAYS
from benchmarks.breaking.writers import WRITERS, half_written, use_folder
from cnnviz.runs import Status, list_runs

_CHANCES, _RUNS, _SECONDS = 60, 10_000, 30
_NOBODY = 65534
_MORE_BYTES = 2**30


def run(scale: float) -> Iterator[Outcome]:
    """Spoil files of every kind, take folders away, and list many runs."""
    yield _spoiled(max(1, round(scale * _CHANCES)))
    yield _read_only()
    yield _deleted(max(2, round(scale * 100)))
    yield _clock()
    yield _many_runs(max(100, round(scale * _RUNS)))


def _spoiled(chances: int) -> Outcome:
    outcome, rng = Outcome("Corrupted and foreign files of every kind"), random.Random(0)
    with _bounded_memory():
        for kind, reader in READERS.items():
            for way in WAYS:
                for _ in range(chances if way in CHANCES else 1):
                    outcome.count([f"{kind}, {way}: {what}" for what in _spoil(reader, way, rng)])
    outcome.note = f"{len(READERS)} kinds, {len(WAYS)} ways; nothing unpickled"
    return outcome


@contextlib.contextmanager
def _bounded_memory() -> Iterator[None]:
    """Let what reads without an end fail, before the machine does."""
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    before = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + _MORE_BYTES, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)


def _spoil(reader: Reader, way: str, rng: random.Random) -> list[str]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        use_folder(folder)
        path, canary = reader.make(folder), folder / "canary"
        whole = reader.read(path)
        WAYS[way](path, rng, canary)
        broken = []
        try:
            with in_time(_SECONDS):
                found = reader.read(path)
            if reader.has_checksum and found not in (None, whole):
                broken.append("other numbers are read")
        except Exception as error:  # noqa: BLE001  # which one is the question
            broken += broken_by(error)
        return broken + (["it was unpickled"] if canary.exists() else [])


def _read_only() -> Outcome:
    """Write as somebody else into folders of ours; where we are nobody else, into folders without the permission."""
    outcome = Outcome("Read-only folders")
    for name in WRITERS:
        with tempfile.TemporaryDirectory() as folder:
            use_folder(Path(folder))
            WRITERS[name].write(1)
            paths = [Path(folder), *Path(folder).rglob("*")]
            for path in paths:
                path.chmod(0o555 if path.is_dir() else 0o444)
            outcome.count([f"{name}: {what}" for what in _told_by_a_child(lambda name=name: WRITERS[name].write(2))])
            for path in paths:
                path.chmod(0o755 if path.is_dir() else 0o644)
            outcome.count([f"{name}: {what}" for what in WRITERS[name].broken() + half_written(Path(folder))])
    return outcome


def _told_by_a_child(act: Callable[[], object]) -> list[str]:
    """What a process of another user says is broken when it does something."""
    receive, send = os.pipe()

    def tell() -> None:
        if os.geteuid() == 0:
            os.setgid(_NOBODY)
            os.setuid(_NOBODY)
        broken: list[str] = []
        try:
            act()
        except Exception as error:  # noqa: BLE001  # which one is the question
            broken = broken_by(error)
        os.write(send, json.dumps(broken).encode())

    process = in_child(tell)
    os.close(send)
    with os.fdopen(receive, "rb") as told:
        text = told.read()
    os.waitpid(process, 0)
    return list(json.loads(text)) if text else ["the process died"]


def _deleted(tries: int) -> Outcome:
    """Somebody deletes everything, again and again, while all is written."""
    outcome, rng = Outcome("Folders deleted in the middle"), random.Random()
    with tempfile.TemporaryDirectory() as folder:
        use_folder(Path(folder))
        over = threading.Event()
        deleting = threading.Thread(target=_delete_for_ever, args=(Path(folder), over))
        deleting.start()
        for _ in range(tries):
            for name in rng.sample(sorted(WRITERS), len(WRITERS)):
                outcome.count(
                    [
                        f"{name}: {what}"
                        for what in _broken_when(lambda name=name: WRITERS[name].write(rng.randrange(200)))
                    ]
                )
        over.set()
        deleting.join()
        for name in WRITERS:
            WRITERS[name].write(1)
            outcome.count([f"afterwards, {name}: {what}" for what in WRITERS[name].broken()])
    return outcome


def _broken_when(act: Callable[[], object]) -> list[str]:
    try:
        act()
    except Exception as error:  # noqa: BLE001  # which one is the question
        return broken_by(error)
    return []


def _delete_for_ever(folder: Path, over: threading.Event) -> None:
    while not over.wait(0.002):
        for path in folder.iterdir():
            shutil.rmtree(path, ignore_errors=True)


def _clock() -> Outcome:
    """The clock was a year ahead when all this was written, and goes on from now."""
    outcome, ahead = Outcome("A clock that goes backwards"), time.time() + 365 * 86_400
    with tempfile.TemporaryDirectory() as folder:
        use_folder(Path(folder))
        for state in ("queued", "running", "stopping", "finished"):
            path = _make_run(Path(folder) / "runs" / state, Status(state, updated=ahead))
            (path / "lock").touch()
        for name, writer in WRITERS.items():
            writer.write(1)
            for path in Path(folder).rglob("*"):
                os.utime(path, (ahead, ahead))
            writer.write(2)
            writer.write(3)
            outcome.count([f"{name}: {what}" for what in writer.broken()])
        for run in list_runs():
            expected = "finished" if run.name == "finished" else "interrupted"
            outcome.check(run.status.state in (expected, "stopped"), f"{run.name} is shown as {run.status.state}")
    return outcome


def _make_run(path: Path, status: Status) -> Path:
    path.mkdir(parents=True)
    (path / "recipe.json").write_text(json.dumps({"name": "lenet5"}))
    (path / "status.json").write_text(json.dumps(asdict(status)))
    return path


def _many_runs(count: int) -> Outcome:
    outcome = Outcome(f"{count:,} run folders listed")
    with tempfile.TemporaryDirectory() as folder:
        for number in range(count):
            _make_run(Path(folder) / f"run-{number:05d}", Status("finished", epoch=number))
        start = time.perf_counter()
        with os.scandir(folder) as entries:
            plain = [json.loads((Path(entry.path) / "status.json").read_bytes()) for entry in entries]
        floor, start = time.perf_counter() - start, time.perf_counter()
        runs = list_runs(Path(folder))
        taken = time.perf_counter() - start
        outcome.check(len(runs) == len(plain) == count, f"{len(runs)} are listed")
        outcome.check({run.status.epoch for run in runs} == set(range(count)), "some are others")
        outcome.note = f"{taken:.1f} s, {taken / floor:.1f} x a plain reading of every status.json"
    return outcome
