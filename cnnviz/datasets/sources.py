"""Which files are in a folder or a zip archive, and what is in one of them? Nothing is unpacked."""

from __future__ import annotations

import json
import os
import stat
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from cnnviz.datasets.dataset import digest
from cnnviz.datasets.notes import shown
from cnnviz.errors import DataError, PictureError
from cnnviz.images import MAX_BYTES, Photo, open_photo

MAX_FILES = 200_000
_MAX_NAME = 1000
_MACOS = "__MACOSX"
# What zipfile raises while it reads a hostile or broken archive.
_BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, NotImplementedError, ValueError)


@dataclass(frozen=True, eq=False)
class Source:
    """A folder or a zip archive: the names in it, and how to read one of them.

    Attributes:
        path: The folder or archive itself.
        files: Paths of ordinary files in it, with `/` between folders; no links, nothing hidden.
        folders: Paths of folders in it, those without a file too.
        read_bytes: Reads a file, up to a little more than a picture may have.
        fingerprint: Changes when a file is added, removed or changed.
        links: Number of links that were not followed.
    """

    path: Path
    files: tuple[str, ...]
    folders: tuple[str, ...]
    read_bytes: Callable[[str], bytes]
    fingerprint: str
    links: int

    @property
    def name(self) -> str:
        """Its own name, for messages."""
        return _quoted(self.path)

    def open_photo(self, key: str) -> Photo:
        """Read a picture.

        Raises:
            PictureError: If it cannot be read, with its path in the folder and the reason.
        """
        try:
            data = self.read_bytes(key)
        except _BROKEN as error:
            raise PictureError(
                "{key} cannot be read from {name}. Is it still there, and whole?", key=shown(key), name=self.name
            ) from error
        try:
            return open_photo(data)
        except PictureError as error:
            said = error.sentence  # of the picture, as a file that has no name; here it has one
            raise PictureError(said.template, **{**said.values, "name": shown(key)}) from error


def open_source(path: Path) -> Source:
    """List a folder or a zip archive.

    Raises:
        DataError: If there is nothing at the path, it is neither, it is damaged, or it holds too many files.
    """
    try:
        if path.is_dir():
            return _open_folder(path)
        if path.is_file():
            return _open_zip(path)
    except (OSError, ValueError) as error:
        raise DataError(
            "{path} cannot be opened. Check its name and that you may read it.", path=_quoted(path)
        ) from error
    raise DataError("There is no folder or zip archive {path}. Check its name.", path=_quoted(path))


def _quoted(path: Path) -> str:
    return repr(shown(path.name or str(path)))


def _is_hidden(name: str) -> bool:
    return name.startswith(".") or name == _MACOS


def _open_folder(root: Path) -> Source:
    files: dict[str, os.stat_result] = {}
    folders: list[str] = []
    links = 0
    for prefix, entry in _walk(root):
        key = prefix + entry.name
        if entry.is_symlink():
            links += 1
        elif entry.is_dir():
            folders.append(key)
        elif entry.is_file():
            files[key] = entry.stat()
        _check_count(len(files) + len(folders), root)
    described = sorted((key, status.st_size, status.st_mtime_ns) for key, status in files.items())
    fingerprint = digest(json.dumps([str(root.resolve()), described]).encode())
    return Source(root, tuple(files), tuple(folders), partial(_read_file, root), fingerprint, links)


def _walk(root: Path) -> Iterator[tuple[str, os.DirEntry[str]]]:
    """Every entry that is not hidden, with the path of its folder; links are not followed."""
    waiting = [""]
    while waiting:
        prefix = waiting.pop()
        with os.scandir(root / prefix) as entries:
            for entry in sorted(entries, key=lambda entry: entry.name):
                if _is_hidden(entry.name):
                    continue
                yield prefix, entry
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(f"{prefix}{entry.name}/")


def _check_count(count: int, path: Path) -> None:
    if count > MAX_FILES:
        raise DataError(
            "{path} holds more than {most:,} files. Choose a folder with fewer pictures.",
            path=_quoted(path),
            most=MAX_FILES,
        )


def _read_file(root: Path, key: str) -> bytes:
    """Read an ordinary file, not what has taken its place since: a link leads out, a pipe never ends."""
    with open(root / key, "rb", opener=_open_ordinary) as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise OSError(f"{key} is no ordinary file")
        return file.read(MAX_BYTES + 1)


def _open_ordinary(path: str, flags: int) -> int:
    """Open as `open` does, but no link, and a pipe without waiting; Windows has neither flag."""
    return os.open(path, flags | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))


def _open_zip(path: Path) -> Source:
    try:
        archive = zipfile.ZipFile(path)
    except _BROKEN as error:
        raise DataError(
            "{path} is no zip archive, or one cut short. Choose a folder or make it again.", path=_quoted(path)
        ) from error
    members = archive.infolist()
    _check_count(len(members), path)
    _check_members(members, path)
    visible = [member for member in members if not any(map(_is_hidden, member.filename.split("/")))]
    links = [member for member in visible if stat.S_ISLNK(member.external_attr >> 16)]
    files = [member for member in visible if not member.is_dir() and member not in links]
    described = sorted((member.filename, member.file_size, member.CRC) for member in files)
    return Source(
        path,
        tuple(member.filename for member in files),
        tuple(member.filename.rstrip("/") for member in visible if member.is_dir()),
        partial(_read_member, archive),
        digest(json.dumps(described).encode()),
        len(links),
    )


def _check_members(members: list[zipfile.ZipInfo], path: Path) -> None:
    """Refuse archives whose content depends on who reads them, or that need a password."""
    names = [member.filename for member in members]
    if any(member.flag_bits & 0x1 for member in members):
        raise DataError("{path} is protected by a password. Make a zip archive without one.", path=_quoted(path))
    if len(set(names)) != len(names):
        raise DataError("In {path} two files share a name. Make the zip archive again.", path=_quoted(path))
    if not all(map(_is_plain, names)):
        raise DataError(
            "In {path} a file has a name that leads out of it. Make the zip archive again.", path=_quoted(path)
        )


def _is_plain(name: str) -> bool:
    parts = name.split("/")
    return bool(parts[0]) and ".." not in parts and len(name) <= _MAX_NAME and not any(sign in name for sign in "\\:\0")


def _read_member(archive: zipfile.ZipFile, key: str) -> bytes:
    with archive.open(key) as member:
        return member.read(MAX_BYTES + 1)
