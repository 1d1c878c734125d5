"""Pixel scaling that a model expects, read from the path between its input and its first layer with weights.

What a model does to pixels itself (Rescaling, Normalization, arithmetic, a `preprocess_input` of keras.applications)
tells which pixels it wants. Where it does nothing, nothing in the file tells, and the scaling is a guess.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from cnnviz.capture import Call, call_model, capture, holds_layers, takes_one, walk
from cnnviz.compiling import compile_once
from cnnviz.convnets.convnet import SCALINGS, Preparation, Scaling
from cnnviz.images import read_photo, sample_photos
from cnnviz.sentences import Sentence

if TYPE_CHECKING:
    import keras


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Operations that change pixels one by one, or move them, before any weight is met.
_PIXELWISE = _names("""
    Identity IdentityN Cast Mul RealDiv Div DivNoNan AddV2 Add Sub BiasAdd Neg Maximum Minimum ClipByValue StridedSlice
    ReverseV2 GatherV2 ConcatV2 Pack Unpack Split SplitV Pad PadV2 MirrorPad ResizeBilinear ResizeNearestNeighbor
    ResizeBicubic ResizeArea Squeeze ExpandDims Reshape Transpose StopGradient EnsureShape
""")
_READS_SHAPES_ONLY = _names("Shape ShapeN Size Rank")


class _Range(NamedTuple):
    """Pixel values that a person may feed."""

    scaling: str
    low: float
    high: float


_RANGES = (_Range("0..255", 0, 255), _Range("0..1", 0, 1), _Range("-1..1", -1, 1))
# Mean and standard deviation, as shares of the range, of what is usually done to pixels: nothing or a division,
# division and shift by a half, ImageNet's statistics, MNIST's, multiplication by 255, subtraction of a mean alone,
# inversion.
_USUAL = ((0, 1), (0.5, 1), (0.5, 0.5), (0.45, 0.23), (0.13, 0.31), (0, 1 / 255), (0.45, 1 / 255), (1, 1))
_CLEAR, _MARGIN = 0.7, 0.4  # how close to one of these a range must be, and by how much closer than the next one

_NOTHING = 1e-3
_FAMILIAR = 1.0  # surprise of a BatchNormalization under the right scaling, at most
_CLEARLY = 2.0  # that of the next one, as a multiple of it

# Scaling that keras.applications names for its models, by the beginning of their names.
_APPLICATIONS = {
    "vgg": "imagenet-caffe",
    "resnet50v2": "-1..1",
    "resnet101v2": "-1..1",
    "resnet152v2": "-1..1",
    "resnet": "imagenet-caffe",
    "mobilenetv3": "0..255",
    "mobilenet": "-1..1",
    "inception": "-1..1",
    "xception": "-1..1",
    "densenet": "imagenet-torch",
    "nasnet": "-1..1",
}


@dataclass(frozen=True)
class FoundScaling:
    """A scaling, what tells so, and whether it could be another one."""

    scaling: Scaling
    why: Sentence
    is_certain: bool


def own_scaling(model: keras.Model, preparation: Preparation) -> FoundScaling | None:
    """Read off a model's own arithmetic which pixels it wants; None if it does nothing to them.

    Args:
        model: Keras model; it is only read.
        preparation: Its size and channels.
    """
    if np.issubdtype(_input_type(model), np.integer):
        return FoundScaling(SCALINGS["0..255"], Sentence("its input has an integer dtype"), True)
    slope, offset = _first_arithmetic(model, preparation)
    if np.allclose(slope, 1) and np.allclose(offset, 0):
        return None
    return _from_arithmetic(slope, offset)


def guess_scaling(model: keras.Model, preparation: Preparation) -> FoundScaling:
    """Guess which pixels a model wants that does nothing to them, from its base's name and what it was trained on.

    Args:
        model: Keras model; it is only read.
        preparation: Its size and channels.
    """
    return _from_name(model) or _from_statistics(model, preparation) or _usual_guess()


def trial_photos() -> tuple[np.ndarray, ...]:
    """Two sample photographs, black and white and noise: `(height, width, 3)` uint8, to try a model on."""
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    plain = [np.full((8, 8, 3), value, np.uint8) for value in (0, 255)]
    return (*_photographs(), *plain, noise)


@lru_cache(maxsize=1)
def _photographs() -> tuple[np.ndarray, ...]:
    paths = sample_photos()
    return tuple(read_photo(paths[name]) for name in ("chelsea", "coffee"))


def _input_type(model: keras.Model) -> Any:
    inputs = getattr(model, "inputs", None)
    return np.dtype(inputs[0].dtype) if inputs and inputs[0].dtype != "bfloat16" else np.dtype("float32")


def _usual_guess() -> FoundScaling:
    why = Sentence("the model does not rescale pixels itself, and this is the most common preprocessing")
    return FoundScaling(SCALINGS["0..1"], why, False)


def _first_arithmetic(model: keras.Model, preparation: Preparation) -> tuple[np.ndarray, np.ndarray]:
    """Slope and offset `(channels,)` between a pixel and what the first weights are given; 1 and 0 for nothing."""
    import tensorflow as tf

    shape, weighted = preparation.input_shape, _weighted(model)

    def run(pixels: Any) -> Any:
        with suppress(_Met), capture(model, weighted, on_call=_end):  # the rest of the model need not be traced
            call_model(model, pixels)
        return tf.cast(_before_weights(pixels), tf.float32)

    received = compile_once(run, [tf.TensorSpec((None, *shape), tf.float32)])
    # The middle pixel: at the border there may be padding.
    black, gray = (np.asarray(received(np.full((1, *shape), value, np.float32))).astype(np.float64) for value in (0, 1))
    middle = (0, *(side // 2 for side in black.shape[1:-1]))
    return gray[middle] - black[middle], black[middle]


def _weighted(model: keras.Model) -> list[str]:
    """Layers with weights other than statistics of the pixels."""
    import keras

    statistics = (keras.layers.Normalization, keras.layers.BatchNormalization)
    layers = walk(model)
    return [
        name for name, layer in layers.items()
        if layer.weights and not holds_layers(layer) and not isinstance(layer, statistics)
    ]  # fmt: skip


def _end(call: Call) -> None:
    raise _Met


def _before_weights(pixels: Any) -> Any:
    """Tensor that the first operation with weights is given, as long as only pixelwise arithmetic came before."""
    pixelwise, last = {id(pixels)}, pixels
    for operation in pixels.graph.get_operations():  # in the order of creation: inputs come first
        given = [tensor for tensor in operation.inputs if id(tensor) in pixelwise]
        if not given or operation.type in _READS_SHAPES_ONLY:
            continue
        if operation.type not in _PIXELWISE and not _mixes_channels(operation):
            break
        pixelwise.update(id(tensor) for tensor in operation.outputs)
        images = [tensor for tensor in operation.outputs if tensor.shape.rank in (3, 4)]
        last = images[0] if images else last
    return last


def _mixes_channels(operation: Any) -> bool:
    """Whether an operation turns colors gray: a mean over channels, or a product with a constant."""
    import tensorflow as tf

    constant = tf.get_static_value(operation.inputs[1]) if len(operation.inputs) > 1 else None
    if constant is None:
        return False
    last_axis = operation.inputs[0].shape.rank - 1
    is_over_channels = operation.type in ("Mean", "Sum") and set(np.ravel(constant)) <= {-1, last_axis}
    return operation.type == "MatMul" or is_over_channels


def _from_arithmetic(slope: np.ndarray, offset: np.ndarray) -> FoundScaling:
    """Which pixels are usual where a model computes `slope * pixel + offset` from them?"""
    with np.errstate(divide="ignore", invalid="ignore"):
        mean, deviation = float(np.mean(-offset / slope)), float(np.mean(np.abs(1 / slope)))
    distances = sorted((_distance(one, mean, deviation), one.scaling) for one in _RANGES)
    (nearest, name), (second, _) = distances[:2]
    is_clear = bool(nearest < _CLEAR and nearest + _MARGIN < second)
    return FoundScaling(SCALINGS[name], _say_arithmetic(mean, deviation), is_clear)


def _say_arithmetic(mean: float, deviation: float) -> Sentence:
    if abs(mean) < _NOTHING * deviation:
        return Sentence("the model itself divides pixels by {deviation:.4g}", deviation=deviation)
    if abs(deviation - 1) < _NOTHING:
        return Sentence("the model itself subtracts {mean:.4g} from pixels", mean=mean)
    template = "the model itself subtracts {mean:.4g} from pixels and divides by {deviation:.4g}"
    return Sentence(template, mean=mean, deviation=deviation)


def _distance(values: _Range, mean: float, deviation: float) -> float:
    width = values.high - values.low
    share, spread = (mean - values.low) / width, deviation / width
    if not (np.isfinite(share) and np.isfinite(spread) and spread > 0):
        return float("inf")
    return min(abs(np.log(spread / usual)) + 2 * abs(share - middle) for middle, usual in _USUAL)


def _from_name(model: keras.Model) -> FoundScaling | None:
    """A base of keras.applications keeps its name, also within another model."""
    for layer in (model, *walk(model).values()):
        name = layer.name.casefold().replace("_", "").replace("-", "")
        scaling = next((known for start, known in _APPLICATIONS.items() if name.startswith(start)), None)
        if scaling and getattr(layer, "layers", None):
            why = Sentence(
                "its base model is named {base!r}, and keras.applications preprocesses images for it this way",
                base=layer.name,
            )
            return FoundScaling(SCALINGS[scaling], why, False)
    return None


def _from_statistics(model: keras.Model, preparation: Preparation) -> FoundScaling | None:
    """Under which scaling does the first BatchNormalization meet what it met in training?"""
    candidates = [
        one for one in SCALINGS.values() if len(one.scale) in (1, preparation.channels) and one.name != "1..0"
    ]
    candidates = [one for one in candidates if len(one.offset) in (1, preparation.channels)]
    found = sorted(
        (surprise, scaling.name)
        for scaling in candidates
        if (surprise := _surprise(model, preparation, scaling)) is not None
    )
    if len(found) < 2 or found[0][0] > _FAMILIAR or found[1][0] < _CLEARLY * found[0][0]:
        return None
    why = Sentence("with this scaling, sample photos match the moving statistics of its first BatchNormalization")
    return FoundScaling(SCALINGS[found[0][1]], why, False)


class _Met(BaseException):
    """Ends a run as soon as its beginning is known; no Exception, which Keras would wrap."""


def _surprise(model: keras.Model, preparation: Preparation, scaling: Scaling) -> float | None:
    """How far from its moving statistics is what the first BatchNormalization is given? None if there is none."""
    given = _first_normalized(model, preparation, scaling)
    if given is None:
        return None
    layer, values = given
    mean, variance = (np.asarray(weight) for weight in (layer.moving_mean, layer.moving_variance))
    if (mean == 0).all() and (variance == 1).all():  # never trained
        return None
    flat = values.reshape(-1, values.shape[-1])
    deviation = np.sqrt(variance + layer.epsilon)
    shift = np.abs(flat.mean(0) - mean) / deviation
    spread = np.abs(np.log((flat.std(0) + layer.epsilon) / deviation))
    return float(np.median(shift) + np.median(spread))


def _first_normalized(model: keras.Model, preparation: Preparation, scaling: Scaling) -> tuple[Any, np.ndarray] | None:
    """The first BatchNormalization that runs, and what it is given for the sample photographs."""
    import keras

    addresses = [name for name, layer in walk(model).items() if isinstance(layer, keras.layers.BatchNormalization)]
    noted: list[Call] = []

    def stop(call: Call) -> None:
        noted.append(call)
        raise _Met

    inputs = Preparation(preparation.size, preparation.channels, preparation.fit, scaling).prepare(_photographs())
    inputs = inputs[:1] if takes_one(model) else inputs
    try:
        with capture(model, addresses, on_call=stop):
            call_model(model, inputs)
    except _Met:
        return noted[0].layer, np.asarray(keras.ops.convert_to_numpy(noted[0].inputs[0]), np.float64)
    return None
