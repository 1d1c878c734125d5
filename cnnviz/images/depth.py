"""Conversion of any bit depth to 8-bit pixels, with a note on what is black and what is white."""

from __future__ import annotations

import numpy as np

from cnnviz.images.colors import to_unit, value_range
from cnnviz.sentences import Sentence

_WHITE_12_BIT = 4095  # of most scanners, microscopes and raw cameras; they write it into files of 16 bits


def to_eight_bits(
    values: np.ndarray, *, bits: int | None = None, stretch: bool = False, is_valid: np.ndarray | None = None
) -> tuple[np.ndarray, list[str]]:
    """Bring stored values to 0..255, and say how.

    Unsigned integers keep their scale: 0 is black, the largest number of their depth is white. Floats within 0..1 are
    taken as such. All others, and everything where `stretch` is set, run from the smallest value (black) to the
    largest (white), over all channels together, so that colors keep their hue.

    Args:
        values: `(height, width)` or `(height, width, channels)`; booleans, integers or floats.
        bits: Bits in use where the file says fewer than its integers have, such as 12 of 16.
        stretch: Whether to use the full range in any case.
        is_valid: `(height, width)` or the shape of `values`; False where a value stands for "no data", which is shown
            black and left out of the range.

    Returns:
        The shape of `values`, uint8, and notes; none for 8 bits as they are.
    """
    depth = bits or 8 * values.dtype.itemsize
    if values.dtype == bool:
        return values.astype(np.uint8) * np.uint8(255), []
    counted = values if is_valid is None else values[is_valid]
    low, high = value_range(counted)
    notes: list[str] = []
    if values.dtype.kind == "f" and not np.isfinite(counted).all():
        notes.append(Sentence("NaN values shown black"))
    if not stretch and values.dtype.kind == "f" and low >= 0 and high <= 1:
        notes.append(
            Sentence("float values {low:.3g} to {high:.3g}, 0 shown as black and 1 as white", low=low, high=high)
        )
        low, high = 0.0, 1.0
    elif not stretch and values.dtype.kind == "u" and depth <= 16:
        white = 2**depth - 1
        if depth > 8:
            notes.append(Sentence("{bits} bits per channel, {white} shown as white", bits=depth, white=white))
        if depth > 12 and high <= _WHITE_12_BIT:
            notes.append(
                Sentence("values only up to {high:.0f}, as 12-bit sources write: dark unless stretched", high=high)
            )
        low, high = 0.0, float(white)
    else:
        notes.append(Sentence("stretched from {low:.3g} (black) to {high:.3g} (white)", low=low, high=high))
    pixels = _scaled(values, low, high)
    if is_valid is not None:
        pixels[~is_valid] = 0
    return pixels, notes


def _scaled(values: np.ndarray, low: float, high: float) -> np.ndarray:
    if values.dtype == np.uint8 and (low, high) == (0, 255):
        return values.copy()
    if values.dtype.kind == "u" and values.dtype.itemsize <= 2:  # a table: no double precision for every pixel
        every = np.arange(2 ** (8 * values.dtype.itemsize))
        return np.rint(to_unit(every, low=low, high=high) * 255).astype(np.uint8)[values]
    pixels = np.empty(values.shape, np.uint8)
    for row, line in enumerate(values):  # row by row: double precision would take eight times the image's memory
        pixels[row] = np.rint(np.nan_to_num(to_unit(line, low=low, high=high)) * 255)
    return pixels
