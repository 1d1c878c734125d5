"""Where do uploaded files live? By sha256 in a bounded folder, so that a link to them holds on this server."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

from cnnviz.convnets.files import file_sha256
from cnnviz.dashboard import started
from cnnviz.errors import DataError
from cnnviz.folders import cache_folder, make_room, written_whole
from cnnviz.sentences import Sentence

_SHA256 = re.compile(r"[0-9a-f]{64}")
_DIGITS = (8, 32)  # of a hash that stand in a name: few, unless other bytes have that name already
_MODEL_NAME = re.compile(r"[A-Za-z0-9_-]{1,40}-(?:[0-9a-f]{8}|[0-9a-f]{32})")
_MAX_BYTES = {"pictures": 500 * 2**20, "models": 3 * 2**30, "uploads": 3 * 2**30}
_MOST_OWN_DATA = 200


def folder(kind: str) -> Path:
    """Folder of one kind of upload, made if needed; `CNNVIZ_CACHE_DIR` moves it."""
    path = cache_folder(kind).resolve()  # it stands in code that is taken elsewhere
    path.mkdir(parents=True, exist_ok=True)
    return path


def put(kind: str, data: bytes) -> str:
    """Keep uploaded bytes and return their sha256; the oldest make room.

    Raises:
        DataError: If they cannot be kept, as on a full disk.
    """
    name = hashlib.sha256(data).hexdigest()
    with _kept(Sentence("The image")):
        target = folder(kind) / name
        _write(target, data)
        os.utime(target)
        make_room(keep=target, max_bytes=_MAX_BYTES[kind])
    return name


def put_model(file_name: str, data: bytes) -> str:
    """Keep an uploaded model in a folder of its own and return the name it goes by: `cats-3fa9c1e2`.

    Raises:
        DataError: If it cannot be kept.
    """
    stem, suffix = re.fullmatch(r"(.*?)((?:\.weights)?\.[A-Za-z0-9]{1,8})?", file_name, re.DOTALL).groups()  # type: ignore[union-attr]  # every name matches

    def place(tail: str) -> Path:
        name = f"{_plain_stem(stem, 'model')}-{tail}"
        return model_path(name) or folder("models") / name / f"{name}{suffix or ''}"

    with _kept(Sentence("The model")):
        path = _own_place(data, place)
        path.parent.mkdir(exist_ok=True)
        _write(path, data)
        os.utime(path.parent)
        make_room(keep=path.parent, max_bytes=_MAX_BYTES["models"])
    return path.parent.name


def model_path(name: str) -> Path | None:
    """Find the file of an uploaded model, or of the one the server was started with; None if it is not here."""
    if name == started.model():
        return started.model_file()
    if not _MODEL_NAME.fullmatch(name):
        return None
    home = folder("models") / name
    return next((path for path in sorted(home.glob(f"{name}*")) if not path.name.endswith(".json")), None)


def drop_model(name: str) -> None:
    """Forget an upload that turned out not to be a model."""
    if _MODEL_NAME.fullmatch(name):
        shutil.rmtree(folder("models") / name, ignore_errors=True)


def put_data(file_name: str, data: bytes) -> Path:
    """Keep an uploaded archive of pictures and return where it is: `cats-3fa9c1e2.zip`.

    Raises:
        DataError: If it cannot be kept.
    """
    stem = _plain_stem(file_name.removesuffix(".zip"), "pictures")
    with _kept(Sentence("The archive")):
        path = _own_place(data, lambda tail: folder("uploads") / f"{stem}-{tail}.zip")
        _write(path, data)
        os.utime(path)
        make_room(keep=path, max_bytes=_MAX_BYTES["uploads"])
    return path


def data_folder() -> Path:
    """Folder whose subfolders and archives are offered as pictures: `$CNNVIZ_DATA_DIR`, or `data`."""
    return Path(os.environ.get("CNNVIZ_DATA_DIR") or "data").resolve()


def own_data() -> list[Path]:
    """List a person's own sets of pictures: those in the data folder, and those that were uploaded."""
    home = data_folder()
    beside = sorted(path for path in home.iterdir() if _is_data(path)) if home.is_dir() else []
    return [*beside, *sorted(folder("uploads").glob("[!.]*.zip"))][:_MOST_OWN_DATA]


def _is_data(path: Path) -> bool:
    return not path.name.startswith(".") and (path.is_dir() or path.suffix == ".zip")


def _plain_stem(stem: str, otherwise: str) -> str:
    return re.sub(r"[^A-Za-z0-9_-]+", "-", stem).strip("-")[:40] or otherwise


def get(kind: str, name: str) -> Path | None:
    """Find an upload by its sha256; None if it is not (or no longer) here."""
    if not _SHA256.fullmatch(name):
        return None
    return next(iter(sorted(folder(kind).glob(f"{name}*"))), None)


def _own_place(data: bytes, place: Callable[[str], Path]) -> Path:
    """The place of a file under the beginning of its hash, which is longer where other bytes have the short one."""
    digest = hashlib.sha256(data).hexdigest()
    paths = [place(digest[:digits]) for digits in _DIGITS]
    return next(path for path in paths if path == paths[-1] or not path.exists() or file_sha256(path) == digest)


def _write(target: Path, data: bytes) -> None:
    """Write a file that is named by what it holds: once."""
    if not target.exists():
        with written_whole(target) as part:
            part.write_bytes(data)


@contextlib.contextmanager
def _kept(what: Sentence) -> Iterator[None]:
    """Say in a sentence that an upload cannot be kept."""
    try:
        yield
    except OSError as error:
        raise DataError(
            "{what} cannot be kept: {reason}. Free space on the server, or set CNNVIZ_CACHE_DIR.",
            what=what,
            reason=error.strerror or str(error),
        ) from error
