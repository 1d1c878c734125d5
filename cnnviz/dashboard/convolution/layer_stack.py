"""Stack builder: output sizes, parameters and receptive fields of layers added line by line."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import streamlit as st

from cnnviz import figures, images
from cnnviz.convolution import Block, StackedLayer, stack
from cnnviz.convolution.notation import MOST_LAYERS, write_stack
from cnnviz.convolution.stack import Kind
from cnnviz.dashboard import components, panels, state
from cnnviz.dashboard.convolution import export, formulas, settings
from cnnviz.dashboard.convolution.naming import PADDINGS, name_block, name_padding
from cnnviz.dashboard.convolution.settings import Shape
from cnnviz.dashboard.state import Selection
from cnnviz.dashboard.texts import convolution as texts
from cnnviz.errors import LayerError

_VGG = (("conv3x64same", 2), ("conv3x128same", 2), ("conv3x256same", 3), ("conv3x512same", 3), ("conv3x512same", 3))
PRESETS = {
    "lenet5": settings.LENET5,
    "three": "56x56x64" + 3 * ",conv3x64same",
    "seven": "56x56x64,conv7x64same",
    "vgg-block": "224x224x3,conv3x64same,conv3x64same,pool2",
    "vgg16": ",".join(["224x224x3", *(",".join([name] * count + ["pool2"]) for name, count in _VGG)])
    + ",flatten,dense4096,dense4096,dense1000",
    "separable": "112x112x32,dw3same,conv1x64",
    "dilated": "64x64x1,conv3x8same,conv3x8samed2,conv3x8samed4,conv3x8samed8",
}
_ADD = "stack add"
_ON_MAPS: tuple[Kind, ...] = ("convolution", "pooling", "depthwise", "flatten", "global-pooling")


def show(selection: Selection) -> None:
    """Draw the presets, the stack, and what can be added to it."""
    shape, blocks = settings.layers()
    _choose_preset(write_stack(shape, blocks))
    grown, error = grow(shape, blocks)
    state.validate_choice(state.ROW, [str(row) for row in range(len(blocks))], str(_last_window(grown)))
    picked = int(st.session_state[state.ROW])
    _show_stack(selection, shape, blocks, grown, picked)
    if error:
        panels.explain(error)
    _choose_layer(shape, blocks, grown, picked)
    if 0 <= picked < len(grown):
        _show_formulas(grown[picked])
    export.sizes(shape, grown)


def grow(shape: Shape, blocks: Sequence[Block]) -> tuple[tuple[StackedLayer, ...], str]:
    """Follow a stack as far as it goes, and say why it goes no further."""
    for count, block in enumerate(blocks):
        layers = stack(shape, blocks[:count])
        now = layers[-1].output_shape if layers else shape
        if (block.kind == "dense") != (len(now) == 1):
            return layers, texts.STACK_DENSE if block.kind == "dense" else texts.STACK_MAPS
        try:
            stack(shape, blocks[: count + 1])
        except LayerError as error:
            return layers, error.sentence
    return stack(shape, blocks), ""


def _last_window(grown: Sequence[StackedLayer]) -> int:
    """Position of the last layer that has a receptive field, which is what is drawn."""
    return max((place for place, layer in enumerate(grown) if layer.field), default=len(grown) - 1)


def _choose_preset(now: str) -> None:
    with st.container(horizontal=True, gap="small"):
        for name, text in PRESETS.items():
            st.button(
                texts.STACKS[name], key=f"stack {name}", type="primary" if text == now else "secondary",
                on_click=_take, args=(text,),
            )  # fmt: skip


def _take(text: str, picked: int | None = None) -> None:
    state.select(state.STACK, text)
    state.select(state.ROW, None if picked is None else str(picked))


def _show_stack(
    selection: Selection, shape: Shape, blocks: Sequence[Block], grown: Sequence[StackedLayer], picked: int
) -> None:
    """Draw a line for each layer; those that a break cuts off have dashes."""
    most = max((layer.parameters for layer in grown), default=0)
    rows = [_row(layer, max(1, most)) for layer in grown]
    rows += [
        dict.fromkeys(("output", "parameters", "multiplications", "seen"), "–")
        | {"name": name_block(block), "share": 0.0, "field": 0}
        for block in blocks[len(grown) :]
    ]

    def remove(position: int) -> None:
        left = (*blocks[:position], *blocks[position + 1 :])
        _take(write_stack(shape, left), max(0, position - 1))

    components.stack_view(
        images.fit(selection.photo, shape[:2]),
        rows,
        key="stack view",
        picked=picked,
        texts=texts.STACK_VIEW,
        totals={
            "parameters": f"{sum(layer.parameters for layer in grown):,}",
            "multiplications": f"{sum(layer.multiplications for layer in grown):,}",
        },
        on_pick=lambda position: state.select(state.ROW, str(position)),
        on_remove=remove,
    )


def _row(layer: StackedLayer, most: int) -> dict[str, Any]:
    return {
        "name": name_block(layer.block),
        "output": figures.shape_text(layer.output_shape),
        "parameters": f"{layer.parameters:,}",
        "multiplications": f"{layer.multiplications:,}",
        "seen": texts.STACK_FIELD.format(side=layer.field.field) if layer.field else texts.STACK_ALL,
        "share": layer.parameters / most,
        "field": layer.field.field if layer.field else None,
    }


def _choose_layer(shape: Shape, blocks: tuple[Block, ...], grown: Sequence[StackedLayer], picked: int) -> None:
    """Draw the layer to add behind the picked one."""
    now = grown[picked].output_shape if 0 <= picked < len(grown) else shape
    kinds = list(_ON_MAPS) if len(now) == 3 else ["dense"]
    if st.session_state.get(f"{_ADD} kind") not in kinds:
        st.session_state[f"{_ADD} kind"] = kinds[0]
    with st.container(horizontal=True, vertical_alignment="bottom"):
        kind = st.selectbox(
            texts.STACK_KIND, kinds, key=f"{_ADD} kind", format_func=lambda kind: texts.KINDS[kind], width=180
        )
        block = _choose_numbers(cast(Kind, kind))
        st.button(
            texts.STACK_ADD, icon=":material/add:", key=_ADD, type="primary",
            disabled=len(blocks) >= MOST_LAYERS,
            on_click=_take,
            args=(write_stack(shape, (*blocks[: picked + 1], block, *blocks[picked + 1 :])), picked + 1),
        )  # fmt: skip
        _choose_shape(shape, blocks)


def _choose_numbers(kind: Kind) -> Block:
    """Draw what a layer of this kind can be told."""
    if kind in ("flatten", "global-pooling"):
        return Block(kind)
    if kind == "dense":
        return Block(kind, filters=_number("units", 10, 4096))
    kernel = _number("kernel", 2 if kind == "pooling" else 3, 15)
    filters = _number("filters", 32, 4096) if kind == "convolution" else 1
    stride = _number("stride", kernel if kind == "pooling" else 1, 15)
    padding = st.selectbox(
        texts.SIZES_PADDING, PADDINGS, key=f"{_ADD} padding", width=150,
        format_func=name_padding,
    )  # fmt: skip
    dilation = _number("dilation", 1, 8) if kind != "pooling" else 1
    return Block(kind, kernel, stride, padding, dilation, filters)


def _number(name: str, usual: int, most: int) -> int:
    return int(st.number_input(texts.SIZES_NUMBERS[name], 1, most, usual, key=f"{_ADD} {name} {usual}", width=112))


def _choose_shape(shape: Shape, blocks: tuple[Block, ...]) -> None:
    """Draw how large the image is."""
    st.session_state["stack side"], st.session_state["stack channels"] = shape[0], shape[2]

    def take() -> None:
        side = int(st.session_state["stack side"])
        settings.choose_layers((side, side, int(st.session_state["stack channels"])), blocks)

    with st.popover(texts.STACK_IMAGE, icon=":material/photo_size_select_large:", type="tertiary"):
        st.number_input(texts.SIZES_NUMBERS["input"], 1, max(512, shape[0]), key="stack side", on_change=take)
        st.number_input(texts.SIZES_NUMBERS["channels"], 1, max(1024, shape[2]), key="stack channels", on_change=take)


def _show_formulas(layer: StackedLayer) -> None:
    """Draw the picked layer's own numbers in their formulas."""
    st.markdown(texts.STACK_PICKED.format(layer=name_block(layer.block)))
    left, right = st.columns(2, vertical_alignment="center")
    if layer.sizes and layer.field:
        left.latex(formulas.size(layer.sizes[0]))
        right.latex(formulas.field(layer.field))
    right.latex(formulas.parameters(layer))
    if layer.block.stride > 1 and layer.block.dilation > 1:
        st.markdown(texts.SIZES_REFUSED)
