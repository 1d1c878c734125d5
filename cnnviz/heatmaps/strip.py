"""Grad-CAM at many layers in one forward and one backward pass."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cnnviz.convnets import Convnet
from cnnviz.heatmaps.finite import quiet
from cnnviz.heatmaps.gradient_cams import FORMULAS, GradientCam
from cnnviz.layers import require_maps
from cnnviz.probes import forward


@quiet
def strip(
    convnet: Convnet,
    inputs: np.ndarray,
    *,
    layers: Sequence[str],
    class_index: int | str | None = None,
    method: GradientCam = "grad_cam",
) -> dict[str, np.ndarray]:
    """Map the evidence for one class at many layers, in one forward and one backward pass.

    Args:
        convnet: Classifier; it is only read.
        inputs: `(batch, height, width, channels)` float32, from `convnet.prepare`.
        layers: Addresses of layers with feature maps.
        class_index: Class to explain in every image, by index or name; each image's own top class if not given.
        method: Which of the four gradient methods.

    Returns:
        Address to `(batch, rows, columns)` float32, >= 0, in units of the logit; as the method alone gives. Layers
        from which no gradient reaches the score are left out.

    Raises:
        LayerError: If a layer does not exist or has no feature maps, or no gradient reaches any of them.
        ClassError: If the class does not exist, or the model has no classes.

    Note:
        Heights do not compare between layers: only shapes do. Color each map by its own maximum.

    Example:
        >>> {address: heat.shape for address, heat in strip(convnet, inputs, layers=["stem_relu", "head_relu"]).items()}
        {'stem_relu': (1, 112, 112), 'head_relu': (1, 7, 7)}
    """
    addresses = [require_maps(convnet, address) for address in layers]
    reading = forward(convnet, inputs, layers=addresses, with_gradients=True, class_index=class_index)
    formula = FORMULAS[method]
    reached = [address for address in addresses if address in reading.gradients] or addresses
    return {address: formula(reading.maps[address], reading.gradient(address)) for address in reached}
