"""Names of layers and of padding modes on the Convolution page."""

from __future__ import annotations

from cnnviz.convolution import Block, Padding
from cnnviz.dashboard.texts import convolution as texts

PADDINGS: tuple[Padding, ...] = ("valid", "same", 1, 2, 3)
"""Those that are offered."""
_WINDOWS = ("convolution", "depthwise", "pooling")


def name_padding(padding: Padding) -> str:
    """Name a padding for people."""
    return texts.PADDINGS[padding] if isinstance(padding, str) else texts.PADDING_NUMBER.format(count=padding)


def name_block(block: Block) -> str:
    """Name a layer for people, with what is not usual about it."""
    usual = block.kernel if block.kind == "pooling" else 1
    unusual = [
        (block.stride != usual, texts.BLOCK_STRIDE.format(stride=block.stride)),
        (block.padding != "valid", name_padding(block.padding)),
        (block.dilation != 1, texts.BLOCK_DILATION.format(dilation=block.dilation)),
    ]
    name = texts.BLOCKS[block.kind].format(kernel=block.kernel, filters=block.filters)
    return ", ".join([name, *(text for is_said, text in unusual if is_said and block.kind in _WINDOWS)])
