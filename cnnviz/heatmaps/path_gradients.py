"""Integrated gradients."""

from __future__ import annotations

import numpy as np

from cnnviz.convnets import Convnet
from cnnviz.heatmaps.colors import Color, plain
from cnnviz.heatmaps.finite import quiet
from cnnviz.heatmaps.steps import OnStep, ignore, mean_gradients, read_classes, require_positive

STEPS = 50
"""Parts of the way, unless told otherwise; the paper finds 20 to 300 enough."""


@quiet
def integrated_gradients(
    convnet: Convnet,
    inputs: np.ndarray,
    *,
    class_index: int | str | None = None,
    steps: int = STEPS,
    baseline: Color = "black",
    on_step: OnStep | None = None,
) -> np.ndarray:
    """Share the class's logit out among the pixels, along the way from a plain color to the image.

        map[y, x] = sum over channels of (inputs - baseline) * mean over the way of  d score / d inputs

    The way is straight and cut into equal parts, with the gradient taken in the middle of each. The
    whole map sums to the logit of the image less the logit of the baseline, the better the more steps.

    Args:
        convnet: Classifier; it is only read.
        inputs: `(batch, height, width, channels)` float32, from `convnet.prepare`.
        class_index: Class to explain in every image, by index or name; each image's own top class if not given.
        steps: Parts of the way. The gradient of a deep ReLU model jumps along it: on EfficientNet-Lite0 the sum
            was off by up to a quarter with 50 steps, and by up to a ninth with 300.
        baseline: Plain color that stands for "nothing there"; black, as in the paper, if not given.
        on_step: Told after each step: runs done, runs in all, the map so far.

    Returns:
        `(batch, height, width)` float32, signed, in units of the logit: positive pixels raise the
        score against the baseline, negative ones lower it.

    Raises:
        ClassError: If the class does not exist, or the model has no classes.
        CancelledError: If `on_step` raises it.

    Note:
        A pixel of the baseline's own color always gets zero: with black, nothing is ever found in
        a black cat. Try another baseline before believing it.

    Example:
        >>> integrated_gradients(convnet, inputs, baseline="gray").shape
        (1, 224, 224)

    Reference:
        Sundararajan et al., "Axiomatic Attribution for Deep Models", ICML 2017, eq. 1-3.
        https://arxiv.org/abs/1703.01365
    """
    require_positive(steps=steps)
    tell = on_step or ignore
    classes = read_classes(convnet, inputs, class_index).classes
    start = plain(convnet, inputs, baseline)
    way = inputs - start
    # In mixed order any beginning of the steps covers the whole way, so that the streamed map is a fair sketch.
    shares = (np.random.default_rng(0).permutation(steps) + 0.5) / steps

    def between(images: np.ndarray, runs: np.ndarray) -> np.ndarray:
        return start[images] + shares[runs, None, None, None] * way[images]

    heat = np.zeros(inputs.shape[:3], np.float32)
    for done, gradients in mean_gradients(convnet, classes, steps, between):
        heat = (way * gradients).sum(axis=-1).astype(np.float32)
        tell(done, len(inputs) * steps, heat)
    return heat
