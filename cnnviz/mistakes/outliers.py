"""Near-duplicates and outliers among images."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from PIL import Image

from cnnviz.datasets import Part
from cnnviz.datasets.threads import in_threads
from cnnviz.errors import ImageError
from cnnviz.images import rgb
from cnnviz.mistakes.evaluating import OnStep

DUPLICATE_DIFFERENCE = 4.0
"""Root mean square difference, of 255, below which two thumbnails are taken for the same image."""

ODD_SCORE = 3.5
"""Robust z from which an image is an outlier, as Iglewicz and Hoaglin advise."""

_SIDE = 16
_NORMAL = 0.6745  # median absolute deviation of a standard normal distribution
# What nobody sees is not odd: a twentieth of an octave in size, one step of 255 in light and color.
_LEAST_SPREAD = np.array([0.05, 0.05, 1, 1, 1, 1, 1, 1])
_QUANTITIES = ("width", "height", "brightness", "contrast", "red", "green", "blue", "colorfulness")


@dataclass(frozen=True)
class Duplicate:
    """Two images that are almost the same.

    Attributes:
        first: Index in the first part.
        second: Index in the second part.
        difference: Root mean square difference of their thumbnails, 0..255.
    """

    first: int
    second: int
    difference: float


@dataclass(frozen=True)
class Outlier:
    """An image that differs from the rest.

    Attributes:
        index: Which image of the part.
        quantity: In what it differs most: `width` or `height` in pixels; `brightness` or `contrast`; `red`, `green` or
            `blue`, as the channel's mean minus the brightness; `colorfulness`. All but the first two 0..255.
        value: Its value.
        median: The middle value of all images.
        score: Robust z: how many standard deviations it is away, signed.
    """

    index: int
    quantity: str
    value: float
    median: float
    score: float


def near_duplicates(
    part: Part,
    other: Part | None = None,
    *,
    difference: float = DUPLICATE_DIFFERENCE,
    on_step: OnStep | None = None,
) -> tuple[Duplicate, ...]:
    """Find images that are in both parts, or twice in one, although their files differ.

    Each image is brought to 16 x 16 pixels in color; two whose thumbnails hardly differ are the same image,
    saved at another size or quality. An image that was learned from and is tested on counts a right answer for nothing.

    Args:
        part: Labeled images.
        other: Those to compare with; the part with itself if not given.
        difference: Root mean square difference of two thumbnails, 0..255, that is still the same.
        on_step: Told the images looked at and their number, for each part in turn.

    Returns:
        Pairs, the most alike first; those of one part once each. Images that cannot be read are in none.

    Note:
        Thumbnails do not see small print, nor a mirrored or cropped copy; and images that are almost empty look
        alike.
    """
    from sklearn.neighbors import NearestNeighbors

    mine, indices = _thumbnails(part, on_step)
    theirs, others = (mine, indices) if other is None else _thumbnails(other, on_step)
    if not len(mine) or not len(theirs):
        return ()
    search = NearestNeighbors(radius=difference * np.sqrt(mine.shape[1])).fit(theirs)
    distances, places = search.radius_neighbors(mine)
    found = [
        Duplicate(int(indices[row]), int(others[place]), float(distance / np.sqrt(mine.shape[1])))
        for row in range(len(mine))
        for distance, place in zip(distances[row], places[row], strict=True)
        if other is not None or row < place
    ]
    return tuple(sorted(found, key=lambda pair: (pair.difference, pair.first, pair.second)))


def find_outliers(part: Part, *, score: float = ODD_SCORE, on_step: OnStep | None = None) -> tuple[Outlier, ...]:
    """Find images whose size, light or colors differ from the rest.

    Of each quantity the modified z-score is taken, which outliers themselves do not spoil:

        z = 0.6745 * (value - median) / median of |value - median|

    Where more than half of the images share a value, the mean of |value - median| stands in, as Iglewicz and Hoaglin
    say: z = (value - median) / (1.253314 * mean of |value - median|).

    Args:
        part: Labeled images.
        score: How odd an image must be.
        on_step: Told the images looked at and their number.

    Returns:
        The oddest first, each with the quantity that it is oddest in. Images that cannot be read are left out.

    Reference:
        Iglewicz and Hoaglin, "How to Detect and Handle Outliers", ASQC 1993.
    """
    values, indices = _of_all(part, _quantities, on_step)
    if not len(values):
        return ()
    medians = np.median(values, axis=0)
    scores = (values - medians) / _spread(values - medians)
    oddest = np.abs(scores).argmax(axis=1)
    own = scores[np.arange(len(scores)), oddest]
    return tuple(
        Outlier(
            int(indices[row]),
            _QUANTITIES[oddest[row]],
            _told(oddest[row], values[row, oddest[row]]),
            _told(oddest[row], medians[oddest[row]]),
            float(own[row]),
        )
        for row in np.argsort(-np.abs(own), kind="stable")
        if abs(own[row]) > score
    )


def _told(place: int, value: float) -> float:
    """A quantity in its own unit: sizes are compared as logarithms."""
    return float(2**value if _QUANTITIES[place] in ("width", "height") else value)


def _spread(deviations: np.ndarray) -> np.ndarray:
    """Standard deviation of each quantity, judged by its middle."""
    middle = np.median(np.abs(deviations), axis=0) / _NORMAL
    mean = np.abs(deviations).mean(axis=0) * 1.253314
    return np.maximum(np.where(middle > 0, middle, mean), _LEAST_SPREAD)


def _quantities(photo: np.ndarray) -> np.ndarray:
    """Size as logarithms, so that twice as wide and half as wide are as odd; light and colors, 0..255."""
    height, width = photo.shape[:2]
    pixels = photo.reshape(-1, 3).astype(np.float32)
    light = pixels.mean(axis=1)
    means = pixels.mean(axis=0)
    colorfulness = (pixels.max(axis=1) - pixels.min(axis=1)).mean()
    return np.array([np.log2(width), np.log2(height), light.mean(), light.std(), *(means - means.mean()), colorfulness])


def _thumbnails(part: Part, on_step: OnStep | None) -> tuple[np.ndarray, np.ndarray]:
    return _of_all(part, _thumbnail, on_step)


def _thumbnail(photo: np.ndarray) -> np.ndarray:
    small = Image.fromarray(photo).resize((_SIDE, _SIDE), Image.Resampling.BOX)
    return np.asarray(small, np.float32).ravel()


def _of_all(
    part: Part, measure: Callable[[np.ndarray], np.ndarray], on_step: OnStep | None
) -> tuple[np.ndarray, np.ndarray]:
    """Measure every image that can be read; values `(m, values)` and the images' indices `(m,)`."""

    def look(index: int) -> np.ndarray | None:
        try:
            return measure(rgb(part.photo(index)))
        except ImageError:
            return None

    found = list(in_threads(look, range(len(part)), on_step=on_step))
    kept = [index for index, values in enumerate(found) if values is not None]
    values = [found[index] for index in kept]
    return (np.stack(values) if values else np.zeros((0, 1))), np.array(kept, np.int64)  # type: ignore[arg-type]  # None left out
