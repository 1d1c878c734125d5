"""Metrics of an evaluation: accuracy with confidence interval, per-class metrics, calibration, ROC."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from cnnviz.errors import ClassError
from cnnviz.mistakes.evaluation import Evaluation

CALIBRATION_BINS = 15
"""As many as in Guo et al. 2017."""

_LEVEL = 0.95


@dataclass(frozen=True)
class Accuracy:
    """A share of right answers, and between which shares it lies if more images like these were asked.

    Attributes:
        value: Share of right answers, 0..1.
        low: Lower end of the 95 % interval.
        high: Upper end.
        right: Number of right answers.
        total: Number of answers.
    """

    value: float
    low: float
    high: float
    right: int
    total: int


@dataclass(frozen=True, eq=False)
class ClassScores:
    """How each class of the images fares, all `(classes,)`; zero where there is nothing to divide by.

    Attributes:
        precision: Of the images that are given this answer, the share that is labeled so.
        recall: Of the images that are labeled so, the share that is given this answer.
        f1: Harmonic mean of both.
        support: Number of images that are labeled so.
    """

    precision: np.ndarray
    recall: np.ndarray
    f1: np.ndarray
    support: np.ndarray


@dataclass(frozen=True, eq=False)
class Calibration:
    """How often an answer of some confidence is right.

    Attributes:
        edges: `(bins + 1,)` float, borders of the bins.
        counts: `(bins,)` int, images in each.
        confidence: `(bins,)` float, their mean confidence; NaN in an empty bin.
        accuracy: `(bins,)` float, their share of right answers; NaN in an empty bin.
        ece: Expected calibration error, 0..1; 0 where confidence is the share of right answers.
    """

    edges: np.ndarray
    counts: np.ndarray
    confidence: np.ndarray
    accuracy: np.ndarray
    ece: float


@dataclass(frozen=True, eq=False)
class Roc:
    """How well the probability of a class tells its images from the others, whatever the threshold.

    Attributes:
        false_positives: `(points,)` share of the other images above the threshold, rising.
        true_positives: `(points,)` share of the class's images above it.
        thresholds: `(points,)` probabilities, falling; the first is infinite.
        area: Under the curve: how often an image of the class has the higher probability. 0.5 is chance.
    """

    false_positives: np.ndarray
    true_positives: np.ndarray
    thresholds: np.ndarray
    area: float


def accuracy(evaluation: Evaluation, *, top: int = 1, among: Literal["all", "mapped"] = "all") -> Accuracy:
    """Share of images whose label is among the most probable classes, with its interval.

    Wilson's interval, which also holds for few images and near 0 and 1.

    Args:
        evaluation: It is only read.
        top: How many of the model's most probable classes count.
        among: `all` of the model's classes compete, as in `model.evaluate`; or the `mapped` ones only, as if the model
            had no others: never lower, and no measure of what it says of images that may be anything.

    Reference:
        Wilson, "Probable inference", JASA 22, 1927.
    """
    from scipy.stats import binomtest

    if not 1 <= top <= evaluation.class_count:
        raise ValueError(f"Expected top from 1 to {evaluation.class_count}. Received: {top}.")
    if among == "mapped" and top > 1:
        raise ValueError(f"Expected top 1 among the mapped classes. Received: {top}.")
    is_among = evaluation.true_rank < top if among == "all" else evaluation.predicted_mapped == evaluation.labels
    right, total = int(is_among.sum()), len(evaluation)
    interval = binomtest(right, total).proportion_ci(_LEVEL, method="wilson")
    return Accuracy(right / total, float(interval.low), float(interval.high), right, total)


def class_scores(evaluation: Evaluation) -> ClassScores:
    """Precision, recall, F1 and number of images of each labeled class, by scikit-learn."""
    from sklearn.metrics import precision_recall_fscore_support

    classes = np.arange(len(evaluation.mapping))
    found = precision_recall_fscore_support(evaluation.labels, evaluation.predicted, labels=classes, zero_division=0)
    return ClassScores(*found)


def calibration(evaluation: Evaluation, *, bins: int = CALIBRATION_BINS) -> Calibration:
    """Compare confidence with the share of right answers, in bins of equal width.

        ECE = sum over bins of  images in the bin / all images * |accuracy - confidence|

    A bin holds its upper border, as in the paper.

    Args:
        evaluation: It is only read.
        bins: Number of bins from 0 to 1.

    Note:
        A bin of few images says little, and bins of equal width often hold very few on the left.

    Reference:
        Guo et al., "On Calibration of Modern Neural Models", ICML 2017, eq. 2 and 3.
    """
    edges = np.linspace(0, 1, bins + 1)
    places = np.clip(np.searchsorted(edges, evaluation.confidence, side="left") - 1, 0, bins - 1)
    counts = np.bincount(places, minlength=bins)
    with np.errstate(invalid="ignore"):
        confidence = np.bincount(places, evaluation.confidence, minlength=bins) / counts
        right = np.bincount(places, evaluation.is_right, minlength=bins) / counts
    ece = float(np.nansum(counts * np.abs(right - confidence)) / len(evaluation))
    return Calibration(edges, counts, confidence, right, ece)


def roc(evaluation: Evaluation) -> Roc:
    """Draw the curve of a set of two classes, for the second of them, by scikit-learn.

    Raises:
        ClassError: If there are more than two classes, or only one of them has images.
    """
    from sklearn.metrics import auc, roc_curve

    classes = len(evaluation.class_names)
    if classes != 2 or len(np.unique(evaluation.labels)) != 2:
        raise ClassError(
            "A ROC curve needs exactly two classes that both have images. Here {count} of {classes} classes have "
            "images.",
            count=len(np.unique(evaluation.labels)),
            classes=classes,
        )
    is_second = evaluation.labels == 1
    second = np.where(evaluation.top_classes == 1, evaluation.top_probabilities, 0).sum(axis=1)
    false_positives, true_positives, thresholds = roc_curve(is_second, second)
    return Roc(false_positives, true_positives, thresholds, float(auc(false_positives, true_positives)))
