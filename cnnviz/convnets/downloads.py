"""Downloaded zip archives with a model and its labels in them, as Teachable Machine exports them."""

from __future__ import annotations

import zipfile
from contextlib import suppress
from pathlib import Path

from cnnviz.archives import Archive
from cnnviz.convnets.archive import CONFIG, MAX_MEMBERS, open_archive
from cnnviz.errors import ModelFileError

_MODELS = (".h5", ".keras", ".hdf5")
_LABELS = "labels.txt"
_MAX_MODEL_BYTES = 2**30
_CHUNK = 2**20
_MAX_LABELS_BYTES = 4 * 2**20


def is_download(path: Path) -> bool:
    """Whether a file is a zip archive with one model file in it, and not itself a model."""
    with suppress(OSError, ValueError, zipfile.BadZipFile):
        if path.is_file() and zipfile.is_zipfile(path):
            with Archive(path, most_members=MAX_MEMBERS) as archive:
                return CONFIG not in archive.namelist() and bool(_models(archive))
    return False


def unpack_model(path: Path, folder: Path) -> Path:
    """Copy the model of an archive into a folder; the rules of the gate's archives hold for it.

    Raises:
        ModelFileError: If there is more than one, or the archive breaks the rules.
    """
    with path.open("rb") as file, open_archive(file) as archive:
        models = _models(archive)
        if len(models) != 1:
            raise ModelFileError(
                "The archive holds {count} model files; one is opened. Unpack it and choose.", count=len(models)
            )
        if archive.getinfo(models[0]).file_size > _MAX_MODEL_BYTES:
            raise ModelFileError("The model in the archive is larger than 1 GB. It is not opened.")
        target = folder / f"unpacked{Path(models[0]).suffix.lower()}"
        try:
            with archive.open(models[0]) as source, target.open("wb") as copy:
                while chunk := source.read(_CHUNK):
                    copy.write(chunk)
        except (zipfile.BadZipFile, RuntimeError, NotImplementedError, EOFError, OSError) as error:
            raise ModelFileError("The archive's content is damaged. Copy or download the file again.") from error
    return target


def read_packed_labels(path: Path) -> bytes | None:
    """The labels file beside the model in an archive; None if there is none."""
    with path.open("rb") as file, open_archive(file) as archive:
        for name in archive.namelist():
            is_labels = name.rsplit("/", 1)[-1].casefold() == _LABELS and not name.startswith("__MACOSX/")
            if is_labels and archive.getinfo(name).file_size <= _MAX_LABELS_BYTES:
                with suppress(zipfile.BadZipFile, RuntimeError, NotImplementedError, EOFError):
                    return archive.read(name)
    return None


def labels_beside(path: Path) -> Path | None:
    """The `labels.txt` in the folder of a `keras_model.h5`; None if there is none."""
    labels = path.with_name(_LABELS)
    return labels if path.name == "keras_model.h5" and labels.is_file() else None


def _models(archive: zipfile.ZipFile) -> list[str]:
    names = [name for name in archive.namelist() if not name.startswith("__MACOSX/")]
    return [name for name in names if name.lower().endswith(_MODELS)]
