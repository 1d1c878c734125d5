"""Grad-CAM and its gradient-weighted relatives.

All four methods multiply a layer's maps with the class's gradient and add over the channels; they differ in
what they make of the gradient first.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import numpy as np

from cnnviz.convnets import Convnet
from cnnviz.heatmaps.finite import quiet
from cnnviz.layers import require_maps
from cnnviz.probes import forward

GradientCam = Literal["grad_cam", "grad_cam_plus_plus", "hires_cam", "layer_cam"]


def grad_cam(
    convnet: Convnet, inputs: np.ndarray, *, layer: str | None = None, class_index: int | str | None = None
) -> np.ndarray:
    """Map the evidence for one class over the positions of a layer.

    Each channel is weighed by how strongly the class's score answers to it, averaged over the
    image; where the weighted sum is positive, the layer speaks for the class:

        weights[c] = mean over (y, x) of  d score / d maps[y, x, c]
        map[y, x]  = max(0, sum over c of weights[c] * maps[y, x, c])

    The score is the logit, as in the paper: through a confident softmax the gradient fades to
    nothing, and evidence against other classes would count as evidence for this one.

    Args:
        convnet: Classifier; it is only read.
        inputs: `(batch, height, width, channels)` float32, from `convnet.prepare`.
        layer: Address of a layer with feature maps; the last activation before pooling if not given.
        class_index: Class to explain in every image, by index or name; each image's own top class if not given.

    Returns:
        `(batch, rows, columns)` float32, >= 0, the layer's own grid, in units of the logit, not
        normalized, so that maps of different classes compare. All zero: no evidence at this layer.

    Raises:
        LayerError: If `layer` does not exist or has no feature maps.
        ClassError: If the class does not exist, or the model has no classes.

    Note:
        A 7 x 7 map enlarged to 224 x 224 looks surer than it is: one cell stands for 32 x 32
        pixels, and its receptive field reaches further still. In early layers, whose gradients
        change sign over the image, the average says little; use `layer_cam` there.

    Example:
        >>> grad_cam(convnet, inputs, class_index=281).shape
        (1, 7, 7)

    Reference:
        Selvaraju et al., "Grad-CAM", ICCV 2017, eq. 1-2. https://arxiv.org/abs/1610.02391
    """
    return _explain("grad_cam", convnet, inputs, layer, class_index)


def grad_cam_plus_plus(
    convnet: Convnet, inputs: np.ndarray, *, layer: str | None = None, class_index: int | str | None = None
) -> np.ndarray:
    """Map the evidence for one class, giving small and repeated objects their share.

    As `grad_cam`, but a channel's weight sums its positive gradients, each shared out by `alpha`,
    so that a channel that answers in one spot counts as much as one that answers everywhere:

        alpha[y, x, c] = g^2 / (2 g^2 + g^3 * sum over (a, b) of maps[a, b, c]),   g = d score / d maps[y, x, c]
        weights[c]     = sum over (y, x) of  alpha[y, x, c] * max(0, g)

    This is the paper's closed form for the exponential of the logit. Its factor exp(score), the
    same for all channels, is left out: it only scales the map, and overflows at a logit of 89. The
    derivation assumes maps >= 0; in a layer that has negative ones, only the positive ones are summed,
    which keeps the denominator away from zero.

    Args:
        convnet: Classifier; it is only read.
        inputs: `(batch, height, width, channels)` float32, from `convnet.prepare`.
        layer: Address of a layer with feature maps; the last activation before pooling if not given.
        class_index: Class to explain in every image, by index or name; each image's own top class if not given.

    Returns:
        `(batch, rows, columns)` float32, >= 0, the layer's own grid, in units of the logit, but no
        share of it: compare shapes, not heights. All zero: no evidence at this layer.

    Raises:
        LayerError: If `layer` does not exist or has no feature maps.
        ClassError: If the class does not exist, or the model has no classes.

    Note:
        Negative gradients are dropped, so evidence against the class never darkens the map; maps of
        different classes look alike more often than with `grad_cam`.

    Example:
        >>> grad_cam_plus_plus(convnet, inputs).shape
        (1, 7, 7)

    Reference:
        Chattopadhay et al., "Grad-CAM++", WACV 2018, eq. 5, 7, 19. https://arxiv.org/abs/1710.11063
    """
    return _explain("grad_cam_plus_plus", convnet, inputs, layer, class_index)


def hires_cam(
    convnet: Convnet, inputs: np.ndarray, *, layer: str | None = None, class_index: int | str | None = None
) -> np.ndarray:
    """Map what each position of a layer adds to the class's logit, without averaging gradients first.

        map[y, x] = max(0, sum over c of  maps[y, x, c] * d score / d maps[y, x, c])

    Where only linear operations follow the layer, the sum before max() over all positions is the
    logit without its bias: then the map is not an estimate, but the model's own sum. With global average
    pooling it equals `grad_cam`.

    Args:
        convnet: Classifier; it is only read.
        inputs: `(batch, height, width, channels)` float32, from `convnet.prepare`.
        layer: Address of a layer with feature maps; the last activation before pooling if not given.
        class_index: Class to explain in every image, by index or name; each image's own top class if not given.

    Returns:
        `(batch, rows, columns)` float32, >= 0, the layer's own grid, in units of the logit. All
        zero: no evidence at this layer.

    Raises:
        LayerError: If `layer` does not exist or has no feature maps.
        ClassError: If the class does not exist, or the model has no classes.

    Note:
        The exact sum holds behind the last non-linearity only. In early layers the map is a local
        slope times a value, as noisy as the gradient is.

    Example:
        >>> hires_cam(convnet, inputs).shape
        (1, 7, 7)

    Reference:
        Draelos and Carin, "Use HiResCAM instead of Grad-CAM", 2020, eq. 6-7. https://arxiv.org/abs/2011.08891
    """
    return _explain("hires_cam", convnet, inputs, layer, class_index)


def layer_cam(
    convnet: Convnet, inputs: np.ndarray, *, layer: str | None = None, class_index: int | str | None = None
) -> np.ndarray:
    """Map the evidence for one class sharply, in early layers too.

    Each value is weighed by its own gradient where that is positive:

        map[y, x] = max(0, sum over c of  maps[y, x, c] * max(0, d score / d maps[y, x, c]))

    Args:
        convnet: Classifier; it is only read.
        inputs: `(batch, height, width, channels)` float32, from `convnet.prepare`.
        layer: Address of a layer with feature maps; the last activation before pooling if not given.
        class_index: Class to explain in every image, by index or name; each image's own top class if not given.

    Returns:
        `(batch, rows, columns)` float32, >= 0, the layer's own grid, in units of the logit; what
        speaks against the class is left out, so it sums to more than the logit. All zero: no evidence.

    Raises:
        LayerError: If `layer` does not exist or has no feature maps.
        ClassError: If the class does not exist, or the model has no classes.

    Note:
        In early layers it follows edges of anything that the model looks at: sharp is not the same
        as right.

    Example:
        >>> layer_cam(convnet, inputs, layer="block2_expand_relu").shape
        (1, 56, 56)

    Reference:
        Jiang et al., "LayerCAM", IEEE TIP 2021, eq. 5-7. https://doi.org/10.1109/TIP.2021.3089943
    """
    return _explain("layer_cam", convnet, inputs, layer, class_index)


def signed_grad_cam(maps: np.ndarray, gradients: np.ndarray) -> np.ndarray:
    """Grad-CAM's weighted sum before max(): evidence against the class stays, below zero."""
    weights = gradients.mean(axis=(1, 2))  # (batch, channels)
    return np.einsum("bhwc,bc->bhw", maps, weights)


def _grad_cam(maps: np.ndarray, gradients: np.ndarray) -> np.ndarray:
    return _positive(signed_grad_cam(maps, gradients))


def _grad_cam_plus_plus(maps: np.ndarray, gradients: np.ndarray) -> np.ndarray:
    total = np.maximum(maps, 0).sum(axis=(1, 2), keepdims=True)  # (batch, 1, 1, channels)
    positive = np.maximum(gradients, 0)  # gradients below zero have no weight: alpha is needed above it only
    alpha = 1 / (2 + positive * total)  # eq. 19, g^2 cancelled
    weights = (alpha * positive).sum(axis=(1, 2))  # (batch, channels)
    return _positive(np.einsum("bhwc,bc->bhw", maps, weights))


def _hires_cam(maps: np.ndarray, gradients: np.ndarray) -> np.ndarray:
    return _positive(np.einsum("bhwc,bhwc->bhw", maps, gradients))


def _layer_cam(maps: np.ndarray, gradients: np.ndarray) -> np.ndarray:
    return _positive(np.einsum("bhwc,bhwc->bhw", maps, np.maximum(gradients, 0)))


def _positive(heat: np.ndarray) -> np.ndarray:
    return np.maximum(heat, 0, dtype=np.float32)


FORMULAS: dict[GradientCam, Callable[[np.ndarray, np.ndarray], np.ndarray]] = {
    "grad_cam": _grad_cam,
    "grad_cam_plus_plus": _grad_cam_plus_plus,
    "hires_cam": _hires_cam,
    "layer_cam": _layer_cam,
}
"""From maps and gradients, both `(batch, rows, columns, channels)`, to heat `(batch, rows, columns)`."""


@quiet
def _explain(
    name: GradientCam, convnet: Convnet, inputs: np.ndarray, layer: str | None, class_index: int | str | None
) -> np.ndarray:
    layer = require_maps(convnet, layer)
    reading = forward(convnet, inputs, layers=[layer], with_gradients=True, class_index=class_index)
    return FORMULAS[name](reading.maps[layer], reading.gradient(layer))
