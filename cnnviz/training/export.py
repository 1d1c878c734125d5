"""Export of a run's model as .keras, HDF5, SavedModel or weights."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Literal, get_args

from cnnviz.convnets import Answers, recall, remember
from cnnviz.errors import RunError
from cnnviz.runs import Run
from cnnviz.training.weights import load_product

if TYPE_CHECKING:
    import keras

Format = Literal["keras", "h5", "saved-model", "weights"]
FORMATS: tuple[Format, ...] = get_args(Format)
ENDINGS: dict[Format, str] = {"keras": ".keras", "h5": ".h5", "saved-model": "", "weights": ".weights.h5"}
"""What a name must end in; a SavedModel is a folder."""

CLASS_NAMES = "assets.extra/class_names.json"
"""Where in a SavedModel the class names are; its format keeps that folder for the user's own files."""


def export_run(run: Run, path: Path, *, format: Format = "keras") -> Path:
    """Write the model of a run's best epoch in another form.

    In every form the model takes pixels 0..255, for scaling is part of it. What the form itself cannot tell, such
    as the names of the classes, is written beside it, or in the folder of a SavedModel.

    Args:
        run: It is only read.
        path: Where to; it appears whole or not at all.
        format: `keras`: all of it. `h5`: the same, in the older form. `saved-model`: a folder with a program that
            runs without Keras, its endpoints `serve` and `serving_default`. `weights`: without the architecture.

    Returns:
        The path.

    Raises:
        RunError: If the run has no network yet, the name does not fit the form, is taken, or cannot be written.
    """
    _check(run, path, format)
    model, answers = _open(run)
    try:
        with _appearing(path) as part:
            _WRITERS[format](model, part)
            if format == "saved-model":
                _write_class_names(part, answers)
    except OSError as error:
        raise RunError(
            "{path!r} cannot be written: {reason}. Choose another place.",
            path=str(path),
            reason=error.strerror or str(error),
        ) from error
    if format == "weights":  # scaling and fit are the architecture's, which is named when they are loaded
        remember(path, Answers(class_names=answers.class_names))
    elif format != "saved-model":
        remember(path, answers)
    return path


def _check(run: Run, path: Path, format: Format) -> None:
    if format not in FORMATS:
        raise RunError("There is no format {format!r}. There are: {known}.", format=format, known=", ".join(FORMATS))
    if run.model is None:
        raise RunError("{name!r} has not finished an epoch, so there is no model to export yet.", name=run.name)
    ending = ENDINGS[format]
    if not path.name.endswith(ending) or (format == "h5" and path.name.endswith(ENDINGS["weights"])):
        raise RunError(
            "{name!r} does not fit the format {format}. Choose a name that ends in {ending}.",
            name=path.name,
            format=format,
            ending=ending,
        )
    if os.path.lexists(path):
        raise RunError("{path!r} already exists. Choose another name, or delete it first.", path=str(path))


def _open(run: Run) -> tuple[keras.Model, Answers]:
    path = run.path / "best.keras"
    return load_product(path), recall(path) or Answers()


def _save(model: keras.Model, path: Path) -> None:
    model.save(path)


def _save_weights(model: keras.Model, path: Path) -> None:
    model.save_weights(path)


def _export(model: keras.Model, path: Path) -> None:
    model.export(path, format="tf_saved_model", verbose=False)


_WRITERS: dict[Format, Callable[[keras.Model, Path], None]] = {
    "keras": _save,
    "h5": _save,
    "saved-model": _export,
    "weights": _save_weights,
}


def _write_class_names(folder: Path, answers: Answers) -> None:
    path = folder / CLASS_NAMES
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(answers.class_names, ensure_ascii=False), encoding="utf-8")


@contextmanager
def _appearing(path: Path) -> Iterator[Path]:
    """Give a file or folder under its own name in a folder beside, from where it moves when it is whole."""
    beside = Path(tempfile.mkdtemp(prefix=".cnnviz-", dir=path.parent))
    try:
        yield beside / path.name
        for written in beside.rglob("*"):
            if written.is_file():
                _flush(written)
        (beside / path.name).rename(path)
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def _flush(path: Path) -> None:
    with path.open("rb+") as file:
        os.fsync(file.fileno())
