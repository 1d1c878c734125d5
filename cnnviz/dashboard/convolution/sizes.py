"""Output size view: the size formula of a window, stacks of layers, pooling and skip connections."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import streamlit as st

from cnnviz.convolution import Block, Padding, SizeFormula, StackedLayer, stack
from cnnviz.dashboard import components, panels, state
from cnnviz.dashboard.convolution import export, formulas, layer_stack, pooling, settings, skip_connections
from cnnviz.dashboard.convolution.naming import PADDINGS, name_padding
from cnnviz.dashboard.convolution.settings import Shape
from cnnviz.dashboard.state import Selection
from cnnviz.dashboard.texts import convolution as texts
from cnnviz.errors import CnnvizError

_MOST_DRAWN = 64  # cells a side: more cannot be told apart
_MOST = {"input": 512, "kernel": 15, "stride": 8, "dilation": 6, "channels": 1024, "filters": 1024}


def show(selection: Selection) -> None:
    """Draw the choice of a part, and the part."""
    _PARTS[panels.choose_one(texts.SIZES_PART, texts.SIZES_PARTS, key=state.TOPIC, in_url=True)](selection)


def _show_window(selection: Selection) -> None:
    """Draw one window along one side: controls, formula, cells."""
    shape, block = settings.window()
    _choose(shape, block)
    try:
        layer = stack(shape, [block])[0]
    except CnnvizError as error:
        panels.explain(error)
        return
    assert layer.sizes is not None  # a convolution slides
    _show_formulas(layer, layer.sizes[0])
    _show_cells(layer.sizes[0])
    _say_what_is_odd(layer.sizes[0], block.padding)
    export.sizes(shape, [layer])


def _choose(shape: Shape, block: Block) -> None:
    """Draw a number for each setting."""
    numbers = {
        "input": shape[0],
        "kernel": block.kernel,
        "stride": block.stride,
        "dilation": block.dilation,
        "channels": shape[2],
        "filters": block.filters,
    }
    with st.container(horizontal=True, vertical_alignment="bottom"):
        for name, number in numbers.items():
            st.session_state[f"window {name}"] = number
            st.number_input(
                texts.SIZES_NUMBERS[name], 1, max(_MOST[name], number), key=f"window {name}", width=132,
                on_change=_take, args=(name,),
            )  # fmt: skip
            if name == "stride":
                _choose_padding(block.padding)


def _choose_padding(padding: Padding) -> None:
    options = [*PADDINGS, *(() if padding in PADDINGS else (padding,))]
    st.session_state["window padding"] = padding
    st.selectbox(
        texts.SIZES_PADDING, options, key="window padding", width=168, on_change=_take, args=("padding",),
        format_func=name_padding,
    )  # fmt: skip


def _take(name: str) -> None:
    """Write a number that was changed into the window's short line."""
    value = st.session_state[f"window {name}"]
    shape, block = settings.window()
    if name == "input":
        settings.choose_window((value, value, shape[2]), block)
    elif name == "channels":
        settings.choose_window((*shape[:2], value), block)
    else:
        settings.choose_window(shape, replace(block, **{name: value}))


def _show_formulas(layer: StackedLayer, sizes: SizeFormula) -> None:
    size, others = st.columns(2, vertical_alignment="center")
    size.latex(formulas.size(sizes))
    others.latex(formulas.span(sizes))
    others.latex(formulas.parameters(layer))


def _show_cells(sizes: SizeFormula) -> None:
    if sizes.input + sum(sizes.padding) > _MOST_DRAWN:
        st.caption(texts.SIZES_TOO_MANY.format(most=_MOST_DRAWN))
        return
    components.windows(sizes, key="windows", texts=texts.SIZES_CELLS)


def _say_what_is_odd(sizes: SizeFormula, padding: Padding) -> None:
    """Say which rules are at work that a person would not expect."""
    before, after = sizes.padding
    if padding == "same" and before != after:
        st.markdown(texts.SIZES_UNEVEN.format(before=before, after=after))
    if sizes.skipped:
        one, many = texts.SIZES_SKIPPED
        st.markdown((one if sizes.skipped == 1 else many).format(count=sizes.skipped))
    if sizes.stride > 1 and sizes.dilation > 1:
        st.markdown(texts.SIZES_REFUSED)


_PARTS: Mapping[str, Callable[[Selection], None]] = {
    "window": _show_window,
    "stack": layer_stack.show,
    "pooling": pooling.show,
    "skip": skip_connections.show,
}
