"""Store of filter patterns on disk, so that none is generated twice.

One small file for each pattern, named by every input of the result. A file appears whole or not at all, a damaged
one counts as missing, and the files longest unused go when there are too many.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import cast, get_args

import numpy as np

from cnnviz.filters.pattern import Pattern, Request, Status
from cnnviz.folders import cache_folder, make_room, mark_used
from cnnviz.kept_arrays import read_arrays, write_arrays

ASCENT_VERSION = 2
"""Part of every key; raise it when the ascent gives other images."""

_MEGABYTE = 2**20
_FINISHED = tuple(status for status in get_args(Status) if status not in ("waiting", "optimizing"))


@dataclass(frozen=True)
class PatternStore:
    """A folder of patterns that several processes may share.

    Attributes:
        root: The folder; `patterns` in $CNNVIZ_CACHE_DIR or in the user's cache folder if not given.
        max_bytes: Most that its files may take together.
    """

    root: Path = field(default_factory=partial(cache_folder, "patterns"))
    max_bytes: int = 500 * _MEGABYTE

    def find(self, request: Request, filters: Iterable[int]) -> dict[int, Pattern]:
        """Look patterns up; those that are missing or damaged are left out."""
        found = {index: self._read(request, index) for index in filters}
        return {index: pattern for index, pattern in found.items() if pattern is not None}

    def keep(self, request: Request, patterns: Iterable[Pattern]) -> None:
        """Keep patterns, then drop those longest unused; a full or read-only disk keeps nothing."""
        with contextlib.suppress(OSError):
            self.root.mkdir(parents=True, exist_ok=True)
            for pattern in patterns:
                self._write(newest := self._path(request, pattern.filter), pattern)
            make_room(keep=newest, max_bytes=self.max_bytes)

    def _path(self, request: Request, index: int) -> Path:
        key = json.dumps([ASCENT_VERSION, asdict(request), index], sort_keys=True)
        return self.root / f"{hashlib.sha256(key.encode()).hexdigest()[:32]}.npz"

    def _read(self, request: Request, index: int) -> Pattern | None:
        path = self._path(request, index)
        try:
            found = read_arrays(path)
            rows, columns = found["ascent_size"].tolist()
            pattern = Pattern(
                filter=index,
                photo=found["photo"],
                before=float(found["before"]),
                after=float(found["after"]),
                status=cast(Status, str(found["status"])),
                ascent_size=(int(rows), int(columns)),
            )
            mark_used(path)
        except (OSError, ValueError, TypeError, KeyError):
            return None
        return pattern if _is_sound(pattern, request.size) else None

    def _write(self, path: Path, pattern: Pattern) -> None:
        found = {name: value for name, value in vars(pattern).items() if name != "filter"}
        write_arrays(path, found, is_compressed=True)


def _is_sound(pattern: Pattern, size: int) -> bool:
    """Whether every value is one that an ascent can give."""
    return (
        pattern.photo.dtype == np.uint8
        and pattern.photo.shape == (size, size, 3)
        and pattern.status in _FINISHED
        and (pattern.status == "not finite" or bool(np.isfinite([pattern.before, pattern.after]).all()))
        and min(pattern.ascent_size) > 0
    )
