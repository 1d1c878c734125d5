"""Gradient ascent on images: one compiled step for a batch of filters, and its objective and activation."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from cnnviz import images
from cnnviz.compiling import compile_once
from cnnviz.convnets import Convnet
from cnnviz.errors import CnnvizError, LayerError
from cnnviz.filters import objective
from cnnviz.filters.natural import NATURAL
from cnnviz.filters.style import Shape, State, Style
from cnnviz.filters.textbook import TEXTBOOK
from cnnviz.layers import LayerInfo, find_layer

STYLES = {style.name: style for style in (TEXTBOOK, NATURAL)}

STARTS = 3
"""How many random starts a filter without a gradient is given."""

_LARGEST_BATCH = 16  # beyond it a step takes as long for each image
_STEP_SECONDS = 0.22  # so that a step stays under 0.3 s, and Cancel is heard
_SHORT_STEP_SECONDS = 0.05
_TRIAL_BATCHES = (1, 4, _LARGEST_BATCH)
_TRIALS = 2  # the quicker counts: one may fall on a moment when the machine is busy
_KEPT_ASCENTS = 8
_PUSHES = 8
_PUSH = 64.0  # pixel values: four pushes lead from one end of the range to the other
_AT_REST = np.array([0.5, 0.5], np.float32)


class Step(NamedTuple):
    """What one step gave; heights are those before the step, all `(batch,)`.

    Attributes:
        state: State after the step.
        output: Height of the layer's output, as `objective.heights` has it.
        before: Height of what its activation was given.
        is_rescued: Whether the output had no gradient, so that the other was optimized.
        slope: Largest gradient by the image; 0 where there is nothing to follow, NaN where it is not finite.
        has_fired: Whether the layer's output is anything but zero, anywhere in the map.
    """

    state: State
    output: Any
    before: Any
    is_rescued: Any
    slope: Any
    has_fired: Any


@dataclass(frozen=True)
class Ascent:
    """A compiled step for one layer of one model, in one style, at one size.

    Attributes:
        style: The way of optimizing.
        shape: Rows, columns and color channels of the images while they are optimized.
        run: State, filters `(batch,)`, offset of the image in 0..1, number of the step, to `Step`.
        push: Pixels and filters to pixels pushed to where the strongest place answers more, and whether it fired.
    """

    style: Style
    shape: Shape
    run: Callable[..., Step]
    push: Callable[..., tuple[Any, Any]]

    def show(self, state: State) -> np.ndarray:
        """Show the images as a person sees them: `(batch, rows, columns, 3)` uint8."""
        return images.rgb(self.style.show(np.asarray(self.style.draw(state[0], self.shape))))

    def start(self, filters: Sequence[int], seed: int, attempt: int = 0) -> tuple[np.ndarray, ...]:
        """Draw the first state of some images; each hangs on seed, attempt and its own filter only."""
        rows = [self.style.start(self.shape, np.random.default_rng([seed, attempt, index])) for index in filters]
        return tuple(np.stack(part) for part in zip(*rows, strict=True))

    def can_fire(self, state: State, filters: np.ndarray) -> np.ndarray:
        """Push images to the ends of the pixels' range and see whether the filters' outputs stay zero."""
        pixels = np.clip(np.asarray(self.style.draw(state[0], self.shape)), 0, 255)
        has_fired = np.zeros(len(filters), bool)
        for _ in range(_PUSHES + 1):
            pixels, fired = self.push(pixels, filters)
            has_fired |= fired.numpy()
        return has_fired

    @cached_property
    def seconds(self) -> float:
        """Time of one step for one image, in the largest batch whose step is short; measured once."""
        for batch in _TRIAL_BATCHES:
            self._time(batch)  # compiles, or prepares the kernels for this batch
            seconds = min(self._time(batch) for _ in range(_TRIALS))
            if seconds > _SHORT_STEP_SECONDS:
                break
        return seconds / batch

    def _time(self, batch: int) -> float:
        filters = np.zeros(batch, np.int32)
        state = self.start([0] * batch, seed=0)
        began = time.perf_counter()
        self.run(state, filters, _AT_REST, np.int32(1)).slope.numpy()
        return time.perf_counter() - began

    def chunks(self, filters: Sequence[int]) -> list[tuple[int, ...]]:
        """Share filters out to batches of like size, of which one step stays under 0.3 s where one image's does."""
        largest = max(1, min(_LARGEST_BATCH, int(_STEP_SECONDS / self.seconds)))
        count = -(-len(filters) // largest)
        return [tuple(int(index) for index in chunk) for chunk in np.array_split(np.array(filters), count)]


class AscentState(NamedTuple):
    """Where a batch stands between two steps.

    Attributes:
        state: State of the images.
        output: `(batch,)`, height of what the style maximizes.
        before: `(batch,)`, height of what the layer's activation was given.
        is_rescued: `(batch,)`, whether that was optimized so far, or another start was needed.
        is_dead: `(batch,)`, whether no start had a gradient; after the last step also whether the output of an
            activation was zero all the way, and stayed so when pixels were pushed to the ends of their range,
            however high what it was given had risen.
        is_finite: `(batch,)`, whether heights and gradients were finite so far.
    """

    state: State
    output: np.ndarray
    before: np.ndarray
    is_rescued: np.ndarray
    is_dead: np.ndarray
    is_finite: np.ndarray


def run_ascent(ascent: Ascent, filters: Sequence[int], *, steps: int, seed: int) -> Iterator[AscentState]:
    """Climb with one batch; yield where it stands before the first step and after every one.

    A filter without any gradient starts anew from other noise, `STARTS` times in all.
    """
    indices = np.array(filters, np.int32)
    state, attempts, taken = _begin(ascent, indices, seed)
    is_dead = taken.slope.numpy() == 0
    is_rescued, is_finite = (attempts > 0) & ~is_dead, np.ones(len(indices), bool)
    has_fired = np.zeros(len(indices), bool)
    for number in range(1, steps + 2):
        if number > 1:
            offset = _AT_REST if number > steps else np.random.default_rng([seed, number]).random(2, np.float32)
            taken = ascent.run(state, indices, offset, np.int32(number))
        if number <= steps:
            is_rescued = is_rescued | (taken.is_rescued.numpy() & ~is_dead)
        reached = taken.output if ascent.style.uses_output else taken.before
        is_finite = is_finite & np.isfinite([reached, taken.before, taken.slope]).all(axis=0)
        has_fired = has_fired | taken.has_fired.numpy()
        if number > steps and not has_fired.all():
            is_dead = is_dead | ~(has_fired | ascent.can_fire(state, indices))
        yield AscentState(state, reached.numpy(), taken.before.numpy(), is_rescued, is_dead, is_finite)
        state = taken.state


def _begin(ascent: Ascent, filters: np.ndarray, seed: int) -> tuple[State, np.ndarray, Step]:
    """Find a start with a gradient for every filter; return it, the attempts it took, and the first step."""
    attempts = np.zeros(len(filters), int)
    state = ascent.start(filters.tolist(), seed)
    first = ascent.run(state, filters, _AT_REST, np.int32(1))
    for attempt in range(1, STARTS):
        is_flat = first.slope.numpy() == 0
        if not is_flat.any():
            break
        attempts[is_flat] = attempt
        for part, other in zip(state, ascent.start(filters[is_flat].tolist(), seed, attempt), strict=True):
            part[is_flat] = other
        first = ascent.run(state, filters, _AT_REST, np.int32(1))
    return state, attempts, first


def prepare(convnet: Convnet, layer: str, *, style: Style, size: int) -> Ascent:
    """Compile the step at a size; at the model's own where it takes no other, or the layer has no maps.

    The last few are kept with the convnet.

    Raises:
        LayerError: If the layer does not exist or cannot be optimized.
    """
    key = ("ascent", layer, style.name, size)
    made: Ascent = convnet.keep(key, lambda: _prepare(convnet, layer, style, size), at_most=_KEPT_ASCENTS)
    return made


def _prepare(convnet: Convnet, layer: str, style: Style, size: int) -> Ascent:
    info = find_layer(convnet, layer)
    native = convnet.preparation.size
    if not _has_free_size(info) or (size, size) == native:
        return _working(convnet, layer, style, native)
    try:
        return _working(convnet, layer, style, (size, size))
    except _refusals():
        return _working(convnet, layer, style, native)


def _has_free_size(info: LayerInfo) -> bool:
    """Whether an image of another size makes no more than a larger map: not behind pooling or flattening."""
    return len(info.output_shape) == 3


def _refusals() -> tuple[type[Exception], ...]:
    import tensorflow as tf

    return (ValueError, TypeError, RuntimeError, tf.errors.OpError)


def _working(convnet: Convnet, layer: str, style: Style, size: tuple[int, int]) -> Ascent:
    """Compile the step, and measure it: some models refuse a size only when they run."""
    colors = 1 if convnet.preparation.channels == 1 else 3
    shape = (*size, colors)
    ascent = Ascent(style, shape, _compiled(convnet, layer, style, shape), _pushing(convnet, layer, shape))
    try:
        _ = ascent.seconds
    except CnnvizError:
        raise
    except _refusals() as error:
        if size != convnet.preparation.size:
            raise
        raise LayerError(
            "Layer {layer!r} cannot be optimized: {reason}. Choose another one.", layer=layer, reason=str(error)
        ) from error
    return ascent


def _compiled(convnet: Convnet, layer: str, style: Style, shape: Shape) -> Callable[..., Step]:
    import tensorflow as tf

    def step(state: State, filters: Any, offset: Any, number: Any) -> Step:
        with tf.GradientTape(persistent=True, watch_accessed_variables=False) as tape:
            tape.watch(state[0])
            pixels = style.move(style.draw(state[0], shape), offset)
            output, before = objective.answers(convnet, layer, objective.inputs_of(convnet, pixels))
            output_height = objective.heights(output, filters, border=style.border, leak=style.leak)
            before_height = objective.heights(before, filters, border=style.border, leak=style.leak)
        has_fired = tf.ones_like(filters, bool) if output is before else _fired(output, filters)
        uphill = tape.gradient(before_height, before)
        is_rescued = tf.zeros_like(filters, bool)
        if style.uses_output and output is not before:
            wanted = tape.gradient(output_height, before, unconnected_gradients="zero")
            is_rescued = tf.reduce_all(wanted == 0, axis=(1, 2, 3))
            uphill = tf.where(is_rescued[:, None, None, None], uphill, wanted)
        gradient = tape.gradient(before, state[0], output_gradients=uphill, unconnected_gradients="zero")
        axes = range(1, len(gradient.shape))
        is_finite = tf.math.is_finite(gradient)
        gradient = tf.where(is_finite, gradient, 0.0)
        slope = tf.where(tf.reduce_all(is_finite, axes), tf.reduce_max(tf.abs(gradient), axes), np.nan)
        return Step(style.step(state, gradient, number), output_height, before_height, is_rescued, slope, has_fired)

    parts = style.start(shape, np.random.default_rng(0))
    signature = [
        tuple(tf.TensorSpec((None, *part.shape), tf.float32) for part in parts),
        tf.TensorSpec((None,), tf.int32),
        tf.TensorSpec((2,), tf.float32),
        tf.TensorSpec((), tf.int32),
    ]
    return compile_once(step, signature)


def _pushing(convnet: Convnet, layer: str, shape: Shape) -> Callable[..., tuple[Any, Any]]:
    """Compile one push, by the sign of the gradient: of a first layer, four of them reach the most it can give."""
    import tensorflow as tf

    def push(pixels: Any, filters: Any) -> tuple[Any, Any]:
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(pixels)
            output, before = objective.answers(convnet, layer, objective.inputs_of(convnet, pixels))
            strongest = tf.gather(tf.reduce_max(before, axis=(1, 2)), filters, batch_dims=1)
        slope = tape.gradient(strongest, pixels, unconnected_gradients="zero")
        return tf.clip_by_value(pixels + _PUSH * tf.sign(slope), 0.0, 255.0), _fired(output, filters)

    signature = [tf.TensorSpec((None, *shape), tf.float32), tf.TensorSpec((None,), tf.int32)]
    return compile_once(push, signature)


def _fired(output: Any, filters: Any) -> Any:
    import tensorflow as tf

    return tf.gather(tf.reduce_any(output != 0, axis=(1, 2)), filters, batch_dims=1)
