"""Selection of model, image, layer, channel and class in session state, kept in the URL."""

from __future__ import annotations

import re
from collections.abc import Container
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from cnnviz.convnets import DEFAULT
from cnnviz.dashboard import private_streamlit, started

if TYPE_CHECKING:
    from cnnviz.convnets import Convnet

MODEL, IMAGE, LAYER, CHANNEL, CLASS = "model", "image", "layer", "channel", "class"
METHOD, AGAINST, STYLE, WHICH = "method", "against", "style", "which"
VIEW, RUN, RECIPE, SERIES = "view", "run", "recipe", "series"
DATA, PART, CELL, ITEM = "data", "part", "cell", "item"
SHOW, RIVAL = "show", "rival"
TOPIC, WINDOW, STACK, MOVE, SEED = "topic", "window", "stack", "move", "seed"
ROW, DEPTH, SHIFT = "row", "depth", "shift"
UNIT, FILTER, SHUFFLED = "unit", "filter", "shuffled"
LANGUAGE = "lang"
PLAY, DETAIL, DRAW, FITTED, INK, PRESENT = "play", "detail", "draw", "fitted", "ink", "present"
IN_URL = (
    MODEL,
    IMAGE,
    LAYER,
    CHANNEL,
    CLASS,
    METHOD,
    AGAINST,
    STYLE,
    WHICH,
    VIEW,
    RUN,
    RECIPE,
    SERIES,
    DATA,
    PART,
    CELL,
    ITEM,
    SHOW,
    RIVAL,
    TOPIC,
    WINDOW,
    STACK,
    MOVE,
    SEED,
    ROW,
    DEPTH,
    SHIFT,
    LANGUAGE,
    UNIT,
    FILTER,
    SHUFFLED,
    PLAY,
    DETAIL,
    DRAW,
    FITTED,
    INK,
    PRESENT,
)
"""What a link keeps; a value that the app would choose itself is left out."""
DEFAULT_IMAGE = "chelsea"
_PUBLISHED, _DEFAULTS, _LINKED, _REFUSED, _PAGE = "_published", "_defaults", "_linked", "_refused", "_page"
_LATER = "_later"
_OLD_KEYS = {"picture": IMAGE}  # of links that were made before they had their present names
_NUMBER = re.compile(r"\d{1,9}", re.ASCII)


@dataclass(frozen=True, eq=False)
class Selection:
    """What every page looks at.

    Attributes:
        convnet: The model.
        image: Name of a sample, or sha256 of an uploaded image.
        photo: `(height, width, 3)` uint8, as the person sees it.
        notes: What has to be said of the photo: a first frame, a depth that was scaled.
        layer: Address that was chosen; None leaves it to the page.
        class_index: Class that was chosen; None is the predicted one.
    """

    convnet: Convnet
    image: str
    photo: np.ndarray
    notes: tuple[str, ...]
    layer: str | None
    class_index: int | None

    @property
    def inputs(self) -> np.ndarray:
        """The photo as the model wants it: `(1, height, width, channels)` float32."""
        return self.convnet.prepare([self.photo])

    @property
    def received(self) -> np.ndarray:
        """The photo as the model receives it, before scaling: uint8."""
        return self.convnet.fit(self.photo)


def model() -> str:
    """Name of the selected model."""
    return str(st.session_state.get(MODEL) or default_model())


def default_model() -> str:
    """Name of the model where none was selected: the one the server was started with, if any."""
    return started.model() or DEFAULT


def image() -> str:
    """Name or sha256 of the selected image."""
    return str(st.session_state.get(IMAGE) or DEFAULT_IMAGE)


def select(key: str, value: str | int | None) -> None:
    """Select something; for callbacks, which run before the widgets are drawn."""
    st.session_state[key] = value


def pin(key: str, value: str | int) -> None:
    """Select something that stays selected, even where it equals what the app chose itself so far; for callbacks."""
    _defaults().pop(key, None)
    select(key, value)


def validate_choice(
    key: str, options: Container[object], default: str | int | None = None, *, is_told: bool = False
) -> None:
    """Keep a choice within what there is, before its widget is drawn; else it is the default.

    A default follows its page until something is chosen: what is shown hangs on what the URL says, and on nothing
    that was shown before.

    Args:
        key: Key of the choice.
        options: What can be chosen now.
        default: What the app would choose itself.
        is_told: Whether it is said if there is no such option, though no link asks for it.
    """
    chosen, usual = st.session_state.get(key), _defaults().get(key)
    _defaults()[key] = default
    if chosen not in (None, "", usual) and chosen in options:
        return
    if (is_told or key in st.session_state.get(_LINKED, ())) and chosen not in (None, "", usual, default):
        st.session_state.setdefault(_REFUSED, []).append((key, chosen, default))
    st.session_state[key] = default


def _defaults() -> dict[str, str | int | None]:
    return st.session_state.setdefault(_DEFAULTS, {})


def pop_rejected() -> list[tuple[str, object, object]]:
    """List once what a link asked for and there is not: key, what was asked, what is shown instead."""
    return st.session_state.pop(_REFUSED, [])


def follow_url() -> None:
    """Select what the URL says where it speaks first: after a link, Back or Forward; before the navigation is drawn.

    Else the session knows better, and the browser is told the parameters before the page: a change of page is then
    one step of the browser's history with the selection in it. Streamlit's own binding of widgets to the URL makes
    a step of each parameter, none of a choice in a list, and drops on Back what the other page's widgets hold.
    """
    st.session_state[_LINKED] = ()
    if _PUBLISHED not in st.session_state or private_streamlit.is_history_step():
        _take_over(st.query_params.to_dict())
        return
    if st.query_params.to_dict() != st.session_state[_PUBLISHED]:
        st.query_params.from_dict(st.session_state[_PUBLISHED])
    if _is_page_change():
        for key in IN_URL:  # said anew, else a widget that another page draws by the same key begins at its default
            st.session_state[key] = st.session_state.get(key)


def _take_over(given: dict[str, str]) -> None:
    given = {_OLD_KEYS.get(key, key): value for key, value in given.items()}
    _defaults().clear()  # a link speaks for itself: what it says may be what was the default of another view
    for key in IN_URL:
        value = given.get(key)
        st.session_state[key] = int(value) if key == CHANNEL and value and _NUMBER.fullmatch(value) else value
    st.session_state[_LINKED] = tuple(key for key in IN_URL if key in given)
    st.session_state[_PUBLISHED] = given


def _is_page_change() -> bool:
    page = private_streamlit.page_hash()
    before, st.session_state[_PAGE] = st.session_state.get(_PAGE), page
    return page != before


def is_linked(*keys: str) -> bool:
    """Whether this run shows what a link, Back or Forward says of these choices, of any of them."""
    return any(key in st.session_state.get(_LINKED, ()) for key in keys)


def publish() -> None:
    """Write the selection into the URL: one step of the browser's history for all that a run changed."""
    said = st.query_params.to_dict()
    order = dict.fromkeys([*said, *IN_URL])  # a link keeps its order, else it would count as another one
    chosen = {key: st.session_state.get(key) for key in order if key in IN_URL}
    usual = _defaults()
    wanted = {key: str(value) for key, value in chosen.items() if value not in (None, "", usual.get(key))}
    st.session_state[_PUBLISHED] = wanted
    # A run that Back overtook may have replaced the URL that it went to.
    if wanted != said or private_streamlit.is_history_step():
        st.query_params.from_dict(wanted)


def set_on_next_run(key: str, value: str | int | None) -> None:
    """Select something with the next run, from where its widget is drawn already."""
    st.session_state.setdefault(_LATER, {})[key] = value


def apply_pending() -> None:
    """Make the selections that the last run left for this one; before any widget is drawn."""
    for key, value in st.session_state.pop(_LATER, {}).items():
        st.session_state[key] = value
