"""Stress test: a trainer killed again and again, compared bit for bit with an undisturbed run.

Trainers are forked from a process that has imported Keras and run nothing, so that a start costs no ten seconds.
TensorFlow has one thread for each operation: with several, the order of its sums, and so the last bit, is chance.
"""

from __future__ import annotations

import io
import multiprocessing
import os
import random
import tempfile
import time
import zipfile
from collections.abc import Iterator
from multiprocessing.context import ForkServerContext
from pathlib import Path

import h5py
import numpy as np

from benchmarks.breaking.outcome import Outcome
from benchmarks.breaking.writers import half_written, use_folder
from cnnviz.runs import RESUMABLE, Run, open_run
from cnnviz.training import Augmentation, Recipe, carry_out, create_run, reopen
from tests.training.shape_images import draw_shapes

_KILLS_A_RUN = 10
_IMAGES = 12  # of each of three classes
_DEADLINE = 300
_COLUMNS = ("loss", "accuracy", "val_loss", "val_accuracy", "learning_rate")
_FILES = ("best.keras", "last.keras")


def run(kills: int) -> Iterator[Outcome]:
    """Train undisturbed, then the same with kills, as many as were asked for."""
    before = os.environ.get("TF_NUM_INTRAOP_THREADS")
    os.environ["TF_NUM_INTRAOP_THREADS"] = "1"
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["keras", "tensorflow", "cnnviz.training.trainer"])
    try:
        with tempfile.TemporaryDirectory() as folder:
            use_folder(Path(folder))
            yield _killed_runs(context, Path(folder), kills)
    finally:
        del os.environ["TF_NUM_INTRAOP_THREADS"]
        if before is not None:
            os.environ["TF_NUM_INTRAOP_THREADS"] = before


def _killed_runs(context: ForkServerContext, folder: Path, kills: int) -> Outcome:
    outcome, rng = Outcome("SIGKILL of a trainer, then resume"), random.Random()
    recipe = _recipe(draw_shapes(folder / "shapes", count=_IMAGES))
    _train(context, create_run(recipe))  # images are decoded and kept: what follows takes as long as the next
    start = time.monotonic()
    whole = _train(context, create_run(recipe))
    seconds = time.monotonic() - start
    runs = 0
    while outcome.tries < kills:
        path = create_run(recipe)
        runs += 1
        for _ in range(min(_KILLS_A_RUN, kills - outcome.tries)):
            if not _kill_once(context, path, rng, seconds):
                break
            outcome.count(_broken_after_kill(path, whole))
        ended = _train(context, path)
        outcome.losses += [f"{path.name}: {what}" for what in _differences(ended, whole) + half_written(path)]
    outcome.note = f"{runs} runs of {recipe.epochs} epochs; history, best and last equal to the bit"
    return outcome


def _recipe(shapes: Path) -> Recipe:
    """All that has a state of its own is in it: dropout, augmentation, a falling rate, patience."""
    return Recipe(
        "lenet5", str(shapes), "lenet5", 8, batch_size=8, learning_rate=0.003, schedule="plateau", patience=8,
        dropout=0.3, augmentation=Augmentation(rotation=10, contrast=0.2), has_tensorboard=False,
    )  # fmt: skip


def _train(context: ForkServerContext, path: Path) -> Run:
    if open_run(path).status.state in RESUMABLE:
        reopen(path)
    process = context.Process(target=carry_out, args=(path,))
    process.start()
    process.join(_DEADLINE)
    process.kill()
    process.join()
    return open_run(path)


def _kill_once(context: ForkServerContext, path: Path, rng: random.Random, seconds: float) -> bool:
    """Kill a trainer at any moment of its life, or just when it has begun to write; False if it was done before."""
    if open_run(path).status.state in RESUMABLE:
        reopen(path)
    process = context.Process(target=carry_out, args=(path,))
    process.start()
    if rng.random() < 0.5:
        process.join(rng.uniform(0, seconds))
    else:
        _wait_for_an_epoch(process, path)
        process.join(rng.uniform(0, 0.1))
    was_alive = process.is_alive()
    process.kill()
    process.join()
    return was_alive and open_run(path).status.state != "finished"


def _wait_for_an_epoch(process: multiprocessing.process.BaseProcess, path: Path) -> None:
    epochs, deadline = _mark(path), time.monotonic() + _DEADLINE
    while process.is_alive() and _mark(path) == epochs and time.monotonic() < deadline:
        time.sleep(0.002)


def _mark(path: Path) -> float:
    """When the last best or row was written."""
    return max(
        (file.stat().st_mtime for name in ("best.keras", "history.csv") if (file := path / name).exists()), default=0
    )


def _broken_after_kill(path: Path, whole: Run) -> list[str]:
    """What is wrong with what anybody sees of a run that was killed just now."""
    found, broken = open_run(path), []
    if found.status.state not in ("interrupted", "queued"):
        broken.append(f"it is {found.status.state}")
    broken += _rows_that_differ(found, whole, rows=len(found.history))
    broken += [name for name in _FILES if (path / name).exists() and not _weights(path / name)]
    return broken


def _rows_that_differ(found: Run, whole: Run, *, rows: int) -> list[str]:
    mine, theirs = found.history, whole.history
    if list(mine.epochs) != list(range(1, rows + 1)):
        return [f"epochs {mine.epochs.tolist()}"]
    return [
        f"{name} differs" for name in _COLUMNS
        if rows and not np.array_equal(mine.columns[name], theirs.columns[name][:rows])
    ]  # fmt: skip


def _differences(ended: Run, whole: Run) -> list[str]:
    """All in which a run differs from the undisturbed one."""
    if ended.status.state != "finished":
        return [f"it is {ended.status.state}: {ended.status.reason}"]
    different = _rows_that_differ(ended, whole, rows=len(whole.history))
    if (ended.status.best, ended.status.test) != (whole.status.best, whole.status.test):
        different.append("best or test differs")
    for name in _FILES:
        mine, theirs = _weights(ended.path / name), _weights(whole.path / name)
        if not theirs or mine.keys() != theirs.keys() or any(mine[key] != theirs[key] for key in theirs):
            different.append(f"{name} differs")
    return different


def _weights(path: Path) -> dict[str, bytes]:
    """The bytes of all weights of a model; empty if they cannot be read."""
    found: dict[str, bytes] = {}

    def take(name: str, item: object) -> None:
        if isinstance(item, h5py.Dataset):
            found[name] = np.asarray(item).tobytes()

    try:
        with zipfile.ZipFile(path) as archive, h5py.File(io.BytesIO(archive.read("model.weights.h5"))) as file:
            file.visititems(take)
    except (OSError, KeyError, zipfile.BadZipFile):
        return {}
    return found
