"""What was done to the picture on the card, step by step, and what does it look like now?"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
import streamlit as st

from cnnviz import heatmaps as methods
from cnnviz.dashboard import cache
from cnnviz.dashboard.state import Selection
from cnnviz.mistakes import edits
from cnnviz.mistakes.edits import Box

HIDE, MASK, CROP = "hide", "mask", "crop"
GRAD_CAM = methods.METHODS["grad_cam"]


@dataclass(frozen=True)
class Step:
    """One edit.

    Attributes:
        kind: `hide`, `mask`, `crop` or one of `edits.SLIDERS`.
        strength: Of an edit with a slider.
        box: What is covered or kept, in the picture as the network receives it.
        class_index: The class whose hottest region is hidden.
    """

    kind: str
    strength: float = 0.0
    box: Box = (0, 0, 0, 0)
    class_index: int = 0


def steps_of(selection: Selection) -> tuple[Step, ...]:
    """What was done to a picture so far."""
    return st.session_state.get(_key(selection), ())


def keep(selection: Selection, steps: tuple[Step, ...]) -> None:
    """Have these done to a picture; for callbacks."""
    st.session_state[_key(selection)] = steps


def add(selection: Selection, step: Step) -> None:
    """Do one more; for callbacks."""
    keep(selection, (*steps_of(selection), step))


def take_off(selection: Selection, place: int) -> None:
    """Undo one, the others stay; for callbacks."""
    steps = steps_of(selection)
    keep(selection, (*steps[:place], *steps[place + 1 :]))


def set_strength(selection: Selection, kind: str, strength: float) -> None:
    """Do an edit as strongly as a slider says, in its place among the others; not at all where it is neutral."""
    steps, step = steps_of(selection), Step(kind, strength)
    is_new = all(other.kind != kind for other in steps)
    changed = (*steps, step) if is_new else tuple(step if other.kind == kind else other for other in steps)
    keep(selection, tuple(other for other in changed if other != Step(kind, edits.SLIDERS[kind].neutral)))


def edited(selection: Selection, steps: tuple[Step, ...]) -> Selection:
    """The selection with the picture as it is after these steps; a name for each state, which keys the caches."""
    for step in steps:
        photo = _EDITS.get(step.kind, _slide)(replace(selection, photo=selection.received), step)
        photo = selection.convnet.fit(photo)
        selection = replace(selection, photo=photo, picture=f"{selection.picture} {step}")
    return selection


def _key(selection: Selection) -> str:
    return f"_steps {selection.convnet.fingerprint} {selection.picture}"


def _hide(selection: Selection, step: Step) -> np.ndarray:
    return edits.hide_hottest(selection.photo, cache.heatmap(selection, GRAD_CAM, step.class_index))


def _mask(selection: Selection, step: Step) -> np.ndarray:
    return edits.mask_box(selection.photo, step.box)


def _crop(selection: Selection, step: Step) -> np.ndarray:
    return edits.crop(selection.photo, step.box)


def _slide(selection: Selection, step: Step) -> np.ndarray:
    return edits.SLIDERS[step.kind].edit(selection.photo, step.strength)


_EDITS: Mapping[str, Callable[[Selection, Step], np.ndarray]] = {HIDE: _hide, MASK: _mask, CROP: _crop}
