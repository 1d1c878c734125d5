"""Where do uploaded files live? By sha256 in a bounded folder, so that a link to them holds on this server."""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
from pathlib import Path

from platformdirs import user_cache_path

_SHA256 = re.compile(r"[0-9a-f]{64}")
_MAX_BYTES = {"pictures": 500 * 2**20, "models": 3 * 2**30}


def folder(kind: str) -> Path:
    """Folder of one kind of upload, made if needed; `CNNVIZ_CACHE_DIR` moves it."""
    root = Path(os.environ.get("CNNVIZ_CACHE_DIR") or user_cache_path("cnnviz"))
    path = root / kind
    path.mkdir(parents=True, exist_ok=True)
    return path


def put(kind: str, data: bytes, suffix: str = "") -> str:
    """Keep uploaded bytes and return their sha256; the oldest make room."""
    name = hashlib.sha256(data).hexdigest()
    target = folder(kind) / f"{name}{suffix}"
    if not target.exists():
        with tempfile.NamedTemporaryFile(dir=target.parent, prefix=".", delete=False) as file:
            file.write(data)
        Path(file.name).replace(target)
    os.utime(target)
    _make_room(kind, keep=target)
    return name


def get(kind: str, name: str) -> Path | None:
    """Find an upload by its sha256; None if it is not (or no longer) here."""
    if not _SHA256.fullmatch(name):
        return None
    return next(iter(sorted(folder(kind).glob(f"{name}*"))), None)


def _make_room(kind: str, keep: Path) -> None:
    files = [path for path in folder(kind).iterdir() if path.is_file() and path != keep]
    files.sort(key=lambda path: path.stat().st_mtime, reverse=True)
    total = keep.stat().st_size
    for path in files:
        total += path.stat().st_size
        if total > _MAX_BYTES[kind]:
            path.unlink(missing_ok=True)
