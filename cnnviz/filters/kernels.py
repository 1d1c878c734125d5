"""Kernels of convolution layers, and weight histograms, trained vs. untrained."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from cnnviz.capture import walk
from cnnviz.convnets import Convnet
from cnnviz.errors import LayerError
from cnnviz.layers import find_layer
from cnnviz.sentences import one_line

if TYPE_CHECKING:
    import keras


# Attribute that holds a kernel, and attributes that may hold what it was filled by.
_KERNELS = (
    ("kernel", ("kernel_initializer", "depthwise_initializer")),
    ("depthwise_kernel", ("depthwise_initializer",)),
    ("pointwise_kernel", ("pointwise_initializer",)),
)


@dataclass(frozen=True)
class WeightHistograms:
    """How a layer's weights spread, trained and freshly initialized, in bins that both share.

    Attributes:
        edges: `(bins + 1,)` float32, in units of the weights.
        trained: `(bins,)` int, weights of the model in each bin.
        fresh: `(bins,)` int, weights of the same layer before any training, as its initializer draws them.
        initializer: Keras class that drew them.
        is_own_initializer: Whether the layer names it; else Keras's default was used.
        not_finite: Trained weights that are NaN or infinite; they are in no bin.
    """

    edges: np.ndarray
    trained: np.ndarray
    fresh: np.ndarray
    initializer: str
    is_own_initializer: bool
    not_finite: int

    __repr__ = one_line


def kernels(convnet: Convnet, layer: str) -> np.ndarray:
    """Return the kernels of a convolution layer.

    A depthwise filter sees one channel: filter `c * multiplier + m` sees channel c. A separable layer's two
    kernels are multiplied out to the convolution that they are together. Transposed ones are turned to the
    same order of axes.

    Args:
        convnet: Model; it is only read.
        layer: Address of the layer.

    Returns:
        `(rows, columns, in_channels, filters)` float32 in the layer's own units; a copy.

    Raises:
        LayerError: If the layer does not exist or has no kernels.

    Note:
        Behind the first layer a kernel mixes channels that are no colors: its image says little without
        the maps that it reads.

    Example:
        >>> kernels(convnet, "stem_conv").shape
        (3, 3, 3, 32)
    """
    found = _layer(convnet, layer)
    kind = type(found).__name__
    if kind == "SeparableConv2D":
        return _multiplied_out(_array(found.depthwise_kernel), _array(found.pointwise_kernel))
    kernel = _array(found.kernel) if getattr(found, "kernel", None) is not None else np.zeros(())
    if kernel.ndim != 4:
        raise LayerError(
            "Layer {layer!r} ({kind}) has no kernels. Layers that have: {known}.",
            layer=layer,
            kind=kind,
            known=_with_kernels(convnet),
        )
    if kind == "DepthwiseConv2D":
        return kernel.reshape(*kernel.shape[:2], 1, -1)
    return kernel.transpose(0, 1, 3, 2) if kind == "Conv2DTranspose" else kernel


def _multiplied_out(depthwise: np.ndarray, pointwise: np.ndarray) -> np.ndarray:
    """Write a depthwise and a pointwise convolution, with nothing between them, as one."""
    channels, multiplier = depthwise.shape[2:]
    return np.einsum("yxcm,cmf->yxcf", depthwise, pointwise[0, 0].reshape(channels, multiplier, -1))


def weight_histograms(convnet: Convnet, layer: str, *, bins: int = 50, seed: int = 0) -> WeightHistograms:
    """Count a layer's trained weights beside freshly initialized ones; biases are left out.

    Fresh weights are drawn by the layer's own initializer, in the kernel's shape; by Keras's default where
    that cannot be made anew.

    Args:
        convnet: Model; it is only read.
        layer: Address of a layer with kernels: convolutions and dense layers.
        bins: Number of bins, from the smallest to the largest weight of both.
        seed: Of the fresh weights.

    Raises:
        LayerError: If the layer does not exist or has no kernels.

    Note:
        Batch normalization makes a kernel's scale meaningless: a wide histogram is no strong layer.
    """
    found = _layer(convnet, layer)
    parts = [(_array(kernel), initializer) for kernel, initializer in _parts(found)]
    if not parts:
        kind = type(found).__name__
        raise LayerError(
            "Layer {layer!r} ({kind}) has no kernels. Layers that have: {known}.",
            layer=layer,
            kind=kind,
            known=_with_kernels(convnet),
        )
    twins = [_fresh(initializer, kernel.shape, seed) for kernel, initializer in parts]
    weights = np.concatenate([kernel.ravel() for kernel, _ in parts])
    fresh = np.concatenate([twin.ravel() for twin, _, _ in twins])
    finite = weights[np.isfinite(weights)]
    edges = np.histogram_bin_edges(np.concatenate([finite, fresh]), bins)
    return WeightHistograms(
        edges=edges.astype(np.float32),
        trained=np.histogram(finite, edges)[0],
        fresh=np.histogram(fresh, edges)[0],
        initializer=twins[0][1],
        is_own_initializer=all(is_own for _, _, is_own in twins),
        not_finite=weights.size - finite.size,
    )


def _parts(layer: keras.layers.Layer) -> list[tuple[Any, Any]]:
    """Each kernel of a layer with what it was filled by."""
    found = []
    for name, sources in _KERNELS:
        kernel = getattr(layer, name, None)
        if kernel is not None:
            initializers = [getattr(layer, source, None) for source in sources]
            found.append((kernel, next((known for known in initializers if known is not None), None)))
    return found


def _fresh(initializer: Any, shape: tuple[int, ...], seed: int) -> tuple[np.ndarray, str, bool]:
    """Draw weights by a copy of an initializer with another seed: weights, its class, whether it is the layer's."""
    import keras

    try:
        config = keras.initializers.serialize(initializer)
        if "seed" in config["config"]:
            config = config | {"config": config["config"] | {"seed": seed}}
        copy, is_own = keras.initializers.get(config), True
        drawn = copy(shape, dtype="float32")
    except (TypeError, ValueError, AttributeError, KeyError):  # unregistered classes, plain functions
        copy, is_own = keras.initializers.get({"class_name": "GlorotUniform", "config": {"seed": seed}}), False
        drawn = copy(shape, dtype="float32")
    return np.asarray(drawn), type(copy).__name__, is_own


def _layer(convnet: Convnet, address: str) -> keras.layers.Layer:
    find_layer(convnet, address)
    return walk(convnet.model)[address.split("@")[0]]


def _array(weight: Any) -> np.ndarray:
    return np.array(weight.numpy(), np.float32)


def _with_kernels(convnet: Convnet) -> str:
    names = [address for address, layer in walk(convnet.model).items() if _parts(layer)]
    return ", ".join(names[:8]) + (", ..." if len(names) > 8 else "") if names else "none"
