"""Facts about one prediction: confidence, location of the evidence, labels of the nearest images."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cnnviz.images import enlarge
from cnnviz.mistakes.evaluation import Evaluation
from cnnviz.mistakes.nearest_neighbors import nearest

_NINTHS = 3
_FINE = 60  # cells a side; three divides it


@dataclass(frozen=True, eq=False)
class Facts:
    """Numbers that a sentence about one image is made of.

    Attributes:
        label: The labeled class.
        predicted: The most probable class.
        confidence: Its probability.
        true_probability: Probability of the labeled class.
        ninths: `(3, 3)` float, share of the evidence in each ninth of the image, rows from the top; all zero where
            there is no evidence.
        hottest: Row and column of the ninth with the most evidence; None where there is none.
        neighbors: Class and number of the nearest images' labels, the commonest first.
        neighbor_count: Number of nearest images that were looked at.
    """

    label: int
    predicted: int
    confidence: float
    true_probability: float
    ninths: np.ndarray
    hottest: tuple[int, int] | None
    neighbors: tuple[tuple[int, int], ...]
    neighbor_count: int


def facts(
    evaluation: Evaluation, row: int, *, heat: np.ndarray, among: Evaluation | None = None, count: int = 10
) -> Facts:
    """Collect what is worth saying about one image.

    Args:
        evaluation: Holds the image.
        row: Its row.
        heat: `(rows, columns)` float32, evidence for the predicted class; only what is above zero counts.
        among: Where the nearest images are looked for, see `nearest`.
        count: How many nearest images are looked at.
    """
    shares = ninths(heat)
    near = nearest(evaluation, row, count=count, among=among)
    labels, counts = np.unique((among or evaluation).labels[near.rows], return_counts=True)
    commonest = np.argsort(-counts, kind="stable")
    return Facts(
        label=int(evaluation.labels[row]),
        predicted=int(evaluation.predicted[row]),
        confidence=float(evaluation.confidence[row]),
        true_probability=float(evaluation.true_probability[row]),
        ninths=shares,
        hottest=_place(shares) if shares.any() else None,
        neighbors=tuple((int(labels[place]), int(counts[place])) for place in commonest),
        neighbor_count=len(near.rows),
    )


def ninths(heat: np.ndarray) -> np.ndarray:
    """Share of a map's positive part in each ninth of the image.

    A cell of a coarse map reaches over the borders of the ninths; it is spread as it is drawn.

    Args:
        heat: `(rows, columns)` float32.

    Returns:
        `(3, 3)` float64 that sums to one, or is zero for a map without a positive part.
    """
    fine = np.maximum(enlarge(heat, (_FINE, _FINE)).astype(np.float64), 0)
    side = _FINE // _NINTHS
    sums = fine.reshape(_NINTHS, side, _NINTHS, side).sum(axis=(1, 3))
    total = sums.sum()
    return sums / total if np.isfinite(total) and total > 0 else np.zeros_like(sums)


def _place(shares: np.ndarray) -> tuple[int, int]:
    row, column = divmod(int(shares.argmax()), _NINTHS)
    return row, column
