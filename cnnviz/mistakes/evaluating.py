"""Evaluation of a model on labeled images, in one pass that keeps what later analysis needs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

import numpy as np

from cnnviz.convnets import Convnet
from cnnviz.datasets import Part
from cnnviz.errors import ClassError, DataError, ModelError
from cnnviz.finite_check import require_sound
from cnnviz.mistakes.evaluation import Evaluation
from cnnviz.mistakes.features import feature_layer, feature_width, pooled, projection
from cnnviz.mistakes.feeding import Batch, batches
from cnnviz.mistakes.labeled_data import as_labeled
from cnnviz.mistakes.labeled_folders import Labeled
from cnnviz.mistakes.mapping import OTHER, ClassMapping, ClassOrder, MappingGuess, check_mapping, match_classes
from cnnviz.mistakes.predictions import answer_count, describe, gather
from cnnviz.mistakes.store import EvaluationStore
from cnnviz.probes import forward
from cnnviz.sentences import Sentence

OnStep = Callable[[int, int], None]
"""Told the images done and their number; it may raise `CancelledError`."""

_NOT_FINITE: str = Sentence("The model's output is not a number.")


def evaluate(
    convnet: Convnet,
    data: Any,
    *,
    class_names: Sequence[str] | None = None,
    mapping: Sequence[Sequence[int]] | MappingGuess | None = None,
    class_order: ClassOrder | None = None,
    batch_size: int = 64,
    on_step: OnStep | None = None,
    store: EvaluationStore | None = None,
) -> Evaluation:
    """Evaluate a model on labeled images, and keep what is needed to understand its mistakes.

    One pass in batches; images in files are decoded while the model runs. What comes out grows with the
    number of images, what is held meanwhile does not.

    An image is right when the model's own most probable class, of all its classes, stands for its label; a label may
    have several such classes. `accuracy(evaluation, among="mapped")` tells what it would be without the others.

    Args:
        convnet: Classifier; it is only read.
        data: A folder with one folder per class, a zip archive, or a data set's name; a `Part`, such as
            `load_dataset("fashion-sample").test`, or what `open_labeled` gives; a pair `(x, y)` of images, uint8
            `(n, height, width, 1 or 3)` or a list of arrays, PIL images or paths, and labels, indices or one-hot; a
            `tf.data.Dataset` or `keras.utils.PyDataset` of such pairs, whose pixels go from 0 to 255.
        class_names: One name a class of the images; those of the data if not given, else the model's own, and then
            class i is class i.
        mapping: For each class of the images the model's classes that stand for it; by name if not given. What
            `match_classes` gives also tells whether it is assumed.
        class_order: How classes are numbered where the model has no names: `sorted`, as Keras numbers folders,
            `natural` (2 before 10), or `given`; `sorted` for folders if not given, else as labels are numbered.
        batch_size: Images at once.
        on_step: Called with the images done and their number.
        store: Where evaluations are kept, so that they are there at once the next time, and only images that are new
            or changed are evaluated; nowhere if not given.

    Returns:
        One row an image; those that cannot be read, or whose class has no counterpart, are counted beside them.
        `assumed_order` says where the mapping is not by name.

    Raises:
        ModelError: If the model has no classes, or its scores are neither probabilities nor logits.
        ClassError: If no class of the images is one of the model's.
        DataError: If the data is of another kind, the numbers of classes differ and no names are given, or no image
            can be evaluated.
        LayerError: If weights are not finite.
        CancelledError: If `on_step` raises it.

    Example:
        >>> evaluation = evaluate(load_convnet("fashion-cnn"), load_dataset("fashion-sample").test)
        >>> evaluation.is_right.mean()

    Note:
        Images that the model learned from are answered better than any others would be.
    """
    require_classes(convnet)
    labeled = as_labeled(data, class_count=len(convnet.class_names), class_names=class_names)
    require_sound(convnet)
    part = labeled.part
    names, checked, assumed = _settle(convnet, labeled, class_names, mapping, class_order)
    if store is None:
        found = _run(_Question(convnet, part, names, checked), batch_size=batch_size, on_step=on_step, earlier=None)
        return replace(found, assumed_order=assumed)
    kept = store.find(convnet, part, names, checked)
    if kept is not None:
        return replace(kept, assumed_order=assumed)
    earlier = store.find_earlier(convnet, part, names, checked)
    found = _run(_Question(convnet, part, names, checked), batch_size=batch_size, on_step=on_step, earlier=earlier)
    evaluation = replace(found, assumed_order=assumed)
    store.keep(evaluation, part)
    return evaluation


def said_class_order(convnet: Convnet) -> ClassOrder | None:
    """The order in which folders are numbered, if a person said it of this model."""
    said = convnet.assumptions.class_order
    return cast(ClassOrder, said.value) if said.value and said.is_confirmed else None


def require_classes(convnet: Convnet) -> None:
    """Refuse a model whose predictions cannot be right or wrong.

    Raises:
        ModelError: If it has no classes, or its scores are neither probabilities nor logits.
    """
    outputs = str(convnet.outputs)
    if outputs == "numbers":
        raise ModelError(
            "{name} predicts numbers, and an evaluation needs classes. Choose a classifier.", name=convnet.name
        )
    if outputs == "scores" and not convnet.has_classes:
        raise ModelError(
            "{name} gives one raw score, and an evaluation needs classes. Choose a classifier.", name=convnet.name
        )
    if outputs == "scores":
        raise ModelError(
            "The scores of {name} are neither probabilities nor logits, and an evaluation needs classes. If the "
            "largest score is the predicted class, set the outputs to logits.",
            name=convnet.name,
        )
    if not convnet.class_names:
        raise ModelError("{name} has no class scores. Choose a classifier.", name=convnet.name)


def require_mapping(convnet: Convnet, mapping: ClassMapping, class_names: Sequence[str]) -> ClassMapping:
    """Refuse a mapping by which no image can be right.

    Args:
        convnet: Classifier.
        mapping: For each class of the images the model's classes that stand for it.
        class_names: One name a class of the images.

    Raises:
        ClassError: If no class of the images is one of the model's.
    """
    if not any(mapping) and not convnet.has_class_names:
        raise ClassError(
            "{name} has {count} classes without names, and the images have {class_count}. Give the names of the "
            "model's classes, or map them by hand.",
            name=convnet.name,
            count=len(convnet.class_names),
            class_count=len(class_names),
        )
    return check_mapping(mapping, class_names, len(convnet.class_names))


@dataclass(frozen=True, eq=False)
class _Question:
    """Which model is asked about which images.

    Attributes:
        convnet: The model.
        part: The images.
        class_names: One name a class of the images.
        mapping: The model's classes that stand for each.
    """

    convnet: Convnet
    part: Part
    class_names: tuple[str, ...]
    mapping: ClassMapping


def _settle(
    convnet: Convnet,
    labeled: Labeled,
    class_names: Sequence[str] | None,
    mapping: Sequence[Sequence[int]] | MappingGuess | None,
    class_order: ClassOrder | None,
) -> tuple[tuple[str, ...], ClassMapping, ClassOrder | None]:
    """Names of the images' classes, what stands for them, and the order where that is only assumed."""
    own, count = convnet.class_names, labeled.part.class_count
    order = class_order or said_class_order(convnet) or labeled.class_order
    names = tuple(class_names or labeled.class_names)
    if not names:
        if count != len(own):
            raise DataError(
                "The images have {class_count} classes and {name} has {count}. Give the dataset's class names.",
                class_count=count,
                name=convnet.name,
                count=len(own),
            )
        names, mapping = own, mapping or [(index,) for index in range(count)]
    if len(names) != count:
        raise ValueError(f"Expected a name for each of {count} classes. Received: {len(names)}.")
    if isinstance(mapping, MappingGuess):
        guess = mapping
    elif mapping is not None:
        guess = MappingGuess(tuple(map(tuple, mapping)), None)
    else:
        guess = match_classes(names, own, has_model_names=convnet.has_class_names, class_order=order)
    return names, require_mapping(convnet, guess.mapping, names), guess.assumed_order


def _run(
    question: _Question, *, batch_size: int, on_step: OnStep | None, earlier: dict[str, np.ndarray] | None
) -> Evaluation:
    """Ask about the images that have no answer from earlier, and put all answers together."""
    convnet, part, mapping = question.convnet, question.part, question.mapping
    has_counterpart = np.array([bool(classes) for classes in mapping])
    asked = np.flatnonzero(has_counterpart[part.labels])
    if not len(asked):
        raise DataError("There is no image to evaluate. Choose other images, or map more classes.")
    missing = asked if earlier is None else np.setdiff1d(asked, earlier["indices"])
    rows, unreadable = _answers(question, missing, batch_size=batch_size, on_step=on_step)
    if len(unreadable) == len(asked):
        raise DataError(
            "None of the {count} images could be evaluated; the first: {reason}",
            count=len(asked),
            reason=unreadable[0][1],
        )
    has_other = answer_count(mapping, len(convnet.class_names)) > len(question.class_names)
    counts, names = part.counts, question.class_names
    return Evaluation(
        class_names=(*names, OTHER) if has_other else names,
        unreadable=tuple(unreadable),
        unmapped=tuple((names[label], int(counts[label])) for label in np.flatnonzero(~has_counterpart & (counts > 0))),
        mapping=mapping,
        class_count=len(convnet.class_names),
        network=convnet.name,
        network_fingerprint=convnet.fingerprint,
        data_fingerprint=part.fingerprint,
        **_joined([*([] if earlier is None else [earlier]), *rows]),
    )


def _answers(
    question: _Question, indices: np.ndarray, *, batch_size: int, on_step: OnStep | None
) -> tuple[list[dict[str, np.ndarray]], list[tuple[int, str]]]:
    """Arrays of each batch, and the images without an answer."""
    layer = feature_layer(question.convnet)
    directions = projection(feature_width(question.convnet, layer))
    rows: list[dict[str, np.ndarray]] = []
    unreadable: list[tuple[int, str]] = []
    done = 0
    for batch in batches(question.convnet, question.part, indices, size=batch_size):
        unreadable += batch.unreadable
        if len(batch.indices):
            answers, failed = _ask(question, layer, batch)
            if directions is not None:
                answers["features"] = answers["features"] @ directions
            rows.append(answers)
            unreadable += failed
        done += len(batch.indices) + len(batch.unreadable)
        if on_step:
            on_step(done, len(indices))
    return rows, unreadable


def _ask(question: _Question, layer: str, batch: Batch) -> tuple[dict[str, np.ndarray], list[tuple[int, str]]]:
    """Answers for a batch, and the images whose answer is not a number."""
    reading = forward(question.convnet, batch.inputs, layers=[layer], on_grid=False)
    is_finite = np.isfinite(reading.probabilities).all(axis=1) & ~np.isnan(reading.logits).any(axis=1)
    scores = gather(question.convnet, reading, question.mapping)
    with np.errstate(invalid="ignore", divide="ignore"):
        answers = describe(scores, question.part.labels[batch.indices])
    answers["indices"] = batch.indices
    answers["features"] = pooled(reading.maps[layer])
    failed = [(int(index), _NOT_FINITE) for index in batch.indices[~is_finite]]
    return {name: values[is_finite] for name, values in answers.items()}, failed


def _joined(rows: list[dict[str, np.ndarray]]) -> dict[str, Any]:
    """All answers in the order of the images."""
    joined = {name: np.concatenate([row[name] for row in rows]) for name in rows[0]}
    order = np.argsort(joined["indices"], kind="stable")
    for name, values in joined.items():
        joined[name] = values[order].astype(np.int64 if values.dtype.kind in "iu" else np.float32)
        joined[name].setflags(write=False)
    return joined
