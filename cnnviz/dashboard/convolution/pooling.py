"""Pooling comparison: parameters and sizes of a stack of layers with and without pooling, side by side."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from cnnviz.convolution import Block, StackedLayer
from cnnviz.convolution.notation import read_stack
from cnnviz.dashboard import panels
from cnnviz.dashboard.convolution import export, layer_stack, settings
from cnnviz.dashboard.convolution.settings import Shape
from cnnviz.dashboard.state import Selection
from cnnviz.dashboard.texts import convolution as texts
from cnnviz.figures import convolution as charts


def show(selection: Selection) -> None:
    """Draw what the stack costs, and what it would cost without its pools."""
    shape, blocks = settings.layers()
    if not _suits(shape, blocks):
        st.caption(texts.POOLED_NONE)
        shape, blocks = read_stack(settings.LENET5)
    pooled, _ = layer_stack.grow(shape, blocks)
    plain, error = layer_stack.grow(shape, [block for block in blocks if block.kind != "pooling"])
    if error:
        panels.explain(error)
        return
    _show_bars(pooled, plain)
    _show_table(pooled, plain)
    export.sizes(shape, pooled, plain)


def _suits(shape: Shape, blocks: Sequence[Block]) -> bool:
    """Whether pools stand before a dense layer, in a stack that can be built."""
    kinds = [block.kind for block in blocks]
    if "pooling" not in kinds or "flatten" not in kinds or "dense" not in kinds:
        return False
    return not layer_stack.grow(shape, blocks)[1]


def _show_bars(pooled: Sequence[StackedLayer], plain: Sequence[StackedLayer]) -> None:
    counts = [_parameters(pooled), _parameters(plain)]
    fewer, more = (sum(count) for count in counts)
    st.subheader(texts.POOLED_TITLE.format(factor=f"{more / fewer:.3g}"), anchor=False)
    panels.chart(
        charts.stacked_bars(texts.POOLED_NAMES, list(texts.POOLED_PARTS.values()), counts, across=texts.POOLED_AXIS),
        key="pooled",
        alt=texts.POOLED_ALT.format(pooled=f"{fewer:,}", plain=f"{more:,}"),
    )  # fmt: skip


def _parameters(layers: Sequence[StackedLayer]) -> tuple[int, int]:
    """Parameters before flattening and behind it."""
    dense = sum(layer.parameters for layer in layers if layer.block.kind == "dense")
    return sum(layer.parameters for layer in layers) - dense, dense


def _show_table(*stacks: Sequence[StackedLayer]) -> None:
    """Draw the numbers of both, a column each."""
    columns = [_numbers(layers) for layers in stacks]
    names = texts.POOLED_TABLE
    st.table({texts.POOLED_NAMES[place]: {names[name]: text for name, text in column.items()}
              for place, column in enumerate(columns)})  # fmt: skip
    st.caption(texts.POOLED_WHY)


def _numbers(layers: Sequence[StackedLayer]) -> dict[str, str]:
    flat = next(layer for layer in layers if layer.block.kind == "flatten")
    side = max((layer.field.field for layer in layers if layer.field), default=1)
    return {
        "values": f"{flat.output_shape[0]:,}",
        "multiplications": f"{sum(layer.multiplications for layer in layers):,}",
        "field": texts.STACK_FIELD.format(side=side),
    }
