"""Frames of a running gradient ascent: the images so far and the status of each filter."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from PIL import Image

from cnnviz.filters.ascent import Ascent, AscentState
from cnnviz.filters.pattern import Pattern, Status

_GRAY = 128


@dataclass(frozen=True, eq=False)
class Batch:
    """Filters that are optimized together.

    Attributes:
        ascent: How they are optimized.
        filters: Their indices.
        first: Where they stood at first.
        now: Where they stand.
    """

    ascent: Ascent
    filters: tuple[int, ...]
    first: AscentState
    now: AscentState

    def objectives(self, height: AscentState) -> np.ndarray:
        """What is optimized, `(filters,)`: of rescued filters what the activation is given."""
        return np.where(self.now.is_rescued, height.before, height.output)

    def patterns(self, size: int) -> dict[int, Pattern]:
        """Name what became of each filter."""
        before, after, photos = self.objectives(self.first), self.objectives(self.now), self.photos(size)
        return {
            index: Pattern(index, photos[index], float(before[i]), float(after[i]), self._status(i), self.ascent_size)
            for i, index in enumerate(self.filters)
        }

    @property
    def ascent_size(self) -> tuple[int, int]:
        """Rows and columns at which they are optimized."""
        return self.ascent.shape[:2]

    def photos(self, size: int) -> dict[int, np.ndarray]:
        """Show each filter's image as a square."""
        shown = self.ascent.show(self.now.state)
        return {
            index: _plain(size) if self._status(i) in ("dead", "not finite") else _at_size(shown[i], size)
            for i, index in enumerate(self.filters)
        }

    def _status(self, i: int) -> Status:
        if not self.now.is_finite[i]:
            return "not finite"
        return "dead" if self.now.is_dead[i] else "rescued" if self.now.is_rescued[i] else "ok"


@dataclass(frozen=True, eq=False)
class Frame:
    """How far an ascent is.

    Attributes:
        step: Steps done, counted once an image.
        total: Steps in all; those of patterns found in a store are not counted.
        filters: The filters asked for, in that order.
        size: Side of the photos, in pixels.
        finished: Filter to its pattern, as far as there is one.
        batch: The filters that are optimized just now.
    """

    step: int
    total: int
    filters: tuple[int, ...]
    size: int
    finished: Mapping[int, Pattern]
    batch: Batch | None = None

    @cached_property
    def photos(self) -> np.ndarray:
        """Images so far, `(filters, size, size, 3)` uint8, plain gray where none began; drawn when asked for."""
        known = self.batch.photos(self.size) if self.batch else {}
        known |= {index: pattern.photo for index, pattern in self.finished.items()}
        return np.array([known.get(index, _plain(self.size)) for index in self.filters], np.uint8)

    @property
    def objective(self) -> np.ndarray:
        """What each filter has reached, `(filters,)` float32 in the layer's own units; NaN where none began."""
        known = dict(zip(self.batch.filters, self.batch.objectives(self.batch.now), strict=True)) if self.batch else {}
        known |= {index: pattern.after for index, pattern in self.finished.items()}
        return np.array([known.get(index, np.nan) for index in self.filters], np.float32)

    @property
    def statuses(self) -> tuple[Status, ...]:
        """State of each filter: of its pattern where that is finished, else `optimizing` or `waiting`."""
        known: dict[int, Status] = dict.fromkeys(self.batch.filters, "optimizing") if self.batch else {}
        known |= {index: pattern.status for index, pattern in self.finished.items()}
        return tuple(known.get(index, "waiting") for index in self.filters)


def _plain(size: int) -> np.ndarray:
    return np.full((size, size, 3), _GRAY, np.uint8)


def _at_size(photo: np.ndarray, size: int) -> np.ndarray:
    """Bring a photo to a square: reduced smoothly or enlarged in sharp pixels, gray where its shape leaves room."""
    rows, columns = photo.shape[:2]
    if (rows, columns) == (size, size):
        return photo
    factor = size / max(rows, columns)
    fitted = (max(1, round(columns * factor)), max(1, round(rows * factor)))
    how = Image.Resampling.NEAREST if factor > 1 else Image.Resampling.LANCZOS
    image = Image.new("RGB", (size, size), (_GRAY,) * 3)
    image.paste(Image.fromarray(photo).resize(fitted, how), ((size - fitted[0]) // 2, (size - fitted[1]) // 2))
    return np.asarray(image)
