"""Where are patterns kept, so that no filter climbs twice?

One small file a pattern, named by all it hangs on. A file appears whole or not at all, a damaged one counts as
missing, and the files longest unused go when there are too many.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path

import numpy as np

from cnnviz.filters.pattern import Pattern, Request
from cnnviz.folders import DAMAGED, cache_folder, make_room, open_ordinary, written_whole

ASCENT_VERSION = 2
"""Part of every key; raise it when the ascent gives other pictures."""

_MEGABYTE = 2**20


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
            with open_ordinary(path) as opened, np.load(opened, allow_pickle=False) as file:
                pattern = Pattern(
                    filter=index,
                    photo=file["photo"],
                    before=float(file["before"]),
                    after=float(file["after"]),
                    status=str(file["status"]),  # type: ignore[arg-type]  # written by _write
                    climbed_size=(int(file["climbed_size"][0]), int(file["climbed_size"][1])),
                )
            os.utime(path)
        except DAMAGED:
            return None
        is_whole = pattern.photo.dtype == np.uint8 and pattern.photo.shape == (request.size, request.size, 3)
        return pattern if is_whole else None

    def _write(self, path: Path, pattern: Pattern) -> None:
        with written_whole(path) as part:
            np.savez_compressed(
                part,
                photo=pattern.photo,
                before=pattern.before,
                after=pattern.after,
                status=pattern.status,
                climbed_size=pattern.climbed_size,
            )
