"""`Evaluation`: a model's predictions for labeled images, one row for each image."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cnnviz.mistakes.mapping import ClassMapping, ClassOrder

UNSURE_GAP = 0.2
"""An image counts as unsure where the two most probable classes are closer than this."""


@dataclass(frozen=True, eq=False)
class Evaluation:
    """A model's answers to labeled images, one row an image that could be read and has a class to compare with.

    Classes are those of the images, by their place in `class_names`; where the model has classes without a
    counterpart, they are one more answer, the last name. An image is right when the model's own most probable class,
    of all its classes, stands for its label.

    Attributes:
        class_names: The images' classes, and perhaps `mapping.OTHER`.
        indices: `(n,)` int64, which image of the part a row is.
        labels: `(n,)` int64, the class it is labeled with.
        predicted: `(n,)` int64, the class that the model's own most probable class stands for.
        model_class: `(n,)` int64, that most probable class among all of the model's.
        predicted_mapped: `(n,)` int64, the class that it would be if only the mapped classes were there.
        true_rank: `(n,)` int64, how many of the model's classes are more probable than the label's best one.
        top_classes: `(n, k)` int64, the predicted class, then the k - 1 most probable others; k is at most 5.
        top_probabilities: `(n, k)` float32, theirs: for a class of the images the sum over the classes that stand for
            it, for the last name the largest of the classes that stand for none.
        true_probability: `(n,)` float32, of the labeled class.
        true_logit: `(n,)` float32, largest of the classes that stand for the label; see `probes.ForwardPass`.
        predicted_logit: `(n,)` float32, of the predicted class, likewise.
        margin: `(n,)` float32, logit of the labeled class minus the largest of the others: how far it is right,
            or, below zero, wrong.
        entropy: `(n,)` float32, of the probabilities of the images' classes and of all others together, in nats: the
            loss that the model itself expects.
        features: `(n, d)` float32, what the layer that makes the scores was given.
        unreadable: Index in the part and reason of each image without an answer.
        unmapped: Name and number of images of each class that no class of the model stands for.
        mapping: For each class of the images the model's classes that stand for it.
        class_count: Number of the model's classes.
        network: The model's name.
        network_fingerprint: Which model it was.
        data_fingerprint: Which part of a data set it was.
        assumed_order: Where names could not be matched, the order by which classes were numbered; else None.
    """

    class_names: tuple[str, ...]
    indices: np.ndarray
    labels: np.ndarray
    predicted: np.ndarray
    model_class: np.ndarray
    predicted_mapped: np.ndarray
    true_rank: np.ndarray
    top_classes: np.ndarray
    top_probabilities: np.ndarray
    true_probability: np.ndarray
    true_logit: np.ndarray
    predicted_logit: np.ndarray
    margin: np.ndarray
    entropy: np.ndarray
    features: np.ndarray
    unreadable: tuple[tuple[int, str], ...]
    unmapped: tuple[tuple[str, int], ...]
    mapping: ClassMapping
    class_count: int
    network: str
    network_fingerprint: str
    data_fingerprint: str
    assumed_order: ClassOrder | None = None

    def __len__(self) -> int:
        return len(self.labels)

    def __repr__(self) -> str:
        right = int(self.is_right.sum())
        assumed = f", classes assumed in {self.assumed_order} order" if self.assumed_order else ""
        return (
            f"<Evaluation of {self.network}: {right:,} of {len(self):,} right ({right / max(len(self), 1):.1%}), "
            f"{self.mapped_count:,} of {self.class_count:,} classes mapped{assumed}>"
        )

    @property
    def is_right(self) -> np.ndarray:
        """`(n,)` bool, whether the model's own most probable class stands for the label."""
        return self.predicted == self.labels

    @property
    def has_other(self) -> bool:
        """Whether the model has classes that stand for none of the images'; then the last name is theirs."""
        return len(self.class_names) > len(self.mapping)

    @property
    def mapped_count(self) -> int:
        """Number of the model's classes that stand for a class of the images."""
        return sum(map(len, self.mapping))

    @property
    def confidence(self) -> np.ndarray:
        """`(n,)` float32, probability of the predicted class."""
        return self.top_probabilities[:, 0]

    @property
    def loss(self) -> np.ndarray:
        """`(n,)` float32, `-log p` of the labeled class, in nats; at most 87, where p is no float32 any more."""
        return -np.log(np.maximum(self.true_probability, np.finfo(np.float32).tiny))

    @property
    def surprise(self) -> np.ndarray:
        """`(n,)` float32, `loss - entropy`: how much worse the answer is than the model itself expected."""
        return self.loss - self.entropy

    @property
    def is_unsure(self) -> np.ndarray:
        """`(n,)` bool, whether two classes are almost equally probable."""
        if self.top_probabilities.shape[1] < 2:
            return np.zeros(len(self), bool)
        return self.top_probabilities[:, 0] - self.top_probabilities[:, 1] < UNSURE_GAP
