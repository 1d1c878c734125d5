"""Translation of a Keras 2 model config into the config of the same model in Keras 3."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from cnnviz.convnets.keras2.calls import Call, Shape, Side, Tensor, UntranslatableError, is_tensor, tensor
from cnnviz.convnets.keras2.layer_settings import (
    RENAMED,
    Settings,
    activation_name,
    is_known_layer,
    module_of,
    policy,
    translate_settings,
)
from cnnviz.convnets.keras2.operations import translate_operation
from cnnviz.convnets.keras2.raw_operations import translate_node_def
from cnnviz.errors import ModelFileError
from cnnviz.sentences import Sentence

_MODELS = frozenset({"Functional", "Model", "Sequential"})
_OPERATIONS = frozenset({"TFOpLambda", "SlicingOpLambda", "TensorFlowOpLayer"})
_CONSTANT = "_CONSTANT_VALUE"
_OFFICIAL = re.compile(r"(tf_keras|keras|tensorflow\.python\.keras|tensorflow\.keras)(\..*)?|builtins")
_SHOWN = 40
_BROKEN = (TypeError, ValueError, KeyError, IndexError, AttributeError, RecursionError, OverflowError)


@dataclass(frozen=True)
class LayerPlan:
    """What became of a layer, so that its weights find their place.

    Attributes:
        name: Its name in the file.
        new_name: Its name in the translated model.
        kind: Its class in the file.
        is_trainable: Whether training would change it.
        inner: The layers of a model, in the file's order; None for a layer.
    """

    name: str
    new_name: str
    kind: str
    is_trainable: bool
    inner: tuple[LayerPlan, ...] | None = None


@dataclass(frozen=True)
class Translation:
    """A model of Keras 2 in the words of Keras 3.

    Attributes:
        config: Its description.
        plan: Where its layers went.
        changes: What was said otherwise, each as (what it was, what it is).
    """

    config: Settings
    plan: LayerPlan
    changes: tuple[tuple[str, str], ...]


def is_keras2(config: Settings, version: str | None) -> bool:
    """Whether a description was written by Keras 2.

    Args:
        config: The description.
        version: What the file says of the Keras that wrote it; None if it says nothing.
    """
    if version and re.match(r"\d", version):
        return int(version.split(".")[0].split("-")[0]) < 3 if version[0] in "12" else _has_old_keys(config)  # Keras 3
    return _has_old_keys(config)


def _has_old_keys(config: Settings) -> bool:
    """Keras 3 writes nodes as objects and shapes as `batch_shape`."""
    settings = config.get("config")
    layers = settings.get("layers") if isinstance(settings, dict) else settings
    for layer in layers if isinstance(layers, list) else []:
        if isinstance(layer, dict):
            inner = layer.get("config")
            if isinstance(inner, dict) and "batch_input_shape" in inner:
                return True
            nodes = layer.get("inbound_nodes")
            if isinstance(nodes, list) and any(isinstance(node, list) for node in nodes):
                return True
    return False


def translate(config: Settings) -> Translation:
    """Translate a whole model.

    Args:
        config: Its description, read from the file's JSON. Nothing of it is run or looked up.

    Returns:
        The translation. What it does not know it leaves as it is: the gate judges that afterwards.

    Raises:
        ModelFileError: If a layer has no counterpart; it names the layer, its class and the reason.
    """
    changes: list[tuple[str, str]] = []
    try:
        new, plan = _model(config, changes)
    except _BROKEN as error:
        raise ModelFileError("The model's config is damaged or nested too deeply. Save it again.") from error
    return Translation(new, plan, tuple(dict.fromkeys(changes)))


def _refusal(name: object, kind: object, reason: Sentence) -> ModelFileError:
    return ModelFileError(
        "The layer {name} ({kind}) of this Keras 2 model cannot be translated: {reason}.",
        name=str(name)[:_SHOWN],
        kind=str(kind)[:_SHOWN],
        reason=reason,
    )


def _model(node: Settings, changes: list[tuple[str, str]]) -> tuple[Settings, LayerPlan]:
    """Translate a model or an inner model."""
    if node.get("class_name") == "Sequential":
        return _sequential(node, changes)
    if node.get("class_name") in ("Functional", "Model") and isinstance(node["config"].get("layers"), list):
        return _Graph(node, changes).translate()
    return node, LayerPlan("", "", str(node.get("class_name")), True)  # the gate says what is wrong with it


def _is_official(node: Settings) -> bool:
    """Whether a class is Keras's own, as far as the file says."""
    module, registered = node.get("module"), str(node.get("registered_name") or "")
    return (module is None or bool(_OFFICIAL.fullmatch(str(module)))) and ">" not in registered


def _is_trainable(settings: Settings) -> bool:
    return settings.get("trainable", True) is not False


def _described(kind: str, settings: Settings) -> Settings:
    return {"module": module_of(kind), "class_name": kind, "config": settings, "registered_name": None}


class _Names:
    """Names that Keras 3 allows, each once in a model."""

    def __init__(self) -> None:
        self._given: set[str] = set()

    def make(self, name: str) -> str:
        """A name close to one of Keras 2; a slash would part an address."""
        plain = re.sub(r"[/\\\0]", "_", name)
        free, count = plain, 1
        while free in self._given:
            count += 1
            free = f"{plain}_{count}"
        self._given.add(free)
        return free


def _layer(node: Settings, new_name: str, changes: list[tuple[str, str]]) -> tuple[list[Settings], LayerPlan]:
    """Translate one layer, or an inner model; several layers where Keras 3 needs them for the same."""
    kind, settings = str(node.get("class_name")), node["config"]
    name = str(node.get("name") or settings.get("name") or new_name)
    if name != new_name:
        changes.append((name, new_name))
    if kind in _MODELS and _is_official(node):
        new, plan = _model(node, changes)
        new["config"]["name"] = new_name
        return [new], LayerPlan(name, new_name, kind, plan.is_trainable, plan.inner)
    plan = LayerPlan(name, new_name, kind, _is_trainable(settings))
    if not is_known_layer(kind) or not _is_official(node):
        return [node], plan  # the gate refuses it by name
    try:
        return _known_layer(kind, settings, new_name, changes), plan
    except UntranslatableError as error:
        raise _refusal(name, kind, error.reason) from error


def _known_layer(kind: str, settings: Settings, new_name: str, changes: list[tuple[str, str]]) -> list[Settings]:
    now, more = RENAMED.get(kind, (kind, {}))
    if now != kind:
        changes.append((kind, now))
    new = translate_settings(now, settings) | more | {"name": new_name}
    for key in ("activation", "recurrent_activation"):
        if key in new:
            new[key] = _activation(new[key])
    for key in ("layer", "backward_layer", "cell"):
        if isinstance(new.get(key), dict):
            new[key] = _wrapped(new[key], changes)
    if isinstance(new.get("cells"), list):
        new["cells"] = [_wrapped(cell, changes) for cell in new["cells"]]
    if new.get("recurrent_activation") == "hard_sigmoid":
        raise UntranslatableError(Sentence("its hard_sigmoid has another slope in Keras 3"))
    if new.get("activation") != "hard_sigmoid":
        return [_described(now, new)]
    changes.append(("hard_sigmoid", "Rescaling, ReLU"))
    return [_described(now, new | {"activation": "linear"}), *_hard_sigmoid(new_name, new.get("dtype"))]


def _activation(activation: Any) -> Any:
    name = activation_name(activation)
    if name is not None:
        return name
    layers = _known_layer(str(activation["class_name"]), activation["config"], "activation", [])
    if len(layers) > 1 or not _is_official(activation):
        raise UntranslatableError(
            Sentence("its activation {name} is not known", name=str(activation["class_name"])[:_SHOWN])
        )
    layers[0]["config"]["name"] = str(activation["config"].get("name") or "activation").replace("/", "_")
    return layers[0]


def _wrapped(node: Settings, changes: list[tuple[str, str]]) -> Settings:
    """Translate a layer that another one holds."""
    name = str(node["config"].get("name") or "layer")
    layers, _ = _layer(node, re.sub(r"[/\\\0]", "_", name), changes)
    if len(layers) > 1:
        raise UntranslatableError(Sentence("its hard_sigmoid has another slope in Keras 3"))
    return layers[0]


def _hard_sigmoid(name: str, dtype: Any) -> list[Settings]:
    """Keras 2 bends at 2.5, Keras 3 at 3: clip(0.2 x + 0.5) as two layers."""
    common = {"dtype": dtype or policy(None)}
    return [
        _described("Rescaling", {"name": f"{name}_hard", "scale": 0.2, "offset": 0.5, **common}),
        _described("ReLU", {"name": f"{name}_sigmoid", "max_value": 1.0, **common}),
    ]


def _sequential(node: Settings, changes: list[tuple[str, str]]) -> tuple[Settings, LayerPlan]:
    settings = node["config"]
    if isinstance(settings, list):  # Keras before 2.2.3
        settings = {"layers": settings}
    names, layers, plans = _Names(), [], []
    for item in settings["layers"]:
        if str(item.get("class_name")) in _OPERATIONS:
            raise _refusal(item["config"].get("name"), item["class_name"], Sentence("it stands in a Sequential"))
        new_name = names.make(str(item["config"].get("name") or item["class_name"]))
        new, plan = _layer(item, new_name, changes)
        layers += new
        plans.append(plan)
    shape = _first_shape(node, settings)
    if layers and layers[0].get("class_name") != "InputLayer" and isinstance(shape, list):
        image = {"batch_shape": shape, "dtype": "float32", "name": names.make(f"{plans[0].new_name}_input")}
        layers.insert(0, _described("InputLayer", image))
    name = str(settings.get("name") or "sequential")
    new_name = re.sub(r"[/\\\0]", "_", name)
    config = {"name": new_name, "trainable": True, "layers": layers}
    described = {"module": "keras", "class_name": "Sequential", "config": config, "registered_name": None}
    return described, LayerPlan(name, new_name, "Sequential", _is_trainable(settings), tuple(plans))


def _first_shape(node: Settings, settings: Settings) -> Any:
    """Shape of a Sequential's input where it stands in no input layer."""
    first = settings["layers"][0] if settings["layers"] else {}
    while isinstance(first, dict) and isinstance(first.get("config"), dict):
        if "batch_input_shape" in first["config"]:
            return first["config"]["batch_input_shape"]
        inner = first["config"].get("layers")
        first = inner[0] if isinstance(inner, list) and inner else {}
    built = node.get("build_config")
    return settings.get("build_input_shape") or (built.get("input_shape") if isinstance(built, dict) else None)


class _Graph:
    """A functional model while it is translated."""

    def __init__(self, node: Settings, changes: list[tuple[str, str]]) -> None:
        self._settings = node["config"]
        self._changes = changes
        self._names = _Names()
        self._old = {str(item.get("name") or item["config"]["name"]): item for item in self._settings["layers"]}
        self._new_names = {name: self._names.make(name) for name in self._old}
        self._layers: list[Settings] = []
        self._after: dict[str, list[Settings]] = {}  # layers that each call of a layer is followed by
        self._made: dict[tuple[str, int], Any] = {}  # outputs of operations
        self._first_node: dict[str, int] = {}

    def translate(self) -> tuple[Settings, LayerPlan]:
        """Translate all layers and nodes."""
        self._find_first_nodes()
        plans = [self._add(name, item) for name, item in self._old.items()]
        for name, item in self._old.items():
            if not _is_operation(item):
                self._connect(name, item)
        name = str(self._settings.get("name") or "model")
        new_name = re.sub(r"[/\\\0]", "_", name)
        config = {
            "name": new_name,
            "trainable": True,
            "layers": self._layers,
            "input_layers": self._ends(self._settings["input_layers"]),
            "output_layers": self._ends(self._settings["output_layers"]),
        }
        module = "keras.src.models.functional"
        new = {"module": module, "class_name": "Functional", "config": config, "registered_name": "Functional"}
        return new, LayerPlan(name, new_name, "Functional", True, tuple(plan for plan in plans if plan))

    def _find_first_nodes(self) -> None:
        """The calls of an inner model are counted from 1 if it was built before it was called."""
        found: dict[str, list[int]] = {}
        ends = (self._settings["input_layers"], self._settings["output_layers"])
        stack: list[Any] = [*ends, *(item.get("inbound_nodes") for item in self._old.values())]
        while stack:
            value = stack.pop()
            if self._is_reference(value):
                found.setdefault(value[0], []).append(value[1])
                stack += value[3:]
            elif isinstance(value, list):
                stack += value
            elif isinstance(value, dict):
                stack += value.values()
        for name, indexes in found.items():
            is_model = self._old[name].get("class_name") in _MODELS
            self._first_node[name] = (
                min(1, *indexes) if is_model and len(indexes) > 1 else int(is_model and indexes[0] > 0)
            )

    def _is_reference(self, value: Any) -> bool:
        return (
            isinstance(value, list)
            and len(value) in (3, 4)
            and isinstance(value[0], str)
            and value[0] in self._old
            and all(isinstance(index, int) for index in value[1:3])
        )

    def _add(self, name: str, item: Settings) -> LayerPlan | None:
        if _is_operation(item):
            return LayerPlan(name, self._new_names[name], str(item["class_name"]), True)
        (first, *after), plan = _layer(item, self._new_names[name], self._changes)
        self._layers.append(first)
        self._after[name] = after
        return plan

    def _connect(self, name: str, item: Settings) -> None:
        """Translate a layer's calls."""
        nodes = []
        for node in item.get("inbound_nodes") or []:
            arguments = self._first_argument(node)
            if isinstance(arguments, list) and len(arguments) == 1:
                arguments = arguments[0]
            nodes.append({"args": [arguments], "kwargs": self._keywords(node)})
        new = next(layer for layer in self._layers if layer["config"].get("name") == self._new_names[name])
        new |= {"name": self._new_names[name], "inbound_nodes": nodes}

    def _first_argument(self, node: Any) -> Any:
        if isinstance(node, dict):
            return {key: self._first_argument(value) for key, value in node.items()}
        if node and node[0] == _CONSTANT:
            return node[2]
        if self._is_reference(node):
            return self._output(*node[:3])
        if node and isinstance(node[0], str):
            raise ModelFileError("The model's config is damaged or nested too deeply. Save it again.")
        return [self._first_argument(item) for item in node]

    def _keywords(self, node: Any) -> Settings:
        """Keyword arguments stand beside every tensor of the first argument, each time the same."""
        while isinstance(node, dict | list) and node:
            if isinstance(node, list) and isinstance(node[0], str):
                return {key: self._resolve(value) for key, value in (node[3] if len(node) > 3 else {}).items()}
            node = next(iter(node.values())) if isinstance(node, dict) else node[0]
        return {}

    def _resolve(self, value: Any) -> Any:
        """Put tensors where a node's settings name them."""
        if self._is_reference(value):
            return self._output(*value[:3])
        if isinstance(value, list):
            return [self._resolve(item) for item in value]
        if isinstance(value, dict) and not is_tensor(value):
            return {key: self._resolve(item) for key, item in value.items()}
        return value

    def _output(self, name: str, node: int, index: int) -> Any:
        """The tensor that stands for an output of Keras 2."""
        item, call = self._old[name], node - self._first_node.get(name, 0)
        if _is_operation(item):
            if (name, call) not in self._made:
                self._made[name, call] = self._operate(name, item, item["inbound_nodes"][call])
            return _at(self._made[name, call], index)
        dtype = item["config"].get("dtype") if item.get("class_name") == "InputLayer" else None
        output = tensor(self._new_names[name], call, index, dtype if isinstance(dtype, str) else "float32")
        for number, layer in enumerate(self._after.get(name, [])):
            if (f"{name}\0{number}", call) not in self._made:
                follower = layer | {"config": dict(layer["config"])}
                follower["config"]["name"] = self._names.make(follower["config"]["name"])
                self._made[f"{name}\0{number}", call] = self._append(follower, [output], {})
            output = self._made[f"{name}\0{number}", call]
        return output

    def _operate(self, name: str, item: Settings, node: Any) -> Any:
        """Translate one call of an operation of TensorFlow."""
        kind, settings = str(item["class_name"]), item["config"]
        emitted: list[str] = []

        def emit(operation: str, *arguments: Any, **config: Any) -> Tensor:
            module, _, target = operation.partition(".")
            new_name = self._names.make(f"{self._new_names[name]}_{target.lower()}")
            path = "keras.layers" if module == "layers" else f"keras.src.ops.{module}"
            new = {
                "module": path,
                "class_name": target,
                "config": {"name": new_name, **config},
                "registered_name": None,
            }
            emitted.append(target)
            output = self._append(new, list(arguments), {})
            if target == "Cast":
                output["config"]["dtype"] = config["dtype"]
            return output

        call = Call(self._first_argument(node), self._keywords(node), emit)
        symbol = str(settings.get("function"))
        try:
            if kind == "TensorFlowOpLayer":
                symbol = str(settings["node_def"]["op"])
                result = translate_node_def(settings, call)
            else:
                result = translate_operation(symbol, call)
        except UntranslatableError as error:
            raise _refusal(name, f"{kind}, {symbol}", error.reason) from error
        self._changes.append((f"tf.{symbol}" if kind != "TensorFlowOpLayer" else symbol, ", ".join(emitted)))
        return result

    def _append(self, layer: Settings, arguments: list[Any], keywords: Settings) -> Tensor:
        name = layer["config"]["name"]
        self._layers.append(layer | {"name": name, "inbound_nodes": [{"args": arguments, "kwargs": keywords}]})
        return tensor(name, 0, 0)

    def _ends(self, ends: Any) -> Any:
        """Inputs or outputs of the model; one alone stands without a list."""
        if isinstance(ends, dict):
            return {key: self._ends(value) for key, value in ends.items()}
        if not self._is_reference(ends):
            found = [self._ends(end) for end in ends]
            return found[0] if len(found) == 1 else found
        output = self._output(*ends[:3])
        if isinstance(output, Shape | Side) or not is_tensor(output):
            raise _refusal(ends[0], self._old[ends[0]]["class_name"], Sentence("it is not a tensor in Keras 3"))
        name, node, index = output["config"]["keras_history"]
        is_functional = any(
            layer["class_name"] == "Functional" and layer["config"].get("name") == name for layer in self._layers
        )
        return [name, node + is_functional, index]


def _is_operation(item: Settings) -> bool:
    return item.get("class_name") in _OPERATIONS and _is_official(item)


def _at(value: Any, index: int) -> Any:
    """One of several outputs."""
    if is_tensor(value) and index:
        name, node, _ = value["config"]["keras_history"]
        return tensor(name, node, index, value["config"]["dtype"])
    return value[index] if isinstance(value, list) and not any(isinstance(item, Side) for item in value) else value
