"""Files in a folder or zip archive, listed and read without unpacking, within limits."""

from __future__ import annotations

import json
import os
import re
import stat
import threading
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache, partial
from pathlib import Path

from cnnviz.archives import Archive, TooManyMembersError
from cnnviz.datasets.dataset import digest
from cnnviz.datasets.notes import shown
from cnnviz.errors import DataError, ImageError
from cnnviz.folders import file_sha256
from cnnviz.images import MAX_BYTES, Photo, open_photo
from cnnviz.sentences import Sentence

MAX_FILES = 200_000
MAX_DEPTH = 32
_MAX_NAME = 1000
# What the files of an archive may hold when they are unpacked, and their images when they are decoded: so much in
# any case, and so much for each byte of the archive. Photos decode to about 30 pixels a byte, line art to 100.
_BYTES_AT_LEAST, _BYTES_A_BYTE = 200 * 2**20, 20
_PIXELS_AT_LEAST, _PIXELS_A_BYTE = 100 * 10**6, 200
_MACOS = "__MACOSX"
_DRIVE = re.compile(r"[A-Za-z]:/")
# What zipfile raises while it reads a hostile or broken archive.
_BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, NotImplementedError, ValueError)


@dataclass(frozen=True, eq=False)
class Source:
    """A folder or a zip archive: the names in it, and how to read one of them.

    Attributes:
        path: The folder or archive itself.
        files: Paths of ordinary files in it, with `/` between folders; no links, nothing hidden.
        folders: Paths of folders in it, those without a file too.
        read_bytes: Reads a file, up to a little more than an image may have.
        fingerprint: Changes when a file is added, removed or changed.
        links: Number of links that were not followed.
        budget: What may be decoded of it in all; None of a folder, which is a person's own.
    """

    path: Path
    files: tuple[str, ...]
    folders: tuple[str, ...]
    read_bytes: Callable[[str], bytes]
    fingerprint: str
    links: int
    budget: Budget | None = None

    @property
    def name(self) -> str:
        """Its own name, for messages."""
        return _quoted(self.path)

    @property
    def notes(self) -> tuple[str, ...]:
        """What a person must be told of it: that links were left out."""
        if not self.links:
            return ()
        return (Sentence("Symbolic links are not followed: {count:,} skipped.", count=self.links),)

    def open_photo(self, key: str) -> Photo:
        """Read an image.

        Raises:
            ImageError: If it cannot be read, with its path in the folder and the reason.
        """
        if self.budget is not None:
            self.budget.check(key, self.name)
        try:
            data = self.read_bytes(key)
        except _BROKEN as error:
            raise ImageError(
                "{key} cannot be read from {name}. It may be missing or damaged.", key=shown(key), name=self.name
            ) from error
        try:
            photo = open_photo(data)
        except ImageError as error:
            said = error.sentence  # of the image, as a file that has no name; here it has one
            raise ImageError(said.template, **{**said.values, "name": shown(key)}) from error
        if self.budget is not None:
            self.budget.spend(key, photo.size[0] * photo.size[1])
        return photo


@dataclass(eq=False)
class Budget:
    """How many pixels an archive may make anybody decode: a few kilobytes can hold billions.

    Attributes:
        most: Pixels of all its images together, each counted once.
    """

    most: int
    _spent: dict[str, int] = field(default_factory=dict)
    _total: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def check(self, key: str, name: str) -> None:
        """Refuse an image that was not decoded before, once all may be spent.

        Raises:
            ImageError: If it is.
        """
        if self._total > self.most and key not in self._spent:
            raise ImageError(
                "{key} is left out, because the images of {name} have more than {most:,} megapixels, too many for "
                "an archive of its size. Save them smaller.",
                key=shown(key),
                name=name,
                most=self.most // 10**6,
            )

    def spend(self, key: str, pixels: int) -> None:
        """Count an image that was decoded, the first time."""
        with self._lock:
            if key not in self._spent:
                self._spent[key] = pixels
                self._total += pixels


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
        raise DataError("{path} cannot be opened. Check its name and your permissions.", path=_quoted(path)) from error
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
                    _check_depth(prefix.count("/"), root)


def _check_count(count: int, path: Path) -> None:
    if count > MAX_FILES:
        raise _too_many(path)


def _too_many(path: Path) -> DataError:
    return DataError(
        "{path} holds more than {most:,} files. Choose a folder with fewer images.",
        path=_quoted(path),
        most=MAX_FILES,
    )


def _check_depth(depth: int, path: Path) -> None:
    if depth > MAX_DEPTH:
        raise DataError(
            "Folders in {path} are nested more than {most} levels deep. Choose a subfolder.",
            path=_quoted(path),
            most=MAX_DEPTH,
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
        archive = Archive(path, most_members=MAX_FILES)
    except TooManyMembersError as error:
        raise _too_many(path) from error
    except _BROKEN as error:
        raise DataError(
            "{path} is not a zip archive, or is truncated. Create it again, or choose a folder.", path=_quoted(path)
        ) from error
    members = {_plain_name(member): member for member in archive.infolist()}
    size = path.stat().st_size
    _check_members(members, len(archive.infolist()), path)
    _check_inflated(members.values(), size, path)
    visible = {name: member for name, member in members.items() if not any(map(_is_hidden, name.split("/")))}
    files = {name: member for name, member in visible.items() if not (name.endswith("/") or _is_link(member))}
    return Source(
        path,
        tuple(files),
        tuple(name.rstrip("/") for name in visible if name.endswith("/")),
        partial(_read_member, archive, files),
        _content_hash(path, path.stat().st_mtime_ns, size),
        sum(map(_is_link, visible.values())),
        Budget(_PIXELS_AT_LEAST + _PIXELS_A_BYTE * size),
    )


@lru_cache(maxsize=64)
def _content_hash(path: Path, changed: int, size: int) -> str:
    """Sha256 of an archive, once for each state: the checksums in it are whatever its author wrote."""
    return file_sha256(path)


def _plain_name(member: zipfile.ZipInfo) -> str:
    """A member's path with `/` between folders; some programs on Windows write backslashes."""
    return member.filename.replace("\\", "/")


def _is_link(member: zipfile.ZipInfo) -> bool:
    return stat.S_ISLNK(member.external_attr >> 16)


def _check_members(members: Mapping[str, zipfile.ZipInfo], count: int, path: Path) -> None:
    """Refuse archives whose content depends on who reads them, or that need a password."""
    if any(member.flag_bits & 0x1 for member in members.values()):
        raise DataError("{path} is password-protected. Make a zip archive without a password.", path=_quoted(path))
    if len(members) != count:
        raise DataError("In {path} two files share a name. Make the zip archive again.", path=_quoted(path))
    for name in members:
        _check_depth(name.rstrip("/").count("/"), path)
        if not _is_inside(name):
            raise DataError(
                "A file in {path} has a path that points outside the archive. Make the zip archive again.",
                path=_quoted(path),
            )
        if len(name) > _MAX_NAME:
            raise DataError(
                "In {path} a file has a name longer than {most:,} characters. Rename it and make the zip archive "
                "again.",
                path=_quoted(path),
                most=_MAX_NAME,
            )


def _check_inflated(members: Iterable[zipfile.ZipInfo], size: int, path: Path) -> None:
    inflated = sum(min(member.file_size, MAX_BYTES + 1) for member in members)  # no more is read of one
    if inflated > _BYTES_AT_LEAST + _BYTES_A_BYTE * size:
        raise DataError(
            "{path} would expand from {size:.1f} MB to {inflated:,.0f} MB, far more than images do. It is not opened.",
            path=_quoted(path),
            size=size / 2**20,
            inflated=inflated / 2**20,
        )


def _is_inside(name: str) -> bool:
    parts = name.split("/")
    return bool(parts[0]) and ".." not in parts and "\0" not in name and not _DRIVE.match(name)


def _read_member(archive: zipfile.ZipFile, members: Mapping[str, zipfile.ZipInfo], key: str) -> bytes:
    with archive.open(members[key]) as member:
        return member.read(MAX_BYTES + 1)
