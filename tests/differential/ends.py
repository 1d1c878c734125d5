"""Entries, bridges and ends of random models: what pixels go through first, how maps become units, units scores."""

from collections.abc import Callable
from dataclasses import dataclass

import keras
import numpy as np
import tensorflow as tf
from keras import layers, ops


def _bgr_minus_mean(net, x):
    return x[..., ::-1] - 100.0 if x.shape[-1] == 3 else x - 100.0


def _layer(make):
    return lambda net, x: net("entry", lambda: make("entry"), x)


def _float(x):
    return x if "float" in str(x.dtype) else ops.cast(x, "float32")


ENTRIES = {
    "none": lambda net, x: _float(x),
    "rescaling": _layer(lambda name: layers.Rescaling(1 / 255, name=name)),
    "rescaling_symmetric": _layer(lambda name: layers.Rescaling(1 / 127.5, offset=-1, name=name)),
    "normalization": _layer(lambda name: layers.Normalization(mean=127.0, variance=4000.0, name=name)),
    "divide": lambda net, x: _float(x) / 255.0,
    "symmetric": lambda net, x: _float(x) / 127.5 - 1.0,
    "bgr_minus_mean": lambda net, x: _bgr_minus_mean(net, _float(x)),
    "flip_and_rescale": lambda net, x: _flip_and_rescale(net, x),
    "resizing": lambda net, x: net("entry", lambda: layers.Resizing(10, 9, name="entry"), _float(x)),
    "batch_norm": lambda net, x: net("entry", lambda: layers.BatchNormalization(name="entry"), _float(x)),
}
"""What happens to pixels before the first block."""

WANTS_PIXELS = {
    "rescaling", "rescaling_symmetric", "normalization", "divide", "symmetric", "bgr_minus_mean", "flip_and_rescale",
}  # fmt: skip
"""Entries that say by themselves that pixels come as 0..255."""


def _flip_and_rescale(net, x):
    x = net("augment", lambda: layers.RandomFlip("horizontal", name="augment"), x)
    return net("entry", lambda: layers.Rescaling(1 / 255, name="entry"), x)


def _flatten(net, x):
    x = net("pool", lambda: layers.AdaptiveAveragePooling2D(2, name="pool"), x)
    return net("flatten", lambda: layers.Flatten(name="flatten"), x)


def _hidden(net, x):
    return net("hidden", lambda: layers.Dense(5, activation="relu", name="hidden"), _flatten(net, x))


def _tokens(net, x):
    rows, columns, channels = x.shape[1:]
    x = net("tokens", lambda: layers.Reshape((rows * columns, channels), name="tokens"), x)
    x = net("mix", lambda: layers.MultiHeadAttention(1, 3, name="mix"), x, x)
    return net("pool", lambda: layers.GlobalAveragePooling1D(name="pool"), x)


def _lstm(net, x):
    rows, columns, channels = x.shape[1:]
    x = net("rows", lambda: layers.Reshape((rows, columns * channels), name="rows"), x)
    return net("lstm", lambda: layers.Bidirectional(layers.LSTM(3), name="lstm"), x)


def _attention_pool(net, x):
    weights = net("where", lambda: layers.Conv2D(1, 1, activation="sigmoid", name="where"), x)
    return ops.sum(x * weights, axis=(1, 2)) / (ops.sum(weights, axis=(1, 2)) + 0.1)


BRIDGES = {
    "average": lambda net, x: net("pool", lambda: layers.GlobalAveragePooling2D(name="pool"), x),
    "maximum": lambda net, x: net("pool", lambda: layers.GlobalMaxPooling2D(name="pool"), x),
    "flatten": _flatten,
    "hidden": _hidden,
    "tokens": _tokens,
    "lstm": _lstm,
    "mean": lambda net, x: ops.mean(x, axis=(1, 2)),
    "attention_pool": _attention_pool,
}
"""From maps to units."""


def as_it_is(z, p):
    """Scores without an activation that could be taken off."""
    return p


@dataclass(frozen=True)
class End:
    """How units become outputs, and what those are.

    Attributes:
        scores: From `net` and units to the model's outputs.
        kind: What `Convnet.outputs` should be.
        logits: From the linear units z and the outputs to the scores that are explained; the outputs if not given.
        units: Number of outputs, if this end sets it itself.
    """

    scores: Callable
    kind: str
    logits: Callable = as_it_is
    units: int | None = None


def _dense(net, v, units, name="scores", **options):
    return net(name, lambda: layers.Dense(units, name=name, **options), v)


def _after(operation, dtype="float32"):
    """An operation on linear units."""
    return lambda net, v, units: operation(_dense(net, v, units, "linear"))


def _activation_layer(activation):
    def scores(net, v, units):
        z = _dense(net, v, units, "linear")
        return net("scores", lambda: layers.Activation(activation, name="scores", dtype="float32"), z)

    return scores


def _mean_of(activation, weights=(0.5, 0.5)):
    def scores(net, v, units):
        parts = [_dense(net, v, units, f"member{index}", activation=activation) for index in range(2)]
        return weights[0] * parts[0] + weights[1] * parts[1]

    return scores


def _average_layer(net, v, units):
    parts = [_dense(net, v, units, f"member{index}", activation="softmax") for index in range(2)]
    return net("scores", lambda: layers.Average(name="scores"), parts)


def _coarse(net, v, units):
    """Fine classes summed up to coarse ones."""
    matrix = np.zeros((2 * units, units), np.float32)
    matrix[np.arange(2 * units), np.arange(2 * units) % units] = 1
    return ops.matmul(_dense(net, v, 2 * units, "fine", activation="softmax"), ops.convert_to_tensor(matrix))


def _coarse_slices(net, v, units):
    fine = _dense(net, v, units + 2, "fine", activation="softmax")
    return ops.concatenate([fine[:, : units - 1], ops.sum(fine[:, units - 1 :], axis=-1, keepdims=True)], axis=-1)


def _smoothed(net, v, units):
    return 0.9 * _dense(net, v, units, activation="softmax") + 0.1 / units


def _softmax_layer(net, v, units):
    z = _dense(net, v, units, "linear")
    return net("scores", lambda: layers.Softmax(name="scores"), z)


def _two_probabilities(net, v, units):
    p = _dense(net, v, 1, activation="sigmoid")
    return ops.concatenate([1.0 - p, p], axis=-1)


def _reshaped(net, v, units):
    p = _dense(net, v, units, activation="softmax")
    return net("reshaped", lambda: layers.Reshape((units,), name="reshaped"), p)


def _dropped(net, v, units):
    z = _dense(net, v, units, activation="softmax")
    return net("dropped", lambda: layers.Dropout(0.5, name="dropped"), z)


def _conv_scores(net, v, units):
    x = net("grid", lambda: layers.Reshape((1, 1, v.shape[-1]), name="grid"), v)
    x = net("linear", lambda: layers.Conv2D(units, 1, name="linear"), x)
    x = net("flat", lambda: layers.Flatten(name="flat"), x)
    return net("scores", lambda: layers.Activation("softmax", name="scores"), x)


def linear(z, p):
    """The activation can be taken off."""
    return z


def log(z, p):
    return tf.math.log(p)


def log_odds(z, p):
    return tf.math.log(p) - tf.math.log(1 - p)


ENDS = {
    "softmax": End(lambda net, v, n: _dense(net, v, n, activation="softmax"), "softmax", linear),
    "activation_softmax": End(_activation_layer("softmax"), "softmax", linear),
    "softmax_layer": End(_softmax_layer, "softmax", linear),
    "ops_softmax": End(_after(lambda z: ops.softmax(z)), "softmax", linear),
    "conv_softmax": End(_conv_scores, "softmax", linear),
    "reshaped_softmax": End(_reshaped, "softmax", linear),
    "dropped_softmax": End(_dropped, "softmax", linear),
    "temperature": End(_after(lambda z: ops.softmax(z / 2.5)), "softmax", lambda z, p: z / 2.5),
    "explicit_softmax": End(_after(lambda z: ops.exp(z) / ops.sum(ops.exp(z), -1, keepdims=True)), "softmax", log),
    "mean_of_softmaxes": End(_mean_of("softmax"), "softmax", log),
    "weighted_softmaxes": End(_mean_of("softmax", (0.3, 0.7)), "softmax", log),
    "average_of_softmaxes": End(_average_layer, "softmax", log),
    "label_smoothing": End(_smoothed, "softmax", log),
    "coarse": End(_coarse, "softmax", log),
    "coarse_slices": End(_coarse_slices, "softmax", log),
    "two_probabilities": End(_two_probabilities, "softmax", log, 2),
    "log_softmax": End(_after(lambda z: ops.log_softmax(z)), "logits"),
    "dense_log_softmax": End(lambda net, v, n: _dense(net, v, n, activation="log_softmax"), "logits"),
    "linear": End(lambda net, v, n: _dense(net, v, n), "logits"),
    "linear_no_bias": End(lambda net, v, n: _dense(net, v, n, use_bias=False), "logits"),
    "linear_scaled": End(_after(lambda z: z / 4.0), "logits"),
    "linear_activation": End(_activation_layer("linear"), "logits"),
    "sigmoid": End(lambda net, v, n: _dense(net, v, 1, activation="sigmoid"), "sigmoid", linear, 1),
    "activation_sigmoid": End(lambda net, v, n: _activation_layer("sigmoid")(net, v, 1), "sigmoid", linear, 1),
    "ops_sigmoid": End(lambda net, v, n: _after(ops.sigmoid)(net, v, 1), "sigmoid", linear, 1),
    "mean_of_sigmoids_1": End(lambda net, v, n: _mean_of("sigmoid")(net, v, 1), "sigmoid", log_odds, 1),
    "shifted_tanh_1": End(lambda net, v, n: _after(lambda z: (ops.tanh(z) + 1) / 2)(net, v, 1), "sigmoid", log_odds, 1),
    "hard_sigmoid_1": End(lambda net, v, n: _dense(net, v, 1, activation="hard_sigmoid"), "sigmoid", log_odds, 1),
    "sigmoids": End(lambda net, v, n: _dense(net, v, n, activation="sigmoid"), "independent", linear),
    "ops_sigmoids": End(_after(lambda z: ops.sigmoid(z)), "independent", linear),
    "mean_of_sigmoids": End(_mean_of("sigmoid"), "independent", log_odds),
    "hard_sigmoids": End(lambda net, v, n: _dense(net, v, n, activation="hard_sigmoid"), "independent", log_odds),
    "shifted_tanh": End(_after(lambda z: (ops.tanh(z) + 1) / 2), "independent", log_odds),
    "tanh": End(lambda net, v, n: _dense(net, v, n, activation="tanh"), "scores"),
    "ops_tanh": End(_after(lambda z: ops.tanh(z)), "scores"),
    "softplus": End(lambda net, v, n: _dense(net, v, n, activation="softplus"), "scores"),
    "relu": End(lambda net, v, n: _dense(net, v, n, activation="relu"), "scores"),
    "percent": End(lambda net, v, n: _dense(net, v, n, activation="softmax") * 100.0, "scores"),
    "regression": End(lambda net, v, n: _dense(net, v, 1), "numbers", units=1),
    "regression_relu": End(lambda net, v, n: _dense(net, v, 1, activation="relu"), "numbers", units=1),
    "regression_softplus": End(lambda net, v, n: _dense(net, v, 1, activation="softplus"), "numbers", units=1),
}
"""All ends by name."""

BY_VALUES = ("explicit_softmax", "coarse_slices", "two_probabilities")
"""Ends that only their values tell from other scores: their rows always sum to one."""

assert keras.backend.backend() == "tensorflow"
