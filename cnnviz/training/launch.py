"""Create, launch, stop, resume and delete training runs."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path

from cnnviz import convnets, datasets
from cnnviz.errors import RunError
from cnnviz.folders import open_ordinary
from cnnviz.runs import RESUMABLE, Run, State, Status, open_run, runs_folder
from cnnviz.runs import folder as names
from cnnviz.sentences import Sentence
from cnnviz.training.queue import room_for
from cnnviz.training.recipe import Recipe
from cnnviz.training.record import folder_written, write_json
from cnnviz.training.trainer_process import is_deaf, kill, words_of

_MOST_NAMESAKES = 1000
_NICENESS = 5  # the page that watches a run must stay quick

_WORDS: dict[State, str] = {
    "queued": Sentence("queued"),
    "running": Sentence("running"),
    "stopping": Sentence("stopping"),
    "finished": Sentence("finished"),
    "stopped": Sentence("stopped"),
    "failed": Sentence("failed"),
    "interrupted": Sentence("interrupted"),
}
"""Each state as it stands in a sentence."""


def create_run(recipe: Recipe, *, folder: Path | None = None) -> Path:
    """Make a run's folder, queued; it is named by its recipe and the time.

    Args:
        recipe: What will be trained.
        folder: Folder of all runs; `runs_folder()` if not given.

    Raises:
        RunError: If the folder cannot be written, or too many of its runs are unfinished.
    """
    return create_runs([recipe], folder=folder)[0]


def create_runs(recipes: Sequence[Recipe], *, folder: Path | None = None) -> tuple[Path, ...]:
    """Make the folders of several runs, queued in their order; all of them or none.

    Args:
        recipes: What will be trained.
        folder: Folder of all runs; `runs_folder()` if not given.

    Raises:
        RunError: If the folder cannot be written, or too many of its runs are unfinished.
    """
    folder = folder or runs_folder()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with room_for(len(recipes), folder):
            return tuple(_create_run(_anchored(recipe, folder), folder) for recipe in recipes)
    except OSError as error:
        reason = error.strerror or str(error)
        raise RunError("No run can be kept in {folder!r}: {reason}.", folder=str(folder), reason=reason) from error


def _create_run(recipe: Recipe, folder: Path) -> Path:
    path = _new_folder(folder, f"{recipe.name}-{time.strftime('%Y%m%d-%H%M%S')}")
    try:
        write_json(path / names.STATUS, asdict(Status(epochs=recipe.epochs, updated=time.time())))
        write_json(path / names.RECIPE, recipe.to_json())  # last: what has a recipe is a run
    except OSError:
        shutil.rmtree(path, ignore_errors=True)
        raise
    return path


def _anchored(recipe: Recipe, folder: Path) -> Recipe:
    """Write paths in full, so that the run can be resumed from wherever somebody stands."""
    if recipe.data not in datasets.catalog() and os.path.lexists(recipe.data):
        recipe = replace(recipe, data=str(Path(recipe.data).resolve()))
    transfer = recipe.transfer
    if transfer is None or transfer.base in convnets.catalog():
        return recipe
    found = next((path for path in (Path(transfer.base), folder / transfer.base) if os.path.lexists(path)), None)
    return replace(recipe, transfer=replace(transfer, base=str(found.resolve()))) if found else recipe


def _new_folder(folder: Path, name: str) -> Path:
    for number in range(1, _MOST_NAMESAKES):
        path = folder / (name if number == 1 else f"{name}-{number}")
        try:
            path.mkdir()
        except FileExistsError:
            continue
        return path
    raise RunError("There are {count} runs called {name!r}. Delete some of them.", count=_MOST_NAMESAKES, name=name)


def launch(path: Path) -> subprocess.Popen[bytes]:
    """Train a run in a process of its own, which outlives whoever launched it.

    Args:
        path: The run's folder.

    Returns:
        The process; nobody needs to wait for it.

    Raises:
        RunError: If the folder cannot be written, or no process started.
    """
    environment = os.environ | {"TF_CPP_MIN_LOG_LEVEL": "2", "CNNVIZ_NICE": str(_NICENESS)}
    with folder_written(path), open_ordinary(path / names.LOG, is_appended=True, follows_links=False) as log:
        return subprocess.Popen(
            words_of(path),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            env=environment,
            start_new_session=True,
        )


def stop(path: Path) -> None:
    """Ask a run to stop; it keeps its best weights and can be resumed.

    Whoever asks again when its trainer has not answered for `SECONDS_TO_ANSWER` kills it: then the run is interrupted.

    Raises:
        RunError: If it has ended, its folder cannot be written, or its trainer cannot be killed.
    """
    run = open_run(path)
    if not run.status.is_active:
        raise RunError("{name!r} is not running: it is {state}.", name=run.name, state=_WORDS[run.status.state])
    if is_deaf(run):
        kill(run)
    elif not (path / names.STOP).exists():  # its time tells since when it was asked
        with folder_written(path):
            (path / names.STOP).touch()


def reopen(path: Path) -> None:
    """Make an ended run ready to go on from its last finished epoch.

    Raises:
        RunError: If it is running or has finished, its folder cannot be written, or too many runs are unfinished.
    """
    run = open_run(path)
    if run.status.state not in RESUMABLE:
        raise RunError(
            "{name!r} is {state}. Only a run that ended early can be resumed.",
            name=run.name,
            state=_WORDS[run.status.state],
        )
    status = asdict(run.status) | {"state": "queued", "reason": "", "doing": "", "updated": time.time(), "pid": 0}
    with folder_written(path.parent), room_for(1, path.parent), folder_written(path):
        (path / names.STOP).unlink(missing_ok=True)
        write_json(path / names.STATUS, status)


def delete(run: Run) -> None:
    """Delete a run's folder and all in it.

    Raises:
        RunError: If it is running, or cannot be deleted.
    """
    try:
        is_active = open_run(run.path).status.is_active
    except RunError:  # its files cannot be understood
        is_active = names.is_alive(run.path)
    if is_active:
        raise RunError("{name!r} is running. Stop it first.", name=run.name)
    try:
        shutil.rmtree(run.path)
    except OSError as error:
        raise RunError(
            "{name!r} cannot be deleted: {reason}.", name=run.name, reason=error.strerror or str(error)
        ) from error
