"""`Pattern`, the result for one filter, and the `Request` that it was made for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from cnnviz.filters.style import StyleName
from cnnviz.sentences import one_line

Status = Literal["waiting", "optimizing", "ok", "rescued", "dead", "not finite"]


@dataclass(frozen=True)
class Request:
    """All that a pattern hangs on, but for the filter.

    Attributes:
        fingerprint: The model's.
        layer: Address of the layer.
        style: Way of optimizing.
        size: Side of the photo, in pixels.
        steps: Steps of the ascent.
        seed: Of the random start.
    """

    fingerprint: str
    layer: str
    style: StyleName
    size: int
    steps: int
    seed: int


@dataclass(frozen=True, eq=False)
class Pattern:
    """What one filter is looking for.

    Attributes:
        filter: Index of the filter in its layer.
        photo: `(size, size, 3)` uint8; plain gray where nothing was found.
        before: What was optimized, averaged over the map, at the random start, in the layer's own units;
            in style `natural` negative values count for 0.3, but for dense layers.
        after: The same at the end. For a rescued filter of style `textbook` both are of what the
            activation was given.
        status: `ok`; `rescued`: the output had no gradient at first, what its activation is given was
            optimized, or another start; `dead`: no gradient from three starts, also after the rescue, or an
            activation that stayed zero for every image tried, pixels at the ends of their range included, however
            high what it was given had risen;
            `not finite`: the model answers with NaN or infinity, or its gradient is that.
        ascent_size: Rows and columns at which it was optimized; the model's own where `size` was not to be had.
    """

    filter: int
    photo: np.ndarray
    before: float
    after: float
    status: Status
    ascent_size: tuple[int, int]

    __repr__ = one_line
