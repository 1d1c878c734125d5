"""Rules for a model file's architecture JSON: allowed Keras classes only, bounded in length, depth and layers.

Keras looks classes up by the names that the file gives, so that a name decides which code runs. Here every name is
compared with a list, before Keras sees it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from cnnviz.convnets.keras_names import ALLOWED, DENIED_LAYERS, FUNCTIONS
from cnnviz.errors import ModelFileError
from cnnviz.sentences import Sentence

MAX_LAYERS = 3000
MAX_CALLS = 10_000
MAX_SEQUENTIAL_LAYERS = 200  # Keras builds a Sequential in quadratic time: 400 layers take half a minute
_MAX_DEPTH = 100
_MAX_NODES = 1_000_000
_SHOWN = 40

# Values, not classes, that Keras writes with a class name.
_VALUES = frozenset(
    {
        "__bytes__",
        "__ellipsis__",
        "__keras_tensor__",
        "__numpy__",
        "__slice__",
        "__tensor__",
        "__tuple__",
        "TensorShape",
    }
)
_NUMBERS = re.compile(r"(bfloat|float|uint|int|bool|complex)[0-9_]*")
_OURS = re.compile(r"cnnviz>[A-Za-z0-9_]+")
_POLICIES = ALLOWED["dtype_policies"]
_ANY = frozenset().union(*(ALLOWED[module] for module in ALLOWED if not module.startswith(("ops.", "applications."))))


def parse(data: bytes) -> dict[str, Any]:
    """Read the architecture's JSON.

    Raises:
        ModelFileError: If it is not a JSON object in UTF-8, or a key appears twice.
    """
    try:
        config = json.loads(data.decode("utf-8"), object_pairs_hook=_without_duplicates)
    except RecursionError as error:
        raise ModelFileError("The model's config is nested too deeply to be a model.") from error
    except ValueError as error:
        raise ModelFileError("The model's config is not valid JSON. Save the model again.") from error
    if not isinstance(config, dict) or not isinstance(config.get("config"), dict | list):
        raise ModelFileError("The config in the file is not a model config. Save one with model.save('name.keras').")
    return config


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    unique = dict(pairs)
    if len(unique) != len(pairs):
        raise ModelFileError("A key appears twice in the model's config, so its meaning depends on the reader.")
    return unique


def check_config(config: dict[str, Any]) -> int:
    """Compare every class of an architecture with the list; return the number of layers.

    Raises:
        ModelFileError: At the first class, name or number that is not allowed; it names what it found.
    """
    # Loading without compiling drops what the outermost model was compiled with, and only that.
    kept = {key: value for key, value in config.items() if key != "compile_config"}
    if not _is_model(kept):
        raise ModelFileError(
            "The file describes a {kind}, not a model. Save a whole model.", kind=shown(kept.get("class_name"))
        )
    count = 0
    for node in _dicts(kept):
        if "class_name" in node:
            _check_class(node)
            count += _count_layers(node)
        if node.get("data_format") == "channels_first":
            raise ModelFileError(
                "The model uses channels_first. Save it with channels_last (height x width x channels)."
            )
    if count > MAX_LAYERS:
        raise ModelFileError("The model has {count:,} layers; the limit is {most:,}.", count=count, most=MAX_LAYERS)
    if (calls := _count_calls(kept)) > MAX_CALLS:
        raise ModelFileError(
            "The model makes {count:,} layer calls, counting shared models once per call; the limit is {most:,}.",
            count=calls,
            most=MAX_CALLS,
        )
    return count


def check_bounds(config: dict[str, Any]) -> None:
    """Look at a description's length and depth only.

    Raises:
        ModelFileError: If it is nested too deeply or too long.
    """
    for _ in _dicts(config):
        pass


def shown(text: object) -> str:
    """Quote a word of the file in a message: short, and without signs that could change how it reads."""
    clean = "".join(sign if sign.isprintable() else "?" for sign in str(text))
    return f"'{clean[:_SHOWN]}...'" if len(clean) > _SHOWN else f"'{clean}'"


def _dicts(root: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """All dictionaries of a description; an explicit stack, because the file decides how deep it goes."""
    stack: list[tuple[Any, int]] = [(root, 0)]
    seen = 0
    while stack:
        item, depth = stack.pop()
        seen += 1
        if depth > _MAX_DEPTH or seen > _MAX_NODES:
            raise ModelFileError("The model's config is nested too deeply or too long to be a model.")
        if isinstance(item, dict):
            yield item
            stack.extend((value, depth + 1) for value in item.values())
        elif isinstance(item, list):
            stack.extend((value, depth + 1) for value in item)


def _is_model(node: dict[str, Any]) -> bool:
    name = node.get("class_name")
    return isinstance(name, str) and (name in ALLOWED["models"] or _is_ours(node) or _is_custom(node))


def _count_layers(node: dict[str, Any]) -> int:
    config = node.get("config")
    layers = config.get("layers") if isinstance(config, dict) else None
    if not isinstance(layers, list):
        return 0
    if node["class_name"] == "Sequential" and len(layers) > MAX_SEQUENTIAL_LAYERS:
        raise ModelFileError(
            "The model is a Sequential of {count:,} layers. "
            "Keras takes minutes beyond {most}; save it as a functional model.",
            count=len(layers),
            most=MAX_SEQUENTIAL_LAYERS,
        )
    return len(layers)


def _count_calls(node: dict[str, Any]) -> int:
    """How many layers run for one image: a model that is called twice runs each of its layers twice."""
    config = node.get("config")
    settings = config if isinstance(config, dict) else {}
    layers, wrapped = settings.get("layers"), settings.get("layer")
    if isinstance(layers, list):
        return sum(_calls_of(layer) * _count_calls(layer) for layer in layers if isinstance(layer, dict))
    return _count_calls(wrapped) if isinstance(wrapped, dict) else 1


def _calls_of(layer: dict[str, Any]) -> int:
    nodes = layer.get("inbound_nodes")
    return max(1, len(nodes)) if isinstance(nodes, list) else 1


def _check_class(node: dict[str, Any]) -> None:
    name = node["class_name"]
    if not isinstance(name, str):
        raise ModelFileError("The model's config names a class by something that is not a word.")
    _check_name(node)
    if name in _VALUES:
        _check_value(node)
    elif name in ("Lambda", "__lambda__"):
        raise ModelFileError(
            "A Lambda layer holds code, which is not run. Replace it with Keras layers and save again."
        )
    elif name in DENIED_LAYERS:
        raise ModelFileError("The layer type {name} runs code or reads text, so the file is not opened.", name=name)
    elif name == "function":
        _check_function(node)
    elif _is_custom(node) and not _is_ours(node):
        raise ModelFileError(
            "The file needs the class {name}, which is not part of Keras. "
            "Open it in Python and pass it to cnnviz.convnet_from_model.",
            name=shown(name),
        )
    elif not _is_ours(node) and name not in _allowed_names(node.get("module")):
        asked = shown(name)
        if node.get("module") is not None:
            asked = Sentence("{name} from {module}", name=asked, module=shown(node["module"]))
        raise ModelFileError("The file uses {name}, which is not an allowed layer.", name=asked)


def _check_name(node: dict[str, Any]) -> None:
    config = node.get("config")
    name = config.get("name") if isinstance(config, dict) else None
    if isinstance(name, str) and any(sign in name for sign in "/\\\0"):
        raise ModelFileError(
            "The layer name {name} looks like a path. Rename the layer and save again.", name=shown(name)
        )


def _check_value(node: dict[str, Any]) -> None:
    """Arrays hold numbers: a text type would declare gigabytes in a few letters."""
    config = node.get("config")
    dtype = config.get("dtype", "float32") if isinstance(config, dict) else "float32"
    if not isinstance(dtype, str) or not _NUMBERS.fullmatch(dtype):
        raise ModelFileError(
            "The model's config holds a value of type {dtype}, which is not a number.", dtype=shown(dtype)
        )


def _check_function(node: dict[str, Any]) -> None:
    """A function is called by what holds it; only the losses and metrics of a compiled inner model need one."""
    name = node.get("config")
    is_known = isinstance(name, str) and name in FUNCTIONS and node.get("registered_name") in (None, name, "function")
    if not is_known or node.get("module") not in ("builtins", "keras.losses", "keras.metrics"):
        raise ModelFileError("The model refers to the function {name}, which is not run.", name=shown(name))


def _is_ours(node: dict[str, Any]) -> bool:
    registered = str(node.get("registered_name") or node["class_name"])
    return bool(_OURS.fullmatch(registered)) and str(node["class_name"]) in (registered, registered.split(">")[1])


def _is_custom(node: dict[str, Any]) -> bool:
    """Registered under a package, or from a module that is not Keras."""
    names = (str(node.get("registered_name") or ""), str(node.get("class_name")))
    module = node.get("module")
    is_foreign = module is not None and str(module).split(".")[0] != "keras"
    return is_foreign or any(">" in name for name in names) or (not module and names[1] not in _ANY)


def _allowed_names(module: object) -> frozenset[str]:
    """Names allowed in a module; files of older formats name no module."""
    if module is None:
        return _ANY
    if module == "keras":
        return ALLOWED["models"] | _POLICIES
    path = str(module).removeprefix("keras.").removeprefix("src.")
    family = ".".join(path.split(".")[:2]) if path.startswith(("ops.", "applications.")) else path.split(".")[0]
    return ALLOWED.get(family, frozenset())
