"""Safe loading of `.keras`, `.h5` and weights files, without running any code in them, and their conversion."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import shutil
import tempfile
import threading
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

from cnnviz.convnets.archive import open_archive, open_weights
from cnnviz.convnets.downloads import is_download, unpack_model
from cnnviz.convnets.gate import MAX_FILE_BYTES, GateReport, check_model_file
from cnnviz.convnets.keras2 import Translation
from cnnviz.convnets.rehearsal import rehearse
from cnnviz.convnets.weights_rules import open_hdf5
from cnnviz.errors import ModelFileError, RefusedFileError
from cnnviz.folders import file_sha256, written_whole
from cnnviz.sentences import Sentence

if TYPE_CHECKING:
    import keras

_CHUNK = 2**20
_PASSING = {
    errno.EACCES, errno.EDQUOT, errno.EIO, errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.ENOSPC, errno.EPERM,
    errno.EROFS,
}  # fmt: skip
_PASSED: dict[str, None] = {}  # SHA-256 of what was tried out and may be opened, the oldest first
_MOST_PASSED = 1_000
# Loading looks at settings that all threads share.
_loading = threading.Lock()


def open_model_file(
    path: str | Path, *, is_trusted: bool = True, architecture: Callable[[], keras.Model] | None = None
) -> keras.Model:
    """Open a `.keras`, `.h5` or weights file, or a downloaded archive with one, recognized by its content.

    What Keras 2 (TensorFlow 2.2 to 2.15) wrote is translated, and equal to what wrote it.

    Every file passes the gate first. A stranger's file is copied to a private folder, so that what was checked is
    what is opened, and is loaded and run once in a guarded process before it is loaded here.

    Args:
        path: The file.
        is_trusted: Whether the person who names the file also owns this process; False for uploads.
        architecture: Builds the model that a weights-only file belongs to; unused for others.

    Returns:
        The model, not compiled.

    Raises:
        RefusedFileError: If the file is damaged or unsafe.
        ModelFileError: If it does not become a model, or this machine cannot read it now.
    """
    with _checked(Path(path), is_trusted=is_trusted) as (file, report):
        if report.kind == "weights" and architecture is None:
            raise ModelFileError(
                "The file holds weights without an architecture. "
                "Name the architecture, or save the whole model with model.save('name.keras')."
            )
        if not is_trusted and report.kind != "weights":
            _rehearse(file, report)
        return _load(file, report, architecture)


def _rehearse(path: Path, report: GateReport) -> None:
    """Try a file out, unless one of the same content passed before: a server opens the same uploads again and again."""
    digest = file_sha256(path)
    if digest in _PASSED:
        return
    try:
        rehearse(path, weight_bytes=report.weight_bytes)
        _PASSED[digest] = None
        if len(_PASSED) > _MOST_PASSED:
            _PASSED.pop(next(iter(_PASSED)), None)
    except OSError as error:  # no process, no temporary folder
        raise ModelFileError(_of_this_machine(error) or str(error)) from error


@contextlib.contextmanager
def _checked(path: Path, *, is_trusted: bool) -> Iterator[tuple[Path, GateReport]]:
    """A file that passed the gate, out of its archive and under the ending of its content, and what it holds."""
    with contextlib.ExitStack() as stack:
        try:
            folder = Path(stack.enter_context(_private_folder()))
            checked = path if is_trusted else _private_copy(path, folder)
            if is_download(checked):
                checked = unpack_model(checked, folder)
            report = check_model_file(checked)
            checked = _under_its_suffix(checked, report.suffix, folder)
        except OSError as error:
            raise ModelFileError(_of_this_machine(error) or str(error)) from error
        except ModelFileError as error:
            if reason := _of_this_machine(error):
                raise ModelFileError(reason) from error
            raise RefusedFileError(error.sentence) from error
        yield checked, report


def _private_folder() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="cnnviz-model-", ignore_cleanup_errors=True)


def _of_this_machine(error: BaseException | None) -> Sentence | None:
    """What is said where the system and not the file is at fault: no space left, no permission, a failing disk."""
    while error is not None:
        if isinstance(error, OSError) and error.errno in _PASSING:
            return Sentence("This machine cannot open the file now: {reason}.", reason=os.strerror(error.errno))
        error = error.__cause__
    return None


def convert_model_file(source: str | Path, target: Path) -> tuple[tuple[str, str], ...]:
    """Write a model file as a present-day `.keras` file, not compiled.

    Args:
        source: A file of any kind that is opened.
        target: The `.keras` file; an older one of that name is replaced, whole or not at all.

    Returns:
        What was said otherwise, each as (what it was, what it is); empty for a file of Keras 3.

    Raises:
        ModelFileError: If the file is refused, or a layer has no counterpart.
        OSError: If it cannot be written.
    """
    with _checked(Path(source), is_trusted=True) as (file, report):
        model = _load(file, report, None)
    with written_whole(target) as part:
        model.save(part)
    return report.translation.changes if report.translation else ()


def _private_copy(path: Path, folder: Path) -> Path:
    """Copy a file into a folder that only this user can enter, under the name of its content."""
    if not path.is_file():
        check_model_file(path)  # says what it is instead
    part, digest = folder / "part", hashlib.sha256()
    try:
        with path.open("rb") as source, part.open("wb") as target:
            while target.tell() <= MAX_FILE_BYTES and (chunk := source.read(_CHUNK)):
                digest.update(chunk)
                target.write(chunk)
    except OSError as error:
        raise ModelFileError("The file cannot be copied to a safe place.") from error
    return part.rename(folder / digest.hexdigest())


def _under_its_suffix(path: Path, suffix: str, folder: Path) -> Path:
    """Keras goes by the name's ending, so give the file the one that its content asks for."""
    is_mistaken = suffix == ".h5" and path.name.endswith(".weights.h5")
    if path.name.endswith(suffix) and not is_mistaken:
        return path
    named = folder / f"model{suffix}"
    return path.rename(named) if path.parent == folder else Path(shutil.copyfile(path, named))


def _load(path: Path, report: GateReport, architecture: Callable[[], keras.Model] | None) -> keras.Model:
    import keras

    from cnnviz.convnets.architectures import lenet5_class

    lenet5_class()  # the only class of ours that a file may name
    model = architecture() if report.kind == "weights" and architecture else None
    try:
        with _loading, _settings_kept(), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Keras only warns of what is refused here
            if report.translation is not None:
                model = _build_translated(path, report.translation)
            else:
                model = keras.saving.load_model(path, compile=False) if model is None else model
                _give_all_weights(model, path)
    except ModelFileError:
        raise
    except Exception as error:  # Keras passes on whatever its layers raise
        raise ModelFileError(_explain(error, report)) from error
    if not isinstance(model, keras.Model):
        raise ModelFileError("The file does not hold a whole model. Save one with model.save('name.keras').")
    return model


def _build_translated(path: Path, translation: Translation) -> keras.Model:
    """Build a model of Keras 2 from its translated description, and give it the file's weights."""
    from cnnviz.convnets.keras2.weights import build

    with contextlib.ExitStack() as stack:
        file: BinaryIO = stack.enter_context(path.open("rb"))
        if path.suffix == ".keras":
            archive = stack.enter_context(open_archive(file))
            file = stack.enter_context(open_weights(file, archive))
        return build(translation.config, translation.plan, stack.enter_context(open_hdf5(file)))


@contextlib.contextmanager
def _settings_kept() -> Iterator[None]:
    """Loading must not change how the rest of the process computes: put back and refuse if it did."""
    before = _settings()
    try:
        yield
    finally:
        changed = [name for name, value in _settings().items() if value != before[name]]
        _restore({name: before[name] for name in changed})
    if changed:
        raise ModelFileError(
            "Opening the file changed Keras's setting {setting}, so it was refused.", setting=changed[0]
        )


def _settings() -> dict[str, Any]:
    from keras import config

    return {
        "floatx": config.floatx(),
        "epsilon": config.epsilon(),
        "image_data_format": config.image_data_format(),
        "dtype_policy": config.dtype_policy(),
        "max_epochs": config.max_epochs(),
        "max_steps_per_epoch": config.max_steps_per_epoch(),
    }


def _restore(settings: dict[str, Any]) -> None:
    from keras import config

    for name, value in settings.items():
        getattr(config, f"set_{name}")(value)


def _give_all_weights(model: Any, path: Path) -> None:
    """Load weights over marks, and refuse if a mark is left: a model that was never trained would be shown."""
    marked = [(weight, mark) for weight in getattr(model, "weights", ()) if (mark := _mark(weight)) is not None]
    model.load_weights(path)
    if any(np.all(np.asarray(weight) == mark) for weight, mark in marked):
        raise ModelFileError("The file has no weights for some of its layers. Save the model again with Keras 3.")


def _mark(weight: Any) -> Any | None:
    """Fill a weight with a value that no training gives; None for what holds no numbers, or can hold no such value."""
    import keras

    if 0 in weight.shape or weight.dtype == "bool":
        return None
    value = np.iinfo(weight.dtype).max - 17 if "int" in weight.dtype else 1.2345e-4
    weight.assign(keras.ops.full(weight.shape, value, dtype=weight.dtype))
    return np.asarray(weight).flat[0]


def _explain(error: Exception, report: GateReport) -> Sentence:
    """Say in our own words what Keras said: its texts hold paths, pages of settings, and advice to lower the guard."""
    if reason := _of_this_machine(error):
        return reason
    text = str(error)
    if "objects could not be loaded" in text or "mismatch" in text:
        what = Sentence("this architecture") if report.kind == "weights" else Sentence("its layers")
        return Sentence(
            "The weights in the file do not fit {what}. Check that both are of the same model, or save it again.",
            what=what,
        )
    if isinstance(error, MemoryError) or "OOM" in text or "ResourceExhausted" in type(error).__name__:
        return Sentence("The model does not fit into this machine's memory.")
    return Sentence(
        "Keras cannot rebuild the model of this file ({kind}). Save it again with Keras 3,"
        " or pass the model to cnnviz.convnet_from_model.",
        kind=type(error).__name__,
    )
