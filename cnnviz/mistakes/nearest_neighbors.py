"""Nearest neighbors of an image by the model's features."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cnnviz.mistakes.evaluation import Evaluation
from cnnviz.sentences import one_line


@dataclass(frozen=True, eq=False)
class Neighbors:
    """Images near one image, the nearest first.

    Attributes:
        rows: `(m,)` int64, rows of the evaluation that was searched.
        distances: `(m,)` float32, 0..2: one minus the cosine of the angle between the features.
    """

    rows: np.ndarray
    distances: np.ndarray

    __repr__ = one_line


def nearest(
    evaluation: Evaluation, row: int, *, label: int | None = None, count: int = 5, among: Evaluation | None = None
) -> Neighbors:
    """Find the images whose features point the same way, by scikit-learn.

        distance(a, b) = 1 - a . b / (|a| |b|)

    Features are what the last layer with weights reads: what is near here is hard to tell apart for the model,
    whatever it looks like to us. Angles are compared, for the scores hang on directions, and long vectors belong to
    images of much contrast.

    Args:
        evaluation: Holds the image.
        row: Its row.
        label: Only images with this label; all if not given.
        count: How many, if there are as many.
        among: Another evaluation by the same model to search, such as that of the training images; the image's
            own if not given, without the image itself.

    Returns:
        Rows of `among`, or of `evaluation`. A distance of 0: the same direction; 1: nothing in common.

    Raises:
        ValueError: If the other evaluation is by another model.
    """
    searched = among or evaluation
    if searched.network_fingerprint != evaluation.network_fingerprint:
        raise ValueError(f"Expected answers of {evaluation.network}. Received: those of {searched.network}.")
    is_candidate = np.ones(len(searched), bool) if label is None else searched.labels == label
    if among is None:
        is_candidate[row] = False
    return nearest_to(searched, evaluation.features[row], candidates=np.flatnonzero(is_candidate), count=count)


def nearest_to(
    evaluation: Evaluation, features: np.ndarray, *, candidates: np.ndarray | None = None, count: int = 5
) -> Neighbors:
    """Find the images nearest to any features, such as those of an edited image.

    Args:
        evaluation: Holds the images that are searched.
        features: `(d,)` float32.
        candidates: Rows to search; all if not given.
        count: How many, if there are as many.
    """
    from sklearn.neighbors import NearestNeighbors

    rows = np.arange(len(evaluation)) if candidates is None else candidates
    count = min(count, len(rows))
    if not count:
        return Neighbors(np.zeros(0, np.int64), np.zeros(0, np.float32))
    search = NearestNeighbors(n_neighbors=count, metric="cosine", algorithm="brute").fit(evaluation.features[rows])
    distances, places = search.kneighbors(features[None])
    return Neighbors(rows[places[0]], distances[0].astype(np.float32))
