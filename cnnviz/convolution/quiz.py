"""Quiz questions about a convolution, a prediction and a kernel, with their answers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from cnnviz.convolution.arithmetic import cross_correlate
from cnnviz.convolution.sizes import Padding, size_formula
from cnnviz.convolution.stack import Block, stack
from cnnviz.errors import LayerError

QuestionKind = Literal["output-size", "parameters", "receptive-field", "changed-size", "brightest", "class"]
Choice = tuple[int, ...]

_CHOICES = 4
_DEPTHS = (2, 3, 4)
_CHANGES: Mapping[str, tuple[int, ...]] = {"kernel": (2, 3, 4, 5, 7), "stride": (1, 2, 3, 4), "dilation": (1, 2, 3)}
_SIDES, _CHANNELS, _FILTERS = (8, 10, 12, 16, 24, 28, 32, 64), (1, 3, 6, 16), (4, 6, 8, 16, 32)
_PADDINGS: tuple[Padding, ...] = ("valid", "same", 1, 2)
_RUNNERS_UP = 8  # the wrong classes are among so many that come next


@dataclass(frozen=True)
class Question:
    """A question with its answer among some choices; its words are the interface's.

    Attributes:
        kind: Which question it is.
        numbers: What its words are filled in with.
        choices: In an order drawn by the seed. Wrong ones are what usual slips lead to: no padding, no dilation, no
            floor, no bias, one channel only. Rows and columns for sizes and places, one number otherwise.
        answer: The right one of them.
    """

    kind: QuestionKind
    numbers: Mapping[str, int | str]
    choices: tuple[Choice, ...]
    answer: Choice


def questions(input_shape: tuple[int, int, int], block: Block, *, seed: int = 0) -> tuple[Question, ...]:
    """Ask about a convolution: its output's size, parameters, receptive field, and the size if one number changed.

    Args:
        input_shape: Rows, columns, channels of what it slides over.
        block: The convolution.
        seed: Of what is changed, of the depth of the stack, and of the order of the choices.

    Returns:
        One question of each kind; without the changed size if no change fits.

    Raises:
        LayerError: If its window does not fit.

    Example:
        >>> questions((28, 28, 1), Block("convolution", 5, filters=6))[0].answer
        (24, 24)
    """
    rng = np.random.default_rng(seed)
    asked = [_size(input_shape, block, rng), _parameters(input_shape, block, rng), _field(block, rng)]
    return (*asked, *_changed(input_shape, block, rng))


def draw_window(seed: int) -> tuple[tuple[int, int, int], Block]:
    """Draw a convolution that could be asked about, and the shape that it slides over; it fits, and Keras has it.

    Args:
        seed: Of all its numbers.

    Returns:
        Rows, columns and channels, and the convolution; no stride above 1 with a dilation above 1, as in Keras.
    """
    rng = np.random.default_rng(seed)
    side, channels, filters = (int(rng.choice(numbers)) for numbers in (_SIDES, _CHANNELS, _FILTERS))
    stride = int(rng.choice((1, 2, 3)))
    dilation = int(rng.choice((1, 2))) if stride == 1 else 1
    kernel = int(rng.choice((2, 3) if dilation > 1 else (2, 3, 4, 5, 7)))
    padding = _PADDINGS[rng.integers(len(_PADDINGS))]
    return (side, side, channels), Block("convolution", kernel, stride, padding, dilation, filters)


def likeliest(probabilities: np.ndarray, *, seed: int = 0) -> Question:
    """Ask which class a model will find most probable.

    Args:
        probabilities: `(classes,)`, two at least.
        seed: Of the other classes, which are among those that come next, and of the order of the choices.

    Returns:
        `choices` are indices of classes.
    """
    rng = np.random.default_rng(seed)
    order = np.argsort(-np.nan_to_num(probabilities, nan=-1), kind="stable")
    others = order[1 : 1 + _RUNNERS_UP]
    wrong = rng.choice(others, min(len(others), _CHOICES - 1), replace=False)
    answer = (int(order[0]),)
    return Question("class", {}, _mixed([answer, *((int(index),) for index in wrong)], rng), answer)


def brightest(maps: np.ndarray, kernel: np.ndarray, *, seed: int = 0) -> Question:
    """Ask where a kernel will answer most strongly to an image.

    Args:
        maps: `(rows, columns, channels)`; the kernel sees the sum of the channels.
        kernel: `(rows, columns)`.
        seed: Of the other places, and of the order of the choices.

    Returns:
        `choices` are rows and columns of the output, padded to the input's size; the answer is the largest value
        among them, and of the whole output, the first in reading order of equals.

    Raises:
        LayerError: If the output is the same everywhere, so that there is nothing to find.
    """
    rng = np.random.default_rng(seed)
    output = cross_correlate(maps.sum(axis=2, keepdims=True), kernel[..., None, None], padding="same")[..., 0]
    lower = np.argwhere(output < output.max())
    if not len(lower):
        raise LayerError("The output of the kernel is the same everywhere. Choose another kernel or image.")
    answer = _as_choice(np.argwhere(output == output.max())[0])
    others = rng.choice(lower, min(_CHOICES - 1, len(lower)), replace=False)
    return Question("brightest", {}, _mixed([answer, *map(_as_choice, others)], rng), answer)


def _size(shape: tuple[int, int, int], block: Block, rng: np.random.Generator) -> Question:
    return _sizes_among("output-size", _numbers(shape, block), shape, block, rng)


def _changed(shape: tuple[int, int, int], block: Block, rng: np.random.Generator) -> Iterable[Question]:
    """Change one number so that the size changes as well; of those changes one is drawn."""
    before = _output(shape, block)
    changes = [(name, value) for name, values in _CHANGES.items() for value in values]
    fitting = [
        (name, value)
        for name, value in changes
        if _output(shape, replace(block, **{name: value})) not in (before, None)  # type: ignore[arg-type]  # a field by its name
    ]
    if not fitting:
        return
    name, value = fitting[rng.integers(len(fitting))]
    numbers = {**_numbers(shape, block), "changed": name, "instead_of": int(getattr(block, name)), "now": value}
    yield _sizes_among("changed-size", numbers, shape, replace(block, **{name: value}), rng)  # type: ignore[arg-type]  # a field by its name


def _sizes_among(
    kind: QuestionKind,
    numbers: Mapping[str, int | str],
    shape: tuple[int, int, int],
    block: Block,
    rng: np.random.Generator,
) -> Question:
    answer = stack(shape, [block])[0].output_shape[:2]
    slips = [
        _output(shape, replace(block, padding="valid")),
        _output(shape, replace(block, dilation=1)),
        _output(shape, replace(block, stride=1)),
        tuple(side - 1 for side in answer),  # without the last + 1
        tuple(side + 1 for side in answer),  # rounded up
        shape[:2],
    ]
    return _among(kind, numbers, answer, slips, rng)


def _parameters(shape: tuple[int, int, int], block: Block, rng: np.random.Generator) -> Question:
    layer = stack(shape, [block])[0]
    answer, positions = layer.parameters, layer.output_shape[0] * layer.output_shape[1]
    one_channel = stack((*shape[:2], 1), [block])[0].parameters
    other_bias = stack(shape, [replace(block, has_bias=not block.has_bias)])[0].parameters
    slips = [(other_bias,), (one_channel,), (answer * positions,), (block.kernel**2,), (2 * answer,)]
    return _among("parameters", _numbers(shape, block), (answer,), slips, rng)


def _field(block: Block, rng: np.random.Generator) -> Question:
    depth = int(rng.choice(_DEPTHS))
    answer = _field_of(block, depth)
    slips = [
        _field_of(replace(block, dilation=1), depth),
        _field_of(replace(block, stride=1), depth),
        block.kernel * depth,
        _field_of(block, depth - 1),
        answer + 1,
        answer + 2,
    ]
    numbers = _numbers(None, block) | {"depth": depth}
    return _among("receptive-field", numbers, (answer,), [(slip,) for slip in slips], rng)


def _field_of(block: Block, depth: int) -> int:
    """Receptive field of a stack of the same convolution."""
    steps = [block.stride**number for number in range(depth)]
    return 1 + sum(block.dilation * (block.kernel - 1) * step for step in steps)


def _among(
    kind: QuestionKind,
    numbers: Mapping[str, int | str],
    answer: Choice,
    slips: Iterable[Choice | None],
    rng: np.random.Generator,
) -> Question:
    """Put the answer among the first wrong choices that differ from it and from each other."""
    wrong = [slip for slip in dict.fromkeys(slips) if slip and slip != answer and min(slip) > 0]
    return Question(kind, numbers, _mixed([answer, *wrong[: _CHOICES - 1]], rng), answer)


def _mixed(choices: list[Choice], rng: np.random.Generator) -> tuple[Choice, ...]:
    return tuple(choices[index] for index in rng.permutation(len(choices)))


def _output(shape: tuple[int, int, int], block: Block) -> Choice | None:
    """Rows and columns of the output; None if the window does not fit."""
    options = {"kernel": block.kernel, "stride": block.stride, "dilation": block.dilation}
    try:
        return tuple(size_formula(side, padding=block.padding, **options).output for side in shape[:2])
    except LayerError:
        return None


def _numbers(shape: tuple[int, int, int] | None, block: Block) -> dict[str, int | str]:
    sides = dict(zip(("rows", "columns", "channels"), shape, strict=True)) if shape else {}
    own = ("kernel", "stride", "padding", "dilation", "filters", "has_bias")
    return sides | {name: getattr(block, name) for name in own}


def _as_choice(place: np.ndarray) -> Choice:
    return tuple(int(index) for index in place)
