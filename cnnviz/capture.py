"""Capture of layer outputs during a forward pass, for functional, nested and subclassed models.

A layer inside a nested backbone is not connected to the outer model's inputs, so a submodel of it cannot be
built. Instead the model is run as it is, inside the function that is being traced, while the requested layers
note what they return. The traced graph then keeps only what its outputs need.
"""

from __future__ import annotations

import contextlib
import inspect
import re
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from types import MethodType
from typing import TYPE_CHECKING, Any

from cnnviz import private_keras
from cnnviz.errors import LayerError
from cnnviz.model_inputs import as_declared
from cnnviz.private_keras import CASTS_INPUTS

if TYPE_CHECKING:
    import keras


@dataclass(frozen=True)
class Call:
    """One call of one layer: its arguments' tensors, what it returned, and what its activation was given.

    Attributes:
        address: Path to the layer, `backbone/block3_conv1`; `@1` is added for its second call, and so on.
        layer: The layer.
        inputs: Tensors it was called with.
        outputs: Tensors it returned.
        before_activation: The tensor its activation was given; its output if it has none.
    """

    address: str
    layer: keras.layers.Layer
    inputs: tuple[Any, ...]
    outputs: tuple[Any, ...]
    before_activation: Any


def walk(model: keras.layers.Layer) -> dict[str, keras.layers.Layer]:
    """List all layers below a model by address, containers before what they hold, in the model's order.

    An address joins names with `/`. Where siblings share a name, the later ones get `#2`, `#3`, ...
    A layer held in several places has one address, the first.
    """
    return dict(_walk(model, "", {id(model)}))


def _walk(parent: keras.layers.Layer, prefix: str, seen: set[int]) -> Iterator[tuple[str, keras.layers.Layer]]:
    names: dict[str, int] = {}
    for layer in children(parent):
        name = re.sub(r"[@#/]", "_", layer.name)  # signs that mean something in an address
        names[name] = names.get(name, 0) + 1
        if id(layer) in seen:  # shared, or a layer that refers back to what holds it
            continue
        seen.add(id(layer))
        count = names[name]
        address = f"{prefix}{name}" + (f"#{count}" if count > 1 else "")
        yield address, layer
        yield from _walk(layer, f"{address}/", seen)


def children(parent: keras.layers.Layer) -> list[keras.layers.Layer]:
    """List the layers directly inside a model or a composite layer."""
    import keras

    if isinstance(parent, keras.Model):
        return list(parent.layers)
    return private_keras.inner_layers(parent, recursive=False)


def holds_layers(layer: keras.layers.Layer) -> bool:
    """Whether a layer is made of others; an activation that happens to be a layer does not count."""
    return any(child is not getattr(layer, "activation", None) for child in children(layer))


def without_call_number(address: str) -> str:
    """Drop the `@1` of a layer's second call."""
    return re.sub(r"@\d+$", "", address)


# One lock for all models: two of them may share a layer, and what one replaces the other must not put back.
_capturing = threading.RLock()


@contextlib.contextmanager
def capture(
    model: keras.Model, addresses: Iterable[str] | None = None, *, on_call: Callable[[Call], None] | None = None
) -> Iterator[list[Call]]:
    """Note what layers return while the model is called in this thread; leave the model as it was found.

    Calls of the same model from other threads pass through unnoticed. One thread captures at a time.

    Args:
        model: The model that will be called.
        addresses: Layers to note; all if not given. All calls of a layer are noted, whatever its `@k`.
        on_call: Told each call of them, before its output goes on.

    Yields:
        A list that grows by one `Call` whenever a noted layer returns, in that order.

    Raises:
        LayerError: If an address does not exist.
    """
    layers = walk(model)
    asked = layers if addresses is None else [without_call_number(address) for address in addresses]
    wanted = {address: find(layers, address) for address in asked}
    calls: list[Call] = []
    with _capturing, contextlib.ExitStack() as undo:
        for layer in (model, *layers.values()):
            _open(layer, undo)
        for address, layer in wanted.items():
            _note(address, layer, calls, undo, on_call)
        yield calls


@contextlib.contextmanager
def floating_inputs(model: keras.Model) -> Iterator[None]:
    """Let a model whose input takes whole numbers compute with fractions, in this thread, so that it has a gradient.

    A cast to whole numbers has no derivative. Behind it such a model is the same function of its pixels.
    """
    import keras

    with _capturing, contextlib.ExitStack() as undo:
        for layer in (model, *walk(model).values()):
            inside = private_keras.inside_of(layer)
            if inside is not None and _casts_to_integers(inside):
                _replace(layer, "autocast", False, undo)
            graph = inside or layer
            if isinstance(graph, keras.Model) and _casts_to_integers(graph):
                original = getattr(graph, CASTS_INPUTS)
                _replace(graph, CASTS_INPUTS, _in_this_thread(list, original), undo)
        yield


def _casts_to_integers(model: keras.Model) -> bool:
    return private_keras.casts_inputs(model) and takes_integers(model)


def takes_integers(model: keras.Model) -> bool:
    """Whether a model was declared for whole numbers, such as uint8."""
    inputs: Any = getattr(model, "inputs", None)
    return bool(inputs) and "int" in inputs[0].dtype


def find(layers: dict[str, keras.layers.Layer], address: str) -> keras.layers.Layer:
    """Look up an address, or say which addresses there are."""
    if address in layers:
        return layers[address]
    tail = address.rsplit("/", 1)[-1]
    near = [known for known in layers if known.rsplit("/", 1)[-1] == tail] or list(layers)
    raise LayerError(
        "There is no layer {address!r}. Layers: {known}{more}.",
        address=address,
        known=", ".join(near[:8]),
        more=" ..." if len(near) > 8 else "",
    )


def call_model(model: keras.Model, inputs: Any) -> list[Any]:
    """Run a model on a batch of images, for inference, and list its outputs; what it returns as None is left out.

    Images `(batch, height, width, channels)` are brought into the layout that it takes, see `as_declared`. A model
    whose only input was declared in a list or a dict is given it in one: Keras warns of anything else.
    """
    import keras

    inputs = as_declared(model, inputs)
    declared = private_keras.declared_inputs(model)
    packed = keras.tree.pack_sequence_as(declared, [inputs]) if isinstance(declared, (list, tuple, dict)) else inputs
    return [output for output in keras.tree.flatten(model(packed, training=False)) if output is not None]


def takes_one(model: keras.Model) -> bool:
    """Whether a model was declared for one image at a time."""
    inputs: Any = getattr(model, "inputs", None)
    return bool(inputs) and inputs[0].shape[0] == 1


def _open(layer: keras.layers.Layer, undo: contextlib.ExitStack) -> None:
    """Let methods that were decorated with `tf.function` run as plain Python, so that the layers in them are seen."""
    of_classes = {
        name: value
        for kind in reversed(type(layer).__mro__)
        if not kind.__module__.startswith(("keras.", "builtins"))
        for name, value in vars(kind).items()
    }
    for name, value in (of_classes | vars(layer)).items():
        if not hasattr(value, "python_function"):
            continue
        plain = _converted(value.python_function)
        is_method = name not in vars(layer)
        here = MethodType(plain, layer) if is_method else plain
        _replace(layer, name, _in_this_thread(here, getattr(layer, name)), undo)


def _converted(function: Callable[..., Any]) -> Callable[..., Any]:
    """Let an `if` or a loop over tensors work in a graph, as `tf.function` does; without source it stays as it is."""
    import tensorflow as tf

    try:
        converted: Callable[..., Any] = tf.autograph.to_graph(inspect.unwrap(getattr(function, "__func__", function)))
    except Exception:  # noqa: BLE001  # AutoGraph raises whatever it meets in source that it cannot read
        return function
    owner = getattr(function, "__self__", None)
    return converted if owner is None else MethodType(converted, owner)


def _in_this_thread(here: Callable[..., Any], elsewhere: Callable[..., Any]) -> Callable[..., Any]:
    """Make one function of two: the first for the thread that captures, the second for all others."""
    thread = threading.get_ident()

    def choose(*args: Any, **kwargs: Any) -> Any:
        return (here if threading.get_ident() == thread else elsewhere)(*args, **kwargs)

    return choose


def _note(
    address: str,
    layer: keras.layers.Layer,
    calls: list[Call],
    undo: contextlib.ExitStack,
    on_call: Callable[[Call], None] | None,
) -> None:
    import keras

    # A quantized layer is called through another method.
    method = "quantized_call" if getattr(layer, "quantization_mode", None) else "call"
    original_call = getattr(layer, method)
    given: list[Any] = []
    count = 0

    def call(*args: Any, **kwargs: Any) -> Any:
        nonlocal count
        given.clear()
        inputs = tuple(leaf for leaf in keras.tree.flatten((args, kwargs)) if keras.ops.is_tensor(leaf))
        outputs = _told_apart(original_call(*args, **kwargs), inputs)
        tensors = tuple(leaf for leaf in keras.tree.flatten(outputs) if keras.ops.is_tensor(leaf))
        if not tensors:
            return outputs
        before = given[-1] if given else tensors[0]
        calls.append(Call(f"{address}@{count}" if count else address, layer, inputs, tensors, before))
        count += 1
        if on_call:
            on_call(calls[-1])
        return outputs

    _replace(layer, method, _in_this_thread(call, original_call), undo)
    activation = getattr(layer, "activation", None)
    is_settable = not isinstance(inspect.getattr_static(layer, "activation", None), property)
    if callable(activation) and is_settable and not holds_layers(layer):

        def activate(x: Any, *args: Any, **kwargs: Any) -> Any:
            given.append(x)
            return activation(x, *args, **kwargs)

        _replace(layer, "activation", _in_this_thread(activate, activation), undo)


def _told_apart(outputs: Any, inputs: tuple[Any, ...]) -> Any:
    """Give a layer that hands its input on, such as Dropout in inference, an output with a gradient of its own."""
    import keras
    import tensorflow as tf

    given = {id(tensor) for tensor in inputs}
    return keras.tree.map_structure(lambda leaf: tf.identity(leaf) if id(leaf) in given else leaf, outputs)


def _replace(layer: keras.layers.Layer, name: str, value: Any, undo: contextlib.ExitStack) -> None:
    """Set an attribute past Keras's tracking, and put back exactly what was there."""
    missing = object()
    before = vars(layer).get(name, missing)
    object.__setattr__(layer, name, value)
    if before is missing:
        undo.callback(object.__delattr__, layer, name)
    else:
        undo.callback(object.__setattr__, layer, name, before)
