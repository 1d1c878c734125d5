"""Safety check of a model file from its bytes, before Keras opens it and without running anything in it.

A model file is a program for Keras: it names classes, functions and other files. The gate lets pass what is known to
compute with numbers only, of bounded size, and refuses the rest with the reason.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Literal

from cnnviz.convnets.archive import open_archive, open_weights, read_config, read_version
from cnnviz.convnets.config_rules import check_bounds, check_config, parse, shown
from cnnviz.convnets.keras2 import Translation, is_keras2, translate
from cnnviz.convnets.other_models import HEAD_BYTES, describe_other_model
from cnnviz.convnets.size_rules import least_parameters
from cnnviz.convnets.weights_rules import Weights, check_weights, open_hdf5, read_keras_version, read_model_config
from cnnviz.errors import ModelFileError
from cnnviz.sentences import Sentence

Kind = Literal["keras", "h5", "weights"]

MAX_FILE_BYTES = 2**30
_HDF5 = b"\x89HDF\r\n\x1a\n"
_ZIP = b"PK\3\4"
# Beginnings of files that people take for a model, or save under its name.
_OTHERS = {
    b"\x89PNG": Sentence("a PNG image"),
    b"\xff\xd8\xff": Sentence("a JPEG image"),
    b"GIF8": Sentence("a GIF image"),
    b"%PDF": Sentence("a PDF document"),
    b"\x1f\x8b": Sentence("a gzip archive"),
    b"\x93NUMPY": Sentence("a NumPy array"),
    b"RIFF": Sentence("a WebP image or a video"),
    b"<": Sentence("a web page"),
    b"version https://git-lfs": Sentence("a Git LFS pointer instead of the file"),
}
# A description may say less than the weights hold, hardly more: the rest would be allocated and never filled.
_PARAMETER_FACTOR, _PARAMETER_SLACK = 2, 1_000_000


@dataclass(frozen=True)
class GateReport:
    """What the gate learned of a file that it lets pass.

    Attributes:
        kind: `keras` (a `.keras` archive), `h5` (architecture and weights in HDF5), `weights` (weights alone).
        suffix: The ending under which Keras recognizes it, whatever its name is.
        layer_count: Layers in its description, those of inner models and the inner models themselves included.
        parameters: Numbers among its weights.
        weight_bytes: Bytes that the weights take in memory.
        translation: The description in the words of Keras 3, if Keras 2 wrote the file; it is what was checked.
    """

    kind: Kind
    suffix: str
    layer_count: int
    parameters: int
    weight_bytes: int
    translation: Translation | None = None


def check_model_file(path: Path) -> GateReport:
    """Decide on a model file by its content, whatever its name says.

    Args:
        path: The file. It is read, never written; nothing is unpacked beside it.

    Returns:
        What it holds.

    Raises:
        ModelFileError: If it is missing, damaged, too large, or holds anything that could run or reach out of it.

    Note:
        Passing says that the file speaks only of Keras's own parts. It does not say that HDF5 or TensorFlow have no
        fault that a crafted file could use.
    """
    try:
        _check_is_file(path)
        with path.open("rb") as file:
            return _check_content(file)
    except (OSError, ValueError) as error:  # no permission, a name that cannot be one, a disk that fails
        raise ModelFileError("The file cannot be read. Check its name and your permissions.") from error


def _check_content(file: BinaryIO) -> GateReport:
    head = file.read(HEAD_BYTES)
    if other := describe_other_model(head):
        what, advice = other
        raise ModelFileError("This is {what}, not a Keras model. {advice}", what=what, advice=advice)
    if head.startswith(_HDF5):
        return _check_hdf5(file)
    if head.startswith(_ZIP):
        return _check_archive(file)
    raise ModelFileError(
        "This is {what}, not a Keras model. Save one with model.save('name.keras').", what=_describe(head)
    )


def _check_is_file(path: Path) -> None:
    advice = Sentence("Save the model with model.save('name.keras').")
    if path.is_dir():
        is_saved_model = (path / "saved_model.pb").exists()
        what = (
            Sentence("a SavedModel, a program without layers to look into")
            if is_saved_model
            else Sentence("a folder, not a model file")
        )
        raise ModelFileError("{name} is {what}. {advice}", name=shown(path.name), what=what, advice=advice)
    if not path.exists():
        raise ModelFileError("There is no file {name}. Check the name and the folder.", name=shown(path.name))
    if not path.is_file():
        raise ModelFileError("{name} is not a regular file.", name=shown(path.name))
    size = path.stat().st_size
    if size == 0:
        raise ModelFileError("The file is empty. Copy or download it again.")
    if size > MAX_FILE_BYTES:
        raise ModelFileError("The file is {size:.1f} GB; the limit is 1 GB.", size=size / 1e9)


def _describe(head: bytes) -> str:
    start = head.lstrip()
    return next(
        (name for magic, name in _OTHERS.items() if start.startswith(magic)), Sentence("a file of another kind")
    )


def _check_archive(file: BinaryIO) -> GateReport:
    with open_archive(file) as archive:
        config, translation = _today(parse(read_config(archive)), read_version(archive))
        layer_count = check_config(config)
        with open_weights(file, archive) as data, open_hdf5(data) as hdf5:
            weights = check_weights(hdf5)
    _check_balance(least_parameters(config), weights)
    return GateReport("keras", ".keras", layer_count, weights.parameters, weights.byte_count, translation)


def _today(config: dict[str, Any], version: str | None) -> tuple[dict[str, Any], Translation | None]:
    """The description that Keras will see: a translation if Keras 2 wrote it."""
    if not is_keras2(config, version):
        return config, None
    check_bounds(config)
    translation = translate(config)
    return translation.config, translation


def _check_hdf5(file: BinaryIO) -> GateReport:
    with open_hdf5(file) as hdf5:
        weights = check_weights(hdf5)
        data, version = read_model_config(hdf5), read_keras_version(hdf5)
    if data is None:
        if not weights.is_layers:
            raise ModelFileError(
                "This HDF5 file holds data, not a Keras model. Save one with model.save('name.keras')."
            )
        suffix = ".h5" if weights.is_legacy else ".weights.h5"
        return GateReport("weights", suffix, 0, weights.parameters, weights.byte_count)
    config, translation = _today(parse(data), version)
    layer_count = check_config(config)
    _check_balance(least_parameters(config), weights)
    return GateReport("h5", ".h5", layer_count, weights.parameters, weights.byte_count, translation)


def _check_balance(declared: int, weights: Weights) -> None:
    if declared > _PARAMETER_FACTOR * weights.parameters + _PARAMETER_SLACK:
        raise ModelFileError(
            "The model's layers have {declared:,} weights, but the file contains {held:,}. The file is not opened.",
            declared=declared,
            held=weights.parameters,
        )
