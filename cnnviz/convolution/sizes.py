"""Formulas of output size and receptive field for a sliding window, along one side."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from cnnviz.errors import LayerError

Padding = Literal["valid", "same"] | int
"""None; as much as keeps the size, divided by the stride; or that many zeros on each side."""


@dataclass(frozen=True)
class SizeFormula:
    """Along one side: how many outputs a window gives, with every number of the formula.

        span   = dilation * (kernel - 1) + 1
        output = floor((input + before + after - span) / stride) + 1

    Attributes:
        input: Values along this side.
        kernel: Values that the window takes.
        stride: Steps between neighboring windows.
        padding: Values added before the first and behind the last.
        dilation: Steps between neighboring values of a window.
        output: Windows that fit.
    """

    input: int
    kernel: int
    stride: int
    padding: tuple[int, int]
    dilation: int
    output: int

    @property
    def span(self) -> int:
        """Values from the first that a window takes to the last, both counted."""
        return self.dilation * (self.kernel - 1) + 1

    @property
    def skipped(self) -> int:
        """Values at the end, padding included, that no window reaches because of the floor."""
        return self.input + sum(self.padding) - self.span - (self.output - 1) * self.stride

    def reads(self, index: int) -> tuple[int, ...]:
        """Where output `index` reads the input; below 0 or from `input` on lies padding."""
        start = index * self.stride - self.padding[0]
        return tuple(range(start, start + self.span, self.dilation))


def size_formula(
    length: int, *, kernel: int, stride: int = 1, padding: Padding = "valid", dilation: int = 1
) -> SizeFormula:
    """Count the outputs of a window that slides along one side.

    `same` gives `ceil(input / stride)` outputs. What it pads is shared between both ends; an odd one goes to the
    far end, as in TensorFlow. So with a stride it may pad the far end only, where PyTorch's habit of `kernel // 2`
    on each side reads other values.

    Args:
        length: Values along this side.
        kernel: Values that the window takes, at least 1.
        stride: Steps between neighboring windows, at least 1.
        padding: `valid`, `same`, or a number of zeros on each side.
        dilation: Steps between neighboring values of a window, at least 1; 1 leaves no gaps.

    Raises:
        LayerError: If not one window fits.
        ValueError: If a number is below what is said above.

    Example:
        >>> size_formula(224, kernel=3, stride=2, padding="same")
        SizeFormula(input=224, kernel=3, stride=2, padding=(0, 1), dilation=1, output=112)

    Reference:
        Dumoulin, Visin, "A guide to convolution arithmetic for deep learning", 2016. https://arxiv.org/abs/1603.07285
        For `same`: https://www.tensorflow.org/api_docs/python/tf/nn#notes_on_padding_2
    """
    if min(length, kernel, stride, dilation) < 1:
        raise ValueError(f"Expected numbers from 1 on. Received: {length=}, {kernel=}, {stride=}, {dilation=}.")
    span = dilation * (kernel - 1) + 1
    before, after = _padding(length, span, stride, padding)
    room = length + before + after - span
    if room < 0:
        raise LayerError(
            "A window that spans {span} does not fit into {length}. "
            "Choose a smaller kernel, less dilation or more padding.",
            span=span,
            length=length + before + after,
        )
    return SizeFormula(length, kernel, stride, (before, after), dilation, room // stride + 1)


def _padding(length: int, span: int, stride: int, padding: Padding) -> tuple[int, int]:
    if padding == "valid":
        return 0, 0
    if padding == "same":
        missing = max(0, (-(-length // stride) - 1) * stride + span - length)
        return missing // 2, missing - missing // 2
    if isinstance(padding, str) or padding < 0:
        raise ValueError(f"Expected padding 'valid', 'same' or a number from 0 on. Received: {padding!r}.")
    return padding, padding


@dataclass(frozen=True)
class FieldFormula:
    """Along one side: how a layer widens the receptive field, with every number of the formula.

        field = field_before + dilation * (kernel - 1) * step_before
        step  = step_before * stride

    Attributes:
        field_before: Pixels that one value of the layer's input depends on.
        step_before: Pixels between neighboring values of its input.
        kernel: Values that the window takes.
        stride: Steps of the input between neighboring windows.
        dilation: Steps of the input between neighboring values of a window.
    """

    field_before: int
    step_before: int
    kernel: int
    stride: int = 1
    dilation: int = 1

    @property
    def field(self) -> int:
        """Pixels that one output can depend on; part of them is padding at the border."""
        return self.field_before + self.dilation * (self.kernel - 1) * self.step_before

    @property
    def step(self) -> int:
        """Pixels between neighboring outputs."""
        return self.step_before * self.stride
