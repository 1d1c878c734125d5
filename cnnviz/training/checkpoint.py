"""Checkpoints for an exact resume of a run.

More than weights: the optimizer's state, every seed generator's, what the callbacks have counted, and which epoch was
finished. All of it is one file, which appears whole or not at all; the one before goes when it is there.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from cnnviz.errors import RunError
from cnnviz.folders import written_whole
from cnnviz.kept_arrays import read_arrays, write_arrays

if TYPE_CHECKING:
    import keras

VERSION = 1

_NAME, _ANY = "epoch-{:06d}.npz", "epoch-*.npz"


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """A run after a finished epoch.

    Attributes:
        epoch: Epochs finished.
        phase: Index of the phase that the epoch belonged to.
        is_phase_over: Whether that phase ended with it.
        notes: Plain values beside the arrays: what the callbacks have counted, the best so far.
        arrays: Values of the variables, in their order.
    """

    epoch: int
    phase: int
    is_phase_over: bool
    notes: Mapping[str, Any]
    arrays: tuple[np.ndarray, ...]


def save(folder: Path, checkpoint: Checkpoint) -> None:
    """Write a checkpoint, then drop the older ones."""
    folder.mkdir(exist_ok=True)
    path = folder / _NAME.format(checkpoint.epoch)
    write(path, checkpoint)
    _keep_only(path)


def write(path: Path, checkpoint: Checkpoint) -> None:
    """Write a checkpoint as a whole file."""
    meta = {
        "version": VERSION,
        "epoch": checkpoint.epoch,
        "phase": checkpoint.phase,
        "is_phase_over": checkpoint.is_phase_over,
        "notes": checkpoint.notes,
    }
    arrays = {f"variable_{number}": array for number, array in enumerate(checkpoint.arrays)}
    write_arrays(path, {"meta": np.array(json.dumps(meta))} | arrays)


def newest(folder: Path) -> Path | None:
    """Find the newest checkpoint; None if there is none."""
    return max(folder.glob(_ANY), default=None)


def epoch_of(path: Path) -> int:
    """Tell a checkpoint's epoch from its name."""
    return int(path.stem.removeprefix("epoch-"))


def replace_all(folder: Path, epoch: int, data: bytes) -> None:
    """Put a checkpoint that was written elsewhere in the place of all others; no bytes for none at all."""
    path = folder / _NAME.format(epoch)
    if data:
        folder.mkdir(exist_ok=True)
        with written_whole(path) as part:
            part.write_bytes(data)
    _keep_only(path)


def _keep_only(path: Path) -> None:
    for other in path.parent.glob(_ANY):
        if other != path:
            other.unlink(missing_ok=True)


def load(folder: Path) -> Checkpoint | None:
    """Read the newest checkpoint; None if there is none.

    Raises:
        RunError: If it was written by another version, or is damaged.
    """
    path = newest(folder)
    return read(path) if path else None


def read(path: Path) -> Checkpoint:
    """Read what `write` wrote.

    Raises:
        RunError: If it was written by another version, or is damaged.
    """
    try:
        found = read_arrays(path, is_sealed=False)  # a run may have begun before there were seals
        meta = json.loads(str(found.pop("meta")))
        arrays = tuple(found[f"variable_{number}"] for number in range(len(found)))
        version = meta["version"]
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise RunError("The checkpoint {name!r} is damaged. Start the run again.", name=path.name) from error
    if version != VERSION:
        raise RunError(
            "The checkpoint was written by version {found}, not {version}. Start the run again.",
            found=version,
            version=VERSION,
        )
    return Checkpoint(meta["epoch"], meta["phase"], meta["is_phase_over"], meta["notes"], arrays)


def put_back(variables: Sequence[keras.Variable], arrays: Sequence[np.ndarray]) -> None:
    """Give variables the values that were saved.

    Raises:
        RunError: If they are not those of this model.
    """
    shapes = [tuple(variable.shape) for variable in variables]
    if shapes != [array.shape for array in arrays]:
        raise RunError("The checkpoint belongs to another model. Start the run again.")
    for variable, array in zip(variables, arrays, strict=True):
        variable.assign(array)
