"""`cnnviz evaluate`: accuracy and confusions of a model on labeled images, as text, JSON and files."""

from __future__ import annotations

import contextlib
import re
import sys
from argparse import Namespace
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from cnnviz.cli import options, output
from cnnviz.cli.errors import CommandError
from cnnviz.cli.opening import open_convnet
from cnnviz.cli.progress import bar
from cnnviz.convnets import Convnet
from cnnviz.errors import CnnvizError
from cnnviz.folders import written_whole
from cnnviz.mistakes import (
    Evaluation,
    EvaluationStore,
    Labeled,
    MappingGuess,
    accuracy,
    assumptions,
    calibration,
    class_scores,
    confused_pairs,
    evaluate,
    match_classes,
    model_notes,
    named_accuracies,
    names_of,
    open_unseen,
    require_classes,
    run_of,
    said_class_order,
    save,
)
from cnnviz.mistakes.predictions import TOP
from cnnviz.mistakes.reports import predictions_csv, report_html

_CSV, _REPORT, _ARRAYS = "predictions.csv", "report.html", "evaluation.npz"
_MOST_CLASSES = 40  # of the table for people


class BelowBarError(CnnvizError):
    """An accuracy below the bar."""


def add(verbs: options.Verbs) -> None:
    """Describe `cnnviz evaluate`."""
    parser = options.add_verb(
        verbs,
        "evaluate",
        run,
        question="Evaluate a model on labeled images: accuracy, per-class metrics, confusion matrix.",
        example="cnnviz evaluate fashion-cnn fashion-sample --out fashion-report --fail-under 0.8",
    )
    parser.add_argument("model", metavar="MODEL", help="a name that `cnnviz models` lists, or a model file")
    parser.add_argument(
        "data", metavar="FOLDER|DATASET", help="a folder or .zip with a folder per class, or a dataset's name"
    )
    parser.add_argument(
        "--architecture", metavar="NAME", help="the architecture, by name, that a .weights.h5 file belongs to"
    )
    options.add_renamed(
        parser,
        "--split",
        "--part",
        choices=("test", "validation", "train", "all"),
        help="split to evaluate, of a dataset, a folder with train, validation and test subfolders, or a run's "
        "training data (default: test; all images if the folder has no splits)",
    )
    parser.add_argument(
        "--map",
        action="append",
        default=[],
        metavar="CLASS=NAME[,NAME]",
        help="map a dataset class to one or more model classes, by name or index (default: matched automatically)",
    )
    parser.add_argument(
        "--fail-under",
        type=options.share,
        metavar="SHARE",
        help="exit with status 1 if the accuracy is below this value (0 to 1)",
    )
    options.add_json(parser)
    parser.add_argument(
        "--out",
        type=options.path,
        metavar="DIR",
        help=f"a folder for {_CSV}, {_REPORT} and {_ARRAYS} (default: MODEL-DATA; with --json no files)",
    )
    parser.add_argument("--force", action="store_true", help="replace the files if they exist")
    options.add_meaning(parser)


def run(given: Namespace) -> Iterator[str]:
    """Evaluate, write the files, tell the numbers, and complain if they are too low."""
    labeled = open_unseen(given.data, run=run_of(given.model), part=given.split)  # tells mistakes before TensorFlow
    folder = _target(given)
    convnet = open_convnet(given)
    require_classes(convnet)
    mapping = _mapping(convnet, labeled, given)
    with bar("Evaluating", "image") as on_step:
        evaluation = evaluate(
            convnet,
            labeled,
            mapping=mapping,
            on_step=lambda done, total: on_step(done, total, None),
            store=EvaluationStore(),
        )
    notes = (*labeled.notes, *assumptions(evaluation, convnet))
    for sentence in notes:
        sys.stderr.write(f"cnnviz: {sentence}\n")
    if len(notes) > len(labeled.notes) + 1:  # the two orders differ
        other = "sorted" if evaluation.assumed_order == "natural" else "natural"
        sys.stderr.write(f"cnnviz: The other order is --class-order {other}.\n")
    files = _write(folder, evaluation, labeled, convnet, notes) if folder else []
    known = {"model": convnet.name, "assumptions": convnet.assumptions.record}
    yield output.to_json(known | _facts(evaluation, files, notes)) if given.json else _text(evaluation, files)
    reached = accuracy(evaluation).value
    if given.fail_under is not None and reached < given.fail_under:
        raise BelowBarError(
            f"The accuracy is {output.percent(reached)}, below {output.percent(given.fail_under)}. "
            "See the confusion matrix in the report."
        )


def _target(given: Namespace) -> Path | None:
    """Decide where files will be written, before the work of making them."""
    if given.json and not given.out:
        return None
    parts = (Path(given.model).stem, Path(given.data).stem)
    folder = Path(given.out or "-".join(re.sub(r"[^\w.-]+", "-", part) for part in parts))
    if folder.exists() and not folder.is_dir():
        raise CommandError(f"{str(folder)!r} is a file. Choose a folder for --out.")
    taken = [name for name in (_CSV, _REPORT, _ARRAYS) if (folder / name).exists()]
    if taken and not given.force:
        raise CommandError(
            f"{str(folder)!r} already contains {taken[0]}. Choose another --out, or add --force to replace it."
        )
    return folder


def _mapping(convnet: Convnet, labeled: Labeled, given: Namespace) -> MappingGuess:
    """Guess, then do as was said."""
    guess = match_classes(
        labeled.class_names,
        convnet.class_names,
        has_model_names=convnet.has_class_names,
        class_order=said_class_order(convnet) or labeled.class_order,
    )
    spoken_for = _said(convnet, labeled, given.map)
    taken = {index for classes in spoken_for.values() for index in classes}
    mapping = tuple(
        spoken_for.get(place, tuple(index for index in classes if index not in taken))
        for place, classes in enumerate(guess.mapping)
    )
    return MappingGuess(mapping, guess.assumed_order if len(spoken_for) < len(mapping) else None)


def _said(convnet: Convnet, labeled: Labeled, texts: Sequence[str]) -> dict[int, tuple[int, ...]]:
    """Read `--map`: the model's classes for some of the images'."""
    found: dict[int, tuple[int, ...]] = {}
    for text in texts:
        name, _, classes = text.partition("=")
        if name not in labeled.class_names or not classes:
            some = ", ".join(labeled.class_names[:5])
            raise CommandError(
                f"{text!r} does not name a class of the dataset. Write CLASS=NAME; the dataset's classes: {some}."
            )
        place = labeled.class_names.index(name)
        found[place] = tuple(convnet.class_index(one) for one in classes.split(","))
    flat = [index for classes in found.values() for index in classes]
    if len(set(flat)) < len(flat):
        raise CommandError("A model class is mapped twice. Use each only once.")
    return found


def _write(
    folder: Path, evaluation: Evaluation, labeled: Labeled, convnet: Convnet, notes: Sequence[str]
) -> list[Path]:
    names, title = names_of(labeled.part), f"{convnet.name} on {labeled.title}"
    texts = {
        _CSV: predictions_csv(evaluation, names),
        _REPORT: report_html(
            evaluation,
            labeled.part,
            title=title,
            names=names,
            notes=model_notes(convnet, notes),
            model_names=convnet.class_names,
        ),
    }
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with contextlib.ExitStack() as whole:  # all of them are replaced, or none
            parts = {name: whole.enter_context(written_whole(folder / name)) for name in (*texts, _ARRAYS)}
            for name, text in texts.items():
                parts[name].write_text(text, encoding="utf-8")
            save(evaluation, parts[_ARRAYS])
    except OSError as error:
        raise CommandError(f"{str(folder)!r} cannot be written ({error.strerror}). Choose another --out.") from error
    return [folder / name for name in parts]


def _facts(evaluation: Evaluation, files: list[Path], notes: Sequence[str]) -> dict[str, Any]:
    found, names, scores = accuracy(evaluation), evaluation.class_names, class_scores(evaluation)
    labels, top = names[: len(evaluation.mapping)], min(TOP, evaluation.class_count)
    return {
        "accuracy": found.value,
        "interval": [found.low, found.high],
        "right": found.right,
        "images": found.total,
        f"top{top}_accuracy": accuracy(evaluation, top=top).value,
        "accuracy_among_mapped": accuracy(evaluation, among="mapped").value,
        "model_classes": evaluation.class_count,
        "mapped_classes": evaluation.mapped_count,
        "mapping": dict(zip(labels, evaluation.mapping, strict=True)),
        "mapping_assumed": evaluation.assumed_order is not None,
        "class_order": evaluation.assumed_order,
        "notes": list(notes),
        "calibration_error": calibration(evaluation).ece,
        "classes": [
            {
                "name": name,
                "precision": scores.precision[place],
                "recall": scores.recall[place],
                "f1": scores.f1[place],
                "support": scores.support[place],
            }
            for place, name in enumerate(labels)
        ],
        "confused": [
            {"label": names[pair.label], "predicted": names[pair.predicted], "images": pair.count}
            for pair in confused_pairs(evaluation)
        ],
        "unreadable": [reason for _, reason in evaluation.unreadable],
        "unmapped": dict(evaluation.unmapped),
        "files": [str(path) for path in files],
    }


def _text(evaluation: Evaluation, files: list[Path]) -> str:
    found, scores = accuracy(evaluation), class_scores(evaluation)
    columns = (scores.precision, scores.recall, scores.f1)
    rows = [
        (name, *(f"{values[place]:.3f}" for values in columns), f"{scores.support[place]:,}")
        for place, name in enumerate(evaluation.class_names[: len(evaluation.mapping)][:_MOST_CLASSES])
    ]
    lines = [
        f"Accuracy {output.percent(found.value)}, {found.right:,} of {found.total:,} images "
        f"(95 % confidence interval {output.percent(found.low)} to {output.percent(found.high)})",
        *_other_figures(evaluation),
        "",
        output.table(("class", "precision", "recall", "F1", "support"), rows, align="<>>>>"),
        "",
        *(f"{_images(count)} of {name!r} left out: the model has no such class" for name, count in evaluation.unmapped),
        *(f"left out: {reason}" for _, reason in evaluation.unreadable[:10]),
        *(str(path) for path in files),
    ]
    return "\n".join(lines)


def _other_figures(evaluation: Evaluation) -> list[str]:
    """All accuracies under their names, where there is more than one."""
    figures = named_accuracies(evaluation)
    return [f"{name}: {output.percent(found.value)}" for name, found in figures] if len(figures) > 1 else []


def _images(count: int) -> str:
    return "1 image" if count == 1 else f"{count:,} images"
