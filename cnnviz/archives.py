"""Zip archives from untrusted sources, with the number of members checked before any is read."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any, BinaryIO

_ENTRY = b"PK\x01\x02"  # begins each entry of an archive's directory


class TooManyMembersError(zipfile.BadZipFile):
    """An archive whose directory lists more members than its reader takes."""


class Archive(zipfile.ZipFile):
    """A zip archive, open for reading.

    Args:
        file: Its path, or the open file.
        most_members: How many it may list.

    Raises:
        TooManyMembersError: If it lists more.
        zipfile.BadZipFile: If it is no zip archive, or damaged; `zipfile` raises much else on hostile bytes.
    """

    def __init__(self, file: Path | BinaryIO, *, most_members: int) -> None:
        self._own = file.open("rb") if isinstance(file, Path) else None
        try:
            super().__init__(_Counted(self._own or file, most_members))
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Close it, and its file if it was opened here."""
        super().close()
        if self._own is not None:
            self._own.close()


class _Counted:
    """A file that does not hand out a directory of more entries than are allowed."""

    def __init__(self, file: Any, most: int) -> None:
        self._file, self._most = file, most

    def read(self, size: int = -1, /) -> bytes:
        """Read; an archive's directory comes in one piece."""
        data: bytes = self._file.read(size)
        if data.count(_ENTRY) > self._most:
            raise TooManyMembersError
        return data

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)
