"""How is a network run over labelled pictures, once, so that every question afterwards is answered at once?"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from cnnviz.convnets import Convnet
from cnnviz.datasets import Part
from cnnviz.errors import DataError, ModelError
from cnnviz.mistakes.answers import answer_count, describe, gather
from cnnviz.mistakes.evaluation import Evaluation
from cnnviz.mistakes.features import feature_layer, feature_width, pooled, projection
from cnnviz.mistakes.feeding import Batch, batches
from cnnviz.mistakes.mapping import OTHER, ClassMapping, check_mapping, guess_mapping
from cnnviz.mistakes.store import EvaluationStore
from cnnviz.probes import read
from cnnviz.sentences import Sentence
from cnnviz.soundness import require_sound

OnStep = Callable[[int, int], None]
"""Told the pictures done and their number; it may raise `CancelledError`."""

_NOT_FINITE: str = Sentence("The network's answer is not a number.")


def evaluate(
    convnet: Convnet,
    part: Part,
    *,
    class_names: Sequence[str] | None = None,
    mapping: Sequence[Sequence[int]] | None = None,
    batch_size: int = 64,
    on_step: OnStep | None = None,
    store: EvaluationStore | None = None,
) -> Evaluation:
    """Ask a network about labelled pictures, and keep what is needed to understand its mistakes.

    One pass in batches; pictures in files are decoded while the network runs. What comes out grows with the
    number of pictures, what is held meanwhile does not.

    A class of the pictures may stand for several of the network's: their probabilities add up. Classes of the
    network without a counterpart together are one more answer, so that no probability is lost.

    Args:
        convnet: Classifier; it is only read.
        part: Labelled pictures, such as `load_dataset("fashion-sample").test`.
        class_names: One name a class of the pictures; the network's own if not given, then class i is class i.
        mapping: For each class of the pictures the network's classes that stand for it; guessed by name if not given.
        batch_size: Pictures at once.
        on_step: Told the pictures done and their number.
        store: Where answers are kept, so that they are there at once the next time, and only pictures that are new
            or changed are asked about; nowhere if not given.

    Returns:
        One row a picture; those that cannot be read, or whose class has no counterpart, are counted beside them.

    Raises:
        ModelError: If the network has no class scores.
        ClassError: If no class of the pictures is one of the network's.
        DataError: If the numbers of classes differ and no names are given, or no picture has an answer.
        LayerError: If weights are not finite.
        CancelledError: If `on_step` raises it.

    Example:
        >>> evaluation = evaluate(load_convnet("fashion-cnn"), load_dataset("fashion-sample").test)
        >>> evaluation.is_right.mean()

    Note:
        Pictures that the network learnt from are answered better than any others would be.
    """
    if not convnet.class_names:
        raise ModelError("{name} has no class scores. Choose a network that tells classes.", name=convnet.name)
    require_sound(convnet)
    names, mapping = _settle(convnet, part, class_names, mapping)
    if store is None:
        return _run(_Question(convnet, part, names, mapping), batch_size=batch_size, on_step=on_step, earlier=None)
    kept = store.find(convnet, part, names, mapping)
    if kept is not None:
        return kept
    earlier = store.find_earlier(convnet, part, names, mapping)
    evaluation = _run(_Question(convnet, part, names, mapping), batch_size=batch_size, on_step=on_step, earlier=earlier)
    store.keep(evaluation, part)
    return evaluation


@dataclass(frozen=True, eq=False)
class _Question:
    """Which network is asked about which pictures.

    Attributes:
        convnet: The network.
        part: The pictures.
        class_names: One name a class of the pictures.
        mapping: The network's classes that stand for each.
    """

    convnet: Convnet
    part: Part
    class_names: tuple[str, ...]
    mapping: ClassMapping


def _settle(
    convnet: Convnet, part: Part, class_names: Sequence[str] | None, mapping: Sequence[Sequence[int]] | None
) -> tuple[tuple[str, ...], ClassMapping]:
    """Names of the pictures' classes, and what stands for them."""
    own = convnet.class_names
    if class_names is None:
        if part.class_count != len(own):
            raise DataError(
                "The pictures have {class_count} classes and {name} has {count}. "
                "Give the names of the pictures' classes.",
                class_count=part.class_count,
                name=convnet.name,
                count=len(own),
            )
        class_names = own
        mapping = mapping or [(index,) for index in range(len(own))]
    if len(class_names) != part.class_count:
        raise ValueError(f"Expected a name for each of {part.class_count} classes. Received: {len(class_names)}.")
    guessed = guess_mapping(class_names, own) if mapping is None else mapping
    return tuple(class_names), check_mapping(guessed, class_names, len(own))


def _run(
    question: _Question, *, batch_size: int, on_step: OnStep | None, earlier: dict[str, np.ndarray] | None
) -> Evaluation:
    """Ask about the pictures that have no answer from earlier, and put all answers together."""
    convnet, part, mapping = question.convnet, question.part, question.mapping
    has_counterpart = np.array([bool(classes) for classes in mapping])
    asked = np.flatnonzero(has_counterpart[part.labels])
    if not len(asked):
        raise DataError("There is no picture to evaluate. Choose other pictures, or map more classes.")
    missing = asked if earlier is None else np.setdiff1d(asked, earlier["indices"])
    rows, unreadable = _answers(question, missing, batch_size=batch_size, on_step=on_step)
    if len(unreadable) == len(asked):
        raise DataError(
            "None of the {count} pictures has an answer; the first: {reason}", count=len(asked), reason=unreadable[0][1]
        )
    has_other = answer_count(mapping, len(convnet.class_names)) > len(question.class_names)
    counts, names = part.counts, question.class_names
    return Evaluation(
        class_names=(*names, OTHER) if has_other else names,
        unreadable=tuple(unreadable),
        unmapped=tuple((names[label], int(counts[label])) for label in np.flatnonzero(~has_counterpart & (counts > 0))),
        mapping=mapping,
        network=convnet.name,
        network_fingerprint=convnet.fingerprint,
        data_fingerprint=part.fingerprint,
        **_joined([*([] if earlier is None else [earlier]), *rows]),
    )


def _answers(
    question: _Question, indices: np.ndarray, *, batch_size: int, on_step: OnStep | None
) -> tuple[list[dict[str, np.ndarray]], list[tuple[int, str]]]:
    """Arrays of each batch, and the pictures without an answer."""
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
    """Answers for a batch, and the pictures whose answer is not a number."""
    reading = read(question.convnet, batch.inputs, layers=[layer], on_grid=False)
    is_finite = np.isfinite(reading.probabilities).all(axis=1) & ~np.isnan(reading.logits).any(axis=1)
    scores = gather(question.convnet, reading, question.mapping)
    with np.errstate(invalid="ignore", divide="ignore"):
        answers = describe(scores, question.part.labels[batch.indices])
    answers["indices"] = batch.indices
    answers["features"] = pooled(reading.maps[layer])
    failed = [(int(index), _NOT_FINITE) for index in batch.indices[~is_finite]]
    return {name: values[is_finite] for name, values in answers.items()}, failed


def _joined(rows: list[dict[str, np.ndarray]]) -> dict[str, Any]:
    """All answers in the order of the pictures."""
    joined = {name: np.concatenate([row[name] for row in rows]) for name in rows[0]}
    order = np.argsort(joined["indices"], kind="stable")
    for name, values in joined.items():
        joined[name] = values[order].astype(np.int64 if values.dtype.kind in "iu" else np.float32)
        joined[name].setflags(write=False)
    return joined
