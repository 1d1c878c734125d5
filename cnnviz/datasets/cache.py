"""Disk cache of decoded images: its folder and its limit in bytes."""

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
