"""Metadata of a model file, and of files beside it, about class names, pixel scaling and training."""

from __future__ import annotations

import json
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cnnviz.convnets.archive import open_archive, read_config, read_version
from cnnviz.convnets.downloads import is_download, labels_beside, read_packed_labels, unpack_model
from cnnviz.convnets.labels import parse_labels, read_labels
from cnnviz.convnets.weights_rules import open_hdf5, read_keras_version, read_text
from cnnviz.errors import ModelFileError
from cnnviz.images import Fit

_HDF5 = b"\x89HDF\r\n\x1a\n"
_MAX_LOSSES = 100


@dataclass(frozen=True)
class FileFacts:
    """What was learned of a model file; None or empty where it does not say.

    Attributes:
        class_names: From the labels file that came with it.
        scaling: Name of the pixel scaling that its program uses, a key of `SCALINGS`.
        is_teachable_machine: Whether Teachable Machine exported it.
        training_loss: Name of the loss it was trained with; one an output where there are several.
        keras_version: The Keras that wrote it.
    """

    class_names: tuple[str, ...] = ()
    scaling: str | None = None
    is_teachable_machine: bool = False
    training_loss: str | tuple[str | None, ...] | None = None
    keras_version: str | None = None

    @property
    def fit(self) -> Fit | None:
        """How its maker's own code fits images; None where nothing tells."""
        return "crop" if self.is_teachable_machine else None


def describe_model_file(path: str | Path) -> FileFacts:
    """Read what a model file tells beyond the model; nothing of it is run.

    A file that cannot be read, or is no model, tells nothing: opening it says why.

    Args:
        path: A model file, or a downloaded archive with one and its labels in it.
    """
    path = Path(path)
    try:
        if not is_download(path):
            labels = labels_beside(path)
            return _describe(path, read_labels(labels) if labels else ())
        packed = read_packed_labels(path)
        with tempfile.TemporaryDirectory(prefix="cnnviz-facts-") as name:
            return _describe(unpack_model(path, Path(name)), parse_labels(packed.decode("utf-8-sig")) if packed else ())
    except (ModelFileError, OSError, ValueError):
        return FileFacts()


def _describe(path: Path, class_names: tuple[str, ...]) -> FileFacts:
    compiled: Any = None
    with path.open("rb") as file:
        if file.read(len(_HDF5)) == _HDF5:
            with open_hdf5(file) as hdf5:
                version, compiled = read_keras_version(hdf5), _json(read_text(hdf5, "training_config"))
                config = _json(read_text(hdf5, "model_config"))
        else:
            with open_archive(file) as archive:
                version, config = read_version(archive), _json(read_config(archive))
                compiled = config.get("compile_config")
    is_teachable = _is_teachable(config)
    loss = _loss(compiled.get("loss")) if isinstance(compiled, dict) else None
    return FileFacts(class_names, "-1..1" if is_teachable else None, is_teachable, loss, version)


def _json(data: bytes | None) -> dict[str, Any]:
    try:
        value = json.loads(data or b"{}")
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def _loss(loss: Any) -> str | tuple[str | None, ...] | None:
    """Name of a loss as any Keras writes it: a word, an object, or several of them."""
    if isinstance(loss, str):
        return loss
    if isinstance(loss, dict) and "class_name" in loss:
        name = loss.get("config") if loss["class_name"] == "function" else loss["class_name"]
        return name if isinstance(name, str) else None
    if isinstance(loss, list | dict):
        parts = list(loss.values() if isinstance(loss, dict) else loss)[:_MAX_LOSSES]
        names = [_loss(part) for part in parts]
        return tuple(name if isinstance(name, str) else None for name in names) or None
    return None


def _is_teachable(config: dict[str, Any]) -> bool:
    """Whether a model is a MobileNet called `model1` in a Sequential, before a Sequential of two dense layers."""
    outer = _layers(config)
    inner = [_layers(layer) for layer in outer if layer.get("class_name") == "Sequential"]
    if len(inner) != 2 or len(inner) < len(outer) - 1:  # the features, and the head
        return False
    features, head = inner
    names = [layer["config"].get("name") for layer in features if isinstance(layer.get("config"), dict)]
    return "model1" in names and [layer.get("class_name") for layer in head if _units(layer)] == ["Dense", "Dense"]


def _units(layer: dict[str, Any]) -> bool:
    return isinstance(layer.get("config"), dict) and "units" in layer["config"]


def _layers(node: dict[str, Any]) -> list[dict[str, Any]]:
    config = node.get("config")
    layers = config.get("layers") if isinstance(config, dict) else None
    return [layer for layer in layers if isinstance(layer, dict)] if isinstance(layers, list) else []
