"""Saliency (vanilla gradients) and SmoothGrad."""

from __future__ import annotations

import numpy as np

from cnnviz.convnets import Convnet
from cnnviz.heatmaps.colors import contrast
from cnnviz.heatmaps.finite import quiet
from cnnviz.heatmaps.steps import OnStep, ignore, mean_gradients, read_classes, require_positive
from cnnviz.probes import INPUT, forward

SAMPLES = 32
"""Noisy copies an image, unless told otherwise."""


def saliency(convnet: Convnet, inputs: np.ndarray, *, class_index: int | str | None = None) -> np.ndarray:
    """Map how strongly the class's logit answers to a small change of each pixel.

        map[y, x] = max over channels of |d score / d inputs[y, x, channel]|

    Args:
        convnet: Classifier; it is only read.
        inputs: `(batch, height, width, channels)` float32, from `convnet.prepare`.
        class_index: Class to explain in every image, by index or name; each image's own top class if not given.

    Returns:
        `(batch, height, width)` float32, >= 0, in logits per unit of the model's input. Zero: a
        small change there changes nothing.

    Raises:
        ClassError: If the class does not exist, or the model has no classes.

    Note:
        It shows where the score is sensitive, not what speaks for the class: a pixel that argues
        against it shines as bright. It is noisy by nature, and a pixel on which the score depends
        fully, but not locally, stays dark.

    Example:
        >>> saliency(convnet, inputs).shape
        (1, 224, 224)

    Reference:
        Simonyan et al., "Deep Inside Convolutional Models", 2013, section 3.1. https://arxiv.org/abs/1312.6034
    """
    reading = forward(convnet, inputs, layers=[INPUT], with_gradients=True, class_index=class_index)
    return _magnitude(reading.gradient(INPUT))


@quiet
def smooth_grad(
    convnet: Convnet,
    inputs: np.ndarray,
    *,
    class_index: int | str | None = None,
    samples: int = SAMPLES,
    noise: float = 0.15,
    seed: int = 0,
    on_step: OnStep | None = None,
) -> np.ndarray:
    """Map the gradient by pixels, averaged over noisy copies of the image.

        map[y, x] = max over channels of |mean over samples of  d score / d (inputs + noise)|

    The gradients are averaged with their signs, as in the paper's equation, so that noise cancels.

    Args:
        convnet: Classifier; it is only read.
        inputs: `(batch, height, width, channels)` float32, from `convnet.prepare`.
        class_index: Class to explain in every image, by index or name; the top class of each clean image if not
            given.
        samples: Noisy copies of each image.
        noise: Standard deviation of the noise, as a share of the way from black to white.
        seed: Of the noise; an image's noise does not depend on its neighbors.
        on_step: Told after each step: runs done, runs in all, the map so far.

    Returns:
        `(batch, height, width)` float32, >= 0, in logits per unit of the model's input.

    Raises:
        ClassError: If the class does not exist, or the model has no classes.
        CancelledError: If `on_step` raises it.

    Note:
        More noise looks cleaner, and explains images that the model was never shown.

    Example:
        >>> smooth_grad(convnet, inputs, samples=8).shape
        (1, 224, 224)

    Reference:
        Smilkov et al., "SmoothGrad", 2017, section 3. https://arxiv.org/abs/1706.03825
    """
    require_positive(samples=samples)
    tell = on_step or ignore
    classes = read_classes(convnet, inputs, class_index).classes
    deviation = noise * contrast(convnet, inputs)

    def noisy(images: np.ndarray, runs: np.ndarray) -> np.ndarray:
        return inputs[images] + deviation[images] * _noise(inputs.shape[1:], runs, seed)

    heat = np.zeros(inputs.shape[:3], np.float32)
    for done, gradients in mean_gradients(convnet, classes, samples, noisy):
        heat = _magnitude(gradients)
        tell(done, len(inputs) * samples, heat)
    return heat


def _noise(shape: tuple[int, ...], runs: np.ndarray, seed: int) -> np.ndarray:
    """Standard normal noise that hangs on the seed and the run alone, whatever the step's size."""
    return np.stack([np.random.default_rng((seed, run)).standard_normal(shape, np.float32) for run in runs])


def _magnitude(gradients: np.ndarray) -> np.ndarray:
    return np.abs(gradients).max(axis=-1).astype(np.float32)
