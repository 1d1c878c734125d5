"""Table of a model's layers: output shapes, parameters, MACs, memory and receptive fields."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import prod
from typing import Any

from cnnviz.capture import Call, call_model, capture, holds_layers, walk, without_call_number
from cnnviz.convnets import Convnet
from cnnviz.errors import LayerError, ModelError
from cnnviz.grids import Grid, Known, grid_of, reach_of_scores, trace_axes
from cnnviz.memory import usable_memory
from cnnviz.receptive_fields import View, keras_kind, spatial_shape, views, window_of

_RUN_BYTES = 2**29
_RUNS_AT_ONCE = 3  # in a dashboard: of two pages and of a job
_HELD = 3  # outputs that a plain run holds at once: what a layer reads, what it returns, what is added to it
_NOT_AN_ACTIVATION = ("Pooling", "Dropout", "Padding", "Cropping", "Flatten", "Reshape", "Permute", "Input", "Noise")

CATEGORIES = {
    "convolution": ("Conv",),
    "normalization": ("Normalization", "Rescaling"),
    "pooling": ("Pool",),
    "merge": ("Add", "Concatenate", "Multiply", "Average", "Subtract", "Maximum"),
    "dense": ("Dense",),
    "activation": ("ReLU", "Activation", "ELU", "Softmax", "Sigmoid"),
}
"""Categories of layers, and what the name of a layer's class contains; the first that fits counts."""


@dataclass(frozen=True)
class LayerInfo:
    """One layer as the interface lists it.

    Attributes:
        address: Path from the model, `backbone/block3_conv1`; `@1` marks a second call.
        kind: Keras class, `Conv2D`.
        output_shape: Without the batch axis: `(rows, columns, channels)` or `(units,)`.
        inputs: Addresses of the layers whose outputs it reads; empty for those that read the image.
        filters: Channels (or units) of the output.
        kernel_size: Rows and columns of the window, if it has one.
        parameters: Number of weights; those of a layer called twice are counted at its first call.
        trainable_parameters: Those among them that training would change.
        macs: Multiply-accumulates for one image (convolutions and dense layers; 0 for others).
        receptive_field: Rows and columns of the image that one output value can depend on; the whole
            image behind a global operation.
        stride: Pixels of the image between neighboring output values, rows and columns.
        is_container: Whether it is a model or layer that holds other layers.
        grid: Rows and columns of the image that its outputs lie on; None where they lie on none, as of a dense
            layer, an attention mask, or a tensor whose axes were exchanged.
        is_attention: Whether it can say how much each token attends to each other one.
        value_grid: Of such a layer, the grid of the tokens that are attended to.
        sources: As `inputs`, through containers: the layers inside them that made what it reads.
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
    grid: Grid | None = None
    is_attention: bool = False
    value_grid: Grid | None = None
    sources: tuple[str, ...] = ()

    @property
    def category(self) -> str:
        """One of seven by the class's name: a key of `CATEGORIES`, or "other"."""
        found = (name for name, parts in CATEGORIES.items() if any(part in self.kind for part in parts))
        return next(found, "other")

    @property
    def name(self) -> str:
        """Last part of the address."""
        return self.address.rsplit("/", 1)[-1]

    @property
    def has_maps(self) -> bool:
        """Whether the output is a stack of feature maps on the image's own grid, larger than one pixel."""
        return self.grid is not None and self.grid.cells > 1

    @property
    def is_vector(self) -> bool:
        """Whether the output is one number a channel: a row of units, or maps of a single pixel."""
        return len(self.output_shape) in (1, 3) and prod(self.output_shape) == self.filters

    @property
    def map_shape(self) -> tuple[int, ...]:
        """Shape of what `feature_maps` returns: rows, columns and channels; of a layer without a grid its output's."""
        return (self.grid.rows, self.grid.columns, self.filters) if self.grid else self.output_shape


@dataclass(frozen=True)
class Totals:
    """What a model costs as a whole.

    Attributes:
        parameters: Number of weights, those of a shared layer once.
        trainable_parameters: Those among them that training would change.
        macs: Multiply-accumulates for one image.
        weight_bytes: Memory of the weights.
        activation_bytes: Memory of all layers' outputs for one image, as held when every layer is looked at;
            plain prediction frees most of them on the way.
    """

    parameters: int
    trainable_parameters: int
    macs: int
    weight_bytes: int
    activation_bytes: int


def layers(convnet: Convnet) -> tuple[LayerInfo, ...]:
    """List a model's layers in the order in which they run, containers after what they hold.

    Receptive fields follow Araujo et al.: a window of `k` values, dilated by `d`, widens the field by
    `d * (k - 1)` steps of its input and multiplies the step by its stride. At the image's border
    part of the field is padding, and the field is never said to be larger than the image.

    Args:
        convnet: Model; it is only read.

    Returns:
        One `LayerInfo` a call of a layer; input layers are left out. Kept with the convnet.

    Note:
        The receptive field bounds what a value *can* depend on. What it does depend on is smaller,
        and strongest in the middle.

    Reference:
        Araujo, Norris, Sim, "Computing Receptive Fields of Convolutional Neural Models", Distill 2019.
    """
    return _listing(convnet).infos


def totals(convnet: Convnet) -> Totals:
    """Add up what a model costs: parameters, multiply-accumulates, memory.

    Args:
        convnet: Model; it is only read.

    Returns:
        Counts for the whole model and one image.
    """
    model, outputs = convnet.model, _output_bytes(convnet)
    return Totals(
        parameters=_count(model.weights),
        trainable_parameters=_count(model.trainable_weights),
        macs=sum(info.macs for info, _ in outputs),
        weight_bytes=sum(_bytes(weight.shape, weight.dtype) for weight in model.weights),
        activation_bytes=sum(size for _, size in outputs),
    )


def _output_bytes(convnet: Convnet) -> list[tuple[LayerInfo, int]]:
    """Layers that hold no others, in their order, with the memory of their output for one image."""
    by_address = walk(convnet.model)
    leaves = [info for info in layers(convnet) if not info.is_container]
    return [
        (info, _bytes(info.output_shape, by_address[without_call_number(info.address)].compute_dtype))
        for info in leaves
    ]


def images_at_once(convnet: Convnet, *, differentiated: Sequence[str] | None = None) -> int:
    """Estimate how many images may run at once so that what the layers return stays within half a gigabyte.

    Args:
        convnet: Model; it is only read.
        differentiated: Layers by which scores are differentiated: what is returned from there on is held. An
            empty address stands for the image itself; None for no gradients.

    Returns:
        At least 1. Kept with the convnet.

    Raises:
        ModelError: If already one image takes more than a third of the memory that the process may use.
    """
    key = ("images at once", None if differentiated is None else tuple(differentiated))
    size: int = convnet.keep(key, lambda: _bytes_of_an_image(convnet, differentiated))
    most = usable_memory() // _RUNS_AT_ONCE
    if size > most:
        raise ModelError(
            "This would need {size:,.1f} GB of activations for one image; the limit here is {most:,.1f} GB. Choose "
            "a layer nearer to the output, or a smaller model.",
            size=size / 2**30,
            most=most / 2**30,
        )
    return max(1, _RUN_BYTES // size)


def _bytes_of_an_image(convnet: Convnet, differentiated: Sequence[str] | None) -> int:
    outputs = _output_bytes(convnet)
    sizes = [size for _, size in outputs]
    held = _HELD * max(sizes, default=0)
    if differentiated is not None:
        places = [place for place, (info, _) in enumerate(outputs) if info.address in differentiated]
        held += sum(sizes[min(places, default=0) :])
    return max(1, held)


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
    raise LayerError(
        "{name} has no layer {address!r}. Layers with feature maps: {known}",
        name=convnet.name,
        address=address,
        known=_shorten(with_maps),
    )


def map_layers(convnet: Convnet) -> tuple[LayerInfo, ...]:
    """List the layers with feature maps larger than one pixel, containers left out."""
    return tuple(info for info in layers(convnet) if info.has_maps and not info.is_container)


def default_layer(convnet: Convnet) -> str:
    """Address of the last spatial activation before pooling or flattening, after its non-linearity.

    Its rows and columns are the image's, or its tokens are the image's patches, and it has several channels. Of a
    model with several outputs, the last one that leads to the chosen head; of a transformer that reads its scores
    off the class token, the last one whose patches reach that token.

    Raises:
        LayerError: If the model has no feature maps.
    """
    spatial = map_layers(convnet)
    used = _listing(convnet).leading_to_scores
    activations = [
        info for info in spatial if info.address in used and not any(word in info.kind for word in _NOT_AN_ACTIVATION)
    ]
    if not spatial:
        raise LayerError(
            "{name} has no feature maps: none of its layers keeps the image's rows and columns. Choose a "
            "convolutional model or a vision transformer.",
            name=convnet.name,
        )
    several = [info for info in activations if info.filters > 1]
    return (several or activations or list(spatial))[-1].address


def score_layer(convnet: Convnet) -> str | None:
    """Address of the layer whose output is the class scores; None where there are none, or no layer made them."""
    return _listing(convnet).made_scores if convnet.outputs != "none" else None


def require_maps(convnet: Convnet, address: str | None) -> str:
    """Resolve a layer that must have feature maps; the default layer if none is given.

    Raises:
        LayerError: If the layer does not exist or its outputs lie on no grid of the image.
    """
    if address is None:
        return default_layer(convnet)
    info = find_layer(convnet, address)
    if info.grid is not None:
        return address
    with_maps = ", ".join(info.address for info in map_layers(convnet)) or "none."
    raise LayerError(
        "No feature maps at layer {address!r}. Layers that have them: {known}",
        address=address,
        known=_shorten(with_maps),
    )


def _shorten(text: str, limit: int = 160) -> str:
    return text if len(text) <= limit else text[:limit].rsplit(",", 1)[0] + ", ..."


@dataclass(frozen=True)
class _Listing:
    infos: tuple[LayerInfo, ...]
    leading_to_scores: frozenset[str]
    made_scores: str | None


@dataclass(frozen=True)
class _Trace:
    """One symbolic run of a model."""

    image: Any
    calls: tuple[Call, ...]
    scores: Any


def _listing(convnet: Convnet) -> _Listing:
    kept: _Listing = convnet.keep(("layers",), lambda: _list(convnet))
    return kept


def _list(convnet: Convnet) -> _Listing:
    trace = _run_symbolically(convnet)
    seen, axes = views(trace.image, trace.calls), trace_axes(trace.image, trace.calls)
    whole = View(convnet.preparation.size, convnet.preparation.size)
    producers: dict[int, str] = {}
    leaves: dict[int, str] = {}
    counted: set[int] = set()
    infos = []
    for call in trace.calls:
        info = _info(call, seen.get(id(call.outputs[0]), whole), id(call.layer) in counted)
        inputs, sources = (_reads(call, known) for known in (producers, leaves))
        infos.append(_on_grid(replace(info, inputs=inputs, sources=sources), call, axes, whole))
        counted.add(id(call.layer))
        for tensor in call.outputs:
            if not info.is_container:
                leaves[id(tensor)] = call.address
            if id(tensor) not in producers or not info.is_container:
                producers[id(tensor)] = call.address  # a container hands on what its last layer made
    return _Listing(tuple(infos), _upstream(trace, axes), producers.get(id(trace.scores)))


def _reads(call: Call, producers: dict[int, str]) -> tuple[str, ...]:
    found = [address for tensor in call.inputs for address in _sources(tensor, producers)]
    return tuple(dict.fromkeys(address for address in found if address != call.address))


def _on_grid(info: LayerInfo, call: Call, axes: Known, whole: View) -> LayerInfo:
    """Say which grid a layer's outputs lie on; its stride is the grid's."""
    output = axes.get(id(call.outputs[0]))
    grid = grid_of(output.axes, whole.field) if output else None
    is_attention = "return_attention_scores" in inspect.signature(call.layer.call).parameters
    values = axes.get(id(call.inputs[1])) if is_attention and len(call.inputs) > 1 else None
    value_grid = grid_of(values.axes, whole.field) if values else None
    info = replace(info, grid=grid, is_attention=is_attention, value_grid=value_grid)
    if grid is None or output is None:
        return info
    stride = (max(1, round(grid.step[0])), max(1, round(grid.step[1])))
    return replace(info, stride=stride, receptive_field=whole.field if output.is_mixed else info.receptive_field)


def _run_symbolically(convnet: Convnet) -> _Trace:
    """Run the model once on a placeholder and note every layer's call."""
    import tensorflow as tf

    found: list[_Trace] = []

    def run(image: Any) -> None:
        with capture(convnet.model) as calls:
            scores = call_model(convnet.model, image)[convnet.head]
        # What runs inside a loop or a branch lives in a graph of its own.
        here = [call for call in calls if getattr(call.outputs[0], "graph", None) is image.graph]
        found.append(_Trace(image, tuple(here), scores))

    spec = tf.TensorSpec((1, *convnet.preparation.input_shape), tf.float32)
    tf.function(run, autograph=False).get_concrete_function(spec)
    return found[0]


def _sources(tensor: Any, producers: dict[int, str]) -> list[str]:
    """Walk back over operations between layers to the layers that made what they read."""
    found, seen, stack = [], set(), [tensor]
    while stack:
        current = stack.pop()
        if id(current) in seen:
            continue
        seen.add(id(current))
        if id(current) in producers:
            found.append(producers[id(current)])
        else:
            stack.extend(reversed(current.op.inputs))
    return found


def _upstream(trace: _Trace, axes: Known) -> frozenset[str]:
    """Addresses of the layers whose outputs the scores depend on: of tokens, not only on a class token."""
    reached = reach_of_scores(trace.scores, axes)
    return frozenset(call.address for call in trace.calls if any(id(tensor) in reached for tensor in call.outputs))


def _info(call: Call, view: View, is_repeated: bool) -> LayerInfo:
    layer, shape = call.layer, spatial_shape(call.outputs[0])
    window = window_of(layer)
    return LayerInfo(
        address=call.address,
        kind=type(layer).__name__,
        output_shape=shape,
        inputs=(),
        filters=shape[-1] if shape else 1,
        kernel_size=window.size if window and window.has_kernel else None,
        parameters=0 if is_repeated else _count(layer.weights),
        trainable_parameters=0 if is_repeated else _count(layer.trainable_weights),
        macs=_macs(call),
        receptive_field=view.field,
        stride=view.stride,
        is_container=holds_layers(layer),
    )


def _macs(call: Call) -> int:
    """Multiply-accumulates of one image: each output value costs one for each weight that reaches it."""
    kind, layer = keras_kind(call.layer), call.layer
    rows_columns = prod(spatial_shape(call.outputs[0])[:2])
    if kind == "Dense":
        return prod(layer.kernel.shape) * prod(spatial_shape(call.outputs[0])[:-1])
    if kind == "EinsumDense":
        axes, output_axes = layer.equation.split("->")
        summed = [
            side for axis, side in zip(axes.split(",")[1], layer.kernel.shape, strict=True) if axis not in output_axes
        ]
        return prod(summed) * prod(spatial_shape(call.outputs[0]))
    if kind == "Conv2DTranspose":
        return prod(layer.kernel.shape) * prod(spatial_shape(call.inputs[0])[:2])
    if kind == "SeparableConv2D":
        return (prod(layer.depthwise_kernel.shape) + prod(layer.pointwise_kernel.shape)) * rows_columns
    if kind in ("Conv2D", "DepthwiseConv2D"):
        return prod(layer.kernel.shape) * rows_columns
    return 0


def _count(weights: Sequence[Any]) -> int:
    return sum(prod(weight.shape) for weight in weights)


def _bytes(shape: Sequence[int], dtype: Any) -> int:
    import tensorflow as tf

    return int(prod(shape)) * int(tf.as_dtype(dtype).size)
