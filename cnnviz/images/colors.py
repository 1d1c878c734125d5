"""Color maps, value ranges, and normalization to 0..1."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

COLORMAPS = {
    "viridis": "viridis",
    "gray": "gray",
    "magma": "magma",
    "cividis": "cividis",
    "PuOr": "colorbrewer:PuOr",
    "jet": "matlab:jet",
}
"""Names offered, and what they are called in the `cmap` package; PuOr is for signed values around 0.5."""

NOT_A_NUMBER = (255, 0, 255)
"""Color of values that are not finite: a magenta that no color map of `COLORMAPS` contains."""


@lru_cache(maxsize=len(COLORMAPS))
def lookup_table(name: str) -> np.ndarray:
    """List the 256 colors of a color map, for values 0..1 in equal steps.

    Args:
        name: One of `COLORMAPS`.

    Returns:
        `(256, 3)` uint8, read-only. Bytes are colored by indexing: `lookup_table("viridis")[tiles]`.

    Raises:
        ValueError: If there is no such color map.
    """
    if name not in COLORMAPS:
        raise ValueError(f"Expected a color map of {', '.join(COLORMAPS)}. Received: {name!r}.")
    from cmap import Colormap  # a sixth of a second, needed only where something is colored

    table = np.rint(Colormap(COLORMAPS[name]).lut(256)[:, :3] * 255).astype(np.uint8)
    table.setflags(write=False)
    return table


def value_range(values: np.ndarray) -> tuple[float, float]:
    """Smallest and largest finite value; `(0.0, 0.0)` where there is none."""
    finite = values[np.isfinite(values)]
    return (float(finite.min()), float(finite.max())) if finite.size else (0.0, 0.0)


def to_unit(values: np.ndarray, *, low: float | None = None, high: float | None = None) -> np.ndarray:
    """Bring numbers to 0..1: `(value - low) / (high - low)`, clipped.

    Args:
        values: Any shape, any numbers.
        low: What becomes 0; the smallest finite value if not given.
        high: What becomes 1; the largest finite value if not given.

    Returns:
        The shape of `values`, float32, 0..1; NaN where a value is not finite. All zero where `low` and
        `high` are equal: a constant has nothing to tell apart.

    Raises:
        ValueError: If `low` is above `high`.

    Note:
        Two arrays scaled by their own ranges do not compare; give both the same `low` and `high`.
    """
    values = np.asarray(values)
    smallest, largest = value_range(values) if low is None or high is None else (0.0, 0.0)
    low, high = smallest if low is None else low, largest if high is None else high
    if low > high:
        raise ValueError(f"Expected low <= high. Received: {low:g} and {high:g}.")
    is_finite = np.isfinite(values)
    # In float64, where the span of two float32 numbers cannot overflow.
    above = np.subtract(values, low, dtype=np.float64, where=is_finite, out=np.full(values.shape, np.nan))
    return np.clip(above / (high - low) if high > low else above * 0, 0, 1).astype(np.float32)


def color(unit: np.ndarray, name: str = "viridis") -> np.ndarray:
    """Color numbers 0..1.

    Args:
        unit: Any shape, float; below 0 counts as 0, above 1 as 1.
        name: One of `COLORMAPS`.

    Returns:
        `(*unit.shape, 3)` uint8; `NOT_A_NUMBER` where a value is not finite, so that it never passes for data.

    Example:
        >>> color(np.zeros((7, 7))).shape
        (7, 7, 3)
    """
    is_finite = np.isfinite(unit)
    indices = np.rint(np.clip(np.where(is_finite, unit, 0), 0, 1) * 255).astype(np.uint8)
    image = lookup_table(name)[indices]
    image[~is_finite] = NOT_A_NUMBER
    return image
