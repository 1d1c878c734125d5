"""Settings of a model file that its user gave (scaling, class names, outputs), kept beside it as JSON.

A file does not tell how it wants pixels scaled or what its classes are called. What the user said lies beside it, as
`<file>.cnnviz.json`, so that both travel together; where that folder is read-only, in the user's cache folder.
"""

from __future__ import annotations

import contextlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, get_args

from cnnviz.convnets.config_rules import shown
from cnnviz.convnets.convnet import SCALINGS
from cnnviz.convnets.outputs import KINDS
from cnnviz.errors import ModelFileError
from cnnviz.folders import cache_folder, file_sha256, read_bounded, written_whole
from cnnviz.images import Fit

_VERSIONS = (1, 2)  # the first knew nothing of outputs and the order of classes
_SUFFIX = ".cnnviz.json"
_MAX_BYTES = 4 * 2**20
_MAX_CLASSES = 30_000
_MAX_NAME = 200
_MAX_HEAD = 1000
CLASS_ORDERS = ("sorted", "natural")


@dataclass(frozen=True)
class Answers:
    """What a model file cannot tell; None or empty where nobody said.

    Attributes:
        scaling: Name of a pixel scaling, a key of `SCALINGS`.
        fit: How an image is brought to the model's size: `crop`, `pad` or `stretch`.
        class_names: One name a class, in the model's order.
        head: Which of several outputs holds the class scores.
        outputs: What the outputs are, see `Convnet.outputs`.
        class_order: `sorted` or `natural`: how folders are numbered where classes have no names.
    """

    scaling: str | None = None
    fit: Fit | None = None
    class_names: tuple[str, ...] = ()
    head: int | None = None
    outputs: str | None = None
    class_order: str | None = None

    def __post_init__(self) -> None:
        if self.scaling is not None and self.scaling not in SCALINGS:
            raise ValueError(f"Expected a scaling of {list(SCALINGS)}. Received: {self.scaling!r}")
        if self.fit is not None and self.fit not in get_args(Fit):
            raise ValueError(f"Expected a fit of {get_args(Fit)}. Received: {self.fit!r}")
        if len(self.class_names) > _MAX_CLASSES or not all(_is_name(name) for name in self.class_names):
            raise ValueError(f"Expected at most {_MAX_CLASSES} class names of at most {_MAX_NAME} characters.")
        if self.head is not None and not (type(self.head) is int and 0 <= self.head <= _MAX_HEAD):
            raise ValueError(f"Expected a head of 0 to {_MAX_HEAD}. Received: {self.head!r}")
        if self.outputs is not None and self.outputs not in KINDS:
            raise ValueError(f"Expected outputs of {list(KINDS)}. Received: {self.outputs!r}")
        if self.class_order is not None and self.class_order not in CLASS_ORDERS:
            raise ValueError(f"Expected a class order of {list(CLASS_ORDERS)}. Received: {self.class_order!r}")


def _is_name(name: object) -> bool:
    return isinstance(name, str) and 0 < len(name) <= _MAX_NAME


def remember(path: Path, answers: Answers) -> Path:
    """Write answers beside a model file, or into the cache folder if its own is read-only.

    The file appears whole or not at all; an older one is replaced.

    Args:
        path: The model file.
        answers: What to remember.

    Returns:
        Where they were written.

    Raises:
        ModelFileError: If neither place can be written.
    """
    text = json.dumps({"version": _VERSIONS[-1], **asdict(answers)}, indent=1)
    with contextlib.suppress(OSError):
        return _replace(_beside(path), text)
    try:
        cached = _cached(path)
        cached.parent.mkdir(parents=True, exist_ok=True)
        return _replace(cached, text)
    except OSError as error:
        raise ModelFileError(
            "Your settings for {name} cannot be saved: {reason}.", name=shown(path.name), reason=error.strerror
        ) from error


def recall(path: Path) -> Answers | None:
    """Read what was remembered of a model file; None if that is nothing, or nothing that can be trusted."""
    found = _read(_beside(path))
    if found is not None or not _cached_folder().is_dir() or not path.is_file():
        return found  # without hashing a large file for nothing
    return _read(_cached(path))


def _beside(path: Path) -> Path:
    return path.with_name(path.name + _SUFFIX)


def _cached(path: Path) -> Path:
    return _cached_folder() / f"{file_sha256(path)}{_SUFFIX}"


def _cached_folder() -> Path:
    return cache_folder("answers")


def _replace(path: Path, text: str) -> Path:
    with written_whole(path) as part:
        part.write_text(text, encoding="utf-8")
    return path


def _read(path: Path) -> Answers | None:
    """Read and check a file that anybody may have written."""
    try:
        return _understand(json.loads(read_bounded(path, max_bytes=_MAX_BYTES)))
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None


def _understand(found: dict[str, Any]) -> Answers | None:
    if found["version"] not in _VERSIONS:
        return None
    known = (found["scaling"], found["fit"], tuple(found["class_names"]), found["head"])
    return Answers(*known, found.get("outputs"), found.get("class_order"))
