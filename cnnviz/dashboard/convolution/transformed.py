"""Sliders for translation, rotation and scale, the transformed selection, and its computation."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import astuple, replace
from typing import TypeVar

import numpy as np
import streamlit as st

from cnnviz.convolution.translation import Move, move
from cnnviz.dashboard import background, state
from cnnviz.dashboard.jobs import Job
from cnnviz.dashboard.state import Selection
from cnnviz.dashboard.texts import convolution as texts
from cnnviz.layers import totals

_STILL = Move()
_AT_ONCE = 1_000_000_000  # multiply-adds: a few tenths of a second on a laptop

_Ranges = Mapping[str, tuple[int, int, int] | tuple[float, float, float]]
"""Smallest, largest and step of each slider."""

T = TypeVar("T")


def moved(selection: Selection, by: Move) -> Selection:
    """The selection with the image moved, as the model receives it; a name for each move, which keys the caches."""
    if by == _STILL:
        return selection
    photo = np.rint(move(selection.received, by)).clip(0, 255).astype(np.uint8)
    return replace(selection, photo=photo, image=f"{selection.image} {by}")


def waited_for(
    key: str, work: Callable[[Job | None], T], selection: Selection, *, runs: int, label: str, progress: str
) -> T | None:
    """Compute at once where that is quick, else beside the page; None until it is done.

    Args:
        key: All that the answer hangs on.
        work: Computes the answer; it tells its steps to the job, if there is one.
        selection: Whose model runs.
        runs: How often.
        label: What the button says that starts it again.
        progress: Said while it runs.
    """
    if totals(selection.convnet).macs * runs <= _AT_ONCE:
        return work(None)
    job = background.finished(key, label, work, icon=":material/play_arrow:", progress=progress, is_quick=True)
    return job.result if job is not None else None


def choose_move(selection: Selection) -> Move:
    """Draw the sliders and return the move; it stands in the URL."""
    height, width = selection.convnet.preparation.size
    ranges: _Ranges = {
        "right": (-width // 2, width // 2, 1),
        "down": (-height // 2, height // 2, 1),
        "degrees": (-180, 180, 5),
        "factor": (0.5, 2.0, 0.05),
    }
    by = _settled(round(width / 14), ranges)
    columns = st.columns(len(ranges), gap="medium")
    for column, (name, (low, high, step)) in zip(columns, ranges.items(), strict=True):
        st.session_state[f"move {name}"] = type(step)(getattr(by, name))
        column.slider(
            texts.TRANSLATED_SLIDERS[name],
            low,
            high,
            step=step,
            key=f"move {name}",
            on_change=_take,
            args=(tuple(ranges),),
        )
    return Move(**{name: st.session_state[f"move {name}"] for name in ranges})


def _settled(usual: int, ranges: _Ranges) -> Move:
    """The move that the URL says, else a shift by so many pixels, that one sees what the page is about."""
    said, default = st.session_state.get(state.MOVE), _written(Move(right=usual))
    state.validate_choice(state.MOVE, [said] if _is_move(said, ranges) else [], default)
    return Move(*(float(part) for part in str(st.session_state[state.MOVE]).split(",")))


def _is_move(said: object, ranges: _Ranges) -> bool:
    """Whether the sliders can be set so."""
    try:
        by = Move(*(float(part) for part in str(said).split(",")))
    except (TypeError, ValueError):
        return False
    values = {name: getattr(by, name) for name in ranges}
    return all(
        low <= values[name] <= high and (values[name] % 1 == 0 or isinstance(step, float))
        for name, (low, high, step) in ranges.items()
    )


def _take(names: tuple[str, ...]) -> None:
    state.select(state.MOVE, _written(Move(*(st.session_state[f"move {name}"] for name in names))))


def _written(by: Move) -> str:
    return ",".join(f"{value:g}" for value in astuple(by))
