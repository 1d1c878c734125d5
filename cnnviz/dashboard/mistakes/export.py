"""Exports of the Mistakes page: predictions as CSV, an HTML report, and evidence as a zip."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import streamlit as st

from cnnviz import mistakes
from cnnviz.dashboard import language, panels
from cnnviz.dashboard.mistakes import bundle, gallery
from cnnviz.dashboard.mistakes.subject import Subject
from cnnviz.dashboard.texts import mistakes as texts
from cnnviz.dashboard.texts import shared
from cnnviz.mistakes import Evaluation, reports


def show(subject: Subject, evaluation: Evaluation, row: int | None) -> None:
    """Offer all answers as a table and as a report, and the evidence of one image and of the open cell."""
    popover = st.popover(
        shared.TAKE_AWAY, icon=":material/download:", type="tertiary", on_change="rerun", key="show_export"
    )
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
                label = panels.counted(texts.CELL_IMAGES, min(len(rows), bundle.MOST), title=panels.plain(title))
                _offer(subject, evaluation, rows, label, panels.slug(f"{stem}-{title}"), title=title)
        st.caption(texts.BUNDLE_HELP)
        st.markdown(shared.CODE)
        st.code(bundle.code_of(subject, evaluation, [row] if row is not None else rows[:3]), language="python")


def _offer(
    subject: Subject, evaluation: Evaluation, rows: list[int], label: str, stem: str, *, title: str | None = None
) -> None:
    named = title or gallery.name_of(evaluation, rows[0])
    make = language.kept(partial(bundle.bundle, subject, evaluation, rows, title=named))
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
