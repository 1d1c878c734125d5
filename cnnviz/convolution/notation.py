"""One-line notation for a stack of layers, as used in links and on blackboards.

28x28x1,conv5x6same,pool2,conv5x16,pool2,flatten,dense120,dense84,dense10
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from cnnviz.convolution.sizes import Padding
from cnnviz.convolution.stack import Block, Kind
from cnnviz.errors import LayerError

MOST_LAYERS = 40
MOST = {"side": 1024, "channels": 4096, "kernel": 64, "filters": 100_000}
"""What may be written at most: the numbers of a stack are drawn, and read by people."""

_NAMES: Mapping[str, Kind] = {
    "conv": "convolution",
    "dw": "depthwise",
    "pool": "pooling",
    "flatten": "flatten",
    "gap": "global-pooling",
    "dense": "dense",
}
_WORDS = {kind: name for name, kind in _NAMES.items()}
_SHAPE = re.compile(r"(\d{1,4})x(\d{1,4})x(\d{1,4})")
_LAYER = re.compile(r"(conv|dw|pool)(\d{1,2})(?:x(\d{1,5}))?(?:s(\d{1,2}))?(same|p\d{1,2})?(?:d(\d{1,2}))?(nobias)?")
_WHOLE = re.compile(r"(flatten|gap)|dense(\d{1,6})(nobias)?")


def read_stack(text: str) -> tuple[tuple[int, int, int], tuple[Block, ...]]:
    """Read an image's shape and the layers on it.

    A window is `conv<kernel>x<filters>`, `dw<kernel>` or `pool<size>`, then what is not usual, in this order:
    `s<stride>`, `same` or `p<zeros>`, `d<dilation>`, `nobias`. The usual stride is 1, and a pool's own size. The
    others are `flatten`, `gap` for global pooling, and `dense<units>`.

    Args:
        text: The image's rows x columns x channels, then at most 40 layers, with commas between them.

    Returns:
        Rows, columns and channels, and the layers. Whether they fit on each other, `stack` says.

    Raises:
        LayerError: If it cannot be read.

    Example:
        >>> read_stack("28x28x1,pool2")[1][0].stride
        2
    """
    first, *rest = text.replace(" ", "").lower().split(",")
    match = _SHAPE.fullmatch(first)
    if match is None or len(rest) > MOST_LAYERS:
        raise LayerError(
            "{text!r} is not a stack of at most {most} layers. Start with the image size, then add layers: "
            "28x28x1,conv5x6,pool2,flatten,dense10.",
            text=text[:80],
            most=MOST_LAYERS,
        )
    rows, columns, channels = (int(side) for side in match.groups())
    _check(first, side=max(rows, columns), channels=channels, least=min(rows, columns, channels))
    return (rows, columns, channels), tuple(_read(part) for part in rest)


def write_stack(shape: Sequence[int], blocks: Sequence[Block]) -> str:
    """Write what `read_stack` reads, as short as it can be.

    Args:
        shape: Rows, columns and channels of the image.
        blocks: The layers.

    Example:
        >>> write_stack((28, 28, 1), [Block("convolution", 5, padding="same", filters=6), Block("pooling", 2, 2)])
        '28x28x1,conv5x6same,pool2'
    """
    return ",".join(["x".join(str(side) for side in shape), *(_write(block) for block in blocks)])


def _read(part: str) -> Block:
    if match := _WHOLE.fullmatch(part):
        name, units, nobias = match.groups()
        count = int(units or 1)
        _check(part, filters=count, least=count)
        return Block(_NAMES[name or "dense"], filters=count, has_bias=not nobias)
    if match := _LAYER.fullmatch(part):
        name, kernel, filters, stride, padding, dilation, nobias = match.groups()
        if (name == "conv") == bool(filters):
            size, count = int(kernel), int(filters or 1)
            steps, gaps = int(stride or (size if name == "pool" else 1)), int(dilation or 1)
            _check(part, kernel=max(size, steps, gaps), filters=count, least=min(size, count, steps, gaps))
            return Block(_NAMES[name], size, steps, _padding(padding), gaps, count, not nobias)
    raise LayerError(
        "{part!r} is not a layer. Layers are written like conv3x32, dw3, pool2, flatten, gap, dense10.", part=part[:40]
    )


def _padding(text: str | None) -> Padding:
    if text == "same":
        return "same"
    return int(text[1:]) if text else "valid"


def _check(part: str, *, least: int, **numbers: int) -> None:
    if least < 1 or any(number > MOST[name] for name, number in numbers.items()):
        raise LayerError(
            "{part!r} has a number that is zero or too large. Choose from 1 to a thousand or so.", part=part[:40]
        )


def _write(block: Block) -> str:
    word = _WORDS[block.kind]
    nobias = "" if block.has_bias else "nobias"
    if block.kind in ("flatten", "global-pooling"):
        return word
    if block.kind == "dense":
        return f"{word}{block.filters}{nobias}"
    filters = f"x{block.filters}" if block.kind == "convolution" else ""
    usual = block.kernel if block.kind == "pooling" else 1
    stride = "" if block.stride == usual else f"s{block.stride}"
    padding = {"valid": "", "same": "same"}.get(str(block.padding), f"p{block.padding}")
    dilation = "" if block.dilation == 1 else f"d{block.dilation}"
    return f"{word}{block.kernel}{filters}{stride}{padding}{dilation}{nobias}"
