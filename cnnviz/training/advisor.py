"""Transfer-learning advice: which of the four cases a base and a dataset are, and what to do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from cnnviz.activations import feature_maps
from cnnviz.convnets import Convnet
from cnnviz.datasets import Dataset, photos, sample
from cnnviz.errors import RunError
from cnnviz.layers import default_layer, map_layers
from cnnviz.sentences import Sentence

FEW = 1000
"""Images a class up to which a set counts as small: the textbooks' 2,000 cats and dogs are their example of one."""

TOLERANCE = 0.05
"""How much less than the best cut the last layer may separate and still count as the better one. Among 200 images the
difference of two shares is uncertain by about 0.04."""

LEAST = 0.1
"""Separation below which no layer says anything about the classes."""

_IMAGES = 200
_BATCH = 20
_CUTS = 3  # earlier than that a base knows little more than edges, which are learned from few images


@dataclass(frozen=True)
class Advice:
    """What to do with a base and some images, and why.

    Attributes:
        images_per_class: Training images of a class, on average.
        separations: How far each layer that was tried separates the classes before any training, by address, the last
            layer at the end: 0 is chance, 1 is all right.
        is_small: Whether the images are few.
        is_alike: Whether they are like those that the base was trained on: its last layer separates as well as any.
        recipe: Name of the recipe that fits.
        changes: Settings of it to change, for `edited`.
        reason: Why, in a sentence.
    """

    images_per_class: int
    separations: Mapping[str, float]
    is_small: bool
    is_alike: bool
    recipe: str
    changes: Mapping[str, Any]
    reason: str


def advise(convnet: Convnet, dataset: Dataset, *, seed: int = 0) -> Advice:
    """Tell which case of transfer learning a base and a data set are, from what can be measured before training.

    Size is counted. Likeness is measured by the base's own maps of up to 200 training images, averaged over
    positions: of each image the nearest other one (cosine, each channel brought to one scale) is asked for its class,

        separation = (share that is right - chance) / (1 - chance)

    at the last layer with maps and before each of the last reductions of the maps' size. Nearest neighbors learn
    nothing, so the number speaks of the base alone. A hard task separates badly everywhere; that is why the last
    layer is compared with earlier ones and not with a fixed number: where the images are alike, the last blocks add
    knowledge, where they are not, they throw away what would have told the classes apart.

    Args:
        convnet: The base; it is only read.
        dataset: Its training images are looked at.
        seed: Chooses them.

    Returns:
        The case, a recipe and its settings: the whole frozen base for few images alike; an earlier cut, with all
        positions kept, for few unlike ones; the last convolutions tuned for many alike; all of them for many unlike.

    Raises:
        RunError: If the base has no maps to cut it at.

    Note:
        Averages over positions hide where things are. Digits and clothes may be told apart by that alone.

    Reference:
        Yosinski et al., "How transferable are features in deep neural networks?", NeurIPS 2014; the four cases as in
        Stanford's course CS231n, "Transfer Learning".
    """
    separations = _separations(convnet, dataset, _cuts(convnet), seed=seed)
    *earlier, last = separations
    best = max(earlier, key=separations.__getitem__, default=last)
    per_class = round(len(dataset.train) / len(dataset.class_names))
    is_alike = separations[last] >= max(LEAST, separations[best] - TOLERANCE)
    recipe, changes, reason = _conclude(per_class <= FEW, is_alike, best)
    measured = Sentence(
        "{count:,} images per class; before training, the class separation at {last} is {last_share:.0%}.",
        count=per_class,
        last=last,
        last_share=separations[last],
    )
    if best != last:
        measured = Sentence(
            "{count:,} images per class; before training, the class separation at {last} is {last_share:.0%}, at "
            "{best} {best_share:.0%}.",
            **measured.values,
            best=best,
            best_share=separations[best],
        )
    said = Sentence("{measured} {reason}", measured=measured, reason=reason)
    return Advice(per_class, separations, per_class <= FEW, is_alike, recipe, changes, said)


def _conclude(is_small: bool, is_alike: bool, best: str) -> tuple[str, dict[str, Any], str]:
    if is_small and is_alike:
        reason = Sentence(
            "Few images, similar to those the base model was trained on: freeze the whole base and train a head; "
            "more weights would overfit."
        )
        return "feature-extraction", {}, reason
    if is_small:
        reason = Sentence(
            "Few images, unlike those the base model was trained on: cut after {best} and freeze; later blocks are "
            "too specific to other classes.",
            best=best,
        )
        return "feature-extraction", {"transfer.cut": best, "transfer.pooling": "flatten"}, reason
    if is_alike:
        return (
            "fine-tuning",
            {},
            Sentence(
                "Many images, similar to those the base model was trained on: train a head, then the last "
                "convolutions at a low learning rate."
            ),
        )
    reason = Sentence(
        "Many images, unlike those the base model was trained on: train a head, then all convolutions; pretrained "
        "weights are a better start than random ones."
    )
    return "fine-tuning", {"transfer.unfrozen": 0, "transfer.fine_rate": 1e-4}, reason


def _cuts(convnet: Convnet) -> list[str]:
    """List the layers in front of the last reductions of the maps' size, and the last one with maps."""
    infos = map_layers(convnet)
    if not infos:
        raise RunError(
            "{name} has no layer with feature maps to cut it at. Choose a model with convolutions.", name=convnet.name
        )
    addresses = [info.address for info in infos]
    last = default_layer(convnet)
    before = infos[: addresses.index(last)]
    of_size = {info.output_shape[:2]: info.address for info in before}
    of_size.pop(infos[addresses.index(last)].output_shape[:2], None)
    return [*list(of_size.values())[-_CUTS:], last]


def _separations(convnet: Convnet, dataset: Dataset, addresses: list[str], *, seed: int) -> dict[str, float]:
    """Read some images through the base once, and ask neighbors at every layer."""
    per_class = max(2, _IMAGES // len(dataset.class_names))
    chosen = sample(dataset.train, per_class=per_class, seed=seed)
    labels = dataset.train.labels[chosen]
    wanted = convnet.preparation
    pixels = photos(dataset.train, size=wanted.size, channels=wanted.channels, indices=chosen, how=wanted.fit)
    vectors: dict[str, list[np.ndarray]] = {address: [] for address in addresses}
    for start in range(0, len(chosen), _BATCH):
        inputs = np.asarray(wanted.scaling(pixels[start : start + _BATCH].astype(np.float32)), np.float32)
        for address, maps in feature_maps(convnet, inputs, layers=addresses).items():
            vectors[address].append(maps.mean(axis=(1, 2)))
    return {address: separation(np.concatenate(parts), labels) for address, parts in vectors.items()}


def separation(vectors: np.ndarray, labels: np.ndarray) -> float:
    """Say how often a vector's nearest neighbor is of its own class, beyond chance.

    Args:
        vectors: `(n, values)` float32.
        labels: `(n,)` integers.

    Returns:
        -1..1: 1 if always; 0 as often as the largest class is met anyway.
    """
    from sklearn.neighbors import NearestNeighbors
    from sklearn.preprocessing import StandardScaler

    scaled = StandardScaler().fit_transform(vectors)
    nearest = NearestNeighbors(n_neighbors=1, metric="cosine").fit(scaled).kneighbors(return_distance=False)[:, 0]
    chance = np.bincount(labels).max() / len(labels)
    return float(((labels[nearest] == labels).mean() - chance) / (1 - chance))
