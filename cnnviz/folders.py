"""Where does cnnviz keep what can be made again, and how is a file written so that nobody ever reads half of it?"""

from __future__ import annotations

import contextlib
import os
import uuid
from collections.abc import Iterator
from pathlib import Path

import platformdirs


def cache_folder(kind: str) -> Path:
    """Name the folder for one kind of thing; it need not exist.

    Args:
        kind: `patterns`, `pictures`, `models`, `answers`, `datasets`, `features`,
            `evaluations`.

    Returns:
        A folder in `$CNNVIZ_CACHE_DIR`, or in this system's cache folder for the user.
    """
    chosen = os.environ.get("CNNVIZ_CACHE_DIR")
    return (Path(chosen) if chosen else platformdirs.user_cache_path("cnnviz")) / kind


@contextlib.contextmanager
def written_whole(path: Path) -> Iterator[Path]:
    """Write a file that appears whole or not at all, also when the power fails.

    Args:
        path: The file; an older one of that name is replaced.

    Yields:
        Another name in the same folder, with the same ending, to write to.

    Raises:
        OSError: If it cannot be written; then nothing is left behind, and an older file stays.
    """
    part = path.with_name(f".{uuid.uuid4().hex}{path.suffix}")
    try:
        yield part
        with part.open("rb+") as file:
            os.fsync(file.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
