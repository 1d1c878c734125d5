"""Embeddings view: PCA or t-SNE of all images' features, with a lasso that opens a gallery."""

from __future__ import annotations

import numpy as np
import streamlit as st

from cnnviz import mistakes
from cnnviz.dashboard import background, language, panels
from cnnviz.dashboard.cached import kept
from cnnviz.dashboard.jobs import Job
from cnnviz.dashboard.mistakes import gallery
from cnnviz.dashboard.mistakes.subject import Subject
from cnnviz.dashboard.texts import mistakes as texts
from cnnviz.figures import mistakes as charts
from cnnviz.mistakes import Evaluation

_PICKED = "_map_picked"


def show(subject: Subject, evaluation: Evaluation) -> int | None:
    """Draw every image as a point, and those inside a lasso as a gallery; return the row of the chosen one."""
    plane, gallery = st.columns([6, 5], gap="medium")
    with plane:
        with st.container(horizontal=True):
            how = panels.choose_one(texts.HOW, texts.HOWS, key="map_how")
            gesture = panels.choose_one(texts.GESTURE, texts.GESTURES, key="map_gesture")
        points = _points(subject, evaluation, how)
        if points is not None:
            _show_points(subject, evaluation, points, how, has_lasso=gesture == "lasso")
    with gallery:
        return _show_picked(subject, evaluation)


def _points(subject: Subject, evaluation: Evaluation, how: str) -> np.ndarray | None:
    if how == "pca":
        return _principal(subject.key, evaluation)

    def work(job: Job) -> object:
        job.step(0, 1)
        return mistakes.embed(evaluation, how="tsne")

    label = panels.counted(texts.TSNE, len(evaluation))
    job = background.finished(
        f"tsne {subject.key}", label, work, icon=":material/scatter_plot:", progress=texts.TSNE_RUNS
    )
    return None if job is None else job.result


@kept()
def _principal(key: str, _evaluation: Evaluation) -> np.ndarray:
    return mistakes.embed(_evaluation)


def _show_points(subject: Subject, evaluation: Evaluation, points: np.ndarray, how: str, *, has_lasso: bool) -> None:
    key = f"map {how} {has_lasso} {subject.key}"
    names = [gallery.name_of(evaluation, row) for row in range(len(evaluation))]
    figure = charts.embedding(
        points, evaluation.labels, language.class_names(evaluation.class_names), ~evaluation.is_right, names,
        picked=gallery.chosen_row(evaluation), wrong=texts.MAP_WRONG, has_lasso=has_lasso,
    )  # fmt: skip

    def pick() -> None:
        found = st.session_state[key]["selection"]["points"]
        rows = list(dict.fromkeys(int(point["customdata"][0]) for point in found if "customdata" in point))
        if rows:
            st.session_state[_PICKED] = (subject.key, rows)
            gallery.open_item(evaluation, rows[0])

    st.plotly_chart(
        figure, key=key, on_select=pick, selection_mode=("points", "lasso", "box"),
        alt=texts.MAP_ALT.format(count=f"{len(evaluation):,}", wrong=int((~evaluation.is_right).sum())),
        config={"displaylogo": False, "modeBarButtons": [["zoomIn2d", "zoomOut2d", "resetScale2d"]]},
    )  # fmt: skip
    st.caption(texts.MAP_HELP[how])


def _show_picked(subject: Subject, evaluation: Evaluation) -> int | None:
    of, rows = st.session_state.get(_PICKED, ("", []))
    if of != subject.key or len(rows) < 2:
        st.caption(texts.MAP_LASSO)
        return gallery.chosen_row(evaluation)
    title = texts.GALLERY.format(title=texts.MAP_PICKED, count=f"{len(rows):,}")
    st.markdown(f"**{panels.plain(title)}**")
    shown = gallery.page_of(np.array(rows), key="map_page")
    gallery.show_rows(subject, evaluation, shown, key="map_gallery", title=title, otherwise=int(shown[0]))
    return gallery.chosen_row(evaluation, otherwise=int(shown[0]))
