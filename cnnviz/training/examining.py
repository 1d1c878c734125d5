"""Test-set metrics of a trained model: accuracy, loss and confusion matrix."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from cnnviz.datasets import Dataset, photos
from cnnviz.training.scratch import shape_of
from cnnviz.training.weights import load_product

_BATCH = 32  # Keras's own; large images of a large model would not fit into memory in hundreds


def examine(path: Path, dataset: Dataset) -> dict[str, Any]:
    """Let a model answer the test images, which nothing was chosen by.

    Args:
        path: Its file.
        dataset: The images.

    Returns:
        `images`, their number; `accuracy`, 0..1; `loss`, mean of -log p of the true class; `confusion`, counts, a
        row for each true class.
    """
    from sklearn.metrics import confusion_matrix, log_loss

    model = load_product(path)
    *size, channels = shape_of(model)
    pixels = photos(dataset.test, size=(size[0], size[1]), channels=channels)
    scores = model.predict(pixels, batch_size=_BATCH, verbose=0)
    probabilities = np.concatenate([1 - scores, scores], axis=1) if scores.shape[1] == 1 else scores
    probabilities = probabilities.astype(np.float64) / probabilities.sum(axis=1, keepdims=True, dtype=np.float64)
    every = np.arange(len(dataset.class_names))
    answers = probabilities.argmax(axis=1)
    return {
        "pictures": len(dataset.test),
        "accuracy": float((answers == dataset.test.labels).mean()),
        "loss": float(log_loss(dataset.test.labels, probabilities, labels=every)),
        "confusion": confusion_matrix(dataset.test.labels, answers, labels=every).tolist(),
    }
