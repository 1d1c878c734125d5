"""Drawings in links: kind, brush width and points, written as one short text and read back."""

from __future__ import annotations

import re
from collections.abc import Sequence

from cnnviz.dashboard.components import Stroke

_LONGEST = 20_000  # characters
_STROKE = re.compile(r"(e?)(\d{1,5})((?:_-?\d{1,5}\.-?\d{1,5})+)", re.ASCII)
_FINE = 100  # parts of a pixel, as the brush counts


def write(kind: str, strokes: Sequence[Stroke]) -> str | None:
    """Write a drawing for a link; None if nothing is drawn.

    Args:
        kind: What is drawn; its first letter stands in the link.
        strokes: Of the brush.
    """
    return kind[0] + "~".join(_written(stroke) for stroke in strokes) if strokes else None


def _written(stroke: Stroke) -> str:
    points = (f"{round(_FINE * x)}.{round(_FINE * y)}" for x, y in stroke.points)
    return "_".join(["e" * stroke.is_erasing + str(round(_FINE * stroke.width)), *points])


def read(kind: str, text: str) -> tuple[Stroke, ...]:
    """Read what `write` wrote; nothing if it is a drawing of another kind, or none at all."""
    if not text.startswith(kind[0]) or len(text) > _LONGEST:
        return ()
    found = [_STROKE.fullmatch(part) for part in text[1:].split("~")]
    return tuple(_stroke(match) for match in found if match) if all(found) else ()


def _stroke(match: re.Match[str]) -> Stroke:
    points = (point.split(".") for point in match[3][1:].split("_"))
    return Stroke(int(match[2]) / _FINE, bool(match[1]), tuple((int(x) / _FINE, int(y) / _FINE) for x, y in points))
