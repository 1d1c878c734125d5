"""How is a run carried out, from its recipe to a tested network, whatever happens on the way?"""

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
from filelock import BaseFileLock, FileLock, Timeout

from cnnviz.convnets.answers import Answers, remember
from cnnviz.datasets import Dataset, load_dataset, photos
from cnnviz.errors import CancelledError, CnnvizError, RunError
from cnnviz.runs import Run, open_run
from cnnviz.runs import folder as names
from cnnviz.training import checkpoint, networks
from cnnviz.training.checkpoint import Checkpoint
from cnnviz.training.plan import Phase, Plan
from cnnviz.training.plans import make_plan
from cnnviz.training.queue import wait_for_turn
from cnnviz.training.recipe import Recipe, recipe_from_json
from cnnviz.training.record import Record, cut_history, write_json
from cnnviz.training.scratch import shape_of
from cnnviz.training.strategies import Sharing, check, is_led, share, shared_recipe

if TYPE_CHECKING:
    import keras

    from cnnviz.training.callbacks import OnEpoch

_DISK_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_RESERVE = "reserve"
_RESERVE_BYTES = 2**18  # given up when the disk is full, so that there is room to say so
_LOCK_SECONDS = 5
_LOST_WORKER = ("UnavailableError", "AbortedError", "DeadlineExceededError")  # TensorFlow's, by name: it is not loaded
_TEST_BATCH = 256


def carry_out(path: Path, *, on_epoch: OnEpoch | None = None) -> Run:
    """Train as a run's recipe says, from where it was left, until it ends in one way or another.

    Args:
        path: The run's folder, made by `create_run`.
        on_epoch: Told after each epoch: its number, counted from 1, and its values.

    Returns:
        The run as it is then: finished, stopped or failed; its status says why.

    Raises:
        RunError: If it is no run, has finished, or is being trained already.
    """
    run = open_run(path)
    if run.status.state == "finished":
        raise RunError(f"{run.name!r} has finished. Start a new run to train again.")
    with hold(path):
        record = Record(path, run.status)
        with _ending(record):
            _carry_out(record, recipe_from_json(run.recipe), on_epoch)
    return open_run(path)


def hold(path: Path) -> BaseFileLock:
    """Take a run's lock, which is free again when it is released or this process ends, however it ends.

    Raises:
        RunError: If somebody else has it, or the folder cannot be written.
    """
    lock = FileLock(path / names.LOCK)
    try:
        lock.acquire(timeout=_LOCK_SECONDS)
    except Timeout as error:
        raise RunError(f"{path.name!r} is being trained already. Stop it first.") from error
    except OSError as error:
        raise RunError(f"{path.name!r} cannot be written: {error.strerror}.") from error
    return lock


def refresh(path: Path, **changed: Any) -> None:
    """Say of a run that is held and waits that it is still there, or what became of it."""
    Record(path, open_run(path).status).tell(**changed)


@contextmanager
def _ending(record: Record) -> Iterator[None]:
    """Write down how a run ended; whatever happened, the folder says it."""
    reserve = record.path / _RESERVE
    state, reason = "finished", ""
    try:
        reserve.write_bytes(bytes(_RESERVE_BYTES))
        yield
    except (CancelledError, KeyboardInterrupt):
        state, reason = "stopped", "Stopped when it was asked to."
    except CnnvizError as error:
        state, reason = "failed", str(error)
    except Exception as error:  # noqa: BLE001  # the folder is all that a person will see
        _write_down(record.path)
        state, reason = "failed", _reason(error)
    finally:
        reserve.unlink(missing_ok=True)
    try:
        record.tell(state=state, reason=reason, doing="")
    except OSError as error:
        raise RunError(f"{record.path.name!r} cannot be written: {error.strerror}. {reason}".rstrip()) from error


def _write_down(path: Path) -> None:
    """Append the failure that is being handled to the log."""
    with suppress(OSError), (path / names.LOG).open("a", encoding="utf-8") as log:
        traceback.print_exc(file=log)


def _reason(error: Exception) -> str:
    if isinstance(error, OSError) and error.errno in _DISK_FULL:
        return "The disk is full. Make room, then resume; the best weights so far are kept."
    if isinstance(error, MemoryError) or "ResourceExhausted" in type(error).__name__:
        return "The memory was not enough. Choose a smaller batch or smaller pictures."
    if type(error).__name__ in _LOST_WORKER:
        return "Another worker of the run went away. Start it again, and resume on all of them."
    return f"It failed ({type(error).__name__}). {names.LOG} says more."


def _carry_out(record: Record, recipe: Recipe, on_epoch: OnEpoch | None) -> None:
    record.tell(state="queued", reason="", epochs=recipe.epochs, doing="waiting")
    check(recipe.strategy)
    with nullcontext() if is_led(recipe.strategy) else wait_for_turn(record):
        record.tell(state="running", doing="reading pictures")
        import keras

        keras.utils.set_random_seed(recipe.seed)
        dataset = load_dataset(recipe.data, seed=recipe.seed)
        sharing = share(recipe.strategy, on_wait=record.require_no_stop)
        sharing.agree(recipe, dataset, checkpoints=record.path / names.CHECKPOINTS)
        with sharing.scope():
            plan = make_plan(shared_recipe(recipe, dataset, replicas=sharing.replicas), dataset)
        _describe(record.path, recipe, dataset, plan)
        record.tell(doing="training", steps=plan.steps)
        _fit(record, recipe, plan, sharing, on_epoch)
        record.tell(doing="testing")
        record.tell(test=_test(record.path, plan, dataset))


def _describe(path: Path, recipe: Recipe, dataset: Dataset, plan: Plan) -> None:
    """Write environment.json, and what the weights' files cannot tell, beside them.

    Raises:
        RunError: If the pictures are others than when the run began.
    """
    known = open_run(path).environment.get("data", {}).get("fingerprint", dataset.fingerprint)
    if known != dataset.fingerprint:
        raise RunError(f"The pictures of {recipe.data!r} changed since the run began. Start a new run.")
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
            "notes": list(plan.notes),
        },
    )
    for name in (names.BEST, names.LAST):
        remember(path / name, Answers(scaling="0..255", fit="crop", class_names=tuple(dataset.class_names)))


def _fit(record: Record, recipe: Recipe, plan: Plan, sharing: Sharing, on_epoch: OnEpoch | None) -> None:
    from cnnviz.training.callbacks import save_product, save_snapshot, snapshot_epochs

    resumed = checkpoint.load(record.path / names.CHECKPOINTS)
    cut_history(record.path / names.HISTORY, resumed.epoch if resumed else 0)
    best = resumed.notes["best"] if resumed else {}
    seconds = resumed.notes["seconds"] if resumed else 0.0
    record.tell(epoch=resumed.epoch if resumed else 0, best=best, seconds=seconds)
    if not resumed and snapshot_epochs(plan.product, recipe):
        save_snapshot(plan.product, record.path, 0)
    for number, phase in enumerate(plan.phases[resumed.phase if resumed else 0 :], resumed.phase if resumed else 0):
        mine = resumed if resumed and resumed.phase == number else None
        with sharing.scope():
            _begin(recipe, plan, phase, sharing, mine)
        if not (mine and mine.is_phase_over):
            _fit_phase(record, recipe, plan, number, sharing, mine, on_epoch)
    save_product(plan.product, record.path / names.LAST)


def _begin(recipe: Recipe, plan: Plan, phase: Phase, sharing: Sharing, resumed: Checkpoint | None) -> None:
    """Set what learns in a phase, and put everything back where it was."""
    phase.begin()
    optimizer = networks.optimizer(recipe, learning_rate=phase.learning_rate, replicas=sharing.replicas)
    plan.model.compile(optimizer, networks.loss(recipe, plan.model), metrics=["accuracy"])
    optimizer.build(plan.model.trainable_variables)
    sharing.prepare(plan.model, plan.validation)
    if resumed:
        checkpoint.put_back([*plan.variables(), *optimizer.variables], resumed.arrays)


def _fit_phase(
    record: Record, recipe: Recipe, plan: Plan, number: int, sharing: Sharing, resumed: Checkpoint | None,
    on_epoch: OnEpoch | None,
) -> None:  # fmt: skip
    from cnnviz.training.callbacks import Keeper, Reporter, deciding, tensorboard

    first = record.status.epoch
    others = deciding(recipe)
    keeper = Keeper(plan, recipe, record, phase=number, others=others, resumed=resumed, on_epoch=on_epoch)
    plan.model.fit(
        sharing.stream(plan.training(first)),
        steps_per_epoch=plan.steps,
        initial_epoch=first,
        epochs=plan.phases[number].last_epoch,
        **sharing.validation(plan.validation),
        callbacks=[Reporter(record), *others, *tensorboard(recipe, record.path), keeper],
        shuffle=False,  # the stream is shuffled already, by seed and epoch
        verbose=0,
    )


def _test(path: Path, plan: Plan, dataset: Dataset) -> dict[str, Any]:
    """Let the best weights answer the test pictures, which nothing was chosen by."""
    from sklearn.metrics import confusion_matrix, log_loss

    from cnnviz.training.callbacks import load_product

    model: keras.Model = load_product(path / names.BEST)
    *size, channels = shape_of(model)
    pixels = photos(dataset.test, size=(size[0], size[1]), channels=channels)
    scores = model.predict(pixels, batch_size=_TEST_BATCH, verbose=0)
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
