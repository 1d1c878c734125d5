"""Skip connections view: an image through many untrained blocks, with and without the connection."""

from __future__ import annotations

import numpy as np
import streamlit as st

from cnnviz import images
from cnnviz.convolution import skips
from cnnviz.dashboard import components, panels, state
from cnnviz.dashboard.cached import kept
from cnnviz.dashboard.convolution import export
from cnnviz.dashboard.state import Selection
from cnnviz.dashboard.texts import convolution as texts
from cnnviz.figures import convolution as charts

_SIDE = 64
_MOST, _FIRST = 16, 4


def show(selection: Selection) -> None:
    """Draw the image, and what is left of it behind some blocks."""
    depth = panels.choose_step(texts.SKIP_DEPTH, range(1, _MOST + 1), key=state.DEPTH, default=_FIRST, width=420)
    plain, skip = _passed(selection.image, selection.photo)
    st.latex(r"y = F(x) \qquad\text{|}\qquad y = F(x) + x")
    likeness = [[skips.likeness(maps[0], one) for one in maps] for maps in (plain, skip)]
    columns = st.columns(3)
    titles = (texts.SKIP_IMAGE, texts.SKIP_WITHOUT, texts.SKIP_WITH)
    shown = (plain[0], plain[depth], skip[depth])
    said = (1.0, likeness[0][depth], likeness[1][depth])
    for place, column in enumerate(columns):
        with column:
            _show_maps(shown[place], titles[place], texts.SKIP_LIKENESS.format(likeness=f"{said[place]:.2f}"), place)
    st.caption(texts.SKIP_SCALE)
    parameters = depth * 2 * skips.KERNEL**2 * plain.shape[-1] ** 2
    st.markdown(texts.SKIP_SAME.format(parameters=f"{parameters:,}"))
    across, up = texts.SKIP_AXES
    panels.chart(
        charts.curves(np.arange(_MOST + 1), dict(zip(texts.SKIP_NAMES, likeness, strict=True)), mark=depth,
                      across=across, up=up),
        key="skips",
        alt=texts.SKIP_ALT.format(plain=f"{likeness[0][-1]:.2f}", skip=f"{likeness[1][-1]:.2f}"),
    )  # fmt: skip
    export.skips(selection, plain, skip)


@kept()
def _passed(image: str, _photo: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The maps behind each block, without and with the connection."""
    maps = images.fit(_photo, (_SIDE, _SIDE)) / np.float32(255) - np.float32(0.5)
    weights = skips.block_weights(3, blocks=_MOST)
    return skips.through_blocks(maps, weights, has_skip=False), skips.through_blocks(maps, weights, has_skip=True)


def _show_maps(maps: np.ndarray, title: str, text: str, place: int) -> None:
    st.markdown(f"**{title}**")
    unit = images.to_unit(maps)
    components.image((255 * unit).astype(np.uint8), key=f"skip {place}", alt=f"{title}: {text}")
    st.caption(text)
