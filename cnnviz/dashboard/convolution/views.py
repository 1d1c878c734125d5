"""Views of the Convolution page, and the choice of one."""

from __future__ import annotations

from collections.abc import Callable

from cnnviz.dashboard import panels, state
from cnnviz.dashboard.convolution import drawing, inside, kernel, quiz, sizes, translation, weight_randomization
from cnnviz.dashboard.state import Selection
from cnnviz.dashboard.texts import convolution as texts

_VIEWS: dict[str, Callable[[Selection], None]] = {
    "kernel": kernel.show,
    "sizes": sizes.show,
    "moved": translation.show,
    "inside": inside.show,
    "drawn": drawing.show,
    "shuffled": weight_randomization.show,
    "questions": quiz.show,
}


def show(selection: Selection) -> None:
    """Draw the choice of a view, and the open one."""
    _VIEWS[panels.choose_one(texts.VIEW, texts.VIEWS, key=state.VIEW, in_url=True)](selection)
