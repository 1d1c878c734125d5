"""Rules for HDF5 weights files: plain numbers of bounded size, no external links or storage.

HDF5 can link to other files, store its data in them, and declare terabytes in a few bytes; Keras needs none of it.
Only the file's own directory is read here, not the numbers.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, BinaryIO

from cnnviz.errors import ModelFileError

if TYPE_CHECKING:
    import h5py

_MB = 2**20
MAX_WEIGHTS_BYTES = 2**30 + 64 * _MB
_MAX_DATASET_BYTES = 512 * _MB  # the largest of VGG16 has 411 MB
_MAX_ATTRIBUTE_BYTES = 16 * _MB
_MAX_ENTRIES = 100_000
_MAX_DEPTH = 60
_MAX_EXPANSION = 1000  # declared over stored bytes; deflate reaches that, a data set that stores nothing passes it
_EXPANSION_FLOOR = 16 * _MB
_FILTERS = frozenset({1, 2, 3, 4, 5, 6, 32000})  # those built into HDF5 and h5py: others load a plugin


@dataclass(frozen=True)
class Weights:
    """What an HDF5 file declares.

    Attributes:
        parameters: Numbers in it, the optimizer's not counted.
        byte_count: Bytes they take in memory, the optimizer's included.
        is_model: Whether it holds the architecture too (the older format).
        is_layers: Whether it is laid out as Keras lays out weights.
        is_legacy: Whether it is laid out as Keras 2 did.
    """

    parameters: int
    byte_count: int
    is_model: bool
    is_layers: bool
    is_legacy: bool


def open_hdf5(file: BinaryIO) -> h5py.File:
    """Open an HDF5 file for reading.

    Raises:
        ModelFileError: If it is damaged or cut short.
    """
    import h5py

    try:
        return h5py.File(file, "r")
    except OSError as error:
        raise ModelFileError("The file's weights are damaged or cut short. Copy or download it again.") from error


def check_weights(file: h5py.File) -> Weights:
    """Walk through an HDF5 file.

    Raises:
        ModelFileError: If something in it points elsewhere, is no number, or is too large.
    """
    try:
        return _check(file)
    except (OSError, RuntimeError, KeyError, ValueError, TypeError) as error:  # h5py's ways to say "damaged"
        raise ModelFileError("The file's weights are damaged or cut short. Copy or download it again.") from error


def read_model_config(file: h5py.File) -> bytes | None:
    """Read the architecture of an older `.h5` model; None if there is none.

    Raises:
        ModelFileError: If it is not one text.
    """
    if "model_config" not in file.attrs:
        return None
    try:
        value = file.attrs["model_config"]
    except (OSError, RuntimeError, ValueError, TypeError) as error:
        raise ModelFileError("The model's config is damaged. Save the model again.") from error
    if isinstance(value, bytes):
        return bytes(value)
    if not isinstance(value, str):
        raise ModelFileError("The config in the file is not a model config. Save one with model.save('name.keras').")
    return str(value).encode("utf-8", "surrogateescape")


def read_keras_version(file: h5py.File) -> str | None:
    """Read which Keras wrote an older `.h5` model; None if it does not say."""
    value = read_text(file, "keras_version")
    return None if value is None else value.decode("utf-8", "replace")


def read_text(file: h5py.File, key: str) -> bytes | None:
    """Read a note of an older `.h5` model; None if there is none, or it is no text."""
    try:
        value = file.attrs.get(key)
    except (OSError, RuntimeError, ValueError, TypeError):
        return None
    if isinstance(value, bytes):
        return bytes(value)
    return value.encode("utf-8", "surrogateescape") if isinstance(value, str) else None


def _check(file: h5py.File) -> Weights:
    parameters = byte_count = 0
    is_layers = "layer_names" in file.attrs or "model_weights" in file
    for name, dataset in _datasets(file):
        _check_dataset(dataset)
        byte_count += dataset.nbytes
        if byte_count > MAX_WEIGHTS_BYTES:
            raise ModelFileError(
                "The weights take more than {most:.1f} GB. They are not opened.", most=MAX_WEIGHTS_BYTES / 1e9
            )
        is_optimizer = name.startswith(("/optimizer", "/_optimizer"))
        parameters += 0 if is_optimizer else prod(dataset.shape)
        is_layers = is_layers or "/vars/" in name
    is_legacy = "layer_names" in file.attrs or "model_weights" in file
    return Weights(parameters, byte_count, "model_config" in file.attrs, is_layers, is_legacy)


def _datasets(file: h5py.File) -> Iterator[tuple[str, h5py.Dataset]]:
    """All data sets by path; an explicit stack with bounds, because groups may contain each other."""
    import h5py

    stack: list[tuple[str, h5py.Group]] = [("", file)]
    entries = 0
    while stack:
        path, group = stack.pop()
        _check_attributes(group)
        for name in group:
            entries += 1
            if entries > _MAX_ENTRIES or path.count("/") > _MAX_DEPTH:
                raise ModelFileError(
                    "The weights have too many entries, or are nested too deeply. They are not opened."
                )
            if not isinstance(group.get(name, getlink=True), h5py.HardLink):
                raise ModelFileError("The weights link to another place or file. They are not opened.")
            member = group[name]
            if isinstance(member, h5py.Group):
                stack.append((f"{path}/{name}", member))
            elif isinstance(member, h5py.Dataset):
                yield f"{path}/{name}", member
            else:
                raise ModelFileError("The weights file contains data other than numbers. They are not opened.")


def _check_attributes(group: h5py.Group) -> None:
    import h5py

    ids = (h5py.h5a.open(group.id, index=index) for index in range(h5py.h5a.get_num_attrs(group.id)))
    sizes = (one.get_space().get_simple_extent_npoints() * one.get_type().get_size() for one in ids)
    if sum(sizes) > _MAX_ATTRIBUTE_BYTES:
        raise ModelFileError("The weights file has more than 16 MB of HDF5 attributes. They are not opened.")


def _check_dataset(dataset: h5py.Dataset) -> None:
    plist = dataset.id.get_create_plist()
    if dataset.external or dataset.is_virtual:
        raise ModelFileError("The weights are stored in another file. Save the model again, as one .keras file.")
    if not _is_numeric(dataset):
        raise ModelFileError("The weights file contains data other than numbers. They are not opened.")
    if any(plist.get_filter(index)[0] not in _FILTERS for index in range(plist.get_nfilters())):
        raise ModelFileError("The weights are compressed by a plugin. Save the model again without it.")
    stored = dataset.id.get_storage_size()
    if dataset.nbytes > _MAX_DATASET_BYTES:
        raise ModelFileError(
            "One weight tensor declares {declared:,.1f} GB; the limit is 0.5 GB.", declared=dataset.nbytes / 1e9
        )
    if dataset.nbytes > max(_EXPANSION_FLOOR, _MAX_EXPANSION * stored):
        raise ModelFileError(
            "One weight declares {declared:,.0f} MB but stores {stored:,} bytes of them.",
            declared=dataset.nbytes / 1e6,
            stored=stored,
        )


def _is_numeric(dataset: h5py.Dataset) -> bool:
    """Numbers; bfloat16 is kept as two opaque bytes and a note."""
    if dataset.dtype.kind in "fiub":
        return dataset.shape is not None
    return dataset.dtype.kind == "V" and dataset.dtype.itemsize == 2 and dataset.attrs.get("dtype") == "bfloat16"
