"""Lower bounds on the parameters and the activation size of an architecture, computed from its config.

Keras allocates what a description says before it looks at the weights, so two kilobytes can ask for terabytes. Shapes
are followed through the layers that shape an image; behind any other layer they count as unknown, and what is unknown
counts as little: the result is a lower bound, never a reason to refuse an honest file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from math import ceil, prod
from typing import Any

from cnnviz.errors import ModelFileError

Shape = tuple[int | None, ...]
Settings = dict[str, Any]

_MAX_ACTIVATION_BYTES = 2**30
_MAX_IMAGE_BYTES = 6 * 2**30  # of all activations, which gradients keep, for the least batch: one image
_FLOAT_BYTES = 4
# Layers that leave the shape as it is.
_KEEPING = frozenset(
    {
        "Activation",
        "ActivityRegularization",
        "AlphaDropout",
        "AugMix",
        "AutoContrast",
        "BatchNormalization",
        "ContrastLimitedAdaptiveHistogramEqualization",
        "CutMix",
        "Dropout",
        "ELU",
        "Equalization",
        "GaussianDropout",
        "GaussianNoise",
        "GroupNormalization",
        "Identity",
        "LayerNormalization",
        "LeakyReLU",
        "Masking",
        "MixUp",
        "Normalization",
        "PReLU",
        "RMSNormalization",
        "RandAugment",
        "RandomBrightness",
        "RandomColorDegeneration",
        "RandomColorJitter",
        "RandomContrast",
        "RandomElasticTransform",
        "RandomErasing",
        "RandomFlip",
        "RandomGaussianBlur",
        "RandomGrayscale",
        "RandomHue",
        "RandomInvert",
        "RandomPerspective",
        "RandomPosterization",
        "RandomRotation",
        "RandomSaturation",
        "RandomSharpness",
        "RandomShear",
        "RandomTranslation",
        "RandomZoom",
        "ReLU",
        "Rescaling",
        "Softmax",
        "Solarization",
        "SpatialDropout2D",
        "UnitNormalization",
        "Add",
        "Average",
        "Maximum",
        "Minimum",
        "Multiply",
        "Subtract",
    }
)
# Operations whose result is at least as large as what they are given.
_ELEMENTWISE = frozenset({"Add", "Subtract", "Multiply", "Maximum", "Minimum"})
_CONTAINERS = frozenset({"Functional", "Model", "Sequential"})


def least_parameters(config: dict[str, Any]) -> int:
    """Count the weights that an architecture asks for, leaving out what cannot be told.

    Args:
        config: The architecture, as the gate has let it pass.

    Raises:
        ModelFileError: If an activation would take more than 1 GB for one image, all of them together more than
            6 GB, or a number is not one.
    """
    try:
        _, parameters, kept = _model(config, None)
    except (TypeError, ValueError, KeyError, IndexError, AttributeError, ZeroDivisionError, OverflowError) as error:
        raise ModelFileError(
            "A number in the model's description is missing or not a number. Save it again."
        ) from error
    if kept > _MAX_IMAGE_BYTES:
        raise ModelFileError(
            "A gradient for one image would need {size:,.1f} GB of activations; the limit is {most} GB.",
            size=kept / 2**30,
            most=_MAX_IMAGE_BYTES // 2**30,
        )
    return parameters


def _model(node: Settings, given: Shape | None) -> tuple[Shape | None, int, int]:
    """Output shape, weights and bytes of all activations of a model, its layers in the order in which they stand."""
    shapes: dict[str, Shape | None] = {}
    shape, total, kept = given, 0, 0
    for layer in _layers(node):
        sources = [shapes[name] for name in _sources(layer.get("inbound_nodes")) if name in shapes]
        before = sources[0] if sources else shape
        shape, parameters, inner = _layer(layer, before, sources)
        shapes[str(layer.get("name") or _settings(layer).get("name"))] = shape
        total += parameters
        kept += inner
    return shape, total, kept


def _layers(node: Settings) -> list[Settings]:
    layers = _settings(node).get("layers")
    return [layer for layer in layers if isinstance(layer, dict)] if isinstance(layers, list) else []


def _settings(node: Settings) -> Settings:
    settings = node.get("config")
    return settings if isinstance(settings, dict) else {}


def _sources(nodes: Any) -> Iterator[str]:
    """Names of the layers that a layer's first call reads, in both formats of Keras."""
    stack = [nodes[0]] if isinstance(nodes, list) and nodes else []
    while stack:
        item = stack.pop(0)
        if isinstance(item, dict):
            history = _settings(item).get("keras_history") if item.get("class_name") == "__keras_tensor__" else None
            if history:
                yield str(history[0])
            else:
                stack.extend(item.values())
        elif isinstance(item, list):
            if len(item) in (3, 4) and isinstance(item[0], str):
                yield item[0]
            else:
                stack.extend(item)


def _activation_bytes(shape: Shape | None) -> int:
    size = prod(side or 1 for side in shape or ()) * _FLOAT_BYTES
    if size > _MAX_ACTIVATION_BYTES:
        raise ModelFileError(
            "The activations for one image would take {size:,.1f} GB; the limit is 1 GB.", size=size / 1e9
        )
    return size


def _layer(node: Settings, shape: Shape | None, sources: list[Shape | None]) -> tuple[Shape | None, int, int]:
    """Output shape, least number of weights and bytes of activations of one layer, or of a model within the model."""
    if str(node.get("class_name")) in _CONTAINERS:
        return _model(node, _declared(_settings(node)) or shape)
    after, parameters = _plain_layer(node, shape, sources)
    return after, parameters, _activation_bytes(after)


def _declared(settings: Settings) -> Shape | None:
    """The input's shape without the batch, where a layer's settings tell it."""
    declared = settings.get("batch_shape") or settings.get("batch_input_shape")
    return tuple(declared[1:]) if declared else None


def _plain_layer(node: Settings, shape: Shape | None, sources: list[Shape | None]) -> tuple[Shape | None, int]:
    kind, settings = str(node.get("class_name")), _settings(node)
    if ".ops." in f".{node.get('module')}":  # an operation; some are called like a layer that does something else
        return (shape if kind in _ELEMENTWISE else None), 0
    shape = _declared(settings) or shape
    if kind == "Concatenate":
        return _concatenated(settings, sources), 0
    if kind == "InputLayer" or kind in _KEEPING:
        return shape, _normalized(settings, shape) if kind == "BatchNormalization" else 0
    rule = _RULES.get(kind)
    return rule(settings, shape) if rule else (None, 0)


def _normalized(settings: Settings, shape: Shape | None) -> int:
    """Mean and variance always, scale and center where they are learned."""
    return (2 + settings.get("scale", True) + settings.get("center", True)) * _channels(shape)


def _concatenated(settings: Settings, sources: list[Shape | None]) -> Shape | None:
    first = sources[0] if sources else None
    if not first or settings.get("axis", -1) not in (-1, len(first)) or any(not source for source in sources):
        return None
    channels = [source[-1] for source in sources if source]
    return (*first[:-1], None if None in channels else sum(channel or 0 for channel in channels))


def _dense(settings: Settings, shape: Shape | None) -> tuple[Shape | None, int]:
    units = _positive(settings["units"])
    return ((*shape[:-1], units) if shape else None), _channels(shape) * units + _bias(settings, units)


def _convolution(settings: Settings, shape: Shape | None) -> tuple[Shape | None, int]:
    filters, kernel = _positive(settings["filters"]), _pair(settings["kernel_size"])
    parameters = prod(kernel) * filters * ceil(_channels(shape) / _positive(settings.get("groups") or 1))
    return _slid(settings, shape, kernel, filters), parameters + _bias(settings, filters)


def _transposed(settings: Settings, shape: Shape | None) -> tuple[Shape | None, int]:
    filters, kernel = _positive(settings["filters"]), _pair(settings["kernel_size"])
    parameters = prod(kernel) * filters * _channels(shape) + _bias(settings, filters)
    return _enlarged(shape, _pair(settings.get("strides", 1)), filters), parameters


def _depthwise(settings: Settings, shape: Shape | None) -> tuple[Shape | None, int]:
    kernel, multiplier = _pair(settings["kernel_size"]), _positive(settings.get("depth_multiplier", 1))
    channels = _channels(shape) * multiplier
    known = channels if shape and shape[-1] else None
    return _slid(settings, shape, kernel, known), prod(kernel) * channels + _bias(settings, channels)


def _separable(settings: Settings, shape: Shape | None) -> tuple[Shape | None, int]:
    filters, kernel = _positive(settings["filters"]), _pair(settings["kernel_size"])
    inner = _channels(shape) * _positive(settings.get("depth_multiplier", 1))
    return _slid(settings, shape, kernel, filters), (prod(kernel) + filters) * inner + _bias(settings, filters)


def _pooled(settings: Settings, shape: Shape | None) -> tuple[Shape | None, int]:
    window = _pair(settings.get("pool_size", 2))
    slide = {"padding": settings.get("padding", "valid"), "strides": settings.get("strides") or window}
    return _slid(slide, shape, window, shape[-1] if shape else None), 0


def _averaged(settings: Settings, shape: Shape | None) -> tuple[Shape | None, int]:
    if not shape:
        return None, 0
    return ((1,) * (len(shape) - 1) if settings.get("keepdims") else ()) + (shape[-1],), 0


def _flattened(_: Settings, shape: Shape | None) -> tuple[Shape | None, int]:
    return (None if not shape or None in shape else (prod(side or 1 for side in shape),)), 0


def _reshaped(settings: Settings, shape: Shape | None) -> tuple[Shape | None, int]:
    target = tuple(settings["target_shape"])
    return (target if all(isinstance(side, int) and side > 0 for side in target) else None), 0


def _resized(settings: Settings, shape: Shape | None) -> tuple[Shape | None, int]:
    return (_positive(settings["height"]), _positive(settings["width"]), shape[-1] if shape else None), 0


def _upsampled(settings: Settings, shape: Shape | None) -> tuple[Shape | None, int]:
    return _enlarged(shape, _pair(settings.get("size", 2)), shape[-1] if shape else None), 0


def _padded(settings: Settings, shape: Shape | None) -> tuple[Shape | None, int]:
    return _grown(shape, settings.get("padding", 1), 1), 0


def _cropped(settings: Settings, shape: Shape | None) -> tuple[Shape | None, int]:
    return _grown(shape, settings.get("cropping", 0), -1), 0


def _embedded(settings: Settings, _: Shape | None) -> tuple[Shape | None, int]:
    return None, _positive(settings["input_dim"]) * _positive(settings["output_dim"])


def _recurrent(settings: Settings, _: Shape | None) -> tuple[Shape | None, int]:
    return None, _positive(settings["units"]) ** 2


def _scaled(settings: Settings, shape: Shape | None) -> tuple[Shape | None, int]:
    return shape, _positive(settings["projection_dim"])


_RULES: dict[str, Callable[[Settings, Shape | None], tuple[Shape | None, int]]] = {
    "Dense": _dense,
    "Conv1D": _convolution,
    "Conv2D": _convolution,
    "Conv3D": _convolution,
    "Conv2DTranspose": _transposed,
    "DepthwiseConv2D": _depthwise,
    "SeparableConv2D": _separable,
    "MaxPooling2D": _pooled,
    "AveragePooling2D": _pooled,
    "GlobalAveragePooling2D": _averaged,
    "GlobalMaxPooling2D": _averaged,
    "Flatten": _flattened,
    "Reshape": _reshaped,
    "Resizing": _resized,
    "UpSampling2D": _upsampled,
    "ZeroPadding2D": _padded,
    "Cropping2D": _cropped,
    "LayerScale": _scaled,
    "AvgPool2D": _pooled,
    "Convolution2D": _convolution,
    "Convolution2DTranspose": _transposed,
    "GlobalAvgPool2D": _averaged,
    "GlobalMaxPool2D": _averaged,
    "MaxPool2D": _pooled,
    "SeparableConvolution2D": _separable,
    "Embedding": _embedded,
    "SimpleRNN": _recurrent,
    "LSTM": _recurrent,
    "GRU": _recurrent,
}


def _positive(value: Any) -> int:
    if not isinstance(value, int) or value <= 0:
        raise ValueError(value)
    return value


def _pair(value: Any) -> tuple[int, ...]:
    return tuple(_positive(side) for side in value) if isinstance(value, list | tuple) else (_positive(value),) * 2


def _bias(settings: Settings, count: int) -> int:
    return count if settings.get("use_bias", True) else 0


def _channels(shape: Shape | None) -> int:
    """Channels that a layer reads; 1 if they are not known."""
    return _positive(shape[-1]) if shape and shape[-1] is not None else 1


def _slid(settings: Settings, shape: Shape | None, kernel: tuple[int, ...], channels: int | None) -> Shape | None:
    """Shape after a window has slid over rows and columns."""
    if not shape or len(shape) != 3 or len(kernel) != 2:
        return None
    strides, dilation = _pair(settings.get("strides", 1)), _pair(settings.get("dilation_rate", 1))
    is_same = settings.get("padding") == "same"
    sides: list[int | None] = []
    for side, window, stride, rate in zip(shape[:2], kernel, strides, dilation, strict=True):
        reach = 0 if is_same else (window - 1) * rate
        sides.append(None if side is None else max(0, ceil((side - reach) / stride)))
    return (*sides, channels)


def _enlarged(shape: Shape | None, factors: tuple[int, ...], channels: int | None) -> Shape | None:
    if not shape or len(shape) != 3:
        return None
    rows, columns = (None if side is None else side * factor for side, factor in zip(shape[:2], factors, strict=True))
    return (rows, columns, channels)


def _grown(shape: Shape | None, amounts: Any, sign: int) -> Shape | None:
    """Shape after a margin was added or cut: one number, one a side, or two a side."""
    if not shape or len(shape) != 3:
        return None
    both = amounts if isinstance(amounts, list | tuple) else (amounts, amounts)
    margins = [sum(amount) if isinstance(amount, list | tuple) else 2 * amount for amount in both]
    rows, columns = (
        None if side is None else max(0, side + sign * margin) for side, margin in zip(shape[:2], margins, strict=True)
    )
    return (rows, columns, shape[-1])
