"""Array files sealed by a checksum, so that a damaged file never counts as whole.

A file ends in a seal: a mark and the CRC-32 of all that stands before it. The checksums of an .npz archive are not
enough: NumPy reads as many bytes as an array's header names, and zipfile compares what was read to the end alone, so
that one flipped bit of a shape gives half of the rows without a word; a plain .npy file has no checksum at all. What
follows the end is passed over by NumPy, zipfile and HDF5, so that a sealed file opens everywhere.
"""

from __future__ import annotations

import errno
import io
import os
import struct
import zlib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import DTypeLike

from cnnviz.folders import mark_used, open_ordinary, written_whole

_MARK = b"\x00cnnviz\x01"
_SEAL = struct.Struct("<8sI")
_CHUNK = 2**20
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def seal(path: Path) -> None:
    """Append a seal to a file that was just written."""
    with path.open("rb+") as file:
        checksum = _checksum(file, file.seek(0, io.SEEK_END))
        file.write(_SEAL.pack(_MARK, checksum))


def require_whole(file: BinaryIO, *, is_sealed: bool = True) -> None:
    """Refuse a file that is not what was written; afterwards it is read from its beginning.

    Args:
        file: The file.
        is_sealed: Whether it must have a seal; what a person keeps may be older than seals are.

    Raises:
        ValueError: If its seal is missing, or does not fit what stands before it.
    """
    end = max(0, file.seek(0, io.SEEK_END) - _SEAL.size)
    file.seek(end)
    found = file.read(_SEAL.size)
    has_seal = len(found) == _SEAL.size and found.startswith(_MARK)
    if is_sealed and not has_seal:
        raise ValueError("The file has no seal: it was cut short, or something else wrote it.")
    if has_seal and found != _SEAL.pack(_MARK, _checksum(file, end)):
        raise ValueError("The file is damaged: its seal does not fit.")
    file.seek(0)


def _checksum(file: BinaryIO, size: int) -> int:
    """CRC-32 of a file's first bytes; afterwards it stands behind them."""
    file.seek(0)
    checksum = 0
    while chunk := file.read(min(_CHUNK, size - file.tell())):
        checksum = zlib.crc32(chunk, checksum)
    return checksum


def write_sealed(path: Path, data: bytes) -> None:
    """Write bytes as a whole file, with a seal.

    Raises:
        OSError: If it cannot be written; then an older file stays.
    """
    with written_whole(path) as part:
        part.write_bytes(data + _SEAL.pack(_MARK, zlib.crc32(data)))


def read_sealed(path: Path) -> bytes:
    """Read what `write_sealed` wrote.

    Raises:
        OSError: If it cannot be read.
        ValueError: If it is damaged.
    """
    with open_ordinary(path) as file:
        require_whole(file)
        return file.read()[: -_SEAL.size]


def write_arrays(path: Path, arrays: Mapping[str, Any], *, is_compressed: bool = False) -> None:
    """Write arrays as one whole .npz file, with a seal.

    Args:
        path: The file; its ending may be another.
        arrays: By name.
        is_compressed: Whether it is to be smaller, and slower.

    Raises:
        OSError: If it cannot be written; then an older file stays.
    """
    save = np.savez_compressed if is_compressed else np.savez
    with written_whole(path) as part:
        with part.open("wb") as file:
            save(file, **arrays)
        seal(part)


def read_arrays(path: Path, *, is_sealed: bool = True) -> dict[str, np.ndarray]:
    """Read what `write_arrays` wrote.

    Args:
        path: The file.
        is_sealed: Whether it must have a seal, see `require_whole`.

    Raises:
        OSError: If it cannot be read.
        ValueError: If it is damaged, or something else.
    """
    with open_ordinary(path) as opened:
        require_whole(opened, is_sealed=is_sealed)
        try:
            with np.load(opened, allow_pickle=False) as file:
                return {name: np.asarray(file[name]) for name in file.files}
        except Exception as error:  # a damaged archive raises whatever its bytes lead to
            raise ValueError(f"The file holds no arrays: {error}") from error


def write_rows(path: Path, rows: Iterable[np.ndarray], *, shape: tuple[int, ...], dtype: DTypeLike) -> None:
    """Write one large array as a whole .npy file, with a seal, a few rows after the other.

    Memory never holds all of it. The disk's room is taken at first, so that a full disk is told before the rows are
    computed; and they are written, not put into a memory map, where a full disk ends the process by a signal.

    Args:
        path: The file.
        rows: Some rows each, in their order.
        shape: Of the whole array.
        dtype: Of the whole array.

    Raises:
        OSError: If it cannot be written; then an older file stays.
        ValueError: If there are more rows than `shape` says, or fewer.
    """
    header = _header(shape, dtype)
    size = len(header) + int(np.prod(shape, dtype=np.int64)) * np.dtype(dtype).itemsize
    checksum = 0
    with written_whole(path) as part, part.open("wb") as file:
        _take_room(file, size + _SEAL.size)
        for piece in _pieces(header, rows, dtype):
            checksum = zlib.crc32(piece, checksum)
            file.write(piece)
        if file.tell() != size:
            raise ValueError(f"Expected rows of {shape} in all. Received: {file.tell()} bytes of {size}.")
        file.write(_SEAL.pack(_MARK, checksum))


def _header(shape: tuple[int, ...], dtype: DTypeLike) -> bytes:
    header = io.BytesIO()
    description = {"descr": np.dtype(dtype).str, "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(header, description)
    return header.getvalue()


def _pieces(header: bytes, rows: Iterable[np.ndarray], dtype: DTypeLike) -> Iterator[bytes]:
    yield header
    for values in rows:
        yield values.astype(dtype, copy=False).tobytes()


def _take_room(file: BinaryIO, size: int) -> None:
    """Take the disk's room where the system can; elsewhere the writing will tell."""
    if not hasattr(os, "posix_fallocate"):
        return
    try:
        os.posix_fallocate(file.fileno(), 0, size)
    except OSError as error:  # some file systems cannot
        if error.errno in _FULL:
            raise


def map_rows(path: Path, *, shape: tuple[int, ...], dtype: DTypeLike) -> np.ndarray | None:
    """Map what `write_rows` wrote into memory, after all of it was compared with its seal.

    Args:
        path: The file; it is marked as used just now.
        shape: Which it must have.
        dtype: Which it must have.

    Returns:
        Read-only; None if it is missing, damaged or of another shape or kind.
    """
    try:
        with open_ordinary(path) as file:
            require_whole(file)
        kept = np.load(path, mmap_mode="r", allow_pickle=False)
        mark_used(path)
    except (OSError, ValueError, EOFError):
        return None
    return kept if kept.shape == shape and kept.dtype == dtype else None
