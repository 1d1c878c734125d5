"""Snapshots of a run's weights, by epoch."""

from __future__ import annotations

import re
from pathlib import Path

from cnnviz.runs.folder import SNAPSHOTS

HEAD_ENDING = ".head.weights.h5"
"""How a file ends that holds the weights of the head alone: the rest of the model never changed."""

_NAME = re.compile(r"epoch-(\d{6,9})(\.head)?\.weights\.h5")


def snapshot_path(run: Path, epoch: int, *, is_head: bool = False) -> Path:
    """Name the file of the weights after an epoch, of all or of the head alone; 0 for those before the first."""
    return run / SNAPSHOTS / f"epoch-{epoch:06d}{HEAD_ENDING if is_head else '.weights.h5'}"


def snapshots(run: Path) -> dict[int, Path]:
    """List the weights that a run has kept, by epoch; a file that is being written is not among them.

    Args:
        run: The run's folder.

    Returns:
        Epoch, 0 for the untrained model, to its file, in the order of the epochs.
    """
    found = {int(match[1]): path for path in (run / SNAPSHOTS).glob("*") if (match := _NAME.fullmatch(path.name))}
    return dict(sorted(found.items()))
