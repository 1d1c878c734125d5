"""Score-CAM: class evidence by masking the image with each channel's feature map, without gradients."""

from __future__ import annotations

import numpy as np

from cnnviz.convnets import Convnet
from cnnviz.heatmaps.colors import Color, plain
from cnnviz.heatmaps.finite import quiet
from cnnviz.heatmaps.steps import OnStep, every, ignore, in_steps, of_class, read_classes
from cnnviz.images import enlarge
from cnnviz.layers import require_maps
from cnnviz.probes import forward


@quiet
def score_cam(
    convnet: Convnet,
    inputs: np.ndarray,
    *,
    layer: str | None = None,
    class_index: int | str | None = None,
    baseline: Color = "mean",
    on_step: OnStep | None = None,
) -> np.ndarray:
    """Map the evidence for one class by showing the model what each channel sees, without gradients.

    Each channel's map, stretched to 0..1 and enlarged to the image, becomes a mask. The more of the
    class's logit comes back through the mask, the more its channel weighs:

        masked[c]  = baseline + mask[c] * (inputs - baseline)
        weights    = softmax over c of (score(masked[c]) - score(baseline))
        map[y, x]  = max(0, sum over c of weights[c] * maps[y, x, c])

    The paper hides with zero, which in its inputs is the data's mean color; here it is a stated
    color. A channel that is the same everywhere masks nothing and is not run: its rise is 0.

    Args:
        convnet: Classifier; it is only read.
        inputs: `(batch, height, width, channels)` float32, from `convnet.prepare`.
        layer: Address of a layer with feature maps; the last activation before pooling if not given.
        class_index: Class to explain in every image, by index or name; each image's own top class if not given.
        baseline: Plain color behind the mask; each image's own mean color if not given.
        on_step: Told after each step: runs done, runs in all, the map so far.

    Returns:
        `(batch, rows, columns)` float32, >= 0, the layer's own grid, in the units of the layer's
        output (the weights sum to one). All zero: the channels that matter are silent.

    Raises:
        LayerError: If `layer` does not exist or has no feature maps.
        ClassError: If the class does not exist, or the model has no classes.
        CancelledError: If `on_step` raises it.

    Note:
        One run a channel: slow. The softmax of logits lets few channels decide, and every weight is
        positive, so the map shows hardly anything against a class that is not there: it lights up all the same.

    Example:
        >>> score_cam(convnet, inputs, layer="head_relu").shape
        (1, 7, 7)

    Reference:
        Wang et al., "Score-CAM", CVPR Workshops 2020, eq. 5-6 and algorithm 1. https://arxiv.org/abs/1910.01279
    """
    layer = require_maps(convnet, layer)
    tell = on_step or ignore
    clean = read_classes(convnet, inputs, class_index, [layer])
    maps = clean.maps[layer]
    behind = plain(convnet, inputs, baseline)
    blank = of_class(forward(convnet, np.broadcast_to(behind, inputs.shape)).logits, clean.classes)
    jobs = _jobs(maps)
    rises = np.where(_varies(maps), -np.inf, 0)  # (batch, channels); -inf: no weight before it was run
    for done, images, channels in in_steps(convnet, jobs):
        masks = _masks(maps[images, :, :, channels], convnet.preparation.size)
        masked = behind[images] + masks[..., None] * (inputs - behind)[images]
        scores = of_class(forward(convnet, masked).logits, clean.classes[images])
        rises[images, channels] = scores - blank[images]
        tell(done, len(jobs), _weighed(maps, rises))
    return _weighed(maps, rises)


def _varies(maps: np.ndarray) -> np.ndarray:
    """Whether a channel's map is more than one value, `(batch, channels)`; not so for NaN."""
    return maps.max(axis=(1, 2)) > maps.min(axis=(1, 2))


def _jobs(maps: np.ndarray) -> np.ndarray:
    """List images and channels to run, `(jobs, 2)`: strongest first, so that the streamed map is a fair sketch."""
    strongest_first = np.argsort(-maps.max(axis=(1, 2)), axis=1)  # (batch, channels)
    ranks = every(*strongest_first.shape)
    jobs = np.stack([ranks[:, 0], strongest_first[ranks[:, 0], ranks[:, 1]]], axis=1)
    return jobs[_varies(maps)[jobs[:, 0], jobs[:, 1]]]


def _masks(cells: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Enlarge maps to the image, then stretch each to 0..1, in the paper's order."""
    enlarged = enlarge(cells, size)
    low, high = enlarged.min(axis=(1, 2), keepdims=True), enlarged.max(axis=(1, 2), keepdims=True)
    return (enlarged - low) / np.maximum(high - low, np.finfo(np.float32).tiny)


def _weighed(maps: np.ndarray, rises: np.ndarray) -> np.ndarray:
    top = rises.max(axis=1, keepdims=True)
    shares = np.exp(rises - np.where(np.isfinite(top), top, 0))
    weights = shares / np.maximum(shares.sum(axis=1, keepdims=True), np.finfo(np.float32).tiny)
    return np.maximum(np.einsum("bhwc,bc->bhw", maps, weights), 0).astype(np.float32)
