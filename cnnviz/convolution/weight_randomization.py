"""Cascading weight randomization of a model from the top layer down, and rank correlation of maps."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from cnnviz.capture import walk, without_call_number
from cnnviz.convnets import Convnet
from cnnviz.errors import ModelError
from cnnviz.layers import layers

if TYPE_CHECKING:
    import keras


def weighted_layers(convnet: Convnet) -> tuple[str, ...]:
    """List the layers that have weights of their own, those at the top, next to the scores, first."""
    with_weights = [info.address for info in layers(convnet) if info.parameters and not info.is_container]
    return tuple(reversed(with_weights))


def randomized(convnet: Convnet, *, from_top: int, seed: int = 0) -> Convnet:
    """Copy a model and shuffle the weights of its uppermost layers: cascading randomization.

    Each weight array is shuffled within itself, where the paper draws new weights: so the values stay as large and
    as small as they were, only their places are lost. A layer is shuffled the same way however many others are, so
    that the steps of a cascade differ by one layer.

    Args:
        convnet: Model; it is only read.
        from_top: How many of `weighted_layers` are shuffled, counted from the top.
        seed: Of the order in which the weights end up.

    Returns:
        A model with a model of its own and the same name and meaning.

    Raises:
        ModelError: If the model cannot be copied.
        ValueError: If it has fewer layers with weights.

    Note:
        A map that looks the same from the trained and from the shuffled model shows the image, not what the
        model knows. Single values and arrays of equal values, such as fresh biases, are left as they are.

    Example:
        >>> randomized(convnet, from_top=1).fingerprint == convnet.fingerprint
        False

    Reference:
        Adebayo et al., "Sanity Checks for Saliency Maps", NeurIPS 2018, section 3.1. https://arxiv.org/abs/1810.03292
    """
    return next(cascade(convnet, counts=(from_top,), seed=seed))


def cascade(convnet: Convnet, *, counts: Sequence[int], seed: int = 0) -> Iterator[Convnet]:
    """Shuffle one copy of a model further and further, as `randomized` does for each count.

    It is one model that changes: what was compiled for it stays, so that a whole cascade takes little longer than
    its first step. Compute what is wanted of it before the next step; its fingerprint says nothing.

    Args:
        convnet: Model; it is only read.
        counts: How many of `weighted_layers` are shuffled, counted from the top; ascending.
        seed: Of the order in which the weights end up.

    Yields:
        The same model, once for each count.

    Raises:
        ModelError: If the model cannot be copied.
        ValueError: If the counts do not ascend, or there are fewer layers with weights.

    Example:
        >>> [grad_cam(shuffled, inputs, class_index=281) for shuffled in cascade(convnet, counts=(0, 1, 2, 4))]
    """
    addresses = weighted_layers(convnet)
    if list(counts) != sorted(counts):
        raise ValueError(f"Expected counts that ascend. Received: {tuple(counts)}.")
    for count in counts:
        if not 0 <= count <= len(addresses):
            raise ValueError(f"Expected 0 to {len(addresses)} layers from the top. Received: {count}.")
    shuffled = replace(convnet, model=_copy(convnet))
    by_address = walk(shuffled.model)
    for before, count in zip((0, *counts), counts, strict=False):
        for number in range(before, count):
            rng = np.random.default_rng([seed, number])
            for weight in by_address[without_call_number(addresses[number])].weights:
                weight.assign(rng.permutation(weight.numpy().ravel()).reshape(weight.shape))
        yield shuffled


def rank_correlation(first: np.ndarray, second: np.ndarray) -> float:
    """Compare where two maps are strong, whatever their scales: Spearman's rank correlation.

    Args:
        first: Of any shape.
        second: Of the same shape.

    Returns:
        1 where both put all positions in the same order, 0 where one order says nothing of the other, -1 where it is
        turned round; NaN where a map has the same value everywhere, or none.

    Raises:
        ValueError: If the maps differ in shape.

    Reference:
        Spearman, "The Proof and Measurement of Association between Two Things", American Journal of Psychology 1904.
    """
    from scipy.stats import spearmanr

    if first.shape != second.shape:
        raise ValueError(f"Expected two maps of one shape. Received: {first.shape} and {second.shape}.")
    is_flat = not first.size or np.ptp(first) == 0 or np.ptp(second) == 0
    return float("nan") if is_flat else float(spearmanr(first.ravel(), second.ravel()).statistic)


def _copy(convnet: Convnet) -> keras.Model:
    """Build the model anew from its own description, with the same weights."""
    import keras

    try:
        model = keras.models.clone_model(convnet.model)
        model.set_weights(convnet.model.get_weights())
    except (ValueError, TypeError, NotImplementedError, RuntimeError) as error:
        raise ModelError(
            "{name} cannot be cloned: Keras cannot rebuild it from its config. Choose a functional or sequential "
            "model.",
            name=convnet.name,
        ) from error
    return model
