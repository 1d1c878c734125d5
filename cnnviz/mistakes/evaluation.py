"""What did a network answer to each of many labelled pictures?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cnnviz.mistakes.mapping import ClassMapping
from cnnviz.sentences import one_line

UNSURE_GAP = 0.2
"""A picture counts as unsure where the two most probable classes are closer than this."""


@dataclass(frozen=True, eq=False)
class Evaluation:
    """A network's answers to labelled pictures, one row a picture that could be read and has a class to compare with.

    Classes are those of the pictures, by their place in `class_names`; where the network has classes without
    a counterpart, these together are one more answer, the last name.

    Attributes:
        class_names: The pictures' classes, and perhaps `mapping.OTHER`.
        indices: `(n,)` int64, which picture of the part a row is.
        labels: `(n,)` int64, the class it is labelled with.
        predicted: `(n,)` int64, the most probable class.
        top_classes: `(n, k)` int64, the k most probable classes, the first first; k is at most 5.
        top_probabilities: `(n, k)` float32, theirs.
        true_probability: `(n,)` float32, of the labelled class.
        true_logit: `(n,)` float32, of the labelled class; see `probes.Reading`.
        predicted_logit: `(n,)` float32, of the predicted class.
        margin: `(n,)` float32, logit of the labelled class minus the largest of the others: how far it is right,
            or, below zero, wrong.
        entropy: `(n,)` float32, of all probabilities, in nats: the loss that the network itself expects.
        features: `(n, d)` float32, what the layer that makes the scores was given.
        unreadable: Index in the part and reason of each picture without an answer.
        unmapped: Name and number of pictures of each class that no class of the network stands for.
        mapping: For each class of the pictures the network's classes that stand for it.
        network: The network's name.
        network_fingerprint: Which network it was.
        data_fingerprint: Which part of a data set it was.
    """

    class_names: tuple[str, ...]
    indices: np.ndarray
    labels: np.ndarray
    predicted: np.ndarray
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
    network: str
    network_fingerprint: str
    data_fingerprint: str

    __repr__ = one_line

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def is_right(self) -> np.ndarray:
        """`(n,)` bool, whether the prediction is the label."""
        return self.predicted == self.labels

    @property
    def confidence(self) -> np.ndarray:
        """`(n,)` float32, probability of the predicted class."""
        return self.top_probabilities[:, 0]

    @property
    def loss(self) -> np.ndarray:
        """`(n,)` float32, `-log p` of the labelled class, in nats; at most 87, where p is no float32 any more."""
        return -np.log(np.maximum(self.true_probability, np.finfo(np.float32).tiny))

    @property
    def surprise(self) -> np.ndarray:
        """`(n,)` float32, `loss - entropy`: how much worse the answer is than the network itself expected."""
        return self.loss - self.entropy

    @property
    def is_unsure(self) -> np.ndarray:
        """`(n,)` bool, whether two classes are almost equally probable."""
        if self.top_probabilities.shape[1] < 2:
            return np.zeros(len(self), bool)
        return self.top_probabilities[:, 0] - self.top_probabilities[:, 1] < UNSURE_GAP
