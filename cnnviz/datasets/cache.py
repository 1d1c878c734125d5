"""Where are decoded pictures kept, and which go when there are too many?"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from cnnviz.folders import cache_folder

MAX_BYTES = 8 * 2**30


def cached(name: str) -> Path:
    """Name a file of the cache, and mark it as used just now if it is there."""
    path = cache_folder("datasets") / name
    with contextlib.suppress(OSError):
        os.utime(path)
    return path


def make_room(*, keep: Path, max_bytes: int = MAX_BYTES) -> None:
    """Remove the files longest unused, but `keep`, until the rest takes at most `max_bytes`."""
    known = []
    for path in keep.parent.glob("[!.]*"):
        with contextlib.suppress(FileNotFoundError):  # another process was faster
            status = path.stat()
            known.append((path != keep, -status.st_mtime_ns, status.st_size, path))
    total = 0
    for may_go, _, size, path in sorted(known):
        total += size
        if may_go and total > max_bytes:
            with contextlib.suppress(OSError):  # on Windows a file in use stays
                path.unlink()
