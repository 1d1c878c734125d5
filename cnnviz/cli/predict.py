"""`cnnviz predict`: top classes of images with their probabilities, as text or JSON."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from cnnviz.cli import options, output
from cnnviz.cli.opening import open_convnet, open_photo, read_photo
from cnnviz.cli.progress import bar
from cnnviz.convnets import Convnet
from cnnviz.errors import ImageError
from cnnviz.finite_check import require_sound
from cnnviz.probes import predict

_BATCH = 16


@dataclass(frozen=True, eq=False)
class _Answer:
    """Probabilities `(classes,)` for one image, or why there are none."""

    image: str
    probabilities: np.ndarray | ImageError


def add(verbs: options.Verbs) -> None:
    """Describe `cnnviz predict`."""
    parser = options.add_verb(
        verbs,
        "predict",
        run,
        question="Predict the classes of images, the most probable first.",
        example="cnnviz predict chelsea coffee --top 3",
    )
    options.add_image(parser, many=True)
    options.add_model(parser)
    parser.add_argument(
        "--top", type=options.whole_number(1), default=5, help="classes per image (default: %(default)s)"
    )
    options.add_json(parser)


def run(given: Namespace) -> Iterator[str]:
    """Answer for every image that can be read, then complain about the others."""
    if len(given.image) == 1:
        read_photo(given.image[0], stretch=given.stretch)  # a mistake is told at once, not after TensorFlow's start
    convnet = open_convnet(given)
    require_sound(convnet)
    answers = _ask(convnet, given.image, stretch=given.stretch)
    yield _json(convnet, answers, given.top) if given.json else _text(convnet, answers, given.top)
    failed = [answer.probabilities for answer in answers if isinstance(answer.probabilities, ImageError)]
    if len(failed) == 1:
        raise failed[0]
    if failed:
        raise ImageError(f"{len(failed)} of {len(answers)} images cannot be read; the first: {failed[0]}")


def _ask(convnet: Convnet, images: Sequence[str], *, stretch: bool) -> list[_Answer]:
    answers = []
    with bar("Predicting", "image") as on_step:
        for start in range(0, len(images), _BATCH):
            answers += _ask_batch(convnet, images[start : start + _BATCH], stretch)
            on_step(len(answers), len(images), None)
    return answers


def _ask_batch(convnet: Convnet, images: Sequence[str], stretch: bool) -> list[_Answer]:
    fitted: dict[int, np.ndarray] = {}
    failed: dict[int, ImageError] = {}
    for place, image in enumerate(images):
        try:
            fitted[place] = convnet.fit(open_photo(image, stretch=stretch))
        except ImageError as error:
            failed[place] = error
    found: dict[int, np.ndarray | ImageError] = dict(failed)
    if fitted:
        found |= zip(fitted, predict(convnet, convnet.prepare(list(fitted.values()))), strict=True)
    return [_Answer(image, found[place]) for place, image in enumerate(images)]


def _top(convnet: Convnet, probabilities: np.ndarray, count: int) -> list[int]:
    """Indices of the most probable classes, what is not a number last; of a regression its numbers in their order."""
    if not convnet.has_classes:
        return list(range(len(probabilities)))[:count]
    return [int(index) for index in np.argsort(-probabilities, kind="stable")[:count]]


def _text(convnet: Convnet, answers: Sequence[_Answer], top: int) -> str:
    rows = [
        (
            answer.image,
            output.score(convnet, float(answer.probabilities[index])),
            convnet.class_names[index],
            str(index),
        )
        for answer in answers
        if not isinstance(answer.probabilities, ImageError)
        for index in _top(convnet, answer.probabilities, top)
    ]
    kind = "probability" if convnet.has_probabilities else "score" if convnet.has_classes else "number"
    return output.table(("image", kind, "class" if convnet.has_classes else "output", "index"), rows, align="<><>")


def _json(convnet: Convnet, answers: Sequence[_Answer], top: int) -> str:
    facts = [_facts(convnet, answer, top) for answer in answers]
    known = {"model": convnet.name, "outputs": convnet.outputs, "assumptions": convnet.assumptions.record}
    return output.to_json({**known, "images": facts})


def _facts(convnet: Convnet, answer: _Answer, top: int) -> dict[str, Any]:
    if isinstance(answer.probabilities, ImageError):
        return {"image": answer.image, "error": str(answer.probabilities)}
    kind = "probability" if convnet.has_probabilities else "score"
    classes = [
        {"index": index, "name": convnet.class_names[index], kind: answer.probabilities[index]}
        for index in _top(convnet, answer.probabilities, top)
    ]
    return {"image": answer.image, "classes" if convnet.has_classes else "numbers": classes}
