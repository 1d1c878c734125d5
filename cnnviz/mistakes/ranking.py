"""Sort order of mistakes by confidence, loss, margin or surprise."""

from __future__ import annotations

from typing import Literal

import numpy as np

from cnnviz.mistakes.evaluation import Evaluation

Order = Literal["confidence", "loss", "margin", "surprise", "shuffle"]


def mistakes(
    evaluation: Evaluation, *, order: Order = "confidence", of: tuple[int, int] | None = None, seed: int = 0
) -> np.ndarray:
    """List the wrong answers, the most instructive first.

    Args:
        evaluation: It is only read.
        order: `confidence`: the surest wrong answers first; `loss`: the least probability of the label first;
            `margin`: the label's logit furthest below the winner's first; `surprise`: loss minus entropy, the
            answers that are worse than the model itself expected first; `shuffle`: by chance, for an honest
            impression.
        of: Labeled and predicted class, for one cell of the confusion matrix; all if not given.
        seed: Of the shuffling.

    Returns:
        `(m,)` int64 rows; `evaluation.indices[rows]` are the images.

    Example:
        >>> mistakes(evaluation, order="loss", of=(6, 0))[:10]
    """
    is_chosen = ~evaluation.is_right
    if of is not None:
        is_chosen = (evaluation.labels == of[0]) & (evaluation.predicted == of[1])
    return ordered(evaluation, np.flatnonzero(is_chosen), order=order, seed=seed)


def ordered(evaluation: Evaluation, rows: np.ndarray, *, order: Order = "confidence", seed: int = 0) -> np.ndarray:
    """Sort any rows as `mistakes` does; equal ones stay in their order."""
    if order == "shuffle":
        return np.random.default_rng(seed).permutation(rows)
    keys = {
        "confidence": -evaluation.confidence,
        "loss": -evaluation.loss,
        "margin": evaluation.margin,
        "surprise": -evaluation.surprise,
    }
    return rows[np.argsort(keys[order][rows], kind="stable")]
