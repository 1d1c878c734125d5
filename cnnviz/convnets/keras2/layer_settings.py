"""Translation of Keras 2 layer configs to Keras 3: removed and renamed keys, dtypes, activations."""

from __future__ import annotations

from typing import Any

from cnnviz.convnets.keras2.calls import UntranslatableError
from cnnviz.convnets.keras_names import ALLOWED
from cnnviz.sentences import Sentence

Settings = dict[str, Any]

# Layers that had another name, with settings that make up for it.
RENAMED: dict[str, tuple[str, Settings]] = {
    "BatchNormalizationV1": ("BatchNormalization", {}),
    "BatchNormalizationV2": ("BatchNormalization", {}),
    "SyncBatchNormalization": ("BatchNormalization", {}),
    "Model": ("Functional", {}),
    # They change the size of training images only.
    "RandomHeight": ("Identity", {}),
    "RandomWidth": ("Identity", {}),
    # Outside of training it cuts nothing off at random: it resizes what fits.
    "RandomCrop": ("Resizing", {"crop_to_aspect_ratio": True}),
    "ThresholdedReLU": ("ReLU", {}),
}
# Layers of Keras's own applications that Keras 3 does not keep in `keras.layers`.
_APPLICATIONS = {
    "LayerScale": "keras.src.applications.convnext",
    "StochasticDepth": "keras.src.applications.convnext",
    "CustomScaleLayer": "keras.src.applications.inception_resnet_v2",
}
_FAMILIES = {"_initializer": "initializers", "_regularizer": "regularizers", "_constraint": "constraints"}
# Keys that meant nothing for the result, and are unknown today.
_GONE_EVERYWHERE = frozenset(
    {"batch_input_shape", "input_dim", "input_dtype", "input_length", "implementation", "rng_type", "trainable"}
)
_GONE = {
    "BatchNormalization": {"fused", "virtual_batch_size", "renorm_clipping", "renorm_momentum", "adjustment"},
    "SpatialDropout1D": {"noise_shape"},
    "SpatialDropout2D": {"noise_shape"},
    "SpatialDropout3D": {"noise_shape"},
    "InputLayer": {"sparse"},
    "MultiHeadAttention": {"query_shape", "key_shape", "value_shape", "softmax_robust_masking"},
    "SeparableConv1D": {"kernel_initializer", "kernel_regularizer", "kernel_constraint"},
    "SeparableConv2D": {"kernel_initializer", "kernel_regularizer", "kernel_constraint"},
    "DepthwiseConv1D": {"filters", "kernel_initializer", "kernel_regularizer", "kernel_constraint"},
    "DepthwiseConv2D": {"filters", "kernel_initializer", "kernel_regularizer", "kernel_constraint"},
    "Identity": {"factor", "interpolation", "seed"},
    "ReLU": {"theta"},
    "Resizing": {"seed"},
}
# Keys that Keras 3 does not have, at the only value that it can stand for.
_FIXED: dict[str, Settings] = {
    "BatchNormalization": {"renorm": False},
    "GRU": {"time_major": False},
    "InputLayer": {"ragged": False},
    "LSTM": {"time_major": False},
    "SimpleRNN": {"time_major": False},
    **{f"Conv{rank}DTranspose": {"groups": 1} for rank in (1, 2, 3)},
    **{f"DepthwiseConv{rank}D": {"groups": 1} for rank in (1, 2)},
    **{f"SeparableConv{rank}D": {"groups": 1} for rank in (1, 2)},
    "Attention": {"causal": False},
    "AdditiveAttention": {"causal": False},
}
_MOVED = {"LeakyReLU": {"alpha": "negative_slope"}, "InputLayer": {"batch_input_shape": "batch_shape"}}
_SINGLE_AXIS = frozenset({"BatchNormalization"})
# Names of activations, Keras's and TensorFlow's, by the name that Keras 3 has for them.
_ACTIVATIONS = {
    **{
        name: name
        for name in ["elu", "exponential", "gelu", "linear", "log_softmax", "mish", "relu", "relu6", "selu", "sigmoid"]
    },
    **{name: name for name in ["silu", "softmax", "softplus", "softsign", "tanh", "leaky_relu", "hard_sigmoid"]},
    "swish": "silu",
    "swish_v2": "silu",
    "exp": "exponential",
    "identity": "linear",
    "softmax_v2": "softmax",
}
_POLICIES = frozenset(
    {"float16", "bfloat16", "float32", "float64", "mixed_float16", "mixed_bfloat16"}
)  # those that Keras 2 has too


def module_of(kind: str) -> str:
    """Where Keras 3 keeps a layer."""
    return _APPLICATIONS.get(kind, "keras.layers")


def is_known_layer(kind: str) -> bool:
    """Whether Keras 3 has a layer of that name, or it was renamed."""
    return kind in ALLOWED["layers"] or kind in RENAMED or kind in _APPLICATIONS


def translate_settings(kind: str, settings: Settings) -> Settings:
    """Translate the settings of a layer that holds no other layer.

    Args:
        kind: Its class in Keras 3.
        settings: As Keras 2 wrote them.

    Returns:
        What Keras 3 builds it from. `activation` is left as it is: see `activation_of`.

    Raises:
        UntranslatableError: If a setting has no counterpart.
    """
    for key, value in _FIXED.get(kind, {}).items():
        if settings.get(key, value) not in (value, None):
            raise UntranslatableError(Sentence("its option {name} has no counterpart", name=key))
    moved, gone = _MOVED.get(kind, {}), _GONE_EVERYWHERE | _GONE.get(kind, set()) | set(_FIXED.get(kind, {}))
    new = {moved[key]: value for key, value in settings.items() if key in moved}
    new |= {key: value for key, value in settings.items() if key not in moved and key not in gone}
    if kind == "ReLU" and "theta" in settings:
        new["threshold"] = settings["theta"]
    new = {key: _unwrap(value) for key, value in new.items()}
    for key in new:
        family = next((family for ending, family in _FAMILIES.items() if key.endswith(ending)), None)
        if family is not None:
            new[key] = _part(new[key], family)
    if kind in _SINGLE_AXIS and isinstance(new.get("axis"), list) and len(new["axis"]) == 1:
        new["axis"] = new["axis"][0]
    if kind == "InputLayer":
        new["dtype"] = str(_policy_name(new.get("dtype")))
    elif "dtype" in new:
        new["dtype"] = policy(new["dtype"])
    if "data_format" in new and new["data_format"] is None:
        del new["data_format"]
    return new


def _unwrap(value: Any) -> Any:
    """Early versions wrote numbers as arrays."""
    if isinstance(value, dict) and value.get("type") == "ndarray":
        return value.get("value")
    return value


def _part(part: Any, family: str) -> Any:
    """Translate an initializer, a regularizer or a constraint.

    None of them changes what a trained model computes, so one that is not known is left out.
    """
    if isinstance(part, str):
        return part if part in ALLOWED[family] else None
    if not isinstance(part, dict) or part.get("class_name") not in ALLOWED[family]:
        return "zeros" if family == "initializers" else None
    settings = {key: value for key, value in dict(part.get("config") or {}).items() if key != "dtype"}
    if any(isinstance(value, dict) for value in settings.values()):
        return "zeros" if family == "initializers" else None
    return {
        "module": f"keras.{family}",
        "class_name": part["class_name"],
        "config": settings,
        "registered_name": None,
    }


def policy(dtype: Any) -> Any:
    """Translate a type of numbers, or a policy of mixed precision."""
    name = _policy_name(dtype)
    return {
        "module": "keras",
        "class_name": "DTypePolicy",
        "config": {"name": name if name in _POLICIES else "float32"},
        "registered_name": None,
    }


def _policy_name(dtype: Any) -> Any:
    if isinstance(dtype, dict):
        settings = dtype.get("config")
        dtype = settings.get("name") if isinstance(settings, dict) else None
    return "float32" if dtype in (None, "_infer") else dtype


def activation_name(activation: Any) -> str | None:
    """Keras 3's name of an activation; None if it is a layer.

    Raises:
        UntranslatableError: If it is a function that is not known.
    """
    if isinstance(activation, dict):
        if activation.get("class_name") != "function":
            return None
        activation = activation.get("config")
        activation = activation.get("name") if isinstance(activation, dict) else activation
    name = "linear" if activation is None else activation
    if not isinstance(name, str) or name not in _ACTIVATIONS:
        raise UntranslatableError(Sentence("its activation {name} is not known", name=str(name)[:40]))
    return _ACTIVATIONS[name]
