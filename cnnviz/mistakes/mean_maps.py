"""Mean heatmap: Grad-CAM averaged over many images."""

from __future__ import annotations

import numpy as np

from cnnviz.convnets import Convnet
from cnnviz.datasets import Part
from cnnviz.errors import DataError
from cnnviz.heatmaps import grad_cam
from cnnviz.layers import require_maps
from cnnviz.mistakes.evaluating import OnStep
from cnnviz.mistakes.feeding import batches


def mean_map(
    convnet: Convnet,
    part: Part,
    indices: np.ndarray,
    *,
    class_index: int | str | None = None,
    layer: str | None = None,
    batch_size: int = 32,
    on_step: OnStep | None = None,
) -> np.ndarray:
    """Average the Grad-CAM maps of many images, such as those of one cell of the confusion matrix.

    What the images show lies now here, now there, and blurs; what always lies in the same place and
    decides the answer, a watermark, a corner, a border, stays.

    Args:
        convnet: Classifier; it is only read.
        part: Labeled images.
        indices: `(m,)` int64, which of them: `evaluation.indices[rows]`.
        class_index: Class of the model to explain; each image's own top class if not given.
        layer: Address of a layer with feature maps; the last activation before pooling if not given.
        batch_size: Images at once.
        on_step: Told the images done and their number.

    Returns:
        `(rows, columns)` float32, >= 0, the layer's own grid, in units of the logit; see `grad_cam`. Zero: no
        image has evidence there.

    Raises:
        DataError: If no image can be read.
        LayerError: If the layer does not exist or has no feature maps.
        ClassError: If the class does not exist.
        CancelledError: If `on_step` raises it.

    Note:
        Images that are centered, as those of most data sets, have a hot center whatever is learned; compare with
        the map of the images that are answered right. An image with high logits weighs more than another.

    Example:
        >>> mean_map(convnet, dataset.test, evaluation.indices[cell(evaluation, 6, 0)], class_index=0).shape
        (7, 7)
    """
    layer = require_maps(convnet, layer)
    total: np.ndarray | None = None
    done = read = 0
    for batch in batches(convnet, part, np.asarray(indices, np.int64), size=batch_size):
        if len(batch.indices):
            summed = grad_cam(convnet, batch.inputs, layer=layer, class_index=class_index).sum(axis=0, dtype=np.float64)
            total = summed if total is None else total + summed
        read += len(batch.indices)
        done += len(batch.indices) + len(batch.unreadable)
        if on_step:
            on_step(done, len(indices))
    if total is None:
        raise DataError("None of the {count} images can be read. Choose a cell that has some.", count=len(indices))
    return (total / read).astype(np.float32)
