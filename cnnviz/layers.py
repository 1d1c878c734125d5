"""Which layers does a network have, how large are they, and how far does each one see?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from cnnviz.capture import Call, capture
from cnnviz.convnets import Convnet
from cnnviz.errors import LayerError

if TYPE_CHECKING:
    import keras

_NOT_AN_ACTIVATION = ("Pooling", "Dropout", "Padding", "Cropping", "Flatten", "Reshape", "Permute", "Input", "Noise")


@dataclass(frozen=True)
class LayerInfo:
    """One layer as the interface lists it.

    Attributes:
        address: Path from the model, `backbone/block3_conv1`; `@1` marks a second call.
        kind: Keras class, `Conv2D`.
        output_shape: Without the batch axis: `(rows, columns, channels)` or `(units,)`.
        inputs: Addresses of the layers whose outputs it reads; empty for those that read the picture.
        filters: Channels (or units) of the output.
        kernel_size: Rows and columns of the window, if it has one.
        parameters: Number of weights; those of a layer called twice are counted at its first call.
        trainable_parameters: Those among them that training would change.
        macs: Multiply-accumulates for one picture (convolutions and dense layers; 0 for others).
        receptive_field: Rows and columns of the picture that one output value can depend on; the whole
            picture behind a global operation.
        stride: Pixels of the picture between neighbouring output values, rows and columns.
        is_container: Whether it is a model or layer that holds other layers.
    """

    address: str
    kind: str
    output_shape: tuple[int, ...]
    inputs: tuple[str, ...]
    filters: int
    kernel_size: tuple[int, int] | None
    parameters: int
    trainable_parameters: int
    macs: int
    receptive_field: tuple[int, int]
    stride: tuple[int, int]
    is_container: bool

    @property
    def name(self) -> str:
        """Last part of the address."""
        return self.address.rsplit("/", 1)[-1]

    @property
    def has_maps(self) -> bool:
        """Whether the output is a stack of feature maps larger than one pixel."""
        return len(self.output_shape) == 3 and self.output_shape[0] * self.output_shape[1] > 1


@dataclass(frozen=True)
class _View:
    """What part of the picture a tensor depends on, along rows and columns."""

    field: tuple[int, int]
    stride: tuple[int, int]


@lru_cache(maxsize=16)
def layers(convnet: Convnet) -> tuple[LayerInfo, ...]:
    """List a network's layers in the order in which they run, containers after what they hold.

    Receptive fields follow Araujo et al.: a window of `k` values, dilated by `d`, widens the field by
    `d * (k - 1)` steps of its input and multiplies the step by its stride. At the picture's border
    part of the field is padding, and the field is never said to be larger than the picture.

    Args:
        convnet: Network; it is only read.

    Returns:
        One `LayerInfo` a call of a layer; input layers are left out.

    Note:
        The receptive field bounds what a value *can* depend on. What it does depend on is smaller,
        and strongest in the middle.

    Reference:
        Araujo, Norris, Sim, "Computing Receptive Fields of Convolutional Neural Networks", Distill 2019.
    """
    calls, image = _trace(convnet)
    picture = convnet.preparation.size
    views: dict[int, _View] = {id(image): _View((1, 1), (1, 1))}
    producers: dict[int, tuple[str, ...]] = {id(image): ()}
    counted: set[int] = set()
    infos = []
    for call in calls:
        output = call.outputs[0]
        known = [_known(tensor, views) for tensor in call.inputs]
        sources = list({id(tensor): tensor for found in known for tensor in found}.values())
        is_container = _holds_layers(call.layer)
        if not is_container or id(output) not in views:
            seen = _widest([views[id(tensor)] for tensor in sources], picture)
            view = _through(call, seen, picture)
            for tensor in call.outputs:
                if id(tensor) not in views:  # Dropout and Identity hand their input through
                    views[id(tensor)] = view
                    producers[id(tensor)] = (call.address,)
        inputs = tuple(dict.fromkeys(address for tensor in sources for address in producers[id(tensor)]))
        infos.append(
            _info(call, views[id(output)], tuple(a for a in inputs if a != call.address), id(call.layer) in counted)
        )
        counted.add(id(call.layer))
    return tuple(infos)


def find_layer(convnet: Convnet, address: str) -> LayerInfo:
    """Look up one layer.

    Raises:
        LayerError: If there is none at that address.
    """
    infos = layers(convnet)
    for info in infos:
        if info.address == address:
            return info
    with_maps = ", ".join(info.address for info in infos if info.has_maps)
    raise LayerError(f"{convnet.name} has no layer {address!r}. Layers with feature maps: {_shorten(with_maps)}")


def map_layers(convnet: Convnet) -> tuple[LayerInfo, ...]:
    """List the layers with feature maps larger than one pixel, containers left out."""
    return tuple(info for info in layers(convnet) if info.has_maps and not info.is_container)


def default_layer(convnet: Convnet) -> str:
    """Address of the last spatial activation before pooling or flattening, after its non-linearity.

    Raises:
        LayerError: If the network has no feature maps.
    """
    spatial = map_layers(convnet)
    activations = [info for info in spatial if not any(word in info.kind for word in _NOT_AN_ACTIVATION)]
    if not spatial:
        raise LayerError(f"{convnet.name} has no convolution layers. Choose a network that has some.")
    return (activations or list(spatial))[-1].address


def require_maps(convnet: Convnet, address: str | None) -> str:
    """Resolve a layer that must have feature maps; the default layer if none is given.

    Raises:
        LayerError: If the layer does not exist or its output is not `(rows, columns, channels)`.
    """
    if address is None:
        return default_layer(convnet)
    info = find_layer(convnet, address)
    if len(info.output_shape) == 3:
        return address
    with_maps = ", ".join(info.address for info in map_layers(convnet)) or "none."
    raise LayerError(f"No feature maps at layer {address!r}. Layers that have them: {_shorten(with_maps)}")


def _shorten(text: str, limit: int = 160) -> str:
    return text if len(text) <= limit else text[:limit].rsplit(",", 1)[0] + ", ..."


def _trace(convnet: Convnet) -> tuple[list[Call], Any]:
    """Run the model symbolically once and return every layer's call, and the picture's tensor."""
    import tensorflow as tf

    calls: list[Call] = []
    images: list[Any] = []

    def run(image: Any) -> None:
        images.append(image)
        with capture(convnet.model) as captured:
            convnet.model(image, training=False)
        calls.extend(captured)

    spec = tf.TensorSpec((1, *convnet.preparation.input_shape), tf.float32)
    tf.function(run, autograph=False).get_concrete_function(spec)
    return [call for call in calls if _is_tensor(call.outputs[0])], images[0]


def _is_tensor(value: Any) -> bool:
    return hasattr(value, "shape") and hasattr(value, "op")


def _holds_layers(layer: keras.layers.Layer) -> bool:
    return bool(layer._flatten_layers(include_self=False, recursive=False))


def _known(tensor: Any, views: dict[int, _View]) -> list[Any]:
    """Walk back over operations between layers to the tensors that layers returned."""
    found, seen, stack = [], set(), [tensor]
    while stack:
        current = stack.pop()
        if id(current) in seen:
            continue
        seen.add(id(current))
        if id(current) in views:
            found.append(current)
        elif _is_tensor(current):
            stack.extend(current.op.inputs)
    return found[::-1]


def _widest(views: Sequence[_View], picture: tuple[int, int]) -> _View:
    if not views:
        return _View((0, 0), (1, 1))
    return _View(
        (max(view.field[0] for view in views), max(view.field[1] for view in views)),
        (max(view.stride[0] for view in views), max(view.stride[1] for view in views)),
    )


def _through(call: Call, seen: _View, picture: tuple[int, int]) -> _View:
    """Propagate the field and stride through one layer."""
    kind = type(call.layer).__name__
    before, after = _shape(call.inputs[0]) if call.inputs else (), _shape(call.outputs[0])
    if len(after) != 3 or len(before) != 3 or kind.startswith("Global"):
        is_global = len(before) == 3 or kind.startswith(("Global", "Dense"))
        return _View(picture, picture) if is_global else seen
    window = _window(call.layer)
    if window is None:
        return seen
    size, stride, dilation = window
    if "Transpose" in kind or "UpSampling" in kind:
        reach = tuple(-(-(k - 1) // s) for k, s in zip(size, stride, strict=True))
        field = tuple(min(f + r * j, p) for f, r, j, p in zip(seen.field, reach, seen.stride, picture, strict=True))
        steps = tuple(max(1, j // s) for j, s in zip(seen.stride, stride, strict=True))
        return _View(_pair(field), _pair(steps))
    field = tuple(
        min(f + d * (k - 1) * j, p)
        for f, d, k, j, p in zip(seen.field, dilation, size, seen.stride, picture, strict=True)
    )
    return _View(_pair(field), _pair(tuple(j * s for j, s in zip(seen.stride, stride, strict=True))))


def _window(layer: keras.layers.Layer) -> tuple[tuple[int, int], tuple[int, int], tuple[int, int]] | None:
    """Size, stride and dilation of the window a layer slides over rows and columns, if it does."""
    size = getattr(layer, "kernel_size", None) or getattr(layer, "pool_size", None)
    if size is None and type(layer).__name__.startswith("UpSampling"):
        return (1, 1), _pair(layer.size), (1, 1)
    if size is None:
        return None
    return _pair(size), _pair(getattr(layer, "strides", 1)), _pair(getattr(layer, "dilation_rate", 1))


def _pair(value: Any) -> tuple[int, int]:
    values = tuple(value) if isinstance(value, (tuple, list)) else (value, value)
    return (int(values[0]), int(values[-1]))


def _shape(tensor: Any) -> tuple[int, ...]:
    return tuple(int(side or 0) for side in tensor.shape[1:])


def _info(call: Call, view: _View, inputs: tuple[str, ...], is_repeated: bool) -> LayerInfo:
    layer, shape = call.layer, _shape(call.outputs[0])
    window = _window(layer)
    return LayerInfo(
        address=call.address,
        kind=type(layer).__name__,
        output_shape=shape,
        inputs=inputs,
        filters=shape[-1] if shape else 1,
        kernel_size=window[0] if window else None,
        parameters=0 if is_repeated else _count(layer.weights),
        trainable_parameters=0 if is_repeated else _count(layer.trainable_weights),
        macs=_macs(call, shape),
        receptive_field=view.field,
        stride=view.stride,
        is_container=_holds_layers(layer),
    )


def _count(weights: Sequence[Any]) -> int:
    """Number of numbers in weights; the state of random generators is not one."""
    return sum(prod(weight.shape) for weight in weights if "seed_generator" not in weight.path)


def _macs(call: Call, shape: tuple[int, ...]) -> int:
    """Multiply-accumulates of one picture: each output value costs one for each weight that reaches it."""
    kind, layer = type(call.layer).__name__, call.layer
    if kind in ("Dense", "EinsumDense"):
        return _kernel_size(layer.kernel) * prod(shape[:-1])
    if kind == "Conv2DTranspose":
        return _kernel_size(layer.kernel) * prod(_shape(call.inputs[0])[:2])
    if kind == "SeparableConv2D":
        return (_kernel_size(layer.depthwise_kernel) + _kernel_size(layer.pointwise_kernel)) * prod(shape[:2])
    if kind in ("Conv2D", "DepthwiseConv2D"):
        return _kernel_size(layer.kernel) * prod(shape[:2])
    return 0


def _kernel_size(kernel: Any) -> int:
    return int(np.prod(kernel.shape))
