"""What do a network's scores say about the classes of the pictures?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cnnviz.convnets import Convnet
from cnnviz.mistakes.mapping import ClassMapping
from cnnviz.probes import Reading

TOP = 5


@dataclass(frozen=True, eq=False)
class Scores:
    """Scores for the classes of the pictures, and perhaps one more for all others.

    Attributes:
        logits: `(batch, classes)` float32.
        probabilities: `(batch, classes)` float32.
    """

    logits: np.ndarray
    probabilities: np.ndarray


def answer_count(mapping: ClassMapping, class_count: int) -> int:
    """Number of answers: one a class of the pictures, one more where classes of the network have no counterpart."""
    return len(mapping) + (sum(map(len, mapping)) < class_count)


def gather(convnet: Convnet, reading: Reading, mapping: ClassMapping) -> Scores:
    """Put the network's classes together as the mapping says.

    Probabilities of one answer add up, and logits as the softmax does, `log sum exp`. Several independent
    sigmoids do not exclude each other: of these the largest counts.
    """
    from scipy.special import logsumexp  # here, since it takes as long to import as all of cnnviz

    mapped = {index for classes in mapping for index in classes}
    rest = tuple(index for index in range(len(convnet.class_names)) if index not in mapped)
    groups = [*mapping, rest] if rest else [*mapping]
    is_exclusive = convnet.outputs != "independent"
    logits = np.full((len(reading.logits), len(groups)), -np.inf, np.float32)
    probabilities = np.zeros_like(logits)
    for place, group in enumerate(groups):
        if len(group) == 1:
            logits[:, place], probabilities[:, place] = reading.logits[:, group[0]], reading.probabilities[:, group[0]]
        elif group:
            of_group, shares = reading.logits[:, group], reading.probabilities[:, group]
            logits[:, place] = logsumexp(of_group, axis=1) if is_exclusive else of_group.max(axis=1)
            probabilities[:, place] = shares.sum(axis=1) if is_exclusive else shares.max(axis=1)
    return Scores(logits, probabilities)


def describe(scores: Scores, labels: np.ndarray) -> dict[str, np.ndarray]:
    """Keep of each picture's scores what an `Evaluation` holds.

    Args:
        scores: Of a batch.
        labels: `(batch,)` int64, the labelled classes.
    """
    from scipy.special import entr

    rows, classes = np.arange(len(labels)), scores.probabilities.shape[1]
    top = np.argsort(-scores.probabilities, axis=1, kind="stable")[:, : min(TOP, classes)]
    others = scores.logits.copy()
    others[rows, labels] = -np.inf
    shares = scores.probabilities / scores.probabilities.sum(axis=1, keepdims=True)
    true_logit = scores.logits[rows, labels]
    return {
        "labels": labels,
        "predicted": top[:, 0],
        "top_classes": top,
        "top_probabilities": np.take_along_axis(scores.probabilities, top, axis=1),
        "true_probability": scores.probabilities[rows, labels],
        "true_logit": true_logit,
        "predicted_logit": scores.logits[rows, top[:, 0]],
        "margin": true_logit - others.max(axis=1, initial=-np.inf),
        "entropy": entr(shares).sum(axis=1),
    }
