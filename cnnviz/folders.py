"""Where does cnnviz keep what can be made again, and how is a file written so that nobody ever reads half of it?"""

from __future__ import annotations

import contextlib
import errno
import lzma
import os
import re
import shutil
import stat
import struct
import time
import tokenize
import uuid
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import numpy as np
import platformdirs

DAMAGED = (
    *(OSError, EOFError, ValueError, TypeError, LookupError, RuntimeError, MemoryError, OverflowError),
    *(struct.error, zipfile.BadZipFile, zlib.error, lzma.LZMAError, tokenize.TokenError),
)
"""What reading arrays, or an archive of them, may raise where bytes are damaged.

A single bit can name another method of compression, another version of the format, or a header that is no Python.
"""

_PART = re.compile(r"\.[0-9a-f]{32}(\..*)?")
_SECONDS_OF_WRITING = 3600.0


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


def open_ordinary(path: Path) -> BinaryIO:
    """Open a file that anybody may have put there for reading: never a pipe or a device, which have no end.

    Raises:
        OSError: If it is not an ordinary file, or cannot be read.
    """
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)  # a pipe must not be waited for
    file = os.fdopen(os.open(path, flags), "rb")
    if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        file.close()
        raise OSError(errno.EINVAL, "not an ordinary file", str(path))
    return file


def map_array(path: Path) -> np.ndarray:
    """Map a `.npy` file into memory, read-only.

    Raises:
        OSError: If it is not an ordinary file, or cannot be read.
        Exception: One of `DAMAGED`, if it is damaged.
    """
    open_ordinary(path).close()  # NumPy would wait for a pipe
    kept = np.load(path, mmap_mode="r", allow_pickle=False)
    if not isinstance(kept, np.ndarray):
        kept.close()
        raise ValueError("an archive, not an array")
    return kept


def read_bounded(path: Path, *, max_bytes: int) -> bytes:
    """Read a file that anybody may have put there, see `open_ordinary`.

    Args:
        path: The file.
        max_bytes: What it may hold.

    Raises:
        OSError: If it is not an ordinary file, is larger, or cannot be read.
    """
    with open_ordinary(path) as file:
        data = file.read(max_bytes + 1)
    if len(data) > max_bytes:
        raise OSError(errno.EFBIG, "too large", str(path))
    return data


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


def drop_parts(folder: Path, *, older_than: float = _SECONDS_OF_WRITING) -> None:
    """Remove what `written_whole` had begun in a folder when its process was killed.

    Args:
        folder: The folder.
        older_than: Seconds since it was last written to; what is younger may still be written.
    """
    for path in folder.glob(".*"):
        with contextlib.suppress(OSError):  # another process was faster
            if _PART.fullmatch(path.name) and path.stat().st_mtime < time.time() - older_than:
                path.unlink()


def make_room(*, keep: Path, max_bytes: int) -> None:
    """Remove what was longest unused beside a file or folder, until all of it together takes at most `max_bytes`.

    Args:
        keep: It stays, whatever it takes; what is written to just now, hidden by a dot, stays too.
        max_bytes: Of all that is in its folder; what is used is marked so by its time of change.
    """
    drop_parts(keep.parent)
    known = []
    for path in keep.parent.glob("[!.]*"):
        with contextlib.suppress(FileNotFoundError):  # another process was faster
            known.append((path != keep, -path.stat().st_mtime_ns, _bytes_of(path), path))
    total = 0
    for may_go, _, size, path in sorted(known):
        total += size
        if may_go and total > max_bytes:
            _remove(path)


def _bytes_of(path: Path) -> int:
    files = path.rglob("*") if path.is_dir() else (path,)
    return sum(file.stat().st_size for file in files if file.is_file())


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
        return
    with contextlib.suppress(OSError):  # on Windows a file in use stays
        path.unlink()
