"""Window and stack of layers on the Convolution page, kept in the URL as one short line."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from cnnviz.convolution import Block
from cnnviz.convolution.notation import read_stack, write_stack
from cnnviz.dashboard import state
from cnnviz.errors import LayerError

Shape = tuple[int, int, int]

_WINDOW = "10x10x3,conv3x6s2same"  # small enough to be drawn, and `same` is uneven
LENET5 = "28x28x1,conv5x6same,pool2,conv5x16,pool2,flatten,dense120,dense84,dense10"


def window() -> tuple[Shape, Block]:
    """The convolution that the sizes and the questions are about, and what it slides over."""
    _settle(state.WINDOW, _WINDOW, lambda blocks: len(blocks) == 1 and blocks[0].kind == "convolution")
    shape, (block,) = read_stack(str(st.session_state[state.WINDOW]))
    return shape, block


def layers() -> tuple[Shape, tuple[Block, ...]]:
    """The stack that the student builds, and the image's shape."""
    _settle(state.STACK, LENET5, lambda blocks: True)
    return read_stack(str(st.session_state[state.STACK]))


def choose_window(shape: Shape, block: Block) -> None:
    """Look at another window; for callbacks."""
    state.select(state.WINDOW, write_stack(shape, [block]))


def choose_layers(shape: Shape, blocks: tuple[Block, ...]) -> None:
    """Look at another stack; for callbacks."""
    state.select(state.STACK, write_stack(shape, blocks))


def _settle(key: str, default: str, suits: Callable[[tuple[Block, ...]], bool]) -> None:
    """Keep what a link says if it can be read."""
    text = st.session_state.get(key)
    try:
        is_kept = bool(text) and suits(read_stack(str(text))[1])
    except LayerError:
        is_kept = False
    state.validate_choice(key, [text] if is_kept else [], default)
