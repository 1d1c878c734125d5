"""Bounding box around the peak of a heatmap."""

from __future__ import annotations

import numpy as np

BOX_LEVEL = 0.2
"""Share of the map's maximum above which a cell belongs to the object (Zhou et al. 2016, section 3.2)."""


def box(heat: np.ndarray) -> tuple[float, float, float, float] | None:
    """Draw the box around the connected region above 20 % of the map's maximum that holds the maximum.

    Cells connect by their sides. Of several equal maxima the first in reading order counts.

    Args:
        heat: `(rows, columns)`, one map; enlarge it first for edges finer than its cells.

    Returns:
        Left, top, right, bottom as shares 0..1 of the image, at the cells' outer edges; `None` if the
        map has no value above zero or is not finite.

    Note:
        The box frames where the model looks, often the most telling part: the face of the cat, not the cat.

    Example:
        >>> box(np.array([[0, 0], [0, 1]]))
        (0.5, 0.5, 1.0, 1.0)

    Reference:
        Zhou et al., "Learning Deep Features for Discriminative Localization", CVPR 2016, section 3.2.
        https://arxiv.org/abs/1512.04150
    """
    from scipy import ndimage

    if heat.ndim != 2:
        raise ValueError(f"Expected one map of shape (rows, columns). Received: {heat.shape}.")
    if not np.isfinite(heat).all() or heat.max() <= 0:
        return None
    regions, _ = ndimage.label(heat > BOX_LEVEL * heat.max())
    rows, columns = np.nonzero(regions == regions.flat[heat.argmax()])
    height, width = heat.shape
    edges = (columns.min() / width, rows.min() / height, (columns.max() + 1) / width, (rows.max() + 1) / height)
    left, top, right, bottom = (float(edge) for edge in edges)
    return left, top, right, bottom
