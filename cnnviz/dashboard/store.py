"""Uploaded files, kept by sha256 in a bounded folder, so that links to them work on this server.

Reading makes no folder: where there is none, or none that can be read, nothing was uploaded.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

from cnnviz.dashboard import started
from cnnviz.errors import UploadError
from cnnviz.folders import cache_folder, file_sha256, make_room, mark_used, written_whole

_DIGITS = (8, 32)  # of a hash that stand in a name: few, unless other bytes have that name already
_PLAIN = r"[A-Za-z0-9_-]{1,40}-(?:[0-9a-f]{8}|[0-9a-f]{32})"
_NAMES = {
    "pictures": re.compile(r"[0-9a-f]{64}"),
    "models": re.compile(_PLAIN),
    "uploads": re.compile(rf"{_PLAIN}\.zip"),
}
_MAX_BYTES = {"pictures": 500 * 2**20, "models": 3 * 2**30, "uploads": 3 * 2**30}


def folder(kind: str) -> Path:
    """Folder of one kind of upload, which need not exist; `CNNVIZ_CACHE_DIR` moves it."""
    return Path(os.path.realpath(cache_folder(kind)))  # it stands in code that is taken elsewhere; links may go round


@contextlib.contextmanager
def _explained() -> Iterator[None]:
    """Say in a sentence that an upload cannot be kept; the folder by its variable, since its path is the host's."""
    try:
        yield
    except OSError as error:
        raise UploadError(
            "This cannot be kept in the cache folder: {reason}. Make room in it, or set CNNVIZ_CACHE_DIR to a folder "
            "that can be written and start cnnviz again.",
            reason=error.strerror or str(error),
        ) from error


@_explained()
def put(kind: str, data: bytes) -> str:
    """Keep uploaded bytes and return their sha256; the oldest make room.

    Raises:
        UploadError: If they cannot be kept; `put_model` and `put_data` too.
    """
    name = hashlib.sha256(data).hexdigest()
    _write(folder(kind) / name, data)
    _make_room(kind, folder(kind) / name)
    return name


@_explained()
def put_model(file_name: str, data: bytes) -> str:
    """Keep an uploaded model in a folder of its own and return the name it goes by: `cats-3fa9c1e2`."""
    stem, suffix = re.fullmatch(r"(.*?)((?:\.weights)?\.[A-Za-z0-9]{1,8})?", file_name, re.DOTALL).groups()  # type: ignore[union-attr]  # every name matches

    def place(tail: str) -> Path:
        name = f"{_plain_stem(stem, 'model')}-{tail}"
        return model_path(name) or folder("models") / name / f"{name}{suffix or ''}"

    path = _own_place(data, place)
    _write(path, data)
    _make_room("models", path.parent)
    return path.parent.name


def model_path(name: str) -> Path | None:
    """Find the file of an uploaded model, or of the one the server was started with; None if it is not here."""
    if name == started.model():
        return started.model_file()
    if not _NAMES["models"].fullmatch(name):
        return None
    files = _listed(folder("models") / name)
    return next((Path(file.path) for file in files if file.name.startswith(name) and file.name[-5:] != ".json"), None)


def drop_model(name: str) -> None:
    """Forget an upload that turned out not to be a model."""
    if _NAMES["models"].fullmatch(name):
        shutil.rmtree(folder("models") / name, ignore_errors=True)


@_explained()
def put_data(file_name: str, data: bytes) -> Path:
    """Keep an uploaded archive of images and return where it is: `cats-3fa9c1e2.zip`."""
    stem = _plain_stem(file_name.removesuffix(".zip"), "pictures")
    path = _own_place(data, lambda tail: folder("uploads") / f"{stem}-{tail}.zip")
    _write(path, data)
    _make_room("uploads", path)
    return path


def data_folder() -> Path:
    """Folder whose subfolders and archives are offered as images: `$CNNVIZ_DATA_DIR`, or `data`."""
    return Path(os.environ.get("CNNVIZ_DATA_DIR") or "data").resolve()


def own_data() -> list[Path]:
    """List a person's own sets of images, the newest first: those in the data folder and those that were uploaded."""
    entries = [entry for home in {data_folder(), folder("uploads")} for entry in _listed(home)]
    changed = {entry.path: when for entry in entries if (when := _changed(entry)) is not None}
    return [Path(path) for path in sorted(changed, key=lambda path: (-changed[path], path))]


def get(kind: str, name: str) -> Path | None:
    """Find an upload by the name it goes by; None if it is not (or no longer) here."""
    path = folder(kind) / name
    return path if _NAMES[kind].fullmatch(name) and os.path.exists(path) else None  # noqa: PTH110  # False without permission


def remove(kind: str, name: str) -> None:
    """Delete an upload, if it is here; what stands in a person's own folder is none.

    Raises:
        UploadError: If it cannot be deleted.
    """
    path = get(kind, name)
    if path is None or path.parent == data_folder():
        return
    try:
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
    except OSError as error:
        raise UploadError("The upload cannot be deleted: {reason}.", reason=error.strerror or str(error)) from error


def _listed(home: Path) -> list[os.DirEntry[str]]:
    """List what is in a folder, without what is being written, hidden by a dot; nothing where it cannot be read."""
    try:
        with os.scandir(home) as entries:
            return sorted((entry for entry in entries if not entry.name.startswith(".")), key=lambda entry: entry.name)
    except OSError:
        return []


def _changed(entry: os.DirEntry[str]) -> int | None:
    """When a folder or an archive was changed; None of what is neither, or cannot be read."""
    try:
        return entry.stat().st_mtime_ns if entry.name.endswith(".zip") or entry.is_dir() else None
    except OSError:
        return None


def _plain_stem(stem: str, otherwise: str) -> str:
    return re.sub(r"[^A-Za-z0-9_-]+", "-", stem).strip("-")[:40] or otherwise


def _own_place(data: bytes, place: Callable[[str], Path]) -> Path:
    """The place of a file under the beginning of its hash, which is longer where other bytes have the short one."""
    digest = hashlib.sha256(data).hexdigest()
    paths = [place(digest[:digits]) for digits in _DIGITS]
    return next(path for path in paths if path == paths[-1] or not path.exists() or file_sha256(path) == digest)


def _write(target: Path, data: bytes) -> None:
    """Write a file that is named by what it holds: once."""
    if not target.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            with written_whole(target) as part:
                part.write_bytes(data)
        except OSError:
            with contextlib.suppress(OSError):  # others' files are in it
                target.parent.rmdir()
            raise


def _make_room(kind: str, keep: Path) -> None:
    """Mark an upload as used just now, and let those longest unused go; where that fails, it is kept all the same."""
    mark_used(keep)
    with contextlib.suppress(OSError):
        make_room(keep=keep, max_bytes=_MAX_BYTES[kind])
