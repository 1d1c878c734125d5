"""Cache folders and atomic file writes; bounded reads; eviction of what was longest unused."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import shutil
import stat
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import platformdirs

_HALF_WRITTEN = ".cnnviz-part-"  # begins the name of a file that is being written
_SECONDS_OF_SILENCE = 86_400


def cache_folder(kind: str) -> Path:
    """Name the folder for one kind of thing; it need not exist.

    Args:
        kind: `patterns`, `images`, `models`, `answers`, `datasets`, `features`,
            `evaluations`.

    Returns:
        A folder in `$CNNVIZ_CACHE_DIR`, or in this system's cache folder for the user.
    """
    chosen = os.environ.get("CNNVIZ_CACHE_DIR")
    return (Path(chosen) if chosen else platformdirs.user_cache_path("cnnviz")) / kind


@contextlib.contextmanager
def open_ordinary(path: Path, *, is_appended: bool = False, follows_links: bool = True) -> Iterator[BinaryIO]:
    """Open a file that anybody may have put there: never a pipe or a device.

    Args:
        path: The file.
        is_appended: Whether it is written at its end, and made if there is none, in place of being read.
        follows_links: Whether a link at its place leads to it; not where what is read is shown to others.

    Raises:
        OSError: If it is not an ordinary file, or cannot be opened.
    """
    way = os.O_WRONLY | os.O_APPEND | os.O_CREAT if is_appended else os.O_RDONLY
    way |= 0 if follows_links else getattr(os, "O_NOFOLLOW", 0)
    way |= getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)  # a pipe must not be waited for
    with os.fdopen(os.open(path, way, 0o666), "ab" if is_appended else "rb") as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise OSError(errno.EINVAL, "not an ordinary file", str(path))
        yield file


def file_sha256(path: Path) -> str:
    """Hash of a file's content."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def read_bounded(path: Path, *, max_bytes: int, follows_links: bool = True) -> bytes:
    """Read a file that anybody may have put there: never a pipe or a device, which have no end.

    Args:
        path: The file.
        max_bytes: What it may hold.
        follows_links: As for `open_ordinary`.

    Raises:
        OSError: If it is not an ordinary file, is larger, or cannot be read.
    """
    with open_ordinary(path, follows_links=follows_links) as file:
        data = file.read(max_bytes + 1)
    if len(data) > max_bytes:
        raise OSError(errno.EFBIG, "too large", str(path))
    return data


@contextlib.contextmanager
def written_whole(path: Path) -> Iterator[Path]:
    """Write a file that appears whole or not at all, also when the power fails.

    What a process that was killed left half-written beside it is removed, a day after its last byte.

    Args:
        path: The file; an older one of that name is replaced.

    Yields:
        Another name in the same folder, with the same ending, to write to.

    Raises:
        OSError: If it cannot be written; then nothing is left behind, and an older file stays.
    """
    sweep(path.parent)
    part = path.with_name(f"{_HALF_WRITTEN}{uuid.uuid4().hex}{path.suffix}")
    try:
        yield part
        with part.open("rb+") as file:
            os.fsync(file.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def sweep(folder: Path, *, older_than: float = _SECONDS_OF_SILENCE) -> None:
    """Remove what `written_whole` had begun in a folder when its process was killed.

    Args:
        folder: The folder.
        older_than: Seconds since it was last written to. What is younger may still be written, perhaps by a process of
            another machine: only time tells.
    """
    for part in folder.glob(f"{_HALF_WRITTEN}*"):
        with contextlib.suppress(OSError):  # another process was faster
            if time.time() - part.stat().st_mtime >= older_than:
                part.unlink()


def make_room(*, keep: Path, max_bytes: int) -> None:
    """Remove what was longest unused beside a file or folder, until all of it together takes at most `max_bytes`.

    Args:
        keep: It stays, whatever it takes; what is written to just now, hidden by a dot, stays too.
        max_bytes: Of all that is in its folder; what is used is marked so by its time of change.
    """
    known = []
    for path in keep.parent.glob("[!.]*"):
        with contextlib.suppress(FileNotFoundError):  # another process was faster
            known.append((path != keep, -path.stat().st_mtime_ns, _bytes_of(path), path))
    total = 0
    for may_go, _, size, path in sorted(known):
        total += size
        if may_go and total > max_bytes:
            _remove(path)


def mark_used(path: Path) -> None:
    """Mark a file or folder as used just now, for `make_room`; what cannot be written is as good without.

    Args:
        path: What is used.
    """
    with contextlib.suppress(OSError):
        os.utime(path)


def _bytes_of(path: Path) -> int:
    files = path.rglob("*") if path.is_dir() else (path,)
    return sum(file.stat().st_size for file in files if file.is_file())


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
        return
    with contextlib.suppress(OSError):  # on Windows a file in use stays
        path.unlink()
