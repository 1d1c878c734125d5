"""What does each layer return while the model runs? Works for nested, subclassed and functional models alike.

A layer inside a nested backbone is not connected to the outer model's inputs, so a submodel of it cannot be
built. Instead the model is run as it is, inside the function that is being traced, while the asked-for layers
note what they return. The traced graph then keeps only what its outputs need.
"""

from __future__ import annotations

import contextlib
import threading
import weakref
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cnnviz.errors import LayerError

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
    """
    found: dict[str, keras.layers.Layer] = {}
    for address, layer in _walk(model, ""):
        found[address] = layer
    return found


def _walk(parent: keras.layers.Layer, prefix: str) -> Iterator[tuple[str, keras.layers.Layer]]:
    names: dict[str, int] = {}
    for layer in _children(parent):
        names[layer.name] = names.get(layer.name, 0) + 1
        count = names[layer.name]
        address = f"{prefix}{layer.name}" + (f"#{count}" if count > 1 else "")
        yield address, layer
        yield from _walk(layer, f"{address}/")


def _children(parent: keras.layers.Layer) -> list[keras.layers.Layer]:
    import keras

    if isinstance(parent, keras.Model):
        return list(parent.layers)
    # Keras has no public list of the layers inside a composite layer.
    return list(parent._flatten_layers(include_self=False, recursive=False))


_locks: weakref.WeakKeyDictionary[Any, threading.RLock] = weakref.WeakKeyDictionary()
_locks_guard = threading.Lock()


def _lock_of(model: keras.Model) -> threading.RLock:
    with _locks_guard:
        return _locks.setdefault(model, threading.RLock())


@contextlib.contextmanager
def capture(model: keras.Model, addresses: Iterable[str] | None = None) -> Iterator[list[Call]]:
    """Note what layers return while the model is called in this thread; leave the model as it was found.

    Calls of the same model from other threads pass through unnoticed. One thread captures at a time.

    Args:
        model: The model that will be called.
        addresses: Layers to note, without `@k`; all if not given.

    Yields:
        A list that grows by one `Call` whenever a noted layer returns, in that order.

    Raises:
        LayerError: If an address does not exist.
    """
    layers = walk(model)
    wanted = layers if addresses is None else {address: find(layers, address) for address in addresses}
    calls: list[Call] = []
    with _lock_of(model), contextlib.ExitStack() as undo:
        for address, layer in wanted.items():
            _note(address, layer, calls, undo)
        yield calls


def find(layers: dict[str, keras.layers.Layer], address: str) -> keras.layers.Layer:
    """Look up an address, or say which addresses there are."""
    if address in layers:
        return layers[address]
    tail = address.rsplit("/", 1)[-1]
    near = [known for known in layers if known.rsplit("/", 1)[-1] == tail] or list(layers)
    raise LayerError(f"There is no layer {address!r}. Layers: {', '.join(near[:8])}{' ...' if len(near) > 8 else ''}.")


def _note(address: str, layer: keras.layers.Layer, calls: list[Call], undo: contextlib.ExitStack) -> None:
    import keras

    thread = threading.get_ident()
    original_call = layer.call
    given: list[Any] = []
    count = 0

    def call(*args: Any, **kwargs: Any) -> Any:
        nonlocal count
        if threading.get_ident() != thread:
            return original_call(*args, **kwargs)
        given.clear()
        outputs = original_call(*args, **kwargs)
        tensors = tuple(keras.tree.flatten(outputs))
        inputs = tuple(leaf for leaf in keras.tree.flatten((args, kwargs)) if keras.ops.is_tensor(leaf))
        before = given[-1] if given else tensors[0]
        calls.append(Call(f"{address}@{count}" if count else address, layer, inputs, tensors, before))
        count += 1
        return outputs

    _replace(layer, "call", call, undo)
    activation = getattr(layer, "activation", None)
    if callable(activation) and not _children(layer):

        def activate(x: Any, *args: Any, **kwargs: Any) -> Any:
            if threading.get_ident() == thread:
                given.append(x)
            return activation(x, *args, **kwargs)

        _replace(layer, "activation", activate, undo)


def _replace(layer: keras.layers.Layer, name: str, value: Callable[..., Any], undo: contextlib.ExitStack) -> None:
    """Set an attribute past Keras's tracking, and put back exactly what was there."""
    missing = object()
    before = vars(layer).get(name, missing)
    object.__setattr__(layer, name, value)
    if before is missing:
        undo.callback(object.__delattr__, layer, name)
    else:
        undo.callback(object.__setattr__, layer, name, before)
