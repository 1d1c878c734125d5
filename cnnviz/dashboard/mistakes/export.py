"""Exports of the Mistakes page: predictions as CSV, an HTML report, and evidence as a zip."""

from __future__ import annotations

import base64
import io
import json
import re
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from html import escape
from pathlib import Path

import numpy as np
import streamlit as st

from cnnviz import heatmaps, images, mistakes
from cnnviz.dashboard import language, panels, paths, store
from cnnviz.dashboard.mistakes import card, evaluation_job, gallery
from cnnviz.dashboard.mistakes.subject import Subject
from cnnviz.dashboard.texts import mistakes as texts
from cnnviz.dashboard.texts import shared
from cnnviz.errors import LayerError
from cnnviz.mistakes import Evaluation, reports
from cnnviz.runs import trained_run


def show(subject: Subject, evaluation: Evaluation, row: int | None) -> None:
    """Offer all answers as a table and as a report, and the evidence of one image and of the open cell."""
    popover = st.popover(shared.EXPORT, icon=":material/download:", type="tertiary", on_change="rerun", key="export")
    if not popover.open:
        return
    scope = gallery.chosen_scope(evaluation)
    title = gallery.title_of(evaluation, scope)
    rows = mistakes.ordered(evaluation, gallery.rows_of(evaluation, scope)).tolist()
    stem = panels.slug(f"{evaluation.network}-{subject.data.title}")
    with popover:
        with st.container(horizontal=True):
            table, report = partial(_csv, subject, evaluation), language.kept(partial(_report, subject, evaluation))
            st.download_button(texts.CSV, table, f"{stem}.csv", "text/csv", on_click="ignore")
            st.download_button(texts.REPORT, report, f"{stem}.html", "text/html", on_click="ignore")
        with st.container(horizontal=True):
            if row is not None:
                _offer(subject, evaluation, [row], texts.ONE_IMAGE, f"{stem}-{evaluation.indices[row]}")
            if rows:
                label = panels.counted(texts.CELL_IMAGES, min(len(rows), MOST), title=panels.plain(title))
                _offer(subject, evaluation, rows, label, panels.slug(f"{stem}-{title}"), title=title)
        st.caption(texts.BUNDLE_HELP)
        st.markdown(shared.CODE)
        st.code(code_of(subject, evaluation, [row] if row is not None else rows[:3]), language="python")


def _offer(
    subject: Subject, evaluation: Evaluation, rows: list[int], label: str, stem: str, *, title: str | None = None
) -> None:
    named = title or gallery.name_of(evaluation, rows[0])
    make = language.kept(partial(bundle, subject, evaluation, rows, title=named))
    st.download_button(label, make, f"{stem}.zip", "application/zip", on_click="ignore", key=f"bundle {label}")


def _csv(subject: Subject, evaluation: Evaluation) -> str:
    return reports.predictions_csv(evaluation, mistakes.names_of(subject.images))


def _report(subject: Subject, evaluation: Evaluation) -> str:
    convnet = subject.selection.convnet
    notes = mistakes.model_notes(convnet, (*subject.data.notes, *mistakes.assumptions(evaluation, convnet)))
    spoken = replace(evaluation, class_names=language.class_names(evaluation.class_names))
    return reports.report_html(
        spoken, subject.images, title=f"{evaluation.network}: {language.say(subject.data.title)}",
        names=mistakes.names_of(subject.images), notes=notes,
        model_names=language.class_names(convnet.class_names), language=language.current(),
        say=language.say,
    )  # fmt: skip


MOST = 60
"""Images in one bundle."""

_LEAST_SIDE = 224  # pixels of an image in the page
_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: #1a1a1a }
figure { display: inline-block; margin: .4rem; width: 14rem } img { width: 14rem; image-rendering: pixelated }
pre { background: #eee; padding: 1rem; overflow-x: auto } section { border-top: 1px solid #ddd; margin-top: 1rem }
"""


@dataclass(frozen=True, eq=False)
class Evidence:
    """What is known of one image.

    Attributes:
        name: Of the image.
        sentence: What the card says.
        photo: As the model receives it.
        maps: Name of a class to its map; none where the model has no maps.
    """

    name: str
    sentence: str
    photo: np.ndarray
    maps: dict[str, np.ndarray]


def bundle(subject: Subject, evaluation: Evaluation, rows: Sequence[int], *, title: str) -> bytes:
    """Put the evidence into one zip: a page that opens offline, images, numbers, code and fingerprints.

    Args:
        subject: Whose mistakes.
        evaluation: The answers.
        rows: Which images; the first `MOST` of them are taken.
        title: Of the page.
    """
    names = mistakes.names_of(subject.images)
    found = [_evidence(subject, evaluation, row, names) for row in rows[:MOST]]
    facts = _facts(subject, evaluation, [int(evaluation.indices[row]) for row in rows[:MOST]])
    code = code_of(subject, evaluation, rows[:MOST])
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("index.html", _page(title, found, facts, code))
        archive.writestr("view.py", code)
        archive.writestr("fingerprints.json", json.dumps(facts, indent=2, ensure_ascii=False))
        archive.writestr("numbers.npz", _numbers(evaluation, rows[:MOST], found))
        for number, one in enumerate(found):
            for kind, image in _images(one).items():
                archive.writestr(f"images/{number:02}-{panels.slug(kind)}.png", images.png_bytes(image))
    return buffer.getvalue()


def code_of(subject: Subject, evaluation: Evaluation, rows: Sequence[int]) -> str:
    """Write the Python that comes to the same answers: uploads by the files where this server keeps them."""
    convnet, offer, part = subject.selection.convnet, subject.offer, subject.part
    file, run = store.model_path(convnet.name), trained_run(convnet.name)
    model, of_model = paths.in_code(file) if file else (repr(convnet.name), "")
    source, of_source = paths.in_code(Path(offer.source)) if offer.is_own else (repr(offer.source), "")
    if run is not None and mistakes.trained_on(run, offer.source):
        opened = f"mistakes.open_unseen({source}, run=mistakes.run_of({model}), part={part!r})"
    else:
        opened = f"mistakes.open_labeled({source}, part={part!r})"
    guess = evaluation_job.guessed(subject.data, convnet)
    mapping = "" if guess.mapping == evaluation.mapping else f", mapping={evaluation.mapping!r}"
    return (
        "import cnnviz\n"
        "from cnnviz import images, mistakes\n\n"
        f"convnet = cnnviz.load_convnet({model}){of_model}\n"
        f"data = {opened}{of_source}\n"
        f"evaluation = cnnviz.evaluate(convnet, data{mapping})\n"
        f"for index in {[int(evaluation.indices[row]) for row in rows]}:\n"
        "    inputs = convnet.prepare([images.rgb(data.part.photo(index))])\n"
        "    heat = cnnviz.grad_cam(convnet, inputs)  # (1, rows, columns), evidence for its answer\n"
        "    print(index, cnnviz.predict(convnet, inputs).max(), heat.max())\n"
    )


def _evidence(subject: Subject, evaluation: Evaluation, row: int, names: Sequence[str]) -> Evidence:
    convnet, index = subject.selection.convnet, int(evaluation.indices[row])
    photo = subject.images.photo(index)
    photo = convnet.fit(images.rgb(photo))
    classes = card.classes_of(evaluation, row)
    try:
        heats = [heatmaps.grad_cam(convnet, convnet.prepare([photo]), class_index=place)[0] for place in classes]
    except LayerError:
        heats = []
    found = mistakes.facts(evaluation, row, heat=heats[0] if heats else np.zeros((1, 1), np.float32))
    sentence = re.sub(r"\\(.)", r"\1", card.sentence(evaluation, row, found, convnet.class_names).replace("**", ""))
    spoken = language.class_names(convnet.class_names)
    maps = {spoken[place]: heat for place, heat in zip(classes, heats, strict=False)}
    return Evidence(names[index], sentence, photo, maps)


def _facts(subject: Subject, evaluation: Evaluation, indices: list[int]) -> dict[str, object]:
    return {
        "network": evaluation.network,
        "assumptions": subject.selection.convnet.assumptions.record,
        "network_fingerprint": evaluation.network_fingerprint,
        "dataset": subject.data.title,
        "part": subject.part,
        "mapping": dict(zip(evaluation.class_names, evaluation.mapping, strict=False)),
        "mapping_assumed": evaluation.assumed_order is not None,
        "data_fingerprint": evaluation.data_fingerprint,
        "indices": indices,
    }


def _numbers(evaluation: Evaluation, rows: Sequence[int], found: list[Evidence]) -> bytes:
    """Answers and raw maps: `answer` for the class that is said, `label` for the right one."""
    chosen = np.array(rows)
    arrays = {
        name: getattr(evaluation, name)[chosen]
        for name in ("indices", "labels", "predicted", "top_classes", "top_probabilities", "true_probability", "margin")
    }
    arrays["photos"] = np.stack([one.photo for one in found])
    for place, name in enumerate(("answer_maps", "label_maps")):
        heats = [list(one.maps.values())[place] for one in found if len(one.maps) > place]
        if len(heats) == len(found):
            arrays[name] = np.stack(heats)
    return images.npz_bytes(arrays)


def _images(one: Evidence) -> dict[str, np.ndarray]:
    """The image and its maps, small ones enlarged so that maps are smooth on them."""
    factor = max(1, _LEAST_SIDE // max(one.photo.shape[:2]))
    large = images.scale_up(one.photo, factor)
    return {texts.RECEIVED: large} | {
        texts.EVIDENCE_FOR.format(name=name): images.overlay(large, heat) for name, heat in one.maps.items()
    }


def _page(title: str, found: list[Evidence], facts: dict[str, object], code: str) -> str:
    sections = "\n".join(map(_section, found))
    listed = "".join(f"<li>{escape(name)}: {escape(str(value))}</li>" for name, value in facts.items())
    head = (
        f'<meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style>"
    )
    return (
        f'<!doctype html>\n<html lang="{language.current()}"><head>{head}</head>'
        f"<body><h1>{escape(title)}</h1>\n{sections}\n"
        f"<h2>{texts.WHERE_FROM}</h2><ul>{listed}</ul><pre>{escape(code)}</pre></body></html>\n"
    )


def _section(one: Evidence) -> str:
    figures = "".join(_figure(kind, image) for kind, image in _images(one).items())
    return f"<section><h2>{escape(one.name)}</h2><p>{escape(one.sentence)}</p>{figures}</section>"


def _figure(kind: str, image: np.ndarray) -> str:
    data = base64.b64encode(images.png_bytes(image)).decode()
    name = escape(kind)
    return f'<figure><img src="data:image/png;base64,{data}" alt="{name}"><figcaption>{name}</figcaption></figure>'
