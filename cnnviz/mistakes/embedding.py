"""Embeddings of images in the plane (PCA, t-SNE), from the model's features."""

from __future__ import annotations

from typing import Literal

import numpy as np

from cnnviz.mistakes.evaluation import Evaluation

_PERPLEXITY = 30  # scikit-learn's own
_BEFORE_TSNE = 50  # dimensions, as van der Maaten and Hinton took


def embed(evaluation: Evaluation, *, how: Literal["pca", "tsne"] = "pca", seed: int = 0) -> np.ndarray:
    """Lay the images out in a plane by their features, by scikit-learn.

    Args:
        evaluation: It is only read.
        how: `pca`, the two directions in which the features differ most, at once; `tsne`, which keeps neighbors
            together, in about a minute for 10,000 images.
        seed: The same seed gives the same plane.

    Returns:
        `(n, 2)` float32. Of `pca` the units are the features'; of `tsne` they mean nothing.

    Note:
        In t-SNE neither the sizes of clumps nor the distances between them say anything. In PCA two images
        that lie together may differ in all directions that are not drawn.

    Reference:
        van der Maaten and Hinton, "Visualizing Data using t-SNE", JMLR 9, 2008.
    """
    if how == "pca":
        return _principal(evaluation.features, 2, seed)
    from sklearn.manifold import TSNE

    if len(evaluation) < 3:
        return _principal(evaluation.features, 2, seed)
    start = _principal(evaluation.features, _BEFORE_TSNE, seed)
    # scikit-learn wants fewer neighbors than images.
    perplexity = min(_PERPLEXITY, (len(evaluation) - 1) / 3)
    found = TSNE(2, perplexity=perplexity, init="pca" if start.shape[1] > 1 else "random", random_state=seed)
    return np.asarray(found.fit_transform(start), np.float32)


def _principal(features: np.ndarray, count: int, seed: int) -> np.ndarray:
    """The features' first principal components, zeros where they have fewer directions; at least two."""
    from sklearn.decomposition import PCA

    kept = min(count, *features.shape)
    components = np.zeros((len(features), max(2, kept)), np.float32)
    if len(features) > 1:
        components[:, :kept] = PCA(kept, random_state=seed).fit_transform(features)
    return components
