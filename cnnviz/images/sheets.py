"""Heatmap overlays, contact sheets, and PNG and .npz encoding."""

from __future__ import annotations

import io
from collections.abc import Mapping
from math import ceil

import numpy as np
from PIL import Image

from cnnviz.images.colors import color, value_range
from cnnviz.images.fitting import enlarge


def overlay(
    photo: np.ndarray,
    heat: np.ndarray,
    *,
    opacity: float = 0.6,
    threshold: float = 0.0,
    colormap: str = "magma",
    peak: float | None = None,
) -> np.ndarray:
    """Lay heat over a photo; the hotter, the less of the photo shows through.

    With `unit = heat / peak`, clipped to 0..1, every pixel is mixed:

        alpha = opacity * unit  where unit >= threshold, else 0
        pixel = (1 - alpha) * photo + alpha * color(unit)

    Args:
        photo: `(height, width, 3)` uint8.
        heat: `(rows, columns)`, float, >= 0, in its own units; enlarged to the photo bilinearly.
        opacity: 0..1, of the hottest place.
        threshold: Share of the peak below which the photo stays clear; above 1 all of it does.
        colormap: One of `COLORMAPS`.
        peak: Heat that counts as hottest; the largest finite heat if not given. Give two maps that are
            compared the same one.

    Returns:
        `(height, width, 3)` uint8. The photo itself where no heat is; `NOT_A_NUMBER` where the heat is
        not finite, mixed with full `opacity`.

    Note:
        Without `peak` the hottest place is drawn in full even where the heat is faint in absolute terms.
    """
    unit = np.clip(_share(heat, peak, photo.shape[:2]), 0, 1)
    return _mix(photo, unit, color(unit, colormap), opacity=opacity, threshold=threshold)


def overlay_signed(
    photo: np.ndarray,
    heat: np.ndarray,
    *,
    opacity: float = 0.6,
    threshold: float = 0.0,
    colormap: str = "PuOr",
    peak: float | None = None,
) -> np.ndarray:
    """Lay a difference over a photo: one hue below zero, another above, nothing at zero.

    As `overlay`, with `unit = heat / peak` clipped to -1..1, `alpha` from its absolute value, and the
    color of `0.5 + unit / 2`: in PuOr orange is below zero and purple above.

    Args:
        photo: `(height, width, 3)` uint8.
        heat: `(rows, columns)`, float, any sign, in its own units.
        opacity: 0..1, of the places farthest from zero.
        threshold: Share of the peak below which the photo stays clear.
        colormap: One of `COLORMAPS`; a diverging one.
        peak: Absolute value that counts as farthest; the largest finite one if not given.

    Returns:
        `(height, width, 3)` uint8.
    """
    unit = np.clip(_share(heat, peak, photo.shape[:2]), -1, 1)
    return _mix(photo, np.abs(unit), color(0.5 + unit / 2, colormap), opacity=opacity, threshold=threshold)


def _share(heat: np.ndarray, peak: float | None, size: tuple[int, int]) -> np.ndarray:
    """Enlarge heat as a share of its peak; NaN where it is not finite."""
    heat = np.where(np.isfinite(heat), heat, np.nan)
    if peak is None:
        peak = max(abs(end) for end in value_range(heat))
    return enlarge(heat / peak if peak > 0 else heat * 0, size)


def _mix(
    photo: np.ndarray, strength: np.ndarray, colors: np.ndarray, *, opacity: float, threshold: float
) -> np.ndarray:
    """Blend colors into a photo by strength 0..1; what is not finite is marked and never cut off."""
    is_finite = np.isfinite(strength)
    shown = np.where(is_finite, np.where(strength >= threshold, strength, 0), 1)
    alpha = np.rint(shown * (opacity * 255)).astype(np.uint8)
    mixed = Image.composite(Image.fromarray(colors), Image.fromarray(photo), Image.fromarray(alpha))
    return np.array(mixed)


def contact_sheet(
    photos: np.ndarray, *, columns: int, gap: int = 2, background: tuple[int, int, int] = (255, 255, 255)
) -> np.ndarray:
    """Put small images side by side in rows, in reading order.

    Args:
        photos: `(count, height, width, 3)` uint8; tiles of bytes are colored by `lookup_table` first.
        columns: Images a row; fewer where there are fewer images.
        gap: Pixels between them; none around them.
        background: Color of the gaps and of empty places.

    Returns:
        `(rows * (height + gap) - gap, columns * (width + gap) - gap, 3)` uint8.

    Raises:
        ValueError: If there is no image, or no column.
    """
    if photos.ndim != 4 or not len(photos) or columns < 1:
        raise ValueError(f"Expected images (count, height, width, 3). Received: {photos.shape}, {columns} columns.")
    count, height, width, _ = photos.shape
    columns = min(columns, count)
    rows = ceil(count / columns)
    cells = np.full((rows * columns, height + gap, width + gap, 3), background, np.uint8)
    cells[:count, :height, :width] = photos
    grid = cells.reshape(rows, columns, height + gap, width + gap, 3).swapaxes(1, 2)
    sheet = grid.reshape(rows * (height + gap), columns * (width + gap), 3)
    return np.ascontiguousarray(sheet[: sheet.shape[0] - gap, : sheet.shape[1] - gap])


def png_bytes(image: np.ndarray) -> bytes:
    """Encode `(height, width, 3)` or `(height, width)` uint8 as PNG, without any metadata."""
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, "PNG")
    return buffer.getvalue()


def npz_bytes(arrays: Mapping[str, np.ndarray]) -> bytes:
    """Pack arrays by name as NumPy's .npz, compressed."""
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)  # type: ignore[arg-type]  # NumPy's stub takes the names for its own flags
    return buffer.getvalue()
