"""Export of an evaluation: predictions as CSV, and a report as one self-contained HTML page."""

from __future__ import annotations

import base64
import csv
import io
from collections.abc import Callable, Sequence
from html import escape

import numpy as np
from PIL import Image

from cnnviz.datasets import Part
from cnnviz.errors import ImageError
from cnnviz.images import png_bytes, rgb
from cnnviz.mistakes.confusions import confused_order, confused_pairs, confusion
from cnnviz.mistakes.evaluation import Evaluation
from cnnviz.mistakes.ranking import mistakes
from cnnviz.mistakes.scores import accuracy, calibration, class_scores
from cnnviz.mistakes.statements import named_accuracies
from cnnviz.sentences import Sentence

Say = Callable[[str], str]
"""Says a sentence in the language of the page."""

_MOST_IN_MATRIX = 40  # classes; a larger table is no image any more
_MOST_NAMED = 50  # files without an answer
_MOST_SHOWN = 24  # mistakes
_THUMBNAIL = (112, 112)
_FORMULA = ("=", "+", "-", "@", "\t", "\r")  # what makes a spreadsheet compute a cell

_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: #1a1a1a }
table { border-collapse: collapse; margin: 1rem 0 } th, td { padding: .2rem .6rem; text-align: right }
th:first-child, td:first-child { text-align: left } tr { border-bottom: 1px solid #ddd }
.matrix { overflow-x: auto } .matrix td { min-width: 2rem } .matrix thead th { writing-mode: vertical-rl }
.note { border-left: .25rem solid #d55e00; padding-left: .75rem }
figure { display: inline-block; width: 8rem; margin: .4rem; vertical-align: top; font-size: .85rem }
figure img { width: 7rem; height: 7rem; object-fit: contain; background: #eee; image-rendering: pixelated }
"""
_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"


def predictions_csv(evaluation: Evaluation, names: Sequence[str]) -> str:
    """Write one line an image, those without an answer at the end.

    A name that a spreadsheet would take for a formula gets an apostrophe in front.

    Args:
        evaluation: It is only read.
        names: One an image of the part, see `names_of`.

    Returns:
        CSV with the columns image, label, predicted, confidence, true_probability, loss, margin, surprise, problem.
    """
    text = io.StringIO()
    lines = csv.writer(text, lineterminator="\n")
    lines.writerow(
        ("image", "label", "predicted", "confidence", "true_probability", "loss", "margin", "surprise", "problem")
    )
    numbers = (
        evaluation.confidence, evaluation.true_probability, evaluation.loss, evaluation.margin, evaluation.surprise,
    )  # fmt: skip
    classes = [_cell(name) for name in evaluation.class_names]
    for row, index in enumerate(evaluation.indices):
        answer = (classes[evaluation.labels[row]], classes[evaluation.predicted[row]])
        lines.writerow((_cell(names[index]), *answer, *(f"{values[row]:.6g}" for values in numbers), ""))
    for index, problem in evaluation.unreadable:
        lines.writerow((_cell(names[index]), *[""] * 7, _cell(problem)))
    return text.getvalue()


def _cell(text: str) -> str:
    return f"'{text}" if text.startswith(_FORMULA) else text


def report_html(
    evaluation: Evaluation,
    part: Part,
    *,
    title: str,
    names: Sequence[str],
    notes: Sequence[str] = (),
    model_names: Sequence[str] = (),
    language: str = "en",
    say: Say = str,
) -> str:
    """Write a page that says how good the answers are and shows the surest mistakes.

    It holds its images, loads nothing, and runs nothing; every name in it is escaped.

    Args:
        evaluation: It is only read.
        part: The images that were evaluated.
        title: Of the page.
        names: One an image of the part.
        notes: What must be said of the images and of the mapping, a sentence each.
        model_names: Names of the model's classes, for the mapping.
        language: Of the page, two letters.
        say: Says its sentences in that language; English as they are.
    """
    body = "\n".join(
        [
            f"<h1>{escape(title)}</h1>",
            _summary(evaluation, say),
            *(f'<p class="note">{escape(say(note))}</p>' for note in notes),
            _left_out(evaluation, names, say),
            _heading(say(Sentence("Classes"))),
            _classes(evaluation, say),
            _mapping(evaluation, model_names, say),
            _matrix(evaluation, say),
            _pairs(evaluation, say),
            _gallery(evaluation, part, names, say),
            _paragraph(say(_whence(evaluation))),
        ]
    )
    head = (
        f'<meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style>"
    )
    return f'<!doctype html>\n<html lang="{escape(language)}"><head>{head}</head><body>\n{body}\n</body></html>\n'


def _heading(text: str) -> str:
    return f"<h2>{escape(text)}</h2>"


def _paragraph(text: str) -> str:
    return f"<p>{escape(text)}</p>"


def _whence(evaluation: Evaluation) -> Sentence:
    return Sentence(
        "Model {network}, dataset {images}",
        network=evaluation.network_fingerprint,
        images=evaluation.data_fingerprint,
    )


def _summary(evaluation: Evaluation, say: Say) -> str:
    found = accuracy(evaluation)
    lines = [
        say(
            Sentence(
                "{right:,} of {total:,} images are classified correctly: {share:.1%} "
                "(95 % confidence interval {low:.1%} to {high:.1%}).",
                right=found.right,
                total=found.total,
                share=found.value,
                low=found.low,
                high=found.high,
            )
        )
    ]
    figures = named_accuracies(evaluation)
    if len(figures) > 1:
        lines += [f"{say(name)}: {one.value:.1%}" for name, one in figures]
    lines.append(say(Sentence("Expected calibration error: {ece:.3f}.", ece=calibration(evaluation).ece)))
    return "".join(map(_paragraph, lines))


def _left_out(evaluation: Evaluation, names: Sequence[str], say: Say) -> str:
    """Images that nothing was said about, with the reasons."""
    lines = [
        say(Sentence("Class {name!r}, {count:,} images: the model has no such class.", name=name, count=count))
        for name, count in evaluation.unmapped
    ]
    lines += [f"{names[index]}: {say(reason)}" for index, reason in evaluation.unreadable[:_MOST_NAMED]]
    rest = len(evaluation.unreadable) - _MOST_NAMED
    lines += [say(Sentence("{count:,} more images cannot be read.", count=rest))] if rest > 0 else []
    if not lines:
        return ""
    return f"{_heading(say(Sentence('Left out')))}<ul>{''.join(f'<li>{escape(line)}</li>' for line in lines)}</ul>"


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    head = "".join(f'<th scope="col">{escape(text)}</th>' for text in header)
    body = "".join(f"<tr>{''.join(f'<td>{escape(text)}</td>' for text in row)}</tr>" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _classes(evaluation: Evaluation, say: Say) -> str:
    scores = class_scores(evaluation)
    columns = (scores.precision, scores.recall, scores.f1)
    rows = [
        (name, *(f"{values[place]:.3f}" for values in columns), f"{scores.support[place]:,}")
        for place, name in enumerate(evaluation.class_names[: len(evaluation.mapping)])
    ]
    header = (Sentence("class"), Sentence("precision"), Sentence("recall"), "F1", Sentence("support"))
    return _table([say(text) for text in header], rows)


def _mapping(evaluation: Evaluation, model_names: Sequence[str], say: Say) -> str:
    """Which of the model's classes stand for which, where that is not plain: assumed, or some stand for none."""
    if evaluation.assumed_order is None and not evaluation.has_other:
        return ""
    rows = [
        (
            name,
            ", ".join(
                f"{index} {model_names[index]}" if model_names else str(index) for index in classes[:_MOST_NAMED]
            ),
        )
        for name, classes in zip(evaluation.class_names, evaluation.mapping, strict=False)
    ]
    header = [say(Sentence("class")), say(Sentence("classes of the model"))]
    return _heading(say(Sentence("Class mapping"))) + _table(header, rows)


def _matrix(evaluation: Evaluation, say: Say) -> str:
    """The confusion matrix; mistakes are the redder the larger their share of the label's images."""
    if len(evaluation.class_names) > _MOST_IN_MATRIX:
        return ""
    labels = len(evaluation.mapping)
    counts, shares = confusion(evaluation)[:labels], confusion(evaluation, normalize="label")[:labels]
    lines = confused_order(counts[:, :labels])
    order = np.append(lines, np.arange(labels, counts.shape[1]))
    names = [escape(evaluation.class_names[place]) for place in order]
    head = "".join(f'<th scope="col">{name}</th>' for name in names)
    np.fill_diagonal(shares, 0)
    shares /= max(shares.max(), np.finfo(float).tiny)
    cells = ["".join(_shaded(counts[row, column], shares[row, column]) for column in order) for row in lines]
    rows = "".join(f'<tr><th scope="row">{name}</th>{row}</tr>' for name, row in zip(names, cells, strict=False))
    return (
        _heading(say(Sentence("Confusions")))
        + _paragraph(say(Sentence("Rows are true labels, columns are predicted labels.")))
        + f'<div class="matrix"><table><thead><tr><th></th>{head}</tr></thead><tbody>{rows}</tbody></table></div>'
    )


def _shaded(count: int, share: float) -> str:
    text = f"{count:,}" if count else ""
    return f'<td style="background: rgb(178 24 43 / {0.6 * share:.3f})">{text}</td>'


def _pairs(evaluation: Evaluation, say: Say) -> str:
    names = evaluation.class_names
    header = (Sentence("true label"), Sentence("predicted label"), Sentence("images"), Sentence("of the true label"))
    rows = [
        (names[pair.label], names[pair.predicted], f"{pair.count:,}", f"{pair.share:.1%}")
        for pair in confused_pairs(evaluation)
    ]
    return _table([say(text) for text in header], rows) if rows else _paragraph(say(Sentence("No mistakes.")))


def _gallery(evaluation: Evaluation, part: Part, names: Sequence[str], say: Say) -> str:
    rows = mistakes(evaluation)[:_MOST_SHOWN]
    figures = "".join(_figure(evaluation, part, names, int(row), say) for row in rows)
    return _heading(say(Sentence("Most confident mistakes"))) + figures if len(rows) else ""


def _figure(evaluation: Evaluation, part: Part, names: Sequence[str], row: int, say: Say) -> str:
    index = int(evaluation.indices[row])
    label, answer = (evaluation.class_names[place] for place in (evaluation.labels[row], evaluation.predicted[row]))
    share = float(evaluation.confidence[row])
    said = say(Sentence("{answer}, {share:.0%}; labeled {label}", answer=answer, share=share, label=label))
    try:
        data = base64.b64encode(png_bytes(_thumbnail(part.photo(index)))).decode()
    except ImageError:  # the file went away since
        return ""
    image = f'<img alt="{escape(said)}" src="data:image/png;base64,{data}">'
    return f"<figure>{image}<figcaption>{escape(said)}<br>{escape(names[index])}</figcaption></figure>"


def _thumbnail(photo: np.ndarray) -> np.ndarray:
    image = Image.fromarray(rgb(photo))
    image.thumbnail(_THUMBNAIL)
    return np.asarray(image)
