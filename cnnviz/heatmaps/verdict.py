"""Warnings about a heatmap: not finite, empty, flat, or for a class that the model finds unlikely."""

from __future__ import annotations

from enum import StrEnum

import numpy as np

from cnnviz.convnets import Convnet
from cnnviz.sentences import Sentence

UNLIKELY = 0.01
"""Probability below which the class counts as not seen."""

SATURATED = 0.999
"""Probability above which a gradient through softmax or sigmoid would have faded."""

_FLAT = 1e-6  # relative; about eight steps of float32


class Verdict(StrEnum):
    """What a map can be told to be; its value is the key of its sentence."""

    OK = "ok"
    NOT_FINITE = "not finite"
    EMPTY = "empty"
    ONLY_AGAINST = "only against"
    FLAT = "flat"
    UNLIKELY = "unlikely"
    SATURATED = "saturated"
    FADED = "faded"

    @property
    def sentence(self) -> str:
        """Plain words for a page; empty where nothing has to be said."""
        return SENTENCES[self]

    @property
    def is_drawable(self) -> bool:
        """Whether the map shows anything; if not, draw the sentence instead."""
        return self not in (Verdict.NOT_FINITE, Verdict.EMPTY)


SENTENCES: dict[Verdict, str] = {
    Verdict.OK: "",
    Verdict.NOT_FINITE: Sentence(
        "The heatmap has NaN or infinite values: the model's weights or the image are not finite."
    ),
    Verdict.EMPTY: Sentence(
        "The heatmap is empty: nothing at this layer raises the score. Try another layer or class."
    ),
    Verdict.ONLY_AGAINST: Sentence("Nothing raises the score; the heatmap only shows what lowers it."),
    Verdict.FLAT: Sentence("The heatmap is constant: at this layer no position matters more than another."),
    Verdict.UNLIKELY: Sentence(
        "The model gives this class less than 1 %: the heatmap shows the little evidence there is."
    ),
    Verdict.SATURATED: Sentence(
        "The model is almost certain. The heatmap is computed from the logit, so a saturated softmax or sigmoid "
        "does not affect it."
    ),
    Verdict.FADED: Sentence(
        "The model is almost certain, and its logits cannot be recovered from its probabilities: the gradient of "
        "log p vanishes, and the heatmap with it."
    ),
}


def judged(convnet: Convnet, score: float) -> float | None:
    """The probability to judge a map by: a raw score or number is none, unless it is not finite."""
    return score if convnet.has_probabilities or not np.isfinite(score) else None


def judge(heat: np.ndarray, *, probability: float | None = None, has_logits: bool = True) -> Verdict:
    """Tell the most important thing to know about one map.

    What makes it unreadable comes first, then what makes it weak, then what may surprise.

    Args:
        heat: `(rows, columns)`, one map, signed or not.
        probability: The class's, if known. Where it is NaN no map is to be believed: a gradient can be
            finite where the score is not.
        has_logits: Whether the map explains a logit; see `Convnet.has_logits`.

    Returns:
        The verdict; `verdict.sentence` says it in plain words.

    Example:
        >>> judge(np.zeros((7, 7)))
        <Verdict.EMPTY: 'empty'>
    """
    if not np.isfinite(heat).all() or not np.isfinite(0 if probability is None else probability):
        return Verdict.NOT_FINITE
    if not heat.any():
        return Verdict.EMPTY
    if heat.max() <= 0:
        return Verdict.ONLY_AGAINST
    if np.ptp(heat) <= _FLAT * np.abs(heat).max():
        return Verdict.FLAT
    if probability is not None and probability < UNLIKELY:
        return Verdict.UNLIKELY
    if probability is not None and probability > SATURATED:
        return Verdict.SATURATED if has_logits else Verdict.FADED
    return Verdict.OK
