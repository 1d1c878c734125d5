"""What is each filter looking for? Pictures that climb until the filter answers strongly."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from PIL import Image

from cnnviz.convnets import Convnet
from cnnviz.errors import LayerError
from cnnviz.filters.ascent import STYLES, Ascent, Height, ascend, prepare
from cnnviz.filters.pattern import Pattern, Request, Status
from cnnviz.filters.store import PatternStore
from cnnviz.filters.style import StyleName
from cnnviz.layers import find_layer

SIZES = range(16, 1025)
"""Sides a pattern may have, in pixels: below, no layer has a map; above, memory runs out."""

_GRAY = 128
_PHOTOS_EVERY = 8


@dataclass(frozen=True, eq=False)
class _Batch:
    """Filters that climb together, where they stood at first, and where they stand."""

    ascent: Ascent
    filters: tuple[int, ...]
    first: Height
    now: Height

    def objectives(self, height: Height) -> np.ndarray:
        return np.where(self.now.is_rescued, height.before, height.output)

    def patterns(self, size: int) -> dict[int, Pattern]:
        before, after, photos = self.objectives(self.first), self.objectives(self.now), self.photos(size)
        return {
            index: Pattern(index, photos[index], float(before[i]), float(after[i]), self._status(i), self.climbed_size)
            for i, index in enumerate(self.filters)
        }

    @property
    def climbed_size(self) -> tuple[int, int]:
        return self.ascent.shape[:2]

    def photos(self, size: int) -> dict[int, np.ndarray]:
        shown = self.ascent.show(self.now.state)
        return {
            index: _plain(size) if self._status(i) in ("dead", "not finite") else _at_size(shown[i], size)
            for i, index in enumerate(self.filters)
        }

    def _status(self, i: int) -> Status:
        if not (np.isfinite(self.now.before[i]) and np.isfinite(self.now.output[i])):
            return "not finite"
        return "dead" if self.now.is_dead[i] else "rescued" if self.now.is_rescued[i] else "ok"


@dataclass(frozen=True, eq=False)
class Frame:
    """How far an ascent is.

    Attributes:
        step: Steps done, counted once a picture.
        total: Steps in all; those of patterns found in a store are not counted.
        filters: The filters asked for, in that order.
        size: Side of the photos, in pixels.
        finished: Filter to its pattern, as far as there is one.
    """

    step: int
    total: int
    filters: tuple[int, ...]
    size: int
    finished: Mapping[int, Pattern]
    _batch: _Batch | None = None

    @cached_property
    def photos(self) -> np.ndarray:
        """Pictures so far, `(filters, size, size, 3)` uint8, plain gray where none began; drawn when asked for."""
        known = self._batch.photos(self.size) if self._batch else {}
        known |= {index: pattern.photo for index, pattern in self.finished.items()}
        return np.array([known.get(index, _plain(self.size)) for index in self.filters], np.uint8)

    @property
    def objective(self) -> np.ndarray:
        """What each filter has reached, `(filters,)` float32 in the layer's own units; NaN where none began."""
        known = (
            dict(zip(self._batch.filters, self._batch.objectives(self._batch.now), strict=True)) if self._batch else {}
        )
        known |= {index: pattern.after for index, pattern in self.finished.items()}
        return np.array([known.get(index, np.nan) for index in self.filters], np.float32)

    @property
    def statuses(self) -> tuple[Status, ...]:
        """State of each filter: of its pattern where that is finished, else `climbing` or `waiting`."""
        known: dict[int, Status] = dict.fromkeys(self._batch.filters, "climbing") if self._batch else {}
        known |= {index: pattern.status for index, pattern in self.finished.items()}
        return tuple(known.get(index, "waiting") for index in self.filters)


def climb(
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

    Many filters climb as one batch, and no batch is so large that a step takes longer than 0.3 s, unless
    a single picture does. Before the second frame the step is compiled, which takes seconds.

    Args:
        convnet: Network; it is only read.
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
        LayerError: If the layer or a filter does not exist, or the layer cannot be climbed.

    Example:
        >>> for frame in climb(convnet, layer="block5_expand_conv", filters=[3]):
        ...     show(frame.photos)                              # (1, 128, 128, 3)
    """
    steps = STYLES[style].steps if steps is None else steps
    wanted = _checked(convnet, layer, filters, size=size, steps=steps)
    request = Request(convnet.fingerprint, layer, style, size, steps, seed)
    finished = store.find(request, wanted) if store else {}
    missing = [index for index in dict.fromkeys(wanted) if index not in finished]
    total = steps * len(missing)
    yield Frame(0, total, wanted, size, dict(finished))
    if not missing:
        return
    ascent = prepare(convnet, layer, style=STYLES[style], size=size)
    done = 0
    for chunk in ascent.chunks(missing):
        for step, batch in enumerate(_climb_batch(ascent, chunk, steps=steps, seed=seed)):
            if step == steps:
                found = batch.patterns(size)
                finished |= found
                if store:
                    store.keep(request, found.values())
            yield Frame(done + step * len(chunk), total, wanted, size, dict(finished), batch)
        done += steps * len(chunk)


def _climb_batch(ascent: Ascent, filters: tuple[int, ...], *, steps: int, seed: int) -> Iterator[_Batch]:
    first: Height | None = None
    for height in ascend(ascent, filters, steps=steps, seed=seed):
        first = first or height
        yield _Batch(ascent, filters, first, height)


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
    on_step: Callable[[int, int, np.ndarray], None] | None = None,
) -> tuple[Pattern, ...]:
    """Find patterns as `filter_patterns` does, with what became of each filter.

    Returns:
        One `Pattern` for each of `filters`, in that order.
    """
    photos = None
    for number, frame in enumerate(
        climb(convnet, layer=layer, filters=filters, style=style, size=size, steps=steps, seed=seed, store=store)
    ):
        if on_step:
            is_due = photos is None or number % _PHOTOS_EVERY == 0 or frame.step == frame.total
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
    on_step: Callable[[int, int, np.ndarray], None] | None = None,
) -> np.ndarray:
    """Find the picture that each filter of a layer answers to most, by gradient ascent from noise.

    Picture i climbs the mean over the map of channel `filters[i]`, and hangs on the seed and its own
    filter only, not on its neighbours:

        textbook: pixels += 2 * g / rms(g), g = d mean(output[2:-2, 2:-2]) / d pixels, from gray 128 +- 10
        natural:  Adam in frequencies, decorrelated colours, the picture shaken by up to 12 pixels

    `textbook` climbs the layer's output, after its activation; where a ReLU leaves no gradient in all of
    the map, what the activation was given, until there is one. `natural` climbs what the activation was
    given from the start: the output of a convolution without activation, the input of a ReLU layer. Of
    the output layer both climb the logit: through a confident softmax the gradient fades to nothing.

    Args:
        convnet: Network; it is only read.
        layer: Address of a layer with maps or units.
        filters: Indices of its filters; of the output layer, classes (for a single sigmoid 0 and 1).
        style: `textbook` or `natural`.
        size: Side of the photos in pixels, 16 to 1024. Dense layers, and networks that take one size only,
            climb at the network's own size; the photo is then enlarged in sharp pixels or reduced.
        steps: Steps of the ascent; 128 for `natural` and 30 for `textbook` if not given.
        seed: Of the random start, >= 0.
        store: Where patterns are looked up and kept.
        on_step: Called with steps done, steps in all, and the photos so far (drawn anew every eighth
            time); what it raises, as `CancelledError`, ends the ascent.

    Returns:
        `(filters, size, size, 3)` uint8; gray networks give three equal channels. Plain gray: the filter
        is dead, or the network is not finite; `find_patterns` says which.

    Raises:
        LayerError: If the layer or a filter does not exist, or the layer cannot be climbed.

    Note:
        A pattern shows one thing that excites a filter, not all, and not what photographs hold.
        `textbook` photos are stretched to one contrast, mean 128 and deviation 64, each for itself: a
        feeble answer looks as loud as a strong one, and absolute colours are lost. Compare the heights
        that `find_patterns` gives, not the photos.

    Example:
        >>> filter_patterns(convnet, layer="block5_expand_conv", filters=range(16)).shape
        (16, 128, 128, 3)

    Reference:
        Simonyan, Vedaldi, Zisserman, "Deep Inside Convolutional Networks", 2014, eq. 1 (without its penalty).
        Olah, Mordvintsev, Schubert, "Feature Visualization", Distill 2017.
    """
    found = find_patterns(
        convnet,
        layer=layer,
        filters=filters,
        style=style,
        size=size,
        steps=steps,
        seed=seed,
        store=store,
        on_step=on_step,
    )
    return np.array([pattern.photo for pattern in found], np.uint8).reshape(-1, size, size, 3)


def estimate(
    convnet: Convnet, *, layer: str, count: int, style: StyleName = "natural", size: int = 128, steps: int | None = None
) -> float:
    """Estimate how many seconds the patterns of `count` filters take, from one timed step.

    The first time for a layer, style and size this compiles the step, in seconds; the ascent then uses it.

    Raises:
        LayerError: If the layer does not exist or cannot be climbed.
    """
    steps = STYLES[style].steps if steps is None else steps
    ascent = prepare(convnet, layer, style=STYLES[style], size=size)
    return ascent.seconds * count * (steps + 1)


def _checked(convnet: Convnet, layer: str, filters: Iterable[int], *, size: int, steps: int) -> tuple[int, ...]:
    if size not in SIZES or steps < 1:
        raise ValueError(f"Expected a size of {SIZES[0]} to {SIZES[-1]} and steps >= 1. Received: {size} and {steps}.")
    wanted = tuple(int(index) for index in filters)
    count = filter_count(convnet, layer)
    for index in wanted:
        if not 0 <= index < count:
            raise LayerError(f"Layer {layer!r} has no filter {index}. Its filters are 0 to {count - 1}.")
    return wanted


def filter_count(convnet: Convnet, layer: str) -> int:
    """Count what can be climbed at a layer: channels or units; two classes for a single sigmoid's output layer.

    Raises:
        LayerError: If the layer does not exist.
    """
    info = find_layer(convnet, layer)
    return 2 if convnet.outputs == "sigmoid" and info.output_shape == (1,) else info.filters


def _plain(size: int) -> np.ndarray:
    return np.full((size, size, 3), _GRAY, np.uint8)


def _at_size(photo: np.ndarray, size: int) -> np.ndarray:
    """Bring a photo to a square: reduced smoothly or enlarged in sharp pixels, gray where its shape leaves room."""
    rows, columns = photo.shape[:2]
    if (rows, columns) == (size, size):
        return photo
    factor = size / max(rows, columns)
    fitted = (max(1, round(columns * factor)), max(1, round(rows * factor)))
    how = Image.Resampling.NEAREST if factor > 1 else Image.Resampling.LANCZOS
    image = Image.new("RGB", (size, size), (_GRAY,) * 3)
    image.paste(Image.fromarray(photo).resize(fitted, how), ((size - fitted[0]) // 2, (size - fitted[1]) // 2))
    return np.asarray(image)
