"""At which epochs were a run's weights kept, and where are they?"""

from __future__ import annotations

import re
from pathlib import Path

from cnnviz.runs.folder import SNAPSHOTS

_NAME = re.compile(r"epoch-(\d{6,9})\.weights\.h5")


def snapshot_path(run: Path, epoch: int) -> Path:
    """Name the file of the weights after an epoch; 0 for those before the first."""
    return run / SNAPSHOTS / f"epoch-{epoch:06d}.weights.h5"


def snapshots(run: Path) -> dict[int, Path]:
    """List the weights that a run has kept, by epoch; a file that is being written is not among them.

    Args:
        run: The run's folder.

    Returns:
        Epoch, 0 for the untrained network, to its file, in the order of the epochs.
    """
    found = {int(match[1]): path for path in (run / SNAPSHOTS).glob("*") if (match := _NAME.fullmatch(path.name))}
    return dict(sorted(found.items()))
