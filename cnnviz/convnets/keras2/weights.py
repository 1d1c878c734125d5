"""Weights of a Keras 2 file, loaded into the translated model by name or in Keras 2's own order."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from cnnviz import private_keras
from cnnviz.convnets.keras2.description import LayerPlan
from cnnviz.errors import ModelFileError

if TYPE_CHECKING:
    import h5py
    import keras

_Values = list[tuple[str, np.ndarray]]
# States of random generators: Keras 3 keeps them apart from the weights.
_STATES = ("Variable", "StateVar")


def build(config: dict[str, Any], plan: LayerPlan, file: h5py.File) -> keras.Model:
    """Build a translated model and give it the file's weights.

    Args:
        config: Its description, as the gate has let it pass.
        plan: Where its layers went.
        file: The `.h5` file, or the `model.weights.h5` of a `.keras` archive.

    Raises:
        ModelFileError: If a weight is missing, left over, or of another shape; it names the layer.
    """
    import keras

    model = keras.saving.deserialize_keras_object(config)
    if not isinstance(model, keras.Model) or not model.built:
        raise ModelFileError("The file does not hold a whole model. Save one with model.save('name.keras').")
    assigned: set[int] = set()
    if "model_weights" in file or "layer_names" in file.attrs:
        _assign_legacy(model, plan, file.get("model_weights", file), assigned)
    else:
        _assign_layers(model, plan, file, assigned)
    missing = [weight for weight in model.weights if id(weight) not in assigned]
    if missing:
        raise _no_fit(missing[0].path)
    for layer in private_keras.layers_at_any_depth(model):
        if isinstance(layer, keras.layers.Normalization):
            layer.finalize_state()
    _freeze(model, plan)
    return model


def _no_fit(name: str) -> ModelFileError:
    return ModelFileError(
        "The weights of the layer {name} do not fit: the file has others than its description asks for. "
        "Save the model again.",
        name=name[:60],
    )


def _assign(weight: Any, value: np.ndarray, name: str, assigned: set[int]) -> None:
    if tuple(weight.shape) != value.shape or id(weight) in assigned:
        raise _no_fit(name)
    weight.assign(value)
    assigned.add(id(weight))


def _find(model: keras.Model, plan: LayerPlan) -> Any:
    """The layer of a plan; None for what is an operation now."""
    return next((layer for layer in model.layers if layer.name == plan.new_name), None)


# The older layout: each layer's weights in one list, those of an inner model flat.


def _assign_legacy(model: keras.Model, plan: LayerPlan, group: h5py.Group, assigned: set[int]) -> None:
    by_name = {layer.name: layer for layer in plan.inner or ()}
    for name in _texts(group, "layer_names"):
        values = list(_values(group[name]))
        if not values:
            continue
        layer_plan = by_name.get(name)
        layer = _find(model, layer_plan) if layer_plan else None
        if layer is None or layer_plan is None:
            raise _no_fit(name)
        weights = _in_keras2_order(layer, layer_plan)
        for weight, value in _matched(weights, values, name):
            _assign(weight, value, name, assigned)


def _texts(group: h5py.Group, key: str) -> list[str]:
    """A list of names; a long one is cut into `key0`, `key1`, ..."""
    parts = [group.attrs[key]] if key in group.attrs else []
    while not parts or (f"{key}{len(parts)}" in group.attrs and key not in group.attrs):
        if f"{key}{len(parts)}" not in group.attrs:
            break
        parts.append(group.attrs[f"{key}{len(parts)}"])
    return [text.decode("utf-8") if isinstance(text, bytes) else str(text) for part in parts for text in part]


def _values(group: h5py.Group) -> Iterator[tuple[str, np.ndarray]]:
    for name in _texts(group, "weight_names"):
        value = np.asarray(group[name])
        if value.dtype.kind not in "iu" or not _role(name).startswith(_STATES):
            yield name, value


def _role(name: str) -> str:
    """What a weight is: `kernel` of `block/conv/kernel:0`. That of a depthwise convolution has lost its name."""
    role = name.rsplit("/", 1)[-1].split(":")[0]
    return "kernel" if role == "depthwise_kernel" else role


def _in_keras2_order(layer: Any, plan: LayerPlan) -> list[Any]:
    trained, others = _split(layer, plan)
    return trained + others


def _split(layer: Any, plan: LayerPlan) -> tuple[list[Any], list[Any]]:
    """Weights that training changed when the file was written, and the others.

    Keras 2 wrote first the former, then the latter, each in the order of the layers, whatever the model's own
    setting was.
    """
    if plan.inner is None:
        if not plan.is_trainable:
            return [], list(layer.weights)
        return list(layer.trainable_weights), list(layer.non_trainable_weights)
    found = [(_find(layer, inner), inner) for inner in plan.inner]
    parts = [_split(child, inner) for child, inner in found if child is not None]
    return [weight for part in parts for weight in part[0]], [weight for part in parts for weight in part[1]]


def _matched(weights: list[Any], values: _Values, name: str) -> Iterator[tuple[Any, np.ndarray]]:
    """Pair weights with values: by their names where each is unique, else by order, with the same roles."""
    if len(weights) != len(values):
        raise _no_fit(name)
    by_tail = _unique({_tail(weight.path): weight for weight in weights}, len(weights))
    named = _unique({_tail(text): value for text, value in values}, len(values))
    if by_tail is not None and named is not None and by_tail.keys() == named.keys():
        yield from ((by_tail[tail], named[tail]) for tail in named)
        return
    roles = {_role(text) for text, _ in values}
    for weight, (text, value) in zip(weights, values, strict=True):
        if _role(text) != _role(weight.name) and _role(weight.name) in roles:
            raise _no_fit(name)
        yield weight, value


def _unique(found: dict[str, Any], count: int) -> dict[str, Any] | None:
    return found if len(found) == count else None


def _tail(path: str) -> str:
    """Layer and role of a weight."""
    parts = path.split("/")
    return f"{parts[-2] if len(parts) > 1 else ''}/{_role(path)}"


# The layout of `.keras`: each object's own weights in a group of its own, named by class and number.


def _assign_layers(model: keras.Model, plan: LayerPlan, group: h5py.Group, assigned: set[int]) -> None:
    counts: dict[str, int] = {}
    groups = group.get("layers", {})
    for inner in plan.inner or ():
        kind = _snake(inner.kind)
        counts[kind] = counts.get(kind, -1) + 1
        key = f"{kind}_{counts[kind]}" if counts[kind] else kind
        if key not in groups:
            continue
        layer = _find(model, inner)
        if inner.inner is not None and layer is not None:
            _assign_layers(layer, inner, groups[key], assigned)
        else:
            _assign_own(layer, groups[key], inner.name, assigned)


def _snake(name: str) -> str:
    """The way Keras 2 names the group of a class: `Conv2D` is `conv2d`."""
    plain = re.sub(r"\W+", "", name)
    return re.sub("([a-z])([A-Z])", r"\1_\2", re.sub("(.)([A-Z][a-z]+)", r"\1_\2", plain)).lower()


def _assign_own(layer: Any, group: h5py.Group, name: str, assigned: set[int]) -> None:
    """Give a layer its own weights, and those of the layers that it holds as attributes."""
    stored = group.get("vars", {})
    values = [np.asarray(stored[str(index)]) for index in range(len(stored))]
    own = _own_weights(layer)
    if len(values) == len(own) + 1 and values[-1].shape == () and type(layer).__name__ == "Normalization":
        values.pop()  # how many numbers it was adapted to
    if len(values) != len(own):
        raise _no_fit(name)
    for weight, value in zip(own, values, strict=True):
        _assign(weight, value, name, assigned)
    for key in group:
        if key != "vars" and _holds_values(group[key]):
            _assign_own(getattr(layer, key, None), group[key], name, assigned)


def _own_weights(layer: Any) -> list[Any]:
    """Weights of a layer that are not those of a layer in it."""
    if layer is None:
        return []
    inner = {id(weight) for child in private_keras.inner_layers(layer) for weight in child.weights}
    return [weight for weight in layer.weights if id(weight) not in inner]


def _holds_values(group: h5py.Group) -> bool:
    found: list[str] = []
    group.visititems(lambda key, item: found.append(key) if hasattr(item, "shape") else None)
    return bool(found)


def _freeze(model: keras.Model, plan: LayerPlan) -> None:
    """Say of each layer whether training would change it, as the file does."""
    for inner in plan.inner or ():
        layer = _find(model, inner)
        if layer is not None and inner.inner is not None:
            _freeze(layer, inner)
        elif layer is not None and not inner.is_trainable:
            layer.trainable = False
