"""Paint canvas: a brush for drawing digits or masking parts of an image, by mouse, pen, finger or keys."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import streamlit as st
from PIL import Image, ImageDraw

from cnnviz.dashboard.components import message
from cnnviz.dashboard.texts import shared

_SMALL = 100  # pixels on the longer side; a digit has fewer, and its pixels stay squares
_MOST_STROKES, _MOST_POINTS = 500, 20_000  # what a browser sends is bounded
_FINE = 8  # each pixel is painted as 8 x 8 finer ones; their mean is its soft edge
_FINEST_SIDE = 2_048

_component = st.components.v2.component(
    "cnnviz_paint",
    html=message.text("paint.html"),
    css=message.text("paint.css"),
    js=message.script("paint.js"),
)


@dataclass(frozen=True)
class Stroke:
    """One line of the brush, from where it was set down to where it was lifted.

    Attributes:
        width: Of the brush, in pixels of the image.
        is_erasing: Whether it takes away what was painted before.
        points: x, y pairs in pixels of the image, from its top left corner; one point is a dot.
    """

    width: float
    is_erasing: bool
    points: tuple[tuple[float, float], ...]


def paint(
    photo: np.ndarray,
    *,
    key: str,
    title: str,
    strokes: Sequence[Stroke],
    on_paint: Callable[[tuple[Stroke, ...]], None],
    brush: float | None = None,
    ink: Sequence[int] = (255, 255, 255),
    width: int = 420,
) -> None:
    """Draw an image to be painted on, with brush, eraser, size, undo and clear.

    The strokes are the caller's, kept in the session: `on_paint` gets all of them when the pen lifts, and not before,
    and the next run gives them back. `painted` makes the mask. Given other strokes, such as none, the image shows
    those.

    Args:
        photo: `(rows, columns, 3)` uint8 to paint on; all zeros to draw a digit on black. It sets the size of the mask.
        key: Streamlit key; the same one keeps brush and undo from run to run.
        title: What is painted, for screen readers.
        strokes: What is painted already.
        on_paint: Called with all strokes before the page runs again.
        brush: Width of the brush to begin with, in pixels of the image; a ninth of its longer side if not given,
            3.1 of 28, about as thick as MNIST's digits.
        ink: Red, green, blue of what is painted, 0..255.
        width: Most pixels of the screen that it takes; on a phone it takes the width of its place.

    Example:
        >>> strokes = st.session_state.get("digit", ())
        >>> components.paint(
        ...     np.zeros((28, 28, 3), np.uint8), key="draw", title="Draw a digit", strokes=strokes,
        ...     on_paint=lambda painted: state.select("digit", painted),
        ... )
        >>> mask = components.painted(strokes, 28, 28)  # (28, 28) float32, 0 black to 1 white, soft edges
    """
    rows, columns = photo.shape[:2]
    longer = max(rows, columns)
    header = {
        "rows": rows,
        "columns": columns,
        "title": title,
        "strokes": [_packed(stroke) for stroke in strokes],
        "brush": brush or longer / 9,
        "least": min(1.0, longer / 28),
        "most": longer / 3,
        "ink": [int(value) for value in ink],
        "width": width,
        "isSharp": longer < _SMALL,
        "texts": dict(shared.PAINT),
    }

    def took() -> None:
        found = _strokes(st.session_state[key]["painted"], longer)
        if found is not None:
            on_paint(found)

    _component(key=key, data=message.pack(header, photo.astype(np.uint8)), on_painted_change=took)


def painted(strokes: Sequence[Stroke], rows: int, columns: int, *, is_soft: bool = True) -> np.ndarray:
    """Make the mask of what was painted.

    Args:
        strokes: In the order in which they were painted.
        rows: Height of the image in pixels.
        columns: Width of the image in pixels.
        is_soft: Whether a pixel that is covered in part counts in part; else it counts from a half on.

    Returns:
        `(rows, columns)` float32, 0 where nothing is painted, 1 where all of the pixel is.
    """
    fine = max(1, min(_FINE, _FINEST_SIDE // max(rows, columns)))
    image = Image.new("L", (fine * columns, fine * rows))
    canvas = ImageDraw.Draw(image)
    for stroke in strokes:
        _draw(canvas, stroke, fine)
    mask = np.asarray(image.reduce(fine), np.float32) / 255
    return mask if is_soft else (mask >= 0.5).astype(np.float32)


def _draw(canvas: ImageDraw.ImageDraw, stroke: Stroke, fine: int) -> None:
    """Draw a line with round ends and corners; Pillow counts from center to center of pixels, a stroke from edges."""
    ink, radius = 0 if stroke.is_erasing else 255, (fine * stroke.width - 1) / 2
    points = [(fine * x - 0.5, fine * y - 0.5) for x, y in stroke.points]
    for x, y in points:
        canvas.ellipse([round(edge) for edge in (x - radius, y - radius, x + radius, y + radius)], fill=ink)
    canvas.line(points, fill=ink, width=max(1, round(fine * stroke.width)))


def _packed(stroke: Stroke) -> list[Any]:
    return [stroke.width, stroke.is_erasing, [value for point in stroke.points for value in point]]


def _strokes(sent: Any, longer: int) -> tuple[Stroke, ...] | None:
    """Read what a browser sent; None if it is no painting."""
    try:
        found = tuple(_stroke(*one, longer=longer) for one in sent["strokes"][: _MOST_STROKES + 1])
    except (TypeError, ValueError, KeyError, OverflowError):
        return None
    is_bounded = len(found) <= _MOST_STROKES and sum(len(stroke.points) for stroke in found) <= _MOST_POINTS
    return found if is_bounded else None


def _stroke(width: Any, is_erasing: Any, values: Any, *, longer: int) -> Stroke:
    numbers = [float(value) for value in values]
    if not numbers or not all(math.isfinite(number) and abs(number) <= 10 * longer for number in [width, *numbers]):
        raise ValueError("not a stroke")
    points = tuple(zip(numbers[::2], numbers[1::2], strict=True))
    return Stroke(min(max(float(width), 0.1), float(longer)), bool(is_erasing), points)
