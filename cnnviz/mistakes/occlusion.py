"""Occlusion of one region in many images, and the predictions that change."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cnnviz import images
from cnnviz.convnets import Convnet
from cnnviz.datasets import Part
from cnnviz.errors import ImageError
from cnnviz.mistakes.evaluating import OnStep
from cnnviz.mistakes.perturbations import hide_hottest
from cnnviz.probes import predict

_BATCH = 32


@dataclass(frozen=True)
class Occluded:
    """What covering a place in each of many images does.

    Attributes:
        changed: Images that are answered otherwise without that place.
        elsewhere: Images that are answered otherwise when as much is covered in another place.
        total: Images that were tried.
    """

    changed: int
    elsewhere: int
    total: int


def occlude_in_all(
    convnet: Convnet,
    part: Part,
    indices: np.ndarray,
    heat: np.ndarray,
    *,
    share: float = 0.1,
    on_step: OnStep | None = None,
) -> Occluded:
    """Cover the hottest place of one map in many images, and count the answers that change.

    The test of what a mean map suggests: if a watermark decides, covering its place changes the answers, and
    covering any other place does not. That other place is the same mask, moved by half the image in both
    directions, around the border.

    Args:
        convnet: Classifier; it is only read.
        part: Labeled images.
        indices: `(m,)` int64, which of them; those that cannot be read are passed over.
        heat: `(rows, columns)` float32, such as from `mean_map`.
        share: Share of the pixels that is covered, 0..1.
        on_step: Told the images done and their number.

    Raises:
        ModelError: If the model has no class scores.
        CancelledError: If `on_step` raises it.

    Note:
        A covered place has edges of its own, which the model sees as well; the count for the other place tells
        what these alone do.
    """
    fine = images.enlarge(heat, convnet.preparation.size)
    moved = np.roll(fine, (fine.shape[0] // 2, fine.shape[1] // 2), axis=(0, 1))
    changed = elsewhere = total = 0
    for start in range(0, len(indices), _BATCH):
        photos = _photos(convnet, part, indices[start : start + _BATCH])
        if photos:
            before = _answers(convnet, photos)
            hidden, other = ([hide_hottest(photo, mask, share=share) for photo in photos] for mask in (fine, moved))
            changed += int((_answers(convnet, hidden) != before).sum())
            elsewhere += int((_answers(convnet, other) != before).sum())
            total += len(photos)
        if on_step:
            on_step(min(start + _BATCH, len(indices)), len(indices))
    return Occluded(changed, elsewhere, total)


def _photos(convnet: Convnet, part: Part, indices: np.ndarray) -> list[np.ndarray]:
    photos = []
    for index in indices:
        try:
            photos.append(convnet.fit(images.rgb(part.photo(int(index)))))
        except ImageError:  # it went away since the evaluation
            continue
    return photos


def _answers(convnet: Convnet, photos: list[np.ndarray]) -> np.ndarray:
    return predict(convnet, convnet.prepare(photos)).argmax(axis=1)
