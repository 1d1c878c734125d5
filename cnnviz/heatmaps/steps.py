"""Batched runs of slow heatmap methods: bounded memory, progress, cancellation."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from cnnviz.convnets import Convnet
from cnnviz.errors import ClassError
from cnnviz.layers import images_at_once
from cnnviz.layers import layers as list_layers
from cnnviz.probes import INPUT, ForwardPass, compiled, forward, gradient_of

OnStep = Callable[[int, int, np.ndarray | None], None]
"""Told after each step: runs done, runs in all, and the map so far. It may raise `CancelledError`."""

_STEP_MACS = 2e9  # about 0.2 s for EfficientNet-Lite0 forward and backward, on two cores
_MOST_IMAGES = 32


def ignore(done: int, total: int, heat: np.ndarray | None) -> None:
    """Stand in where nobody asked to be told."""


def step_size(convnet: Convnet) -> int:
    """Images to run at once: as many as keep a step short, so that it can be cancelled, and small; at least one."""
    macs = max(1, sum(info.macs for info in list_layers(convnet)))
    most = min(_MOST_IMAGES, images_at_once(convnet, differentiated=[INPUT]))
    return int(np.clip(_STEP_MACS // macs, 1, most))


def every(images: int, runs: int) -> np.ndarray:
    """List each run of each image, `(jobs, 2)`; the images take turns, so that all their maps grow together."""
    return np.stack([np.tile(np.arange(images), runs), np.repeat(np.arange(runs), images)], axis=1)


def in_steps(convnet: Convnet, jobs: np.ndarray) -> Iterator[tuple[int, np.ndarray, np.ndarray]]:
    """Cut jobs `(jobs, 2)` into steps; yield the jobs done after it, its images' and its runs' indices."""
    size = step_size(convnet)
    for start in range(0, len(jobs), size):
        part = jobs[start : start + size]
        yield start + len(part), part[:, 0], part[:, 1]


def mean_gradients(
    convnet: Convnet, classes: np.ndarray, runs: int, variants: Callable[[np.ndarray, np.ndarray], np.ndarray]
) -> Iterator[tuple[int, np.ndarray]]:
    """Average each image's gradient over variants of it; yield the runs done and the mean so far, each step.

    `variants` makes inputs from image and run indices.
    """
    total = np.zeros((len(classes), *convnet.preparation.input_shape))
    counts = np.zeros((len(classes), 1, 1, 1))
    for done, images, indices in in_steps(convnet, every(len(classes), runs)):
        inputs = np.ascontiguousarray(variants(images, indices), np.float32)
        result = compiled(convnet, (INPUT,), True)(inputs, classes[images])
        np.add.at(total, images, gradient_of(result["gradients"], INPUT).numpy())
        np.add.at(counts, images, 1)
        yield done, total / np.maximum(counts, 1)


def read_classes(
    convnet: Convnet, inputs: np.ndarray, class_index: int | str | None, layers: Sequence[str] = ()
) -> ForwardPass:
    """Run the images as they are, to know which class is explained in each, and its score.

    Raises:
        ClassError: If the class does not exist, or the model has no classes.
    """
    if not convnet.class_names:
        raise ClassError(
            "{name} has no class scores to explain. Feature maps and filters can be seen.", name=convnet.name
        )
    return forward(convnet, inputs, layers=layers, class_index=class_index)


def of_class(scores: np.ndarray, classes: np.ndarray) -> np.ndarray:
    """Pick each row's class out of `(batch, classes)`: `(batch,)`."""
    return scores[np.arange(len(classes)), classes]


def require_positive(**settings: int) -> None:
    """Refuse settings below 1, by name."""
    for name, value in settings.items():
        if value < 1:
            raise ValueError(f"Expected {name} of at least 1. Received: {value}.")
