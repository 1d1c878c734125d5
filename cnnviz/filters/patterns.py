"""Filter patterns by gradient ascent: generation, progress frames, and time estimates."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import numpy as np

from cnnviz.convnets import Convnet
from cnnviz.errors import LayerError
from cnnviz.filters.ascent import STYLES, Ascent, AscentState, prepare, run_ascent
from cnnviz.filters.frames import Batch, Frame
from cnnviz.filters.pattern import Pattern, Request
from cnnviz.filters.store import PatternStore
from cnnviz.filters.style import StyleName
from cnnviz.layers import find_layer

SIZES = range(16, 1025)
"""Sides a pattern may have, in pixels: below, no layer has a map; above, memory runs out."""

_PHOTOS_EVERY = 8

OnStep = Callable[[int, int, np.ndarray], None]
"""Told steps done, steps in all, and the photos so far."""


def ascend(
    convnet: Convnet,
    *,
    layer: str,
    filters: Iterable[int],
    style: StyleName = "natural",
    size: int = 128,
    steps: int | None = None,
    seed: int = 0,
    store: PatternStore | None = None,
) -> Iterator[Frame]:
    """Let patterns form before one's eyes: one frame at once, then one a step; stop whenever you like.

    Many filters are optimized as one batch, and no batch is so large that a step takes longer than 0.3 s, unless
    a single image does. Before the second frame the step is compiled, which takes seconds.

    Args:
        convnet: Model; it is only read.
        layer: Address of the layer.
        filters: Indices of its filters (channels, units); of the output layer, classes.
        style: See `filter_patterns`.
        size: Side of the photos in pixels.
        steps: Steps of the ascent; 128 for `natural` and 30 for `textbook` if not given.
        seed: Of the random start.
        store: Where patterns are looked up, and kept as soon as their batch is finished.

    Yields:
        Frames; the last one has all patterns in `finished`.

    Raises:
        LayerError: If the layer or a filter does not exist, or the layer cannot be optimized.

    Example:
        >>> for frame in ascend(convnet, layer="block5_expand_conv", filters=[3]):
        ...     show(frame.photos)                              # (1, 128, 128, 3)
    """
    request = Request(convnet.fingerprint, layer, style, size, _steps(style, steps), seed)
    return _ascend(convnet, request, filters=filters, store=store)


def _ascend(
    convnet: Convnet, request: Request, *, filters: Iterable[int], store: PatternStore | None
) -> Iterator[Frame]:
    wanted = _checked(convnet, request, filters)
    size, steps = request.size, request.steps
    finished = store.find(request, wanted) if store else {}
    missing = [index for index in dict.fromkeys(wanted) if index not in finished]
    total = steps * len(missing)
    yield Frame(0, total, wanted, size, dict(finished))
    if not missing:
        return
    ascent = prepare(convnet, request.layer, style=STYLES[request.style], size=size)
    done = 0
    for chunk in ascent.chunks(missing):
        for step, batch in enumerate(_ascend_batch(ascent, chunk, request)):
            if step == steps:
                found = batch.patterns(size)
                finished |= found
                if store:
                    store.keep(request, found.values())
            yield Frame(done + step * len(chunk), total, wanted, size, dict(finished), batch)
        done += steps * len(chunk)


def _ascend_batch(ascent: Ascent, filters: tuple[int, ...], request: Request) -> Iterator[Batch]:
    first: AscentState | None = None
    for height in run_ascent(ascent, filters, steps=request.steps, seed=request.seed):
        first = first or height
        yield Batch(ascent, filters, first, height)


def find_patterns(
    convnet: Convnet,
    *,
    layer: str,
    filters: Iterable[int],
    style: StyleName = "natural",
    size: int = 128,
    steps: int | None = None,
    seed: int = 0,
    store: PatternStore | None = None,
    on_step: OnStep | None = None,
) -> tuple[Pattern, ...]:
    """Find patterns as `filter_patterns` does, with what became of each filter.

    Returns:
        One `Pattern` for each of `filters`, in that order.
    """
    request = Request(convnet.fingerprint, layer, style, size, _steps(style, steps), seed)
    return _find(convnet, request, filters=filters, store=store, on_step=on_step)


def _find(
    convnet: Convnet, request: Request, *, filters: Iterable[int], store: PatternStore | None, on_step: OnStep | None
) -> tuple[Pattern, ...]:
    photos = np.empty(0, np.uint8)
    for number, frame in enumerate(_ascend(convnet, request, filters=filters, store=store)):
        if on_step:
            is_due = number % _PHOTOS_EVERY == 0 or frame.step == frame.total
            photos = frame.photos if is_due else photos
            on_step(frame.step, frame.total, photos)
    return tuple(frame.finished[index] for index in frame.filters)


def filter_patterns(
    convnet: Convnet,
    *,
    layer: str,
    filters: Iterable[int],
    style: StyleName = "natural",
    size: int = 128,
    steps: int | None = None,
    seed: int = 0,
    store: PatternStore | None = None,
    on_step: OnStep | None = None,
) -> np.ndarray:
    """Find the image that each filter of a layer answers to most, by gradient ascent from noise.

    Image i maximizes the mean over the map of channel `filters[i]`, and hangs on the seed and its own
    filter only, not on its neighbors:

        textbook: pixels += 2 * g / rms(g), g = d mean(output[2:-2, 2:-2]) / d pixels, from gray 128 +- 10
        natural:  Adam in frequencies, decorrelated colors, the image shaken by up to 12 pixels;
                  negative values of the map count for 0.3

    `textbook` maximizes the layer's output, after its activation; where a ReLU leaves no gradient in all of
    the map, what the activation was given, until there is one. `natural` maximizes what the activation was
    given from the start: the output of a convolution without activation, the input of a ReLU layer. Of
    the output layer both maximize the logit: through a confident softmax the gradient fades to nothing.

    Args:
        convnet: Model; it is only read.
        layer: Address of a layer with maps or units.
        filters: Indices of its filters; of the output layer, classes (for a single sigmoid 0 and 1).
        style: `textbook` or `natural`.
        size: Side of the photos in pixels, 16 to 1024. Dense layers, and models that take one size only,
            are optimized at the model's own size; the photo is then enlarged in sharp pixels or reduced.
        steps: Steps of the ascent; 128 for `natural` and 30 for `textbook` if not given.
        seed: Of the random start, >= 0.
        store: Where patterns are looked up and kept.
        on_step: Called with steps done, steps in all, and the photos so far (drawn anew every eighth
            time); what it raises, as `CancelledError`, ends the ascent.

    Returns:
        `(filters, size, size, 3)` uint8; gray models give three equal channels. Plain gray: the filter
        is dead, or the network is not finite; `find_patterns` says which.

    Raises:
        LayerError: If the layer or a filter does not exist, or the layer cannot be optimized.

    Note:
        A pattern shows one thing that excites a filter, not all, and not what photographs hold.
        `textbook` photos are stretched to one contrast, mean 128 and deviation 64, each for itself: a
        feeble answer looks as loud as a strong one, and absolute colors are lost. Compare the heights
        that `find_patterns` gives, not the photos.

    Example:
        >>> filter_patterns(convnet, layer="block5_expand_conv", filters=range(16)).shape
        (16, 128, 128, 3)

    Reference:
        Simonyan, Vedaldi, Zisserman, "Deep Inside Convolutional Models", 2014, eq. 1 (without its penalty).
        Olah, Mordvintsev, Schubert, "Feature Visualization", Distill 2017.
    """
    request = Request(convnet.fingerprint, layer, style, size, _steps(style, steps), seed)
    found = _find(convnet, request, filters=filters, store=store, on_step=on_step)
    return np.array([pattern.photo for pattern in found], np.uint8).reshape(-1, size, size, 3)


def estimate(
    convnet: Convnet, *, layer: str, count: int, style: StyleName = "natural", size: int = 128, steps: int | None = None
) -> float:
    """Estimate how many seconds the patterns of `count` filters take, from one timed step.

    The first time for a layer, style and size this compiles the step, in seconds; the ascent then uses it.

    Raises:
        LayerError: If the layer does not exist or cannot be optimized.
    """
    ascent = prepare(convnet, layer, style=STYLES[style], size=size)
    return ascent.seconds * count * (_steps(style, steps) + 1)


def _steps(style: StyleName, steps: int | None) -> int:
    return STYLES[style].steps if steps is None else steps


def _checked(convnet: Convnet, request: Request, filters: Iterable[int]) -> tuple[int, ...]:
    size, steps = request.size, request.steps
    if size not in SIZES or steps < 1:
        raise ValueError(f"Expected a size of {SIZES[0]} to {SIZES[-1]} and steps >= 1. Received: {size} and {steps}.")
    wanted = tuple(int(index) for index in filters)
    count = filter_count(convnet, request.layer)
    for index in wanted:
        if not 0 <= index < count:
            raise LayerError(
                "Layer {layer!r} has no filter {index}. Its filters are 0 to {last}.",
                layer=request.layer,
                index=index,
                last=count - 1,
            )
    return wanted


def filter_count(convnet: Convnet, layer: str) -> int:
    """Count what can be optimized at a layer: channels or units; two classes for a single sigmoid's output layer.

    Raises:
        LayerError: If the layer does not exist.
    """
    info = find_layer(convnet, layer)
    return 2 if convnet.outputs == "sigmoid" and info.output_shape == (1,) else info.filters
