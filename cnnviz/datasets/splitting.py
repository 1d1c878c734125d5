"""Stratified hold-out splits, subsets and samples of labeled images."""

from __future__ import annotations

import numpy as np

from cnnviz.datasets.dataset import Part, digest

VALIDATION_SHARE = 0.1
"""Of the training images, where a data set has no validation images of its own."""

TEST_SHARE = 0.2
"""Of all images, where a folder has no test images of its own."""


def subset(part: Part, indices: np.ndarray) -> Part:
    """Choose some images of a part.

    Args:
        part: It is only read.
        indices: `(m,)` integers, in the order wanted.
    """
    indices = np.asarray(indices, np.int64)
    fingerprint = digest(part.fingerprint.encode(), indices.data)
    return Part(part.images.take(indices), part.labels[indices], part.class_count, fingerprint)


def hold_out(part: Part, *, share: float, seed: int) -> tuple[Part, Part]:
    """Cut a part in two with the same balance of classes in both.

    Args:
        part: It is only read.
        share: Share of each class that is held out, 0..1; at least one image of each.
        seed: The same seed holds out the same images.

    Returns:
        The rest, and what is held out, both in the order of `part`.
    """
    is_held_out = np.zeros(len(part), bool)
    rng = np.random.default_rng(seed)
    for label in np.unique(part.labels):
        of_class = np.flatnonzero(part.labels == label)
        count = max(1, round(share * len(of_class)))
        is_held_out[rng.permutation(of_class)[:count]] = True
    return subset(part, np.flatnonzero(~is_held_out)), subset(part, np.flatnonzero(is_held_out))


def sample(part: Part, *, per_class: int, seed: int = 0) -> np.ndarray:
    """Choose images to look at, equally many of each class.

    Args:
        part: It is only read.
        per_class: Images of each class; all of a class that has fewer.
        seed: The same seed chooses the same images.

    Returns:
        Indices into `part`, int64, class by class.
    """
    rng = np.random.default_rng(seed)
    chosen = [rng.permutation(np.flatnonzero(part.labels == label))[:per_class] for label in range(part.class_count)]
    return np.concatenate(chosen)
