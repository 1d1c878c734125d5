"""Audit of a recipe and its images: what would keep a run from learning, or make its metrics misleading."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np

from cnnviz.capture import call_model, capture, walk
from cnnviz.convnets import Convnet, catalog
from cnnviz.datasets import Dataset
from cnnviz.datasets.notes import note_balance
from cnnviz.sentences import Sentence
from cnnviz.training.cutting import base_of
from cnnviz.training.networks import input_size
from cnnviz.training.recipe import Recipe

Kind = Literal[
    "scaled-twice", "not-scaled", "colors", "enlarged", "imbalance", "missing", "small", "no-fine-tuning", "unvaried"
]

FLAT = 0.1
"""Distance of black from white at the first weights below which a model is blind. Scaled once, they are 1 to 255
apart with every scaling that is known here; scaled twice, at most 0.02."""

RAW = 100
"""Distance of black from white above which pixels came as they are, unless their mean was taken off."""

_ENLARGED = 2  # the side of an image grows by more: its pixels become visible squares
_LOOKED_AT = 20
_FIRST = ("Conv2D", "DepthwiseConv2D", "SeparableConv2D", "Dense")


@dataclass(frozen=True)
class Finding:
    """Something that a person should know before they launch.

    Attributes:
        kind: What was looked at.
        sentence: What is the case, with the number in it, and what follows.
    """

    kind: Kind
    sentence: str


def audit(recipe: Recipe, dataset: Dataset) -> tuple[Finding, ...]:
    """Look at a recipe and its images before they are brought together.

    The most frequent reason for a transfer that stays at chance is invisible in the code: the base's file scales its
    pixels itself, and they were scaled before, or it does not, and they were not. So a black and a white image go
    through what stands before the base's first weights, as training would send them, and their distance there is
    looked at.

    Args:
        recipe: It is only read.
        dataset: The images that it names.

    Returns:
        Findings, the gravest first; none if nothing stands out.

    Raises:
        CnnvizError: If the base cannot be opened. One that comes by name is known, and is not opened.
    """
    return (*_of_base(recipe, dataset), *_of_phases(recipe), *_of_images(recipe, dataset))


def _of_base(recipe: Recipe, dataset: Dataset) -> Iterator[Finding]:
    entry = catalog().get(recipe.transfer.base if recipe.transfer else recipe.network)
    if entry is not None:
        name, preparation = entry.name, entry.preparation
    else:
        convnet = base_of(recipe.transfer.base if recipe.transfer else recipe.network)
        name, preparation = convnet.name, convnet.preparation
        yield from _of_scaling(convnet)
    yield from _of_channels(recipe, dataset, name, preparation.channels)
    size = input_size(recipe, preparation)
    if not recipe.transfer or size != preparation.size:  # a base sees best at the size that it was trained at
        yield from _of_size(size, dataset)


def _of_channels(recipe: Recipe, dataset: Dataset, name: str, channels: int) -> Iterator[Finding]:
    if recipe.transfer and dataset.channels == 1 < channels:
        yield Finding(
            "colors",
            Sentence(
                "The images are grayscale; they are repeated across {channels} channels for {name}.",
                name=name,
                channels=channels,
            ),
        )
    if dataset.channels == 3 > channels:
        yield Finding(
            "colors",
            Sentence(
                "{name} has {channels} input channel, so the images are converted to grayscale.",
                name=name,
                channels=channels,
            ),
        )


def _of_size(size: tuple[int, int], dataset: Dataset) -> Iterator[Finding]:
    rows, columns = size
    height, width = _size(dataset)
    if max(rows / height, columns / width) > _ENLARGED:
        factor = max(rows / height, columns / width)
        yield Finding(
            "enlarged",
            Sentence(
                "Images of {width} x {height} pixels are enlarged {factor:.1f} times, to {columns} x {rows}: slow, "
                "with no benefit. Set a smaller image size: under Settings on the page, or with --size.",
                width=width,
                height=height,
                factor=factor,
                columns=columns,
                rows=rows,
            ),
        )


def _of_scaling(convnet: Convnet) -> Iterator[Finding]:
    """See how far black and white are apart where a base's weights begin."""
    found = black_and_white(convnet)
    if found is None:
        return
    black, white = found
    values = {"name": convnet.name, "black": black, "white": white}
    if abs(white - black) < FLAT:
        yield Finding(
            "scaled-twice",
            Sentence(
                "Pixels are scaled twice, by {scaling} and inside {name}: black reaches its first weights as "
                "{black:.3g} and white as {white:.3g}, which it cannot tell apart. Set its scaling to 0..255.",
                **values,
                scaling=convnet.preparation.scaling.name,
            ),
        )
    if white - black > RAW and black >= 0:
        yield Finding(
            "not-scaled",
            Sentence(
                "Pixels reach the first weights of {name} unscaled: black as {black:.3g}, white as {white:.3g}. If "
                "it was trained on scaled pixels, accuracy stays at chance: set its scaling.",
                **values,
            ),
        )


def black_and_white(convnet: Convnet) -> tuple[float, float] | None:
    """Send a black and a white image to a model's first weights, prepared as it wants them.

    Args:
        convnet: It is only read.

    Returns:
        Mean of the channels in the middle of either image, as the first layer with weights is given it; layers that
        only scale are passed. None if no layer has such weights.
    """
    address = next((name for name, layer in walk(convnet.model).items() if _is_first(layer)), None)
    if address is None:
        return None
    rows, columns, channels = convnet.preparation.input_shape
    pixels = np.stack([np.full((rows, columns, channels), level, np.float32) for level in (0, 255)])
    with capture(convnet.model, [address]) as calls:
        call_model(convnet.model, np.asarray(convnet.preparation.scaling(pixels), np.float32))
    given = np.asarray(calls[0].inputs[0])
    middle = given[:, given.shape[1] // 2, given.shape[2] // 2] if given.ndim == 4 else given  # the border is padded
    black, white = middle.mean(axis=-1)
    return float(black), float(white)


def _is_first(layer: object) -> bool:
    """Whether a layer has weights that see; a 1 x 1 convolution that keeps the channels scales them."""
    if type(layer).__name__ not in _FIRST:
        return False
    kernel = layer.kernel if hasattr(layer, "kernel") else None
    return kernel is None or tuple(kernel.shape[:-2]) != (1, 1) or kernel.shape[-2] != kernel.shape[-1]


def _size(dataset: Dataset) -> tuple[int, int]:
    """Rows and columns of the images; where they differ, the median of the first ones."""
    if dataset.size is not None:
        return dataset.size
    shapes = [dataset.train.photo(index).shape[:2] for index in range(min(_LOOKED_AT, len(dataset.train)))]
    rows, columns = np.median(shapes, axis=0)
    return int(rows), int(columns)


def _of_phases(recipe: Recipe) -> Iterator[Finding]:
    transfer = recipe.transfer
    if transfer and transfer.way == "fine-tuning" and transfer.head_epochs >= recipe.epochs:
        yield Finding(
            "no-fine-tuning",
            Sentence(
                "Training the head takes all {epochs} epochs, so nothing is fine-tuned. Set more than {least} epochs.",
                epochs=recipe.epochs,
                least=transfer.head_epochs,
            ),
        )
    if transfer and transfer.way == "features" and not recipe.augmentation.is_none:
        yield Finding(
            "unvaried",
            Sentence(
                "Features are extracted once from the original images, so data augmentation has no effect. Set "
                "transfer.way to frozen to use it."
            ),
        )


def _of_images(recipe: Recipe, dataset: Dataset) -> Iterator[Finding]:
    counts, names = dataset.train.counts, dataset.class_names
    parts = {
        Sentence("training"): dataset.train,
        Sentence("validation"): dataset.validation,
        Sentence("test"): dataset.test,
    }
    for label, name in enumerate(names):
        missing = [part for part, images in parts.items() if images.counts[label] == 0]
        if missing:
            total = sum(int(images.counts[label]) for images in parts.values())
            yield Finding("missing", _missing(name, total, missing))
    for note in note_balance(counts, names) if counts.min() > 0 else ():  # a class without any is missing, see above
        if note not in dataset.notes:  # which are shown beside the images
            yield Finding("imbalance", note)
    if len(dataset.train) < recipe.batch_size:
        yield Finding(
            "small",
            Sentence(
                "There are {count} training images, fewer than the batch size of {batch}: one step per epoch. "
                "Choose a smaller batch size.",
                count=len(dataset.train),
                batch=recipe.batch_size,
            ),
        )


def _missing(name: str, total: int, parts: list[Sentence]) -> Sentence:
    """Say which parts have no image of a class; one of the three has."""
    if len(parts) == 1:
        return Sentence(
            "Class {name!r} has {total:,} images, but no {part} ones.", name=name, total=total, part=parts[0]
        )
    return Sentence(
        "Class {name!r} has {total:,} images, but no {part} and no {other} ones.",
        name=name,
        total=total,
        part=parts[0],
        other=parts[1],
    )
