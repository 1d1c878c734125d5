"""Navigation between units: down to a unit of the layer below, and back."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import streamlit as st

from cnnviz.dashboard import state

_TRAIL, _STOOD = "_walk", "_stood"


@dataclass(frozen=True)
class Place:
    """One unit of a model."""

    layer: str
    channel: int
    row: int
    column: int


@dataclass(frozen=True)
class _Positions:
    """All positions of a map, as the URL writes them."""

    rows: int
    columns: int

    def __contains__(self, text: object) -> bool:
        found = _parsed(text)
        return found is not None and found[0] < self.rows and found[1] < self.columns


def _parsed(text: object) -> tuple[int, int] | None:
    found = re.fullmatch(r"(\d{1,5}),(\d{1,5})", str(text))
    return (int(found[1]), int(found[2])) if found else None


def _written(row: int, column: int) -> str:
    return f"{row},{column}"


def choose_position(layer: str, values: np.ndarray) -> tuple[int, int]:
    """Settle the position in a map, `(rows, columns)`: where it is strongest until one is chosen.

    A position that was chosen in another layer stays over the same place of the image.
    """
    rows, columns = values.shape
    stood = st.session_state.get(_STOOD)
    chosen = st.session_state.get(state.UNIT)
    if stood and stood[:2] == (chosen, True) and stood[2] != layer and not state.is_linked(state.LAYER, state.UNIT):
        state.pin(state.UNIT, _moved(str(chosen), stood[3], values.shape))
    usual = np.unravel_index(int(np.nan_to_num(np.abs(values)).argmax()), values.shape)
    default = _written(int(usual[0]), int(usual[1]))
    state.validate_choice(state.UNIT, _Positions(rows, columns), default)
    now = st.session_state[state.UNIT]
    st.session_state[_STOOD] = (now, now != default, layer, values.shape)
    return _parsed(now) or (0, 0)


def _moved(text: str, before: tuple[int, int], after: tuple[int, ...]) -> str:
    """Find the position of another map that lies over the same place of the image."""
    found = _parsed(text) or (0, 0)
    row, column = (int((index + 0.5) * new / old) for index, old, new in zip(found, before, after, strict=True))
    return _written(row, column)


def go(there: Place, *, here: Place | None = None) -> None:
    """Look at another unit; from `here` there is then a way back."""
    if here is not None:
        st.session_state.setdefault(_TRAIL, []).append((here, there.layer))
    state.pin(state.LAYER, there.layer)
    state.pin(state.CHANNEL, there.channel)
    state.pin(state.UNIT, _written(there.row, there.column))


def back(layer: str) -> Place | None:
    """Name the unit from which one came down to this layer; nothing if one went another way since."""
    trail = st.session_state.get(_TRAIL, [])
    if trail and trail[-1][1] != layer:
        trail.clear()
    return trail[-1][0] if trail else None


def go_back() -> None:
    """Return to the unit from which one came down."""
    go(st.session_state[_TRAIL].pop()[0])
