"""Choice of a layer by steps, slider or animation, shared by the pages that go through a model."""

from __future__ import annotations

import streamlit as st

from cnnviz import figures
from cnnviz.dashboard import panels, state
from cnnviz.dashboard.state import Selection
from cnnviz.dashboard.texts import activations as texts
from cnnviz.layers import LayerInfo, default_layer

_PLAY_SECONDS = 1.2
_FIRST_STRIDE = 4  # pixels: maps of a quarter of the image show shapes and still fill the sheet


def choose_layer(selection: Selection, infos: list[LayerInfo]) -> LayerInfo:
    """Draw the steps through the layers and return the one to show."""
    addresses = [info.address for info in infos]
    position = addresses.index(selection.layer or _first(infos, selection))
    before, after = addresses[position - 1], addresses[(position + 1) % len(addresses)]
    with st.container(horizontal=True, vertical_alignment="center"):
        _draw_step(texts.PREVIOUS, before, key="previous", arrow="Left", is_end=position == 0)
        _draw_step(texts.NEXT, after, key="next", arrow="Right", is_end=position == len(addresses) - 1)
        is_playing = st.toggle(texts.PLAY, key="playing")
        st.markdown(f"**{panels.plain(infos[position].address)}**", width="content")
        st.caption(_describe(infos[position], position, len(infos)), width="content")
    if len(addresses) > 1:
        _draw_slider(addresses, addresses[position])
    if is_playing:
        _play(after)
    return infos[position]


def _draw_step(label: str, address: str, *, key: str, arrow: str, is_end: bool) -> None:
    st.button(
        label, icon=f":material/chevron_{arrow.lower()}:", shortcut=f"Arrow{arrow}", key=key, disabled=is_end,
        on_click=state.select, args=(state.LAYER, address),
    )  # fmt: skip


def _describe(info: LayerInfo, position: int, count: int) -> str:
    shape, field = figures.shape_text(info.map_shape), figures.shape_text(info.receptive_field)
    return texts.WHERE.format(number=position + 1, count=count, kind=info.kind, shape=shape, field=field)


def _draw_slider(addresses: list[str], current: str) -> None:
    st.session_state["layer_step"] = current
    st.select_slider(
        texts.STEP,
        addresses,
        key="layer_step",
        on_change=lambda: state.select(state.LAYER, st.session_state["layer_step"]),
        label_visibility="collapsed",
    )


def _play(following: str) -> None:
    """Step on after a while: the timer's first tick selects the next layer and runs the page again."""
    is_drawn = False

    @st.fragment(run_every=_PLAY_SECONDS)
    def tick() -> None:
        nonlocal is_drawn
        if is_drawn:
            state.set_on_next_run(state.LAYER, following)
            st.rerun()
        is_drawn = True

    tick()


def _first(infos: list[LayerInfo], selection: Selection) -> str:
    """Choose a layer to begin with: the first activation of a quarter of the image's resolution."""
    early = [
        info for info in infos if info.has_maps and info.stride[0] >= _FIRST_STRIDE and info.category == "activation"
    ]
    if early:
        return early[0].address
    has_maps = any(info.has_maps for info in infos)
    return default_layer(selection.convnet) if has_maps else infos[0].address
