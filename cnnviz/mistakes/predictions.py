"""Scores per label: a model's scores over all its classes, reduced to the labeled classes of the images."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cnnviz.convnets import Convnet
from cnnviz.mistakes.mapping import ClassMapping
from cnnviz.probes import ForwardPass

TOP = 5


@dataclass(frozen=True, eq=False)
class Scores:
    """A model's scores for a batch, over all its classes, and which of these stand for which label.

    Attributes:
        logits: `(batch, model's classes)` float32.
        probabilities: `(batch, model's classes)` float32.
        mapping: For each label the model's classes that stand for it; class i for label i if not given.
        is_exclusive: Whether an image has one class, so that probabilities add up; several sigmoids do not.
    """

    logits: np.ndarray
    probabilities: np.ndarray
    mapping: ClassMapping | None = None
    is_exclusive: bool = True


def answer_count(mapping: ClassMapping, class_count: int) -> int:
    """Number of answers: one a label, one more where classes of the model have no counterpart."""
    return len(mapping) + (sum(map(len, mapping)) < class_count)


def gather(convnet: Convnet, reading: ForwardPass, mapping: ClassMapping) -> Scores:
    """Put a model's scores beside the mapping of its classes."""
    return Scores(reading.logits, reading.probabilities, mapping, convnet.outputs != "independent")


def describe(scores: Scores, labels: np.ndarray) -> dict[str, np.ndarray]:
    """Keep of each image's scores what an `Evaluation` holds.

    The answer is the label that the model's own most probable class stands for, of all its classes; so it is right
    where the model itself is. Classes without a counterpart are never put together to outvote a label: what they
    score is what the largest of them scores.

        P(label)     = sum of P(class) over the classes that stand for it
        P(other)     = largest P(class) of the classes that stand for none
        logit(label) = largest logit of the classes that stand for it

    Args:
        scores: Of a batch.
        labels: `(batch,)` int64, the labeled classes.
    """
    probabilities, rows = scores.probabilities, np.arange(len(labels))
    class_count = probabilities.shape[1]
    mapping = scores.mapping or tuple((index,) for index in range(class_count))
    answer_of = np.full(class_count, len(mapping))
    for place, classes in enumerate(mapping):
        answer_of[list(classes)] = place
    own = probabilities.argmax(axis=1)
    predicted = answer_of[own]
    logits, shares, rest = _by_label(scores, mapping, answer_of)
    top = _top(shares, predicted)
    others = logits.copy()
    others[rows, labels] = -np.inf
    return {
        "labels": labels,
        "predicted": predicted,
        "model_class": own,
        "predicted_mapped": _among_mapped(probabilities, answer_of, len(mapping)),
        "true_rank": _rank(probabilities, answer_of, labels),
        "top_classes": top,
        "top_probabilities": np.take_along_axis(shares, top, axis=1),
        "true_probability": shares[rows, labels],
        "true_logit": logits[rows, labels],
        "predicted_logit": logits[rows, predicted],
        "margin": logits[rows, labels] - others.max(axis=1, initial=-np.inf),
        "entropy": _entropy(np.concatenate([shares[:, : len(mapping)], rest], axis=1)),
    }


def _by_label(
    scores: Scores, mapping: ClassMapping, answer_of: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Logit and probability of each answer; and of all classes that stand for none together, as one column or none."""
    unmapped = np.flatnonzero(answer_of == len(mapping))
    groups = [*map(list, mapping), *([unmapped.tolist()] if len(unmapped) else [])]
    logits = np.full((len(scores.logits), len(groups)), -np.inf, np.float32)
    shares = np.zeros_like(logits)
    for place, group in enumerate(groups):
        if group:
            members = scores.probabilities[:, group]
            is_sum = scores.is_exclusive and place < len(mapping)
            logits[:, place] = scores.logits[:, group].max(axis=1)
            shares[:, place] = members.sum(axis=1) if is_sum else members.max(axis=1)
    rest = scores.probabilities[:, unmapped]
    together = rest.sum(axis=1, keepdims=True) if scores.is_exclusive else rest.max(axis=1, keepdims=True, initial=0)
    return logits, shares, together[:, : len(unmapped)]


def _top(shares: np.ndarray, predicted: np.ndarray) -> np.ndarray:
    """The most probable answers, the model's own first: several classes may add up to more than it."""
    order = shares.copy()
    order[np.arange(len(order)), predicted] = np.inf
    return np.argsort(-order, axis=1, kind="stable")[:, : min(TOP, shares.shape[1])]


def _among_mapped(probabilities: np.ndarray, answer_of: np.ndarray, label_count: int) -> np.ndarray:
    """The label of the most probable of the classes that stand for one."""
    return answer_of[np.where(answer_of < label_count, probabilities, -np.inf).argmax(axis=1)]


def _rank(probabilities: np.ndarray, answer_of: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """How many classes are more probable than the label's most probable one; of equals the first goes first."""
    of_label = np.where(answer_of == labels[:, None], probabilities, -np.inf)
    best, value = of_label.argmax(axis=1)[:, None], of_label.max(axis=1, keepdims=True)
    is_before = np.arange(probabilities.shape[1]) < best
    return ((probabilities > value) | ((probabilities == value) & is_before)).sum(axis=1)


def _entropy(shares: np.ndarray) -> np.ndarray:
    """In nats, of shares brought to a sum of one."""
    from scipy.special import entr  # here, since it takes as long to import as all of cnnviz

    return entr(shares / shares.sum(axis=1, keepdims=True)).sum(axis=1)
