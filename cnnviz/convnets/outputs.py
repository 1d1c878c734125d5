"""Kind of a model's outputs: softmax probabilities, sigmoids, logits, raw scores or plain numbers.

The range of every operation at the end of the traced graph is followed back to where it is bounded: a softmax lies in
0..1 and sums to one, so does an average of softmaxes, so does what adds its classes up; a softplus has no upper end.
Where the graph does not say, the model is run on black, white, noise and photographs, and the values say.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any, get_args

import numpy as np

from cnnviz import private_keras
from cnnviz.capture import call_model, capture
from cnnviz.compiling import compile_once
from cnnviz.convnets.convnet import PROBABILITIES, Outputs, Preparation
from cnnviz.convnets.output_ranges import Range, range_of
from cnnviz.convnets.scaling import trial_photos
from cnnviz.errors import ModelError
from cnnviz.sentences import Sentence

if TYPE_CHECKING:
    import keras

KINDS: tuple[str, ...] = tuple(kind for kind in get_args(Outputs) if kind != "none")
"""What a person may say that a model's outputs are."""

_TOLERANCE = 1e-3  # a float16 softmax sums to one no better
_CONSTANT = 1e-6
_LEAST_TRIALS, _TRIAL_SECONDS = 3, 10.0
# What Keras trains numbers with; the names of its functions and classes, in lower case without signs.
_OF_NUMBERS = (
    *("meansquarederror", "mse", "meanabsoluteerror", "mae", "meanabsolutepercentageerror", "mape", "logcosh"),
    *("meansquaredlogarithmicerror", "msle", "huber", "huberloss", "cosinesimilarity", "poisson"),
)
_OF_BINARY_CLASSES = ("binarycrossentropy", "binaryfocalcrossentropy", "bce")


@dataclass(frozen=True)
class Meaning:
    """What one output of a model is.

    Attributes:
        outputs: Its kind, see `Convnet.outputs`.
        units: Numbers that it has for one image; 0 where it has no class scores.
        why: What tells so.
        is_certain: Whether it could not be otherwise; False for a guess.
        has_logits: See `Convnet.has_logits`.
    """

    outputs: Outputs
    units: int
    why: Sentence
    is_certain: bool
    has_logits: bool = True

    @property
    def has_classes(self) -> bool:
        """Whether its largest output names a class; see `Convnet.has_classes`."""
        return self.outputs in PROBABILITIES or (self.outputs == "scores" and self.units > 1)

    @property
    def class_count(self) -> int:
        """Classes, or numbers, that are told apart: a single sigmoid or logit tells two."""
        return 2 if self.units == 1 and self.outputs in ("sigmoid", "logits") else self.units


def find_meaning(
    model: keras.Model, preparation: Preparation, head: int, *, name_count: int = 0, loss: str | None = None
) -> Meaning:
    """Tell what a model's output is, from its graph first, then from values.

    Args:
        model: Keras model; it is only read.
        preparation: How an image becomes its input.
        head: Which of its outputs.
        name_count: Number of class names that a person gave; 0 for none.
        loss: Name of the loss that the model was trained with, where it is known.

    Raises:
        ModelError: If there is no such output.
    """
    declared = _declared(model, head)
    if declared is None:
        scores_range, shapes = _traced(model, preparation, head)
    else:
        scores_range, shapes = declared
    if not 0 <= head < len(shapes):
        raise ModelError(
            "The model has no output {head}. It has {count}, counted from 0.", head=head, count=len(shapes)
        )
    units = shapes[head][-1] if len(shapes[head]) == 2 else None
    if not units:
        return Meaning("none", 0, Sentence("its output is not a vector of scores"), True)
    meaning = _decide(
        _Evidence(scores_range, units, partial(_telling_values, model, preparation, head), name_count, _plain(loss))
    )
    return replace(meaning, has_logits=meaning.outputs != "softmax" or scores_range.is_softmax)


def said_meaning(outputs: str, found: Meaning, why: Sentence) -> Meaning:
    """Take a person's word for what an output is, rather than what was found.

    Raises:
        ModelError: If an output of so many units cannot be that.
    """
    units = found.units
    if outputs not in KINDS:
        raise ModelError("There is no kind of output {kind!r}. Kinds: {kinds}.", kind=outputs, kinds=", ".join(KINDS))
    if outputs == "sigmoid" and units > 1:
        outputs = "independent"
    elif outputs == "independent" and units == 1:
        outputs = "sigmoid"
    if outputs == "softmax" and units == 1:
        raise ModelError(
            "A single output cannot be a softmax over classes. Set the outputs to sigmoid, logits or numbers."
        )
    has_logits = outputs != "softmax" or (found.outputs == "softmax" and found.has_logits)
    return Meaning(outputs, units, why, True, has_logits)  # type: ignore[arg-type]  # checked above


def require_possible(meaning: Meaning, model: keras.Model, preparation: Preparation, head: int) -> None:
    """Refuse a person's word that outputs are probabilities where trial images give others.

    Raises:
        ModelError: If outputs are not between 0 and 1, or those of a softmax do not sum to one.
    """
    if meaning.outputs not in ("softmax", "sigmoid", "independent"):
        return
    values = _values(model, preparation, head)
    if np.any(values < -_TOLERANCE) or np.any(values > 1 + _TOLERANCE):
        raise ModelError(
            "The outputs are not between 0 and 1, but from {low} to {high}, so they are not probabilities. Set the "
            "outputs to logits, scores or numbers.",
            low=f"{values.min():.3g}",
            high=f"{values.max():.3g}",
        )
    if meaning.outputs == "softmax" and np.any(np.abs(values.sum(axis=1) - 1) > _TOLERANCE):
        raise ModelError("The outputs do not sum to one, unlike a softmax. Set the outputs to independent or scores.")


def loss_name(loss: Any) -> str | None:
    """Name of a Keras loss: of a function, a class, an object or a serialized one; None where there are several."""
    if isinstance(loss, dict):
        loss = loss.get("config", {}).get("name") or loss.get("class_name") if "class_name" in loss else None
    if loss is None or isinstance(loss, str):
        return loss
    name = getattr(loss, "name", None) or getattr(loss, "__name__", None)
    return name if isinstance(name, str) else None


def _plain(loss: str | None) -> str:
    return (loss or "").replace("_", "").casefold()


@dataclass(frozen=True)
class _Evidence:
    """All that can tell what an output is.

    Attributes:
        found: Range of its values, followed through the graph.
        units: Numbers for one image.
        values: Outputs `(images, units)` for trial images; below 0 where running the model could not tell more.
        name_count: Class names that a person gave.
        loss: Name of the loss, in lower case without signs; empty where it is not known.
    """

    found: Range
    units: int
    values: Callable[[], np.ndarray]
    name_count: int
    loss: str


def _decide(evidence: _Evidence) -> Meaning:
    """Put graph, values, loss and names together; the strongest sign first."""
    found, units, loss = evidence.found, evidence.units, evidence.loss
    if found.is_distribution and units > 1:
        ends = (
            Sentence("it ends in a softmax")
            if found.is_softmax
            else Sentence("its outputs are a combination of softmaxes that sums to one")
        )
        return Meaning("softmax", units, ends, True)
    if found.is_distribution:
        return _sigmoids(1, Sentence("a softmax over one unit, which always outputs 1"), is_certain=True)
    if found.is_share and found.is_bounded_sigmoid:
        return _sigmoids(units, Sentence("it ends in a sigmoid"), is_certain=True)
    values = evidence.values()
    if units > 1 and _is_distribution(values):
        return Meaning("softmax", units, Sentence("its outputs are never negative and always sum to one"), True)
    if found.is_share:
        return _sigmoids(units, Sentence("its outputs lie between 0 and 1"), is_certain=False)
    if loss in _OF_NUMBERS and found.is_unbounded:
        return Meaning("numbers", units, Sentence("it was trained with a regression loss ({loss})", loss=loss), True)
    if found.is_logarithm or found.is_unbounded:
        return _linear(evidence, values)
    if units == 1 and not found.is_bounded:
        return Meaning(
            "numbers", 1, Sentence("one unit with range {range}, which is not a probability", range=found.text), False
        )
    why = Sentence("its outputs range over {range}, so they are not probabilities", range=found.text)
    return Meaning("scores", units, why, found.is_bounded)


def _sigmoids(units: int, why: Sentence, *, is_certain: bool) -> Meaning:
    return Meaning("sigmoid" if units == 1 else "independent", units, why, is_certain)


def _linear(evidence: _Evidence, values: np.ndarray) -> Meaning:
    """Tell logits from numbers; a single linear unit may be either."""
    found, units, loss = evidence.found, evidence.units, evidence.loss
    if not found.is_linear and not found.is_logarithm:
        if len(values) and np.all((values >= 0) & (values <= 1)):
            return _sigmoids(units, Sentence("its outputs lay between 0 and 1 on all trial images"), is_certain=False)
        why = Sentence("its outputs are unbounded")
        return Meaning("logits" if units > 1 else "numbers", units, why, False)
    if units > 1:
        return Meaning("logits", units, Sentence("it ends in linear units"), loss != "" or found.is_logarithm)
    if loss in _OF_BINARY_CLASSES:
        return Meaning("logits", 1, Sentence("one linear unit, trained on two classes (loss {loss})", loss=loss), True)
    if evidence.name_count == 2:
        return Meaning("logits", 1, Sentence("one linear unit, and two class names were given"), False)
    return Meaning("numbers", 1, Sentence("one linear unit; for a binary classifier, set the outputs to logits"), False)


def _declared(model: keras.Model, head: int) -> tuple[Range, list[tuple[int | None, ...]]] | None:
    """Read a functional model's last activation off its last layer, which is quicker than tracing; None if it hides."""
    import keras

    outputs = getattr(model, "outputs", None)
    if not outputs or not 0 <= head < len(outputs):
        return None
    layer = private_keras.source_of(outputs[head])
    declared = {keras.activations.softmax: Range.softmax(), keras.activations.sigmoid: Range.sigmoid()}
    if type(layer) is keras.layers.Dense:
        declared[keras.activations.linear] = Range.linear()
    elif type(layer) is not keras.layers.Activation:
        return None
    found = declared.get(layer.activation)
    return (found, [tuple(tensor.shape) for tensor in outputs]) if found else None


def _traced(model: keras.Model, preparation: Preparation, head: int) -> tuple[Range, list[tuple[int | None, ...]]]:
    """Run the model symbolically and follow the range of its last operations."""
    import tensorflow as tf

    found: list[Any] = []

    def run(inputs: Any) -> None:
        with capture(model, ()):  # what is decorated is looked into
            found.extend(call_model(model, inputs))

    spec = tf.TensorSpec((None, *preparation.input_shape), tf.float32)
    compile_once(run, [spec]).get_concrete_function()
    shapes = [tuple(tensor.shape) for tensor in found]
    return (range_of(found[head]) if 0 <= head < len(found) else Range.unknown()), shapes


def _telling_values(model: keras.Model, preparation: Preparation, head: int) -> np.ndarray:
    """Outputs for trial images, unless a dense layer with negative weights ends the model: it adds no shares up."""
    import keras

    outputs = getattr(model, "outputs", None)
    layer: Any = private_keras.source_of(outputs[head]) if outputs else None
    if type(layer) is keras.layers.Dense and np.min(keras.ops.convert_to_numpy(layer.kernel)) < 0:
        return np.full((1, layer.units), -1.0)
    return _values(model, preparation, head)


def _values(model: keras.Model, preparation: Preparation, head: int) -> np.ndarray:
    """Outputs `(images, units)` for photographs, numbers around zero, noise, black and white; finite rows only.

    Of a model so slow that nobody would wait for all of them, those for the first few.
    """
    import keras

    numbers = np.random.default_rng(0).normal(size=(2, *preparation.input_shape)).astype(np.float32)
    first, *others = preparation.prepare(trial_photos())
    rows: list[np.ndarray] = []
    start = time.monotonic()
    for image in (first, numbers[0], *others, numbers[1]):  # one at a time: some models take no more
        if len(rows) >= _LEAST_TRIALS and time.monotonic() - start > _TRIAL_SECONDS:
            break
        with capture(model, ()):  # a trace that its maker left may be one of training
            scores = call_model(model, image[None])[head]
        rows.append(np.asarray(keras.ops.convert_to_numpy(scores), np.float64)[0])
    values = np.stack(rows)
    return values[np.isfinite(values).all(axis=1)]


def _is_distribution(values: np.ndarray) -> bool:
    """Whether rows are distributions, and vary: a model that always answers the same proves nothing."""
    if not len(values):
        return False
    sums = values.sum(axis=1)
    is_valid = bool(np.all(values >= -_CONSTANT) and np.all(np.abs(sums - 1) < _TOLERANCE))
    return is_valid and bool(np.ptp(values, axis=0).max() > _CONSTANT)


def main_head(names: Sequence[str], shapes: Sequence[tuple[int | None, ...]], depths: Sequence[int]) -> int:
    """Guess which of several outputs holds the scores.

    By the usual signs, the first that tells: a row of scores rather than maps; no name such as `aux`; a name such as
    `main` or `predictions`; the deepest; the one with most units; the first.
    """

    def signs(place: int) -> tuple[int, ...]:
        name, shape = names[place].casefold(), shapes[place]
        is_row = len(shape) == 2
        units = int(shape[-1] or 0) if is_row else 0
        return (
            is_row,
            not any(word in name for word in ("aux", "side", "early", "interm")),
            any(word in name for word in ("main", "final", "predict", "class", "prob", "logit")),
            depths[place],
            units,
            -place,
        )

    return max(range(len(names)), key=signs)
