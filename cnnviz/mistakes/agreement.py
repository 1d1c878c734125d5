"""Comparison of two models on the same images: fixed and new mistakes, with McNemar's test."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cnnviz.errors import DataError
from cnnviz.mistakes.evaluation import Evaluation


@dataclass(frozen=True, eq=False)
class Agreement:
    """Rows, in the first evaluation, of the images that both models answered.

    Attributes:
        both_right: Images that both get right.
        fixed: Wrong before, right now.
        new: Right before, wrong now.
        both_wrong: Images that both get wrong.
        p_value: Of McNemar's exact test: how likely a difference between `fixed` and `new` at least this large is
            if both models are equally good. 1 where nothing changed.
    """

    both_right: np.ndarray
    fixed: np.ndarray
    new: np.ndarray
    both_wrong: np.ndarray
    p_value: float

    @property
    def table(self) -> np.ndarray:
        """`(2, 2)` int: rows are right and wrong before, columns right and wrong now."""
        return np.array([[len(self.both_right), len(self.new)], [len(self.fixed), len(self.both_wrong)]])


def agreement(before: Evaluation, now: Evaluation) -> Agreement:
    """Compare two models image by image.

    Only the images that one of them alone gets right say which is better. If both are equally good, each of
    these is a fair coin's throw; the two-sided binomial test tells how odd the count is.

    Args:
        before: The first model's answers.
        now: The other's, to the same part of the same data set.

    Raises:
        DataError: If the images are not the same, or none was answered by both.

    Reference:
        McNemar, "Note on the sampling error of the difference between correlated proportions", Psychometrika 12,
        1947; exact form.
    """
    from scipy.stats import binomtest

    if before.data_fingerprint != now.data_fingerprint:
        raise DataError("The two evaluations are of different images. Evaluate both models on the same ones.")
    _, rows, others = np.intersect1d(before.indices, now.indices, assume_unique=True, return_indices=True)
    if not len(rows):
        raise DataError("No image was classified by both models. Evaluate both models on the same classes.")
    was_right, is_right = before.is_right[rows], now.is_right[others]
    fixed, new = rows[~was_right & is_right], rows[was_right & ~is_right]
    changed = len(fixed) + len(new)
    p_value = float(binomtest(len(fixed), changed).pvalue) if changed else 1.0
    return Agreement(rows[was_right & is_right], fixed, new, rows[~was_right & ~is_right], p_value)
