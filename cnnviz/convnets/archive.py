"""Rules for `.keras` zip archives: well-formed, of bounded size, with an architecture and weights in them.

Nothing is unpacked: the rules read the archive's directory, and the weights are read where they lie in the file.
"""

from __future__ import annotations

import io
import json
import stat
import struct
import tempfile
import zipfile
import zlib
from typing import BinaryIO, cast

from cnnviz.archives import Archive, TooManyMembersError
from cnnviz.convnets.weights_rules import MAX_WEIGHTS_BYTES
from cnnviz.errors import ModelFileError

CONFIG = "config.json"
WEIGHTS = "model.weights.h5"
METADATA = "metadata.json"

_MB = 2**20
MAX_CONFIG_BYTES = 16 * _MB
_MAX_OTHER_BYTES = 64 * _MB
MAX_MEMBERS = 2000
_MAX_INFLATION = 200  # deflate reaches 1032; trained weights stay below 2
_INFLATION_FLOOR = 16 * _MB
_LOCAL_HEADER = struct.Struct("<4s22xHH")  # signature, length of the name, length of the extra field
_CHUNK = _MB
# What zipfile raises while it reads a hostile or broken archive.
_BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    OSError,
    RuntimeError,
    NotImplementedError,
    ValueError,
)


class Slice(io.RawIOBase):
    """A stretch of a file, read as a file of its own: weights inside an archive, without copying them."""

    def __init__(self, file: BinaryIO, start: int, length: int) -> None:
        self._file, self._start, self._length, self._position = file, start, length, 0

    def readable(self) -> bool:
        """Yes, always."""
        return True

    def seekable(self) -> bool:
        """Yes, always."""
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move within the stretch; return the position, counted from its start."""
        origin = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._length}[whence]
        self._position = max(0, origin + offset)
        return self._position

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]  # "any buffer" has no name before Python 3.12
        """Read what fits into a buffer; return how much that was, 0 at the end."""
        wanted = max(0, min(len(buffer), self._length - self._position))
        self._file.seek(self._start + self._position)
        data = self._file.read(wanted)
        buffer[: len(data)] = data
        self._position += len(data)
        return len(data)


def open_archive(file: BinaryIO) -> zipfile.ZipFile:
    """Open an archive whose directory keeps the rules.

    Raises:
        ModelFileError: If it is damaged, or names, sizes or places of its members are not what Keras writes.
    """
    try:
        archive = Archive(file, most_members=MAX_MEMBERS)
    except TooManyMembersError as error:
        raise ModelFileError(
            "The archive has more than {most:,} members; a Keras model has three. It is not opened.", most=MAX_MEMBERS
        ) from error
    except _BROKEN as error:
        raise ModelFileError("The file is a zip archive cut short or damaged. Copy or download it again.") from error
    members = archive.infolist()
    _check_names(members)
    _check_sizes(members)
    _check_places(file, members)
    return archive


def read_config(archive: zipfile.ZipFile) -> bytes:
    """Read the architecture, after all checksums were compared.

    Raises:
        ModelFileError: If it or the weights are missing, or a member's content is not what its entry says.
    """
    names = archive.namelist()
    if any(name.rsplit("/", 1)[-1] == "saved_model.pb" for name in names):
        raise ModelFileError("This is a SavedModel, a program without layers. Save it with model.save('name.keras').")
    if CONFIG not in names:
        raise ModelFileError(
            "The archive holds no Keras model, neither config.json nor one like keras_model.h5. Save one as .keras."
        )
    if WEIGHTS not in names:
        raise ModelFileError("The archive holds no weights: model.weights.h5 is missing. Save the model again.")
    if archive.getinfo(CONFIG).file_size > MAX_CONFIG_BYTES:
        raise ModelFileError(
            "The model's config.json is larger than {most} MB and is not opened.", most=MAX_CONFIG_BYTES // _MB
        )
    try:
        for name in names:
            _compare_checksum(archive, name)
        with archive.open(CONFIG) as member:
            return member.read(MAX_CONFIG_BYTES)
    except _BROKEN as error:
        raise ModelFileError("The archive's content is damaged. Copy or download the file again.") from error


def read_version(archive: zipfile.ZipFile) -> str | None:
    """Read which Keras wrote the archive; None if it does not say."""
    if METADATA not in archive.namelist() or archive.getinfo(METADATA).file_size > _CHUNK:
        return None
    try:
        metadata = json.loads(archive.read(METADATA))
    except (*_BROKEN, RecursionError):
        return None
    version = metadata.get("keras_version") if isinstance(metadata, dict) else None
    return version if isinstance(version, str) else None


def open_weights(file: BinaryIO, archive: zipfile.ZipFile) -> BinaryIO:
    """Open the weights for reading: in place if they are stored, else through a temporary file."""
    info = archive.getinfo(WEIGHTS)
    if info.compress_type == zipfile.ZIP_STORED:
        return cast(BinaryIO, io.BufferedReader(Slice(file, _body(file, info), info.file_size)))
    unpacked = tempfile.TemporaryFile()  # noqa: SIM115  # the caller closes it
    with archive.open(info) as member:
        while chunk := member.read(_CHUNK):
            unpacked.write(chunk)
    return cast(BinaryIO, unpacked)


def _check_names(members: list[zipfile.ZipInfo]) -> None:
    names = [member.filename for member in members]
    if len(set(names)) != len(names):
        raise ModelFileError("Two members of the archive share a name, so what it holds depends on the reader.")
    if any(not _is_plain(name) for name in names):
        raise ModelFileError("A member of the archive has a path that points outside it. The file is not opened.")
    if any(stat.S_ISLNK(member.external_attr >> 16) for member in members):
        raise ModelFileError("The archive holds a link to another file. It is not opened.")
    if any(member.flag_bits & 0x1 for member in members):
        raise ModelFileError("The archive is password-protected. Save the model without a password.")


def _is_plain(name: str) -> bool:
    parts = name.split("/")
    return bool(parts[0]) and ".." not in parts and not any(sign in name for sign in "\\:\0")


def _check_sizes(members: list[zipfile.ZipInfo]) -> None:
    for member in members:
        inflation = member.file_size // max(1, member.compress_size)
        if member.file_size > _INFLATION_FLOOR and inflation > _MAX_INFLATION:
            raise ModelFileError(
                "A member of the archive expands {inflation:,}-fold. The file is not opened.", inflation=inflation
            )
    # A downloaded archive may hold a whole model file, one of them.
    weights = sum(member.file_size for member in members if member.filename.endswith((".h5", ".keras", ".hdf5")))
    others = sum(member.file_size for member in members) - weights
    if weights > MAX_WEIGHTS_BYTES or others > _MAX_OTHER_BYTES:
        raise ModelFileError("The archive expands to {size:.1f} GB. It is not opened.", size=(weights + others) / 1e9)


def _check_places(file: BinaryIO, members: list[zipfile.ZipInfo]) -> None:
    """Members must begin at the first byte and must not share bytes."""
    end = 0
    for member in sorted(members, key=lambda member: member.header_offset):
        is_first = end == 0
        if member.header_offset < end or (is_first and member.header_offset != 0):
            raise ModelFileError("Members of the archive overlap, or other data precedes them. It is not opened.")
        end = _body(file, member) + member.compress_size


def _body(file: BinaryIO, member: zipfile.ZipInfo) -> int:
    """Where a member's bytes begin: its own header, not the directory, says how long that header is."""
    file.seek(member.header_offset)
    header = file.read(_LOCAL_HEADER.size)
    if len(header) < _LOCAL_HEADER.size or not header.startswith(b"PK\3\4"):
        raise ModelFileError(
            "The archive's central directory does not match its contents. Copy or download the file again."
        )
    _, name_length, extra_length = _LOCAL_HEADER.unpack(header)
    return int(member.header_offset + _LOCAL_HEADER.size + name_length + extra_length)


def _compare_checksum(archive: zipfile.ZipFile, name: str) -> None:
    """Read a member to its end in small pieces: zipfile compares the checksum there."""
    with archive.open(name) as member:
        while member.read(_CHUNK):
            pass
