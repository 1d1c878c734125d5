"""Label issues by confident learning."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cnnviz.mistakes.evaluation import Evaluation
from cnnviz.sentences import one_line


@dataclass(frozen=True, eq=False)
class LabelIssues:
    """Images whose label is doubtful, the most doubtful first.

    Attributes:
        rows: `(m,)` int64, rows of the evaluation.
        suggested: `(m,)` int64, the class that the model's answer speaks for.
        margin: `(m,)` float32, -1..1: probability of the label minus that of the suggested class; the further
            below zero, the more doubtful.
    """

    rows: np.ndarray
    suggested: np.ndarray
    margin: np.ndarray

    __repr__ = one_line


def find_label_issues(evaluation: Evaluation) -> LabelIssues:
    """Rank the labels that are probably errors, by confident learning.

    A class is confidently seen in an image where its probability reaches the mean that it has over the images
    labeled so; the class most probable among these is the image's. Where that is another one than its
    label, the label is a suspect. So a model that is unsure of a class needs less to speak for it, and one that
    gives a class too readily needs more.

        threshold[j] = mean over images labeled j of  p(j)
        suspect:       argmax over classes j with p(j) >= threshold[j] of  p(j)  is not the label

    Suspects are ordered by the normalized margin, p(label) - p(j).

    Args:
        evaluation: Of images that the model did not learn from: it agrees with labels that it learned.

    Returns:
        Perhaps none. Only the classes that an evaluation keeps, the five most probable, can be suggested.

    Note:
        A suspect is a disagreement that the network is sure about. Where the model itself has learned something
        wrong, such as a watermark, its victims stand here too.

    Reference:
        Northcutt, Jiang and Chuang, "Confident Learning", JAIR 70, 2021, eq. 1 and section 3.3.
    """
    thresholds = _thresholds(evaluation)
    reached = evaluation.top_probabilities >= thresholds[evaluation.top_classes]  # (n, k)
    first = reached.argmax(axis=1)  # the most probable among those that are reached
    rows = np.arange(len(evaluation))
    suggested = evaluation.top_classes[rows, first]
    margin = evaluation.true_probability - evaluation.top_probabilities[rows, first]
    suspects = np.flatnonzero(reached.any(axis=1) & (suggested != evaluation.labels))
    suspects = suspects[np.argsort(margin[suspects], kind="stable")]
    return LabelIssues(suspects, suggested[suspects], margin[suspects])


def _thresholds(evaluation: Evaluation) -> np.ndarray:
    """Mean probability of each class over the images labeled so; out of reach for a class without images."""
    classes = len(evaluation.class_names)
    counts = np.bincount(evaluation.labels, minlength=classes)
    sums = np.bincount(evaluation.labels, evaluation.true_probability, minlength=classes)
    return np.where(counts > 0, sums / np.maximum(counts, 1), np.inf)
