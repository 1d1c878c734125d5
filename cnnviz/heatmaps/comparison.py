"""Contrastive Grad-CAM: evidence for one class rather than another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cnnviz.convnets import Convnet
from cnnviz.heatmaps.finite import quiet
from cnnviz.heatmaps.gradient_cams import FORMULAS, GradientCam, signed_grad_cam
from cnnviz.layers import require_maps
from cnnviz.probes import class_number, forward
from cnnviz.sentences import one_line


@dataclass(frozen=True)
class Comparison:
    """Signed Grad-CAM maps of two classes, `(batch, rows, columns)` float32, in units of the logit.

    Attributes:
        first: Evidence for (above zero) and against (below) the first class.
        second: The same for the second class.
        difference: `first - second`: above zero where the layer prefers the first class.
        classes: `(batch,)` int, the first class in each image.
        against: The second class.
    """

    first: np.ndarray
    second: np.ndarray
    difference: np.ndarray
    classes: np.ndarray
    against: int

    __repr__ = one_line

    @property
    def scale(self) -> np.ndarray:
        """Largest magnitude in each image's three maps, `(batch,)`: one scale on which to color them."""
        stacked = np.abs(np.stack([self.first, self.second, self.difference]))
        return stacked.max(axis=(0, 2, 3))


@quiet
def compare(
    convnet: Convnet,
    inputs: np.ndarray,
    *,
    against: int | str,
    layer: str | None = None,
    class_index: int | str | None = None,
) -> Comparison:
    """Map what speaks for one class rather than for another.

    Grad-CAM without its max() is linear in the score, so the difference of two maps is the map of
    the difference of two logits, which is what decides between the classes. `max(0, first)` is `grad_cam`.

    Args:
        convnet: Classifier; it is only read.
        inputs: `(batch, height, width, channels)` float32, from `convnet.prepare`.
        against: The second class, in every image, likewise.
        layer: Address of a layer with feature maps; the last activation before pooling if not given.
        class_index: The first class; each image's own top class if not given.

    Returns:
        The two maps and their difference. All zero difference: the layer prefers neither, or
        both classes are the same.

    Raises:
        LayerError: If `layer` does not exist or has no feature maps.
        ClassError: If a class does not exist, or the model has no classes.

    Note:
        Where both classes have strong evidence the difference is near zero: it shows what separates
        them, not where the object is. Biases of the last layer take no part.

    Example:
        >>> compare(convnet, inputs, class_index=281, against=285).difference.shape
        (1, 7, 7)

    Reference:
        Selvaraju et al., "Grad-CAM", ICCV 2017, eq. 1, and section 3.3 on counterfactuals.
    """
    layer = require_maps(convnet, layer)
    first = forward(convnet, inputs, layers=[layer], with_gradients=True, class_index=class_index)
    second = forward(convnet, inputs, layers=[layer], with_gradients=True, class_index=against)
    maps = [signed_grad_cam(reading.maps[layer], reading.gradient(layer)) for reading in (first, second)]
    return Comparison(maps[0], maps[1], maps[0] - maps[1], first.classes, class_number(convnet, against))


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
