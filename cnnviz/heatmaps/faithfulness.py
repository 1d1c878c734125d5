"""Deletion test of a heatmap: masking the top 10 % of pixels, beside random masks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cnnviz.convnets import Convnet
from cnnviz.heatmaps.colors import plain
from cnnviz.heatmaps.steps import every, in_steps, of_class, read_classes
from cnnviz.images import enlarge
from cnnviz.probes import predict
from cnnviz.sentences import one_line

DELETED_SHARE = 0.1
"""Share of the image's pixels that is replaced."""

RANDOM_MASKS = 5


@dataclass(frozen=True)
class Deletion:
    """What became of the class's probability, for each image of a batch.

    Attributes:
        before: `(batch,)` probability of the class in the whole image.
        after: `(batch,)` probability once the hottest pixels are gone; NaN where the map is not finite.
        random: `(batch, 5)` probability once the same mask, moved to a random place, hides as many pixels.
        classes: `(batch,)` int, the class.
    """

    before: np.ndarray
    after: np.ndarray
    random: np.ndarray
    classes: np.ndarray

    __repr__ = one_line

    @property
    def random_mean(self) -> np.ndarray:
        """`(batch,)` mean probability after random deletion: what `after` has to stay below."""
        return self.random.mean(axis=1)


def deletion_score(
    convnet: Convnet, inputs: np.ndarray, heat: np.ndarray, *, class_index: int | str | None = None, seed: int = 0
) -> Deletion:
    """Replace the hottest tenth of the image by its mean color, and see what the model still says.

    Beside it stands the same with five random masks: the map's own, moved by random steps down and to the right;
    what leaves the image at one side comes back at the other. So their area and grain are the map's, whether
    its cells are a layer's, the patches of occlusion or single pixels. Noise on the map's grid would not do:
    occlusion has patches on a grid of pixels. A map that is no better than chance has found nothing.

    Args:
        convnet: Classifier; it is only read.
        inputs: `(batch, height, width, channels)` float32, from `convnet.prepare`.
        heat: `(batch, rows, columns)`, one map an image, signed or not; where a map is the same
            everywhere, as in the zeros of most maps, chance decides which pixels go first.
        class_index: Class whose probability is told, by index or name; each image's own top class if not given.
        seed: Of the random steps, the same for every image.

    Returns:
        Probabilities before and after, and after each of five random deletions.

    Raises:
        ClassError: If the class does not exist, or the model has no classes.

    Note:
        The patched image is one the model never saw in training, and the patch has a shape of its
        own; a fall tells of both. One tenth of the area is a convention: objects are larger or smaller.

    Example:
        >>> score = deletion_score(convnet, inputs, grad_cam(convnet, inputs))
        >>> score.before, score.after, score.random_mean

    Reference:
        After the deletion game of Petsiuk et al., "RISE", BMVC 2018, section 4.2, at one point of its curve.
        Random shifts on a torus as chance: Lotwick and Silverman, J. R. Statist. Soc. B 44, 1982.
    """
    if len(heat) != len(inputs):
        raise ValueError(f"Expected one map for each of {len(inputs)} images. Received: {len(heat)}.")
    clean = read_classes(convnet, inputs, class_index)
    color = plain(convnet, inputs, "mean")
    masks = _masks(heat, convnet.preparation.size, seed)
    found = np.zeros(masks.shape[:2])
    for _, images, runs in in_steps(convnet, every(*masks.shape[:2])):
        hidden = np.where(masks[images, runs, :, :, None], color[images], inputs[images])
        found[images, runs] = of_class(predict(convnet, hidden), clean.classes[images])
    found[~np.isfinite(heat).all(axis=(1, 2)), 0] = np.nan
    before = of_class(clean.probabilities, clean.classes)
    return Deletion(before, found[:, 0], found[:, 1:], clean.classes)


def _masks(heat: np.ndarray, size: tuple[int, int], seed: int) -> np.ndarray:
    """Mark what goes, `(batch, 1 + RANDOM_MASKS, height, width)`: first by the map, then the same elsewhere."""
    rng, area = np.random.default_rng(seed), size[0] * size[1]
    own = _hottest(enlarge(heat, size), rng.permutation(area))
    places = 1 + rng.permutation(area - 1)[:RANDOM_MASKS]  # 0 would be the map's own
    moved = [np.roll(own, divmod(int(place), size[1]), axis=(1, 2)) for place in places]
    return np.stack([own, *moved], axis=1)


def _hottest(heat: np.ndarray, ties: np.ndarray) -> np.ndarray:
    """Mark the hottest share of each map's pixels; equal ones go in the order of `ties`."""
    count = round(DELETED_SHARE * ties.size)
    flat = heat.reshape(len(heat), -1)
    chosen = np.stack([np.lexsort((ties, -row))[:count] for row in flat])
    marks = np.zeros(flat.shape, bool)
    np.put_along_axis(marks, chosen, True, axis=1)
    return marks.reshape(heat.shape)
