"""Confusion matrix of the Mistakes page: a click on a cell opens its images."""

from __future__ import annotations

import numpy as np
import streamlit as st

from cnnviz import mistakes
from cnnviz.dashboard import components, language, panels
from cnnviz.dashboard.mistakes import gallery
from cnnviz.dashboard.mistakes.gallery import Scope
from cnnviz.dashboard.mistakes.subject import Subject
from cnnviz.dashboard.texts import mistakes as texts
from cnnviz.figures import mistakes as charts
from cnnviz.mistakes import Evaluation


def show(subject: Subject, evaluation: Evaluation) -> int | None:
    """Draw the matrix, and beside it the images of the open cell; return the row of the chosen one."""
    left, right = st.columns([5, 6], gap="medium")
    with left:
        _show_matrix(evaluation)
        _show_pairs(evaluation)
    with right:
        return gallery.show(subject, evaluation)


def _show_matrix(evaluation: Evaluation) -> None:
    """Draw the matrix, classes that are confused side by side."""
    labels = len(evaluation.mapping)
    counts = mistakes.confusion(evaluation)[:labels]  # no image is labeled as one of all other classes
    rows = mistakes.confused_order(counts[:, :labels])
    order = np.append(rows, np.arange(labels, counts.shape[1]))
    scope = gallery.chosen_scope(evaluation)
    place = {int(index): position for position, index in enumerate(order)}
    names = language.class_names(evaluation.class_names)
    figure = charts.clickable_confusion(
        counts[np.ix_(rows, order)], [names[index] for index in order],
        picked=(place[scope.label], place[scope.said]) if scope.label is not None and scope.said is not None else None,
        true=texts.TRUE, said=texts.SAID, hover=texts.CELL,
    )  # fmt: skip

    def pick() -> None:
        points = st.session_state["matrix"]["selection"]["points"]
        if points:
            label, said = (int(order[position]) for position in points[0]["customdata"])
            gallery.open_scope(Scope(label, said))

    share = components.percent(float(evaluation.is_right.mean()))
    st.plotly_chart(
        figure, key="matrix", on_select=pick, selection_mode="points", config={"displayModeBar": False},
        alt=texts.MATRIX_ALT.format(count=len(evaluation), share=share),
    )  # fmt: skip


def _show_pairs(evaluation: Evaluation) -> None:
    """Draw the most confused pairs as links."""
    with st.container(horizontal=True):
        st.button(
            gallery.title_of(evaluation, Scope()),
            on_click=gallery.open_scope,
            args=(Scope(),),
            key="all_mistakes",
            type="tertiary",
        )
        for pair in mistakes.confused_pairs(evaluation, most=4):
            scope = Scope(pair.label, pair.predicted)
            name = panels.plain(gallery.title_of(evaluation, scope))
            st.button(
                f"{name} · {pair.count}", type="tertiary", key=f"pair {scope.address}",
                on_click=gallery.open_scope, args=(scope,),
            )  # fmt: skip
