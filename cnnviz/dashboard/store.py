"""Where do uploaded files live? By sha256 in a bounded folder, so that a link to them holds on this server."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import tempfile
from pathlib import Path

from cnnviz.folders import cache_folder

_SHA256 = re.compile(r"[0-9a-f]{64}")
_MODEL_NAME = re.compile(r"[A-Za-z0-9_-]{1,40}-[0-9a-f]{8}")
_MAX_BYTES = {"pictures": 500 * 2**20, "models": 3 * 2**30}


def folder(kind: str) -> Path:
    """Folder of one kind of upload, made if needed; `CNNVIZ_CACHE_DIR` moves it."""
    path = cache_folder(kind)
    path.mkdir(parents=True, exist_ok=True)
    return path


def put(kind: str, data: bytes) -> str:
    """Keep uploaded bytes and return their sha256; the oldest make room."""
    name = hashlib.sha256(data).hexdigest()
    target = folder(kind) / name
    _write(target, data)
    os.utime(target)
    _make_room(kind, keep=target)
    return name


def put_model(file_name: str, data: bytes) -> str:
    """Keep an uploaded model in a folder of its own and return the name it goes by: `cats-3fa9c1e2`."""
    digest = hashlib.sha256(data).hexdigest()
    stem, suffix = re.fullmatch(r"(.*?)((?:\.weights)?\.[A-Za-z0-9]{1,8})?", file_name, re.DOTALL).groups()  # type: ignore[union-attr]  # every name matches
    name = f"{re.sub(r'[^A-Za-z0-9_-]+', '-', stem).strip('-')[:40] or 'model'}-{digest[:8]}"
    home = folder("models") / name
    home.mkdir(exist_ok=True)
    _write(home / f"{name}{suffix or ''}", data)
    os.utime(home)
    _make_room("models", keep=home)
    return name


def model_path(name: str) -> Path | None:
    """Find an uploaded model by the name it goes by; None if it is not (or no longer) here."""
    if not _MODEL_NAME.fullmatch(name):
        return None
    home = folder("models") / name
    return next((path for path in sorted(home.glob(f"{name}*")) if not path.name.endswith(".json")), None)


def drop_model(name: str) -> None:
    """Forget an upload that turned out not to be a model."""
    if _MODEL_NAME.fullmatch(name):
        shutil.rmtree(folder("models") / name, ignore_errors=True)


def get(kind: str, name: str) -> Path | None:
    """Find an upload by its sha256; None if it is not (or no longer) here."""
    if not _SHA256.fullmatch(name):
        return None
    return next(iter(sorted(folder(kind).glob(f"{name}*"))), None)


def _write(target: Path, data: bytes) -> None:
    """Write a file that is named by what it holds: whole or not at all, and once."""
    if target.exists():
        return
    with tempfile.NamedTemporaryFile(dir=target.parent, prefix=".", delete=False) as file:
        file.write(data)
    Path(file.name).replace(target)


def _make_room(kind: str, keep: Path) -> None:
    entries = [path for path in folder(kind).iterdir() if path != keep]
    entries.sort(key=lambda path: path.stat().st_mtime, reverse=True)
    total = _size(keep)
    for path in entries:
        total += _size(path)
        if total <= _MAX_BYTES[kind]:
            continue
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)


def _size(path: Path) -> int:
    files = [path] if path.is_file() else [file for file in path.rglob("*") if file.is_file()]
    return sum(file.stat().st_size for file in files)
