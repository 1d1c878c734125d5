"""Models and images opened from command-line arguments, with TensorFlow started quietly."""

from __future__ import annotations

import contextlib
import logging
import os
import sys
import tempfile
from argparse import Namespace
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from cnnviz import images
from cnnviz.cli.progress import note
from cnnviz.convnets import Assumptions, Convnet, load_convnet
from cnnviz.convnets.gate import check_model_file
from cnnviz.images import SAMPLES, sample_photos

_LOG_LEVEL = "TF_CPP_MIN_LOG_LEVEL"
_FATAL_ONLY = "3"
_STDERR = 2
_ENDINGS = (".keras", ".h5", ".hdf5", ".zip")
_CHANGE = "change them with --scaling, --fit, --labels, --class-order, --outputs or --head"


def read_photo(image: str, *, stretch: bool = False) -> images.Photo:
    """Read an image by path, or a sample by name; a file of that name goes first.

    Raises:
        ImageError: If it cannot be read.
    """
    is_sample = image in SAMPLES and not Path(image).is_file()
    return images.open_photo(sample_photos()[image] if is_sample else image, stretch=stretch)


def open_photo(image: str, *, stretch: bool = False) -> np.ndarray:
    """Read an image as `read_photo` does; what has to be said of it is said on stderr.

    Raises:
        ImageError: If it cannot be read.
    """
    photo = read_photo(image, stretch=stretch)
    if photo.notes:
        sys.stderr.write(f"cnnviz: {image}: {'; '.join(photo.notes)}.\n")
    return photo.pixels


def image_name(image: str) -> str:
    """Name an image in the names of files made from it."""
    return Path(image).stem


def open_convnet(options: Namespace) -> Convnet:
    """Open the chosen model, with TensorFlow started quietly before; what had to be assumed is said once, on stderr.

    Raises:
        ModelError: If it cannot be opened.
    """
    if Path(options.model).suffix in _ENDINGS and not Path(options.model).exists():
        check_model_file(Path(options.model))  # says so before TensorFlow has started
    start_tensorflow()
    convnet = load_convnet(
        options.model,
        architecture=options.architecture,
        scaling=options.scaling,
        fit=options.fit,
        class_names=options.labels,
        class_order=options.class_order,
        outputs=options.outputs,
        head=options.head,
    )
    if convnet.assumptions.are_open:
        sys.stderr.write(f"Assumptions about {convnet.name} ({_CHANGE}):\n{_listed(convnet.assumptions)}\n")
    return convnet


def _listed(assumptions: Assumptions) -> str:
    """Assumptions, one a line: what, its value, why."""
    rows = [(name.replace("_", " "), one) for name, one in assumptions]
    wide, wider = (max(map(len, column)) for column in zip(*((name, one.value) for name, one in rows), strict=True))
    return "\n".join(f"  {name:{wide}}  {one.value:{wider}}  {one.reason}" for name, one in rows)


def start_tensorflow() -> None:
    """Import TensorFlow without its remarks, unless the person set how much it shall log."""
    if "tensorflow" in sys.modules or _LOG_LEVEL in os.environ:
        return
    os.environ[_LOG_LEVEL] = _FATAL_ONLY
    with note("Starting TensorFlow ..."), _silent_stderr():  # at its import TensorFlow writes past that setting
        import tensorflow  # noqa: F401  # only its start is wanted
    logging.getLogger("tensorflow").setLevel(logging.ERROR)


@contextlib.contextmanager
def _silent_stderr() -> Iterator[None]:
    """Hold back what the process writes to standard error, compiled code included; tell it after a failure."""
    sys.stderr.flush()
    kept = os.dup(_STDERR)
    with tempfile.TemporaryFile() as held:
        os.dup2(held.fileno(), _STDERR)
        try:
            yield
        except Exception:
            held.seek(0)
            os.write(kept, held.read())
            raise
        finally:
            os.dup2(kept, _STDERR)
            os.close(kept)
