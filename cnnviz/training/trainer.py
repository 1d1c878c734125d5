"""Trainer: a run from its recipe to a tested model, with resume, stop and failure handled."""

from __future__ import annotations

import errno
import os
import platform
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from cnnviz.convnets.overrides import Answers, remember
from cnnviz.datasets import Dataset, load_dataset, photos
from cnnviz.errors import CancelledError, CnnvizError, RunError
from cnnviz.folders import sweep
from cnnviz.runs import Run, open_run
from cnnviz.runs import folder as names
from cnnviz.sentences import Sentence
from cnnviz.training.fitting import Work, fit
from cnnviz.training.launch import create_run
from cnnviz.training.plan import Plan
from cnnviz.training.plans import make_plan
from cnnviz.training.queue import wait_for_turn
from cnnviz.training.recipe import Recipe, recipe_from_json
from cnnviz.training.record import Record, folder_written, hold, write_json
from cnnviz.training.scratch import shape_of
from cnnviz.training.strategies import check, is_led, share, shared_recipe
from cnnviz.training.weights import load_product

if TYPE_CHECKING:
    from cnnviz.training.callbacks import OnEpoch


_DISK_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_RESERVE = "reserve"
_RESERVE_BYTES = 2**18  # given up when the disk is full, so that there is room to say so
_LOST_WORKER = ("UnavailableError", "AbortedError", "DeadlineExceededError")  # TensorFlow's, by name: it is not loaded


def train(recipe: Recipe, *, folder: Path | None = None, on_epoch: OnEpoch | None = None) -> Run:
    """Train a model here and now.

    Args:
        recipe: What is trained on what, and how; `RECIPES` has some to begin with.
        folder: Folder of all runs; `runs` or `$CNNVIZ_RUNS_DIR` if not given.
        on_epoch: Told after each epoch: its number, counted from 1, and its values.

    Returns:
        The run; `load_convnet(run.path)` opens its model. Its status says how it ended.

    Raises:
        RunError: If its folder cannot be written.

    Example:
        >>> run = train(RECIPES["lenet5"].recipe)
        >>> run.status.test["accuracy"]
    """
    return carry_out(create_run(recipe, folder=folder), on_epoch=on_epoch)


def carry_out(path: Path, *, on_epoch: OnEpoch | None = None) -> Run:
    """Train as a run's recipe says, from where it was left, until it ends in one way or another.

    Args:
        path: The run's folder, made by `create_run`.
        on_epoch: Told after each epoch: its number, counted from 1, and its values.

    Returns:
        The run as it is then: finished, stopped or failed; its status says why.

    Raises:
        RunError: If it is no run, has finished, is being trained already, or its folder cannot be written.
    """
    run = open_run(path)
    if run.status.state == "finished":
        raise RunError("{name!r} has finished. Start a new run to train again.", name=run.name)
    with hold(path):
        for part in (path, path / names.CHECKPOINTS, path / names.SNAPSHOTS):
            sweep(part, older_than=0)  # nobody else writes there
        record = Record(path, run.status)
        with _ending(record):
            _carry_out(record, recipe_from_json(run.recipe), on_epoch)
    return open_run(path)


def refresh(path: Path, **changed: Any) -> None:
    """Say of a run that is held and waits that it is still there, or what became of it."""
    Record(path, open_run(path).status).tell(**changed)


@contextmanager
def _ending(record: Record) -> Iterator[None]:
    """Write down how a run ended; whatever happened, the folder says it."""
    reserve = _reserve(record)
    state, reason = "finished", ""
    try:
        yield
    except (CancelledError, KeyboardInterrupt):
        state, reason = "stopped", Sentence("Stopped by the user.")
    except CnnvizError as error:
        state, reason = "failed", error.sentence
    except Exception as error:  # noqa: BLE001  # the folder is all that a person will see
        _write_down(record.path)
        state, reason = "failed", _reason(error)
    finally:
        _give_up(reserve)
    try:
        record.tell(state=state, reason=reason, doing="")
    except OSError as error:
        if not reason:
            raise RunError(
                "{name!r} cannot be written: {reason}.", name=record.path.name, reason=error.strerror
            ) from error
        raise RunError(
            "{name!r} cannot be written: {reason}. {ended}",
            name=record.path.name,
            reason=error.strerror,
            ended=reason,
        ) from error


def _reserve(record: Record) -> Path:
    """Take the room on the disk that it takes to say how the run ended.

    Raises:
        RunError: If there is none; where the status can still be written, it says so too.
    """
    reserve = record.path / _RESERVE
    try:
        with folder_written(record.path):
            reserve.write_bytes(bytes(_RESERVE_BYTES))
    except RunError as error:
        _give_up(reserve)
        with suppress(OSError):
            record.tell(state="failed", reason=error.sentence, doing="")
        raise
    return reserve


def _give_up(reserve: Path) -> None:
    with suppress(OSError):  # a folder that cannot be written any more: what is told next says so
        reserve.unlink()


def _write_down(path: Path) -> None:
    """Append the failure that is being handled to the log."""
    with suppress(OSError), (path / names.LOG).open("a", encoding="utf-8") as log:
        traceback.print_exc(file=log)


def _reason(error: Exception) -> str:
    if isinstance(error, OSError) and error.errno in _DISK_FULL:
        return Sentence("The disk is full. Make room, then resume; the best weights so far are kept.")
    if isinstance(error, MemoryError) or "ResourceExhausted" in type(error).__name__:
        return Sentence("Out of memory. Choose a smaller batch size or image size.")
    if type(error).__name__ in _LOST_WORKER:
        return Sentence("Another worker of the run has exited. Start it again, and resume on all of them.")
    return Sentence("Training failed ({kind}). See {log}.", kind=type(error).__name__, log=names.LOG)


def _carry_out(record: Record, recipe: Recipe, on_epoch: OnEpoch | None) -> None:
    record.tell(state="queued", reason="", epochs=recipe.epochs, doing="waiting", pid=os.getpid())
    check(recipe.strategy)
    with nullcontext() if is_led(recipe.strategy) else wait_for_turn(record):
        record.tell(state="running", doing="reading images")
        import keras

        keras.utils.set_random_seed(recipe.seed)
        dataset = load_dataset(recipe.data, seed=recipe.seed)
        sharing = share(recipe.strategy, on_wait=record.require_no_stop)
        sharing.agree(recipe, dataset, checkpoints=record.path / names.CHECKPOINTS)
        with sharing.scope():
            plan = make_plan(shared_recipe(recipe, dataset, replicas=sharing.replicas), dataset)
        _describe(record.path, recipe, dataset, plan)
        record.tell(doing="training", steps=plan.steps)
        fit(Work(record, recipe, plan, sharing, on_epoch))
        record.tell(doing="testing")
        record.tell(test=examine(record.path / names.BEST, dataset))


def _describe(path: Path, recipe: Recipe, dataset: Dataset, plan: Plan) -> None:
    """Write environment.json, and what the weights' files cannot tell, beside them.

    Raises:
        RunError: If the images are others than when the run began.
    """
    known = open_run(path).environment.get("data", {}).get("fingerprint", dataset.fingerprint)
    if known != dataset.fingerprint:
        raise RunError("The images of {data!r} changed since the run began. Start a new run.", data=recipe.data)
    parts = {"train": dataset.train, "validation": dataset.validation, "test": dataset.test}
    trainable = sum(int(np.prod(variable.shape)) for variable in plan.product.trainable_variables)
    write_json(
        path / names.ENVIRONMENT,
        {
            "versions": {name: version(name) for name in ("cnnviz", "tensorflow", "keras", "numpy")},
            "python": platform.python_version(),
            "system": platform.platform(),
            "cores": os.cpu_count(),
            "seed": recipe.seed,
            "parameters": plan.product.count_params(),
            "trainable": trainable,
            "data": {
                "name": dataset.name,
                "fingerprint": dataset.fingerprint,
                "class_names": list(dataset.class_names),
                "pictures": {name: part.counts.tolist() for name, part in parts.items()},
                "notes": list(dataset.notes),
            },
        },
    )
    for name in (names.BEST, names.LAST):
        remember(path / name, Answers(scaling="0..255", fit="crop", class_names=tuple(dataset.class_names)))


_BATCH = 32  # Keras's own; large images of a large model would not fit into memory in hundreds


def examine(path: Path, dataset: Dataset) -> dict[str, Any]:
    """Let a model answer the test images, which nothing was chosen by.

    Args:
        path: Its file.
        dataset: The images.

    Returns:
        `images`, their number; `accuracy`, 0..1; `loss`, mean of -log p of the true class; `confusion`, counts, a
        row for each true class.
    """
    from sklearn.metrics import confusion_matrix, log_loss

    model = load_product(path)
    *size, channels = shape_of(model)
    pixels = photos(dataset.test, size=(size[0], size[1]), channels=channels)
    scores = model.predict(pixels, batch_size=_BATCH, verbose=0)
    probabilities = np.concatenate([1 - scores, scores], axis=1) if scores.shape[1] == 1 else scores
    probabilities = probabilities.astype(np.float64) / probabilities.sum(axis=1, keepdims=True, dtype=np.float64)
    every = np.arange(len(dataset.class_names))
    answers = probabilities.argmax(axis=1)
    return {
        "pictures": len(dataset.test),
        "accuracy": float((answers == dataset.test.labels).mean()),
        "loss": float(log_loss(dataset.test.labels, probabilities, labels=every)),
        "confusion": confusion_matrix(dataset.test.labels, answers, labels=every).tolist(),
    }
