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
from cnnviz.errors import PictureError
from cnnviz.probes import predict
from cnnviz.soundness import require_sound

_BATCH = 16


@dataclass(frozen=True, eq=False)
class _Answer:
    """Probabilities `(classes,)` for one picture, or why there are none."""

    picture: str
    probabilities: np.ndarray | PictureError


def add(verbs: options.Verbs) -> None:
    """Describe `cnnviz predict`."""
    parser = options.add_verb(
        verbs,
        "predict",
        run,
        question="Say what a network sees in pictures: its classes, the most probable first.",
        example="cnnviz predict chelsea coffee --top 3",
    )
    options.add_picture(parser, many=True)
    options.add_model(parser)
    parser.add_argument(
        "--top", type=options.whole_number(1), default=5, help="classes a picture (default: %(default)s)"
    )
    options.add_json(parser)


def run(given: Namespace) -> Iterator[str]:
    """Answer for every picture that can be read, then complain about the others."""
    if len(given.picture) == 1:
        read_photo(given.picture[0], stretch=given.stretch)  # a mistake is told at once, not after TensorFlow's start
    convnet = open_convnet(given)
    require_sound(convnet)
    answers = _ask(convnet, given.picture, stretch=given.stretch)
    yield _json(convnet, answers, given.top) if given.json else _text(convnet, answers, given.top)
    failed = [answer.probabilities for answer in answers if isinstance(answer.probabilities, PictureError)]
    if len(failed) == 1:
        raise failed[0]
    if failed:
        raise PictureError(f"{len(failed)} of {len(answers)} pictures cannot be read; the first: {failed[0]}")


def _ask(convnet: Convnet, pictures: Sequence[str], *, stretch: bool) -> list[_Answer]:
    answers = []
    with bar("Predicting", "picture") as on_step:
        for start in range(0, len(pictures), _BATCH):
            answers += _ask_batch(convnet, pictures[start : start + _BATCH], stretch)
            on_step(len(answers), len(pictures), None)
    return answers


def _ask_batch(convnet: Convnet, pictures: Sequence[str], stretch: bool) -> list[_Answer]:
    fitted: dict[int, np.ndarray] = {}
    failed: dict[int, PictureError] = {}
    for place, picture in enumerate(pictures):
        try:
            fitted[place] = convnet.fit(open_photo(picture, stretch=stretch))
        except PictureError as error:
            failed[place] = error
    found: dict[int, np.ndarray | PictureError] = dict(failed)
    if fitted:
        found |= zip(fitted, predict(convnet, convnet.prepare(list(fitted.values()))), strict=True)
    return [_Answer(picture, found[place]) for place, picture in enumerate(pictures)]


def _top(convnet: Convnet, probabilities: np.ndarray, count: int) -> list[int]:
    """Indices of the most probable classes, what is not a number last; of a regression its numbers in their order."""
    if not convnet.has_classes:
        return list(range(len(probabilities)))[:count]
    return [int(index) for index in np.argsort(-probabilities, kind="stable")[:count]]


def _text(convnet: Convnet, answers: Sequence[_Answer], top: int) -> str:
    rows = [
        (
            answer.picture,
            output.score(convnet, float(answer.probabilities[index])),
            convnet.class_names[index],
            str(index),
        )
        for answer in answers
        if not isinstance(answer.probabilities, PictureError)
        for index in _top(convnet, answer.probabilities, top)
    ]
    kind = "probability" if convnet.has_probabilities else "score" if convnet.has_classes else "number"
    return output.table(("picture", kind, "class" if convnet.has_classes else "output", "index"), rows, align="<><>")


def _json(convnet: Convnet, answers: Sequence[_Answer], top: int) -> str:
    facts = [_facts(convnet, answer, top) for answer in answers]
    known = {"model": convnet.name, "outputs": convnet.outputs, "assumptions": convnet.assumptions.record}
    return output.to_json({**known, "pictures": facts})


def _facts(convnet: Convnet, answer: _Answer, top: int) -> dict[str, Any]:
    if isinstance(answer.probabilities, PictureError):
        return {"picture": answer.picture, "error": str(answer.probabilities)}
    kind = "probability" if convnet.has_probabilities else "score"
    classes = [
        {"index": index, "name": convnet.class_names[index], kind: answer.probabilities[index]}
        for index in _top(convnet, answer.probabilities, top)
    ]
    return {"picture": answer.picture, "classes" if convnet.has_classes else "numbers": classes}
