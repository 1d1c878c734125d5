"""Occlusion sensitivity: the drop of a class's logit when a patch of the image is hidden."""

from __future__ import annotations

from itertools import product

import numpy as np

from cnnviz.convnets import Convnet
from cnnviz.heatmaps.colors import Color, plain
from cnnviz.heatmaps.finite import quiet
from cnnviz.heatmaps.steps import OnStep, every, ignore, in_steps, of_class, read_classes, require_positive
from cnnviz.probes import forward

_PATCHES_A_SIDE = 7  # a patch of 32 pixels in an image of 224


@quiet
def occlusion(
    convnet: Convnet,
    inputs: np.ndarray,
    *,
    class_index: int | str | None = None,
    patch: int | None = None,
    stride: int | None = None,
    fill: Color = "mean",
    on_step: OnStep | None = None,
) -> np.ndarray:
    """Hide one patch after another and map how far the class's logit falls.

        map[y, x] = mean over the patches that cover (y, x) of  score(inputs) - score(inputs with the patch filled)

    No gradients: what is measured is what happened.

    Args:
        convnet: Classifier; it is only read.
        inputs: `(batch, height, width, channels)` float32, from `convnet.prepare`.
        class_index: Class to explain in every image, by index or name; each image's own top class if not given.
        patch: Side of the square patch in pixels; a seventh of the image's shorter side if not given.
        stride: Pixels from one patch to the next, at most `patch`; half a patch if not given.
        fill: Plain color of the patch; each image's own mean color if not given.
        on_step: Told after each step: runs done, runs in all, the map so far.

    Returns:
        `(batch, height, width)` float32, signed, in units of the logit: positive where hiding lowers
        the score (the class needs it), negative where hiding raises it. Zero: hiding changes nothing.

    Raises:
        ClassError: If the class does not exist, or the model has no classes.
        CancelledError: If `on_step` raises it.

    Note:
        What is there twice hides itself: covering one of two cats changes little. A patch brings edges and a
        color of its own, which the model sees too; the map's grain is the patch.

    Example:
        >>> occlusion(convnet, inputs, patch=32, stride=16).shape
        (1, 224, 224)

    Reference:
        Zeiler and Fergus, "Visualizing and Understanding Convolutional Models", ECCV 2014, section 4.2.
    """
    height, width = inputs.shape[1:3]
    patch, stride = _sides((height, width), patch, stride)
    tell = on_step or ignore
    clean = read_classes(convnet, inputs, class_index)
    before = of_class(clean.logits, clean.classes)
    color = plain(convnet, inputs, fill)
    places = list(product(_spans(height, patch, stride), _spans(width, patch, stride)))
    jobs = every(len(inputs), len(places))
    total, counts = np.zeros(inputs.shape[:3]), np.zeros(inputs.shape[:3])
    for done, images, runs in in_steps(convnet, jobs):
        windows = [(image, *places[run]) for image, run in zip(images, runs, strict=True)]
        hidden = np.asarray(inputs[images], np.float32)
        for row, (image, rows, columns) in enumerate(windows):
            hidden[row, rows, columns] = color[image, 0, 0]
        drop = before[images] - of_class(forward(convnet, hidden).logits, clean.classes[images])
        for window, fall in zip(windows, drop, strict=True):
            total[window] += fall
            counts[window] += 1
        tell(done, len(jobs), _mean(total, counts))
    return _mean(total, counts)


def patches(size: tuple[int, int]) -> int:
    """Count the patches in an image of this height and width, with the default patch and stride."""
    patch, stride = _sides(size, None, None)
    return len(_spans(size[0], patch, stride)) * len(_spans(size[1], patch, stride))


def _sides(size: tuple[int, int], patch: int | None, stride: int | None) -> tuple[int, int]:
    """Settle the patch and its stride, in pixels."""
    patch = max(1, min(size) // _PATCHES_A_SIDE) if patch is None else min(patch, *size)
    stride = max(1, patch // 2) if stride is None else stride
    require_positive(patch=patch, stride=stride)
    if stride > patch:
        raise ValueError(
            f"Expected a stride of at most the patch, {patch}, or pixels are left out. Received: {stride}."
        )
    return patch, stride


def _spans(side: int, patch: int, stride: int) -> list[slice]:
    """Where the patches lie along a side; the last one ends at the border."""
    return [slice(start, start + patch) for start in sorted({*range(0, side - patch, stride), side - patch})]


def _mean(total: np.ndarray, counts: np.ndarray) -> np.ndarray:
    return (total / np.maximum(counts, 1)).astype(np.float32)
