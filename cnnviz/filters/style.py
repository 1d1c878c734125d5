"""`Style` of gradient ascent: how an image is initialized, rendered, jittered, updated and shown."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

StyleName = Literal["textbook", "natural"]

State = tuple[Any, ...]
"""Tensors whose first axis is the batch; the first of them is what the gradient is taken by."""

Shape = tuple[int, int, int]
"""Rows, columns and color channels (1 or 3) of the image that maximizes."""


@dataclass(frozen=True)
class Style:
    """One way of gradient ascent, as functions of a state that holds one row an image.

    Attributes:
        name: Its name in the interface and in files.
        steps: How many steps it takes where none are asked for.
        uses_output: Whether the layer's output is optimized (and, where that has no gradient, what its
            activation was given); else what its activation was given, from the start.
        border: Rows and columns of the map left out at every side, where the map has more than twice as many.
        leak: What the map's negative values count for in the mean, 0..1.
        start: Shape and random generator to the state of one image, without the batch axis.
        draw: First tensor of the state and shape to pixels `(batch, rows, columns, channels)`, 0..255.
        move: Pixels, and an offset of rows and columns in 0..1, to pixels moved by it; (0.5, 0.5) is no move.
        step: State, gradient by its first tensor, and number of the step from 1, to the next state.
        show: Pixels as drawn to uint8 as a person sees them.
    """

    name: StyleName
    steps: int
    uses_output: bool
    border: int
    leak: float
    start: Callable[[Shape, np.random.Generator], tuple[np.ndarray, ...]]
    draw: Callable[[Any, Shape], Any]
    move: Callable[[Any, Any], Any]
    step: Callable[[State, Any, Any], State]
    show: Callable[[np.ndarray], np.ndarray]
