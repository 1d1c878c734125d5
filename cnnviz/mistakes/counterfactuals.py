"""Counterfactual edits: sweeps over an edit's strength, and the smallest patch that changes the prediction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cnnviz.convnets import Convnet
from cnnviz.mistakes.evaluating import OnStep
from cnnviz.mistakes.perturbations import Box, Edit, mask_box
from cnnviz.probes import class_number, predict
from cnnviz.sentences import one_line

_BATCH = 32
_PARTS_OF_A_SIDE = (8, 6, 4, 3, 2)  # sides of the patches that are tried, as parts of the image's


@dataclass(frozen=True, eq=False)
class Sweep:
    """One edit at several strengths.

    Attributes:
        values: `(n,)` float, the strengths, in the order given.
        probabilities: `(n,)` float32, of the class that is watched.
        answers: `(n,)` int64, the most probable class.
        class_index: The class that is watched.
        answer: The most probable class without the edit.
        flip: First strength at which the answer is another one; None where there is none.
    """

    values: np.ndarray
    probabilities: np.ndarray
    answers: np.ndarray
    class_index: int
    answer: int
    flip: float | None

    __repr__ = one_line


@dataclass(frozen=True)
class FlippingPatch:
    """A square that, when it is covered, changes the answer.

    Attributes:
        box: Where it lies in the image as the model receives it.
        before: The class that was answered.
        after: The class that is answered now.
        probability: Of the class that was answered, now.
    """

    box: Box
    before: int
    after: int
    probability: float


def sweep(
    convnet: Convnet,
    photo: np.ndarray,
    edit: Edit,
    values: Sequence[float],
    *,
    class_index: int | str | None = None,
    on_step: OnStep | None = None,
) -> Sweep:
    """Edit a photo more and more, and watch a class's probability.

    Args:
        convnet: Classifier; it is only read.
        photo: `(height, width, 3)` uint8.
        edit: One of `edits.SLIDERS`, or any function of a photo and a strength.
        values: At least one strength, in the order in which the edit grows.
        class_index: Class to watch; the one that is answered without the edit if not given.
        on_step: Told the strengths done and their number.

    Raises:
        ModelError: If the model has no class scores.
        CancelledError: If `on_step` raises it.

    Note:
        The answer may come back behind the first flip; the curve shows it, the number does not.
    """
    if not len(values):
        raise ValueError("Expected at least one strength. Received: none.")
    answer = int(predict(convnet, convnet.prepare([photo]))[0].argmax())
    watched = answer if class_index is None else class_number(convnet, class_index)
    found: list[np.ndarray] = []
    for start in range(0, len(values), _BATCH):
        edited = [convnet.fit(edit(photo, value)) for value in values[start : start + _BATCH]]
        found += list(predict(convnet, convnet.prepare(edited)))
        if on_step:
            on_step(len(found), len(values))
    probabilities = np.stack(found)
    answers = probabilities.argmax(axis=1)
    flips = np.flatnonzero(answers != answer)
    return Sweep(
        values=np.array(values, float),
        probabilities=probabilities[:, watched],
        answers=answers,
        class_index=watched,
        answer=answer,
        flip=float(values[flips[0]]) if len(flips) else None,
    )


def smallest_flipping_patch(
    convnet: Convnet, photo: np.ndarray, *, sides: Sequence[int] | None = None, on_step: OnStep | None = None
) -> FlippingPatch | None:
    """Search the smallest square whose covering changes the answer.

    Squares of each side are moved over the image in steps of half a side and covered with its mean color, the small
    ones first. Of several squares of the smallest side that changes the answer, the one is returned that leaves
    the old answer least.

    Args:
        convnet: Classifier; it is only read.
        photo: `(height, width, 3)` uint8.
        sides: Sides in pixels, rising; an eighth to a half of the image's shorter side if not given.
        on_step: Told the squares tried and the number of all that may have to be.

    Returns:
        The square, in the image as the model receives it; None if none changes the answer.

    Raises:
        ModelError: If the model has no class scores.
        CancelledError: If `on_step` raises it.

    Note:
        Between the steps, and in other shapes, there may be smaller ones. A patch has edges of its own, which the
        model sees as well.
    """
    fitted = convnet.fit(photo)
    before = int(predict(convnet, convnet.prepare([fitted]))[0].argmax())
    places = [_places(fitted.shape[:2], side) for side in sides or _sides(fitted)]
    total, done = sum(map(len, places)), 0
    for boxes in places:
        best: FlippingPatch | None = None
        for start in range(0, len(boxes), _BATCH):
            some = boxes[start : start + _BATCH]
            probabilities = predict(convnet, convnet.prepare([mask_box(fitted, box) for box in some]))
            for box, row in zip(some, probabilities, strict=True):
                after = int(row.argmax())
                if after != before and (best is None or row[before] < best.probability):
                    best = FlippingPatch(box, before, after, float(row[before]))
            done += len(some)
            if on_step:
                on_step(done, total)
        if best is not None:
            return best
    return None


def _sides(photo: np.ndarray) -> list[int]:
    shorter = min(photo.shape[:2])
    return sorted({max(1, shorter // part) for part in _PARTS_OF_A_SIDE})


def _places(size: tuple[int, ...], side: int) -> list[Box]:
    """Squares of one side, half overlapping; the last ones end at the border."""
    rows, columns = (sorted({*range(0, length - side, max(1, side // 2)), length - side}) for length in size)
    return [(top, left, top + side, left + side) for top in rows for left in columns]
