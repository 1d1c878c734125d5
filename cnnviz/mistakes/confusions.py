"""Confusion matrix, its most confused pairs, and an order of classes that puts them side by side."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from cnnviz.mistakes.evaluation import Evaluation

_MOST_ORDERED = 200  # classes whose best order is found within a second


@dataclass(frozen=True)
class ConfusedPair:
    """One cell off the diagonal.

    Attributes:
        label: The labeled class.
        predicted: The class it is taken for.
        count: Number of such images.
        share: Of all images with this label, 0..1.
    """

    label: int
    predicted: int
    count: int
    share: float


def confusion(evaluation: Evaluation, *, normalize: Literal["label"] | None = None) -> np.ndarray:
    """Count the images of each labeled class by the answer they were given.

    Args:
        evaluation: It is only read.
        normalize: `label` for the share of each label's images; counts if not given.

    Returns:
        `(classes, classes)`, rows are labels, columns answers: int64 counts, or float64 0..1 whose rows sum to
        one, or to zero for a class without images.

    Example:
        >>> confusion(evaluation).trace() == evaluation.is_right.sum()
        True
    """
    from sklearn.metrics import confusion_matrix

    classes = np.arange(len(evaluation.class_names))
    normalize_as = "true" if normalize else None
    return confusion_matrix(evaluation.labels, evaluation.predicted, labels=classes, normalize=normalize_as)


def cell(evaluation: Evaluation, label: int, predicted: int) -> np.ndarray:
    """Rows of the images of one cell: labeled `label`, answered `predicted`."""
    return np.flatnonzero((evaluation.labels == label) & (evaluation.predicted == predicted))


def confused_order(counts: np.ndarray) -> np.ndarray:
    """Order classes so that those taken for each other stand side by side.

    Classes are near each other where a large share of either is taken for the other; they are clustered by average
    linkage, and the tree is turned so that neighbors are as near as possible.

    Args:
        counts: `(classes, classes)`, from `confusion`.

    Returns:
        `(classes,)` int, the classes in their new order.

    Reference:
        Bar-Joseph et al., "Fast optimal leaf ordering for hierarchical clustering", Bioinformatics 17, 2001.
    """
    from scipy.cluster.hierarchy import leaves_list, linkage
    from scipy.spatial.distance import squareform

    if len(counts) < 3:
        return np.arange(len(counts))
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    near = (shares + shares.T) / 2
    distance = 1 - near
    np.fill_diagonal(distance, 0)
    tree = linkage(squareform(distance), method="average", optimal_ordering=len(counts) <= _MOST_ORDERED)
    return leaves_list(tree)


def confused_pairs(evaluation: Evaluation, *, most: int = 20) -> tuple[ConfusedPair, ...]:
    """List the cells off the diagonal that hold the most images, the fullest first.

    Args:
        evaluation: It is only read.
        most: How many are listed at most.
    """
    counts = confusion(evaluation)
    totals = counts.sum(axis=1)
    wrong = counts * ~np.eye(len(counts), dtype=bool)
    fullest = np.argsort(-wrong, axis=None, kind="stable")[:most]
    cells = [divmod(int(place), len(counts)) for place in fullest]
    return tuple(
        ConfusedPair(label, predicted, int(wrong[label, predicted]), float(wrong[label, predicted] / totals[label]))
        for label, predicted in cells
        if wrong[label, predicted]
    )
