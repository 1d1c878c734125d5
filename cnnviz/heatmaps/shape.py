"""How does a coarse map come to the size of the picture?"""

from __future__ import annotations

import numpy as np
from PIL import Image


def enlarge(heat: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Bring maps to another size, bilinearly between the centres of their cells.

    Args:
        heat: `(batch, rows, columns)`, in any units, signed or not.
        size: Height and width wanted.

    Returns:
        `(batch, *size)` float32, in the units of `heat`. Values never leave the range of the map.

    Note:
        The smooth slopes between cells are drawn, not measured: a 7 x 7 map holds 49 numbers at any size.

    Example:
        >>> enlarge(np.zeros((1, 7, 7)), (224, 224)).shape
        (1, 224, 224)
    """
    if heat.ndim != 3:
        raise ValueError(f"Expected maps of shape (batch, rows, columns). Received: {heat.shape}.")
    height, width = size
    enlarged = [
        np.asarray(Image.fromarray(cells).resize((width, height), Image.Resampling.BILINEAR))
        for cells in np.asarray(heat, np.float32)
    ]
    return np.stack(enlarged) if enlarged else np.zeros((0, height, width), np.float32)
