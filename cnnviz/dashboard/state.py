"""What is selected? Network, picture, layer, channel and class: one key each for the whole app, kept in the URL."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from cnnviz.convnets import DEFAULT

if TYPE_CHECKING:
    from cnnviz.convnets import Convnet

MODEL, PICTURE, LAYER, CHANNEL, CLASS = "model", "picture", "layer", "channel", "class"
DEFAULT_PICTURE = "chelsea"


@dataclass(frozen=True, eq=False)
class Selection:
    """What every page looks at.

    Attributes:
        convnet: The network.
        picture: Name of a sample, or sha256 of an uploaded picture.
        photo: `(height, width, 3)` uint8, as the person sees it.
        notes: What has to be said of the photo: a first frame, a depth that was scaled.
        layer: Address that was chosen; None leaves it to the page.
        class_index: Class that was chosen; None is the predicted one.
    """

    convnet: Convnet
    picture: str
    photo: np.ndarray
    notes: tuple[str, ...]
    layer: str | None
    class_index: int | None

    @property
    def inputs(self) -> np.ndarray:
        """The photo as the network wants it: `(1, height, width, channels)` float32."""
        return self.convnet.prepare([self.photo])

    @property
    def received(self) -> np.ndarray:
        """The photo as the network receives it, before scaling: uint8."""
        return self.convnet.fit(self.photo)


def model() -> str:
    """Name of the selected network."""
    return str(st.session_state.get(MODEL) or DEFAULT)


def picture() -> str:
    """Name or sha256 of the selected picture."""
    return str(st.session_state.get(PICTURE) or DEFAULT_PICTURE)


def select(key: str, value: str | int | None) -> None:
    """Select something; for callbacks, which run before the widgets are drawn."""
    st.session_state[key] = value


def keep_within(key: str, options: list[str]) -> None:
    """Forget a selection that the current network does not have."""
    if st.session_state.get(key) not in (None, *options):
        st.session_state[key] = None


def select_later(key: str, value: str | int | None) -> None:
    """Select something with the next run, from where its widget is drawn already."""
    st.session_state.setdefault("_later", {})[key] = value


def apply_later() -> None:
    """Make the selections that the last run left for this one; before any widget is drawn."""
    for key, value in st.session_state.pop("_later", {}).items():
        st.session_state[key] = value
