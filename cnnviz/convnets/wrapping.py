"""Wrapping of any Keras model as a `Convnet`, with what had to be assumed about its input and output."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cnnviz import private_keras
from cnnviz.convnets.assumptions import NOT_ASKED, SAID, Assumption, Assumptions
from cnnviz.convnets.convnet import SCALINGS, Convnet, Preparation, Scaling, placeholder_names
from cnnviz.convnets.input_layout import check_fits, find_layout, input_shape, shape_for
from cnnviz.convnets.labels import read_labels
from cnnviz.convnets.outputs import Meaning, find_meaning, loss_name, main_head, require_possible, said_meaning
from cnnviz.convnets.scaling import FoundScaling, guess_scaling, own_scaling
from cnnviz.convnets.scopes import allow_any_names
from cnnviz.errors import ModelError
from cnnviz.images import Fit
from cnnviz.sentences import Sentence

if TYPE_CHECKING:
    import keras

_FREE_SIZE = 224


@dataclass(frozen=True)
class Said:
    """What is known about a model beside itself; None or empty where nobody said.

    Attributes:
        scaling: A key of `SCALINGS`.
        fit: How an image of another shape is brought to the model's size.
        class_names: One name a class, in the model's order.
        head: Name or number of the output with the scores.
        outputs: What the outputs are, see `Convnet.outputs`.
        class_order: `sorted` or `natural`: how folders are numbered where classes have no names.
        loss: Name of the loss that the model was trained with, or one an output.
        why: Who says so.
    """

    scaling: str | None = None
    fit: Fit | None = None
    class_names: tuple[str, ...] = ()
    head: int | str | None = None
    outputs: str | None = None
    class_order: str | None = None
    loss: str | tuple[str | None, ...] | None = None
    why: Sentence = SAID


def convnet_from_model(
    model: keras.Model,
    *,
    name: str | None = None,
    preparation: Preparation | None = None,
    scaling: str | None = None,
    fit: Fit | None = None,
    class_names: Sequence[str] | str | Path | None = None,
    head: int | str | None = None,
    outputs: str | None = None,
) -> Convnet:
    """Make a `Convnet` of any Keras model with one image as input; the model is only read.

    What the model cannot tell is assumed, and said in `convnet.assumptions`: pixels as its own arithmetic tells, else
    0..1; images stretched to its size, as Keras's loaders do; a free size is taken as 224; classes are numbered.

    Args:
        model: Built Keras model: functional, Sequential, subclassed, nested.
        name: What to call it; the model's own name if not given.
        preparation: How a photo becomes its input; goes before `scaling` and `fit`.
        scaling: How pixels become numbers, a key of `SCALINGS`: `0..255`, `0..1`, `-1..1`, `imagenet-caffe`, ...
        fit: How an image of another shape is brought to the model's size: `stretch`, `crop`, `pad`.
        class_names: One name a class, two for a single sigmoid; or a file of them, see `read_labels`.
        head: Which of several outputs holds the scores, by name or number; the main one by the usual signs.
        outputs: What the outputs are, see `Convnet.outputs`; found from graph and values if not given.

    Raises:
        ModelError: If the input is not one image, or what is said does not fit the model.

    Example:
        >>> convnet = convnet_from_model(model, class_names=["cat", "dog"])
        >>> predict(convnet, convnet.prepare([photo])).shape
        (1, 2)
    """
    said = Said(scaling, fit, names_from(class_names), head, outputs)
    return wrap(model, name=name or model.name, preparation=preparation, sources=(said,))


def names_from(class_names: Sequence[str] | str | Path | None) -> tuple[str, ...]:
    """Take class names as they are, or read them from a file."""
    if isinstance(class_names, (str, Path)):
        return read_labels(Path(class_names))
    return tuple(class_names or ())


def wrap(
    model: keras.Model, *, name: str, preparation: Preparation | None, sources: Sequence[Said], why: Sentence = SAID
) -> Convnet:
    """Make a `Convnet` of a model and of what is said about it.

    Args:
        model: Keras model; it is only read.
        name: What to call it.
        preparation: How a photo becomes its input, if that is known.
        sources: What is said about it; the first that says something counts.
        why: Who gave `preparation`.
    """
    allow_any_names(model)
    shape = shape_for(model, preparation)
    layout_why = why if preparation else None
    if preparation is None:
        preparation, scaling, fit = _find_preparation(model, shape, sources)
    else:
        check_fits(shape, preparation)
        scaling, fit = Assumption(preparation.scaling.name, why), Assumption(preparation.fit, why)
    head, head_assumed = _find_head(model, sources)
    names, names_why = _first(sources, "class_names") or ((), SAID)
    loss = _find_loss(model, head, sources)
    meaning = find_meaning(model, preparation, head, name_count=len(names), loss=loss)
    if chosen := _first(sources, "outputs"):
        found, meaning = meaning, said_meaning(chosen[0], meaning, chosen[1])
        if meaning.outputs != found.outputs:
            require_possible(meaning, model, preparation, head)
    names, named = _find_names(names, names_why, meaning)
    assumptions = Assumptions(
        scaling,
        fit,
        named,
        _find_order(sources) if meaning.has_classes and not named.is_confirmed else NOT_ASKED,
        Assumption(meaning.outputs, meaning.why, meaning.is_certain),
        head_assumed,
        find_layout(model, preparation, layout_why),
    )
    return Convnet(model, name, preparation, meaning.outputs, names, head, meaning.has_logits, assumptions)


def guess_preparation(model: keras.Model) -> Preparation:
    """Read the size and channels of a model's input, and find how it wants pixels.

    Raises:
        ModelError: If the input is not one image of 1, 3 or 4 channels, channels last.
    """
    return _find_preparation(model, input_shape(model), ())[0]


def _first(sources: Sequence[Said], name: str) -> tuple[Any, Sentence] | None:
    """What the first source that says something says, and who it is."""
    found = ((getattr(source, name), source.why) for source in sources)
    return next((pair for pair in found if pair[0] not in (None, ())), None)


def _find_preparation(
    model: keras.Model, shape: tuple[int | None, int | None, int], sources: Sequence[Said]
) -> tuple[Preparation, Assumption, Assumption]:
    height, width, channels = shape
    fit, fit_why = _first(sources, "fit") or (None, SAID)
    size = (height or _FREE_SIZE, width or _FREE_SIZE)
    plain = Preparation(size, channels, fit or "stretch", SCALINGS["0..255"])
    own = own_scaling(model, plain)
    if said := _first(sources, "scaling"):
        found = _overruled(own, scaling_named(said[0], channels), said[1])
    else:
        found = own or guess_scaling(model, plain)
    assumed_fit = (
        Assumption(fit, fit_why)
        if fit
        else Assumption("stretch", Sentence("as Keras's image loaders do"), is_confirmed=False)
    )
    scaling = Assumption(found.scaling.name, found.why, found.is_certain)
    return Preparation(size, channels, plain.fit, found.scaling), scaling, assumed_fit


def _overruled(own: FoundScaling | None, scaling: Scaling, why: Sentence) -> FoundScaling:
    """Take a person's word; if the model's own arithmetic asks for another scaling, say so."""
    if own and own.is_certain and own.scaling != scaling:
        why = Sentence("{why}, although {otherwise}", why=why, otherwise=own.why)
    return FoundScaling(scaling, why, True)


def scaling_named(name: str, channels: int) -> Scaling:
    """Look up a scaling for images of so many channels.

    Raises:
        ModelError: If there is none.
    """
    scaling = SCALINGS.get(name)
    if scaling is None:
        raise ModelError("There is no scaling {name!r}. Scalings: {known}.", name=name, known=", ".join(SCALINGS))
    if not scaling.suits(channels):
        raise ModelError(
            "The scaling {name} is for three channels, but the model takes {channels}.", name=name, channels=channels
        )
    return scaling


def _find_head(model: keras.Model, sources: Sequence[Said]) -> tuple[int, Assumption]:
    """Choose one of several outputs: the one that was said, else the main one by the usual signs."""
    outputs = list(getattr(model, "outputs", None) or ())
    names = [str(name) for name in getattr(model, "output_names", None) or ()]
    if said := _first(sources, "head"):
        head = _head_named(said[0], names, len(outputs))
        if len(outputs) == 1:
            return head, NOT_ASKED
        return head, Assumption(names[head] if head < len(names) else str(head), said[1])
    if len(outputs) < 2:
        return 0, NOT_ASKED
    head = main_head(names, [tuple(tensor.shape) for tensor in outputs], [_depth(tensor) for tensor in outputs])
    others = ", ".join(name for place, name in enumerate(names) if place != head)
    return head, Assumption(names[head], Sentence("it looks like the main one; others: {others}", others=others), False)


def _head_named(said: int | str, names: list[str], count: int) -> int:
    if str(said) in names:
        return names.index(str(said))
    if isinstance(said, int) or said.isdecimal():
        head = int(said)
        if not count or 0 <= head < count:
            return head
    if count > 1:
        raise ModelError("The model has no output {head!r}. Its outputs: {names}.", head=said, names=", ".join(names))
    raise ModelError("The model has no output {head}. It has {count}, counted from 0.", head=said, count=max(count, 1))


def _depth(tensor: Any) -> int:
    """Operations that a symbolic tensor depends on."""
    seen, stack = set(), [tensor]
    while stack:
        operation, call = private_keras.call_of(stack.pop())
        node = (id(operation), call)
        if node not in seen:
            seen.add(node)
            stack.extend(private_keras.inputs_of_call(operation, call))
    return len(seen)


def _find_loss(model: keras.Model, head: int, sources: Sequence[Said]) -> str | None:
    """Name of the loss of an output, if the file or a compiled model tells."""
    loss = (_first(sources, "loss") or (None, SAID))[0] or getattr(model, "loss", None)
    if isinstance(loss, (list, tuple)):
        loss = loss[head] if head < len(loss) else None
    return loss_name(loss)


def _find_names(names: tuple[str, ...], why: Sentence, meaning: Meaning) -> tuple[tuple[str, ...], Assumption]:
    count = meaning.class_count
    if names and len(names) != count:
        raise ModelError(
            "{given} class names for {count} classes. Give one name for each class.", given=len(names), count=count
        )
    if names and not meaning.has_classes:
        return names, Assumption(Sentence("output names: {names}", names=", ".join(names)), why)
    if names:
        return names, Assumption(Sentence("{count} class names", count=count), why)
    if not meaning.has_classes:
        return placeholder_names(meaning.outputs, count), NOT_ASKED
    numbered = Assumption(
        Sentence("classes 0..{last}", last=count - 1), Sentence("no class names were given"), is_confirmed=False
    )
    return placeholder_names(meaning.outputs, count), numbered


def _find_order(sources: Sequence[Said]) -> Assumption:
    if said := _first(sources, "class_order"):
        return Assumption(*said)
    return Assumption("sorted", Sentence("Keras numbers class folders in sorted order"), False)
