"""LaTeX formulas of output size, receptive field and parameters, with the current numbers filled in."""

from __future__ import annotations

import numpy as np

from cnnviz.convolution import Block, FieldFormula, SizeFormula, StackedLayer
from cnnviz.dashboard.texts import convolution as texts

# The colors of the drawing, so that the eye finds a number there.
_PADDING, _SPAN, _STRIDE, _OUTPUT = "#D55E00", "#009E73", "#CC79A7", "#2585D0"


def size(sizes: SizeFormula) -> str:
    """Write how many outputs there are along one side."""
    word = texts.FORMULA
    said = (
        rf"\left\lfloor \frac{{{_word(word['input'])} + {_word(word['padding'], _PADDING)} - "
        rf"{_word(word['span'], _SPAN)}}}{{{_word(word['stride'], _STRIDE)}}} \right\rfloor + 1"
    )
    before, after = sizes.padding
    filled = (
        rf"\left\lfloor \frac{{{sizes.input} + {_colored(f'({before} + {after})', _PADDING)} - "
        rf"{_colored(sizes.span, _SPAN)}}}{{{_colored(sizes.stride, _STRIDE)}}} \right\rfloor + 1"
    )
    return _aligned(_word(word["output"], _OUTPUT), said, filled, _colored(rf"\mathbf{{{sizes.output}}}", _OUTPUT))


def span(sizes: SizeFormula) -> str:
    """Write how far a window reaches."""
    word = texts.FORMULA
    said = rf"{_word(word['dilation'])} \cdot ({_word(word['kernel'])} - 1) + 1"
    filled = rf"{sizes.dilation} \cdot ({sizes.kernel} - 1) + 1"
    return _aligned(_word(word["span"], _SPAN), said, filled, _colored(rf"\mathbf{{{sizes.span}}}", _SPAN))


def field(formula: FieldFormula) -> str:
    """Write how a layer widens the receptive field."""
    word = texts.FORMULA
    said = (
        rf"{_word(word['field_before'])} + {_word(word['dilation'])} \cdot ({_word(word['kernel'])} - 1) \cdot "
        rf"{_word(word['step_before'])}"
    )
    filled = rf"{formula.field_before} + {formula.dilation} \cdot ({formula.kernel} - 1) \cdot {formula.step_before}"
    return _aligned(_word(word["field"]), said, filled, rf"\mathbf{{{formula.field}}}")


def field_of_depth(block: Block, depth: int, found: int) -> str:
    """Write how wide some equal layers on top of each other see."""
    reach = rf"{block.dilation} \cdot ({block.kernel} - 1)"
    terms = [rf"{reach} \cdot {block.stride**number}" for number in range(depth)]
    return _aligned(_word(texts.FORMULA["field"]), " + ".join(["1", *terms]), rf"\mathbf{{{found}}}")


def parameters(layer: StackedLayer) -> str:
    """Write how many weights and biases a layer has."""
    word, block = texts.FORMULA, layer.block
    channels, bias = layer.input_shape[-1], rf" + {int(block.has_bias)}"
    window = rf"{_word(word['kernel'])}^2"
    by_kind = {
        "convolution": (
            rf"({window} \cdot {_word(word['channels'])} + {_word(word['bias'])}) \cdot {_word(word['filters'])}",
            rf"({block.kernel}^2 \cdot {channels}{bias}) \cdot {block.filters}",
        ),
        "depthwise": (
            rf"({window} + {_word(word['bias'])}) \cdot {_word(word['channels'])}",
            rf"({block.kernel}^2{bias}) \cdot {channels}",
        ),
        "dense": (
            rf"({_word(word['values'])} + {_word(word['bias'])}) \cdot {_word(word['units'])}",
            rf"({channels}{bias}) \cdot {block.filters}",
        ),
    }
    if block.kind not in by_kind:
        return rf"{_word(word['parameters'])} = \mathbf{{0}}"
    return _aligned(_word(word["parameters"]), *by_kind[block.kind], rf"\mathbf{{{_grouped(layer.parameters)}}}")


def matrix(kernel: np.ndarray) -> str:
    """Write a kernel."""
    rows = r" \\ ".join(" & ".join(f"{value:g}" for value in row) for row in kernel)
    return rf"\begin{{bmatrix}} {rows} \end{{bmatrix}}"


def _aligned(name: str, *steps: str) -> str:
    """One step a line, the last one behind the one before it."""
    *lines, last = steps
    rows = r" \\[0.9em] ".join(f"&= {line}" for line in lines)
    return rf"\begin{{aligned}} {name} {rows} = {last} \end{{aligned}}"


def _word(text: str, color: str = "") -> str:
    written = rf"\text{{{text}}}"
    return _colored(written, color) if color else written


def _colored(text: object, color: str) -> str:
    return rf"\textcolor{{{color}}}{{{text}}}"


def _grouped(number: int) -> str:
    """Thousands with a comma that LaTeX does not take for a list's."""
    return f"{number:,}".replace(",", "{,}")
