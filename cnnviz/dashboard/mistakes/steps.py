"""Steps of counterfactual edits on one image, kept for the session, and the edited image."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
import streamlit as st

from cnnviz import heatmaps as methods
from cnnviz.dashboard import cache, components
from cnnviz.dashboard.components import Stroke
from cnnviz.dashboard.state import Selection
from cnnviz.mistakes import perturbations
from cnnviz.mistakes.perturbations import Box, Edit

HIDE, MASK, CROP, BRUSH = "hide", "mask", "crop", "brush"
GRAD_CAM = methods.METHODS["grad_cam"]


@dataclass(frozen=True)
class Step:
    """One edit.

    Attributes:
        kind: `hide`, `mask`, `crop`, `brush` or one of `edits.SLIDERS`.
        strength: Of an edit with a slider; of the brush, how much it covers, 0..1.
        box: What is covered or kept, in the image as the model receives it.
        class_index: The class whose hottest region is hidden.
        strokes: What was painted, in the image as the model receives it.
    """

    kind: str
    strength: float = 0.0
    box: Box = (0, 0, 0, 0)
    class_index: int = 0
    strokes: tuple[Stroke, ...] = ()

    @property
    def name(self) -> str:
        """Short name of all that it hangs on."""
        return hashlib.sha256(repr(self).encode()).hexdigest()[:16]


def steps_of(selection: Selection) -> tuple[Step, ...]:
    """What was done to an image so far."""
    return st.session_state.get(_key(selection), ())


def keep(selection: Selection, steps: tuple[Step, ...]) -> None:
    """Have these done to an image; for callbacks."""
    st.session_state[_key(selection)] = steps


def add(selection: Selection, step: Step) -> None:
    """Do one more; for callbacks."""
    keep(selection, (*steps_of(selection), step))


def take_off(selection: Selection, place: int) -> None:
    """Undo one, the others stay; for callbacks."""
    steps = steps_of(selection)
    keep(selection, (*steps[:place], *steps[place + 1 :]))


def put(selection: Selection, step: Step) -> None:
    """Do an edit that there is once, in its place among the others; not at all where it changes nothing."""
    steps = steps_of(selection)
    is_new = all(other.kind != step.kind for other in steps)
    changed = (*steps, step) if is_new else tuple(step if other.kind == step.kind else other for other in steps)
    keep(selection, tuple(other for other in changed if other.kind != step.kind or not _is_idle(step)))


def found(selection: Selection, kind: str) -> Step | None:
    """The edit of a kind that there is once, as it was done."""
    return next((step for step in steps_of(selection) if step.kind == kind), None)


def before(selection: Selection, kind: str) -> Selection:
    """The selection with the image as it is just before an edit, or after all where that was not done."""
    steps = steps_of(selection)
    kinds = [step.kind for step in steps]
    return edited(selection, steps[: kinds.index(kind)] if kind in kinds else steps)


def _is_idle(step: Step) -> bool:
    if step.kind == BRUSH:
        return not step.strokes
    return step.strength == perturbations.SLIDERS[step.kind].neutral


def edited(selection: Selection, steps: tuple[Step, ...]) -> Selection:
    """The selection with the image as it is after these steps; a name for each state, which keys the caches."""
    for step in steps:
        photo = _EDITS.get(step.kind, _slide)(replace(selection, photo=selection.received), step)
        photo = selection.convnet.fit(photo)
        selection = replace(selection, photo=photo, image=f"{selection.image} {step.name}")
    return selection


def _key(selection: Selection) -> str:
    return f"_steps {selection.convnet.fingerprint} {selection.image}"


def _hide(selection: Selection, step: Step) -> np.ndarray:
    return perturbations.hide_hottest(selection.photo, cache.heatmap(selection, GRAD_CAM, step.class_index))


def _mask(selection: Selection, step: Step) -> np.ndarray:
    return perturbations.mask_box(selection.photo, step.box)


def _brush(selection: Selection, step: Step) -> np.ndarray:
    return paint_over(step.strokes)(selection.photo, step.strength)


def paint_over(strokes: tuple[Stroke, ...]) -> Edit:
    """The edit that covers what was painted, the more the stronger."""

    def cover(photo: np.ndarray, strength: float) -> np.ndarray:
        return perturbations.mask(photo, strength * components.painted(strokes, *photo.shape[:2]))

    return cover


def _crop(selection: Selection, step: Step) -> np.ndarray:
    return perturbations.crop(selection.photo, step.box)


def _slide(selection: Selection, step: Step) -> np.ndarray:
    return perturbations.SLIDERS[step.kind].edit(selection.photo, step.strength)


_EDITS: Mapping[str, Callable[[Selection, Step], np.ndarray]] = {
    HIDE: _hide,
    MASK: _mask,
    CROP: _crop,
    BRUSH: _brush,
}
