"""Per-class metrics, calibration and ROC curve of the Mistakes page."""

from __future__ import annotations

import numpy as np
import pandas as pd
import streamlit as st

from cnnviz import mistakes
from cnnviz.dashboard import language, panels
from cnnviz.dashboard.components import percent
from cnnviz.dashboard.mistakes import gallery
from cnnviz.dashboard.mistakes.gallery import Scope
from cnnviz.dashboard.texts import mistakes as texts
from cnnviz.figures import mistakes as charts
from cnnviz.mistakes import Evaluation


def show(evaluation: Evaluation) -> None:
    """Draw the numbers, folded away until somebody wants them."""
    expander = st.expander(texts.NUMBERS, icon=":material/table_chart:", on_change="rerun", key="numbers")
    if not expander.open:
        return
    with expander:
        table, curves = st.columns([5, 6], gap="large")
        with table:
            _show_classes(evaluation)
        with curves:
            _show_calibration(evaluation)
            if len(evaluation.class_names) == 2 and len(np.unique(evaluation.labels)) == 2:
                _show_roc(evaluation)


def _show_classes(evaluation: Evaluation) -> None:
    """Draw a row a class; a click opens its mistakes."""
    scores = mistakes.class_scores(evaluation)
    columns = {title: getattr(scores, name) for name, title in texts.COLUMNS.items()}
    names = language.class_names(evaluation.class_names[: len(evaluation.mapping)])
    shares = [texts.COLUMNS[name] for name in ("recall", "precision", "f1")]

    def pick() -> None:
        rows = st.session_state["classes"]["selection"]["rows"]
        if rows:
            gallery.open_scope(Scope(int(rows[0])))

    st.dataframe(
        pd.DataFrame({texts.COLUMN_CLASS: names} | columns), hide_index=True, key="classes",
        column_config={title: st.column_config.NumberColumn(format="percent") for title in shares},
        on_select=pick, selection_mode="single-row", alt=texts.NUMBERS_ALT,
    )  # fmt: skip
    st.caption(texts.NUMBERS_HELP)


def _show_calibration(evaluation: Evaluation) -> None:
    found = mistakes.calibration(evaluation)
    sure, right = percent(float(evaluation.confidence.mean())), percent(float(evaluation.is_right.mean()))
    ece = f"{found.ece:.3f}"
    st.markdown(f"**{texts.CALIBRATION}**")
    panels.chart(
        charts.reliability(
            found.edges, found.counts, found.confidence, found.accuracy,
            confidence_title=texts.CONFIDENCE, share_title=texts.SHARE_RIGHT, hover=texts.CALIBRATION_HOVER,
        ),
        key="calibration", alt=texts.CALIBRATION_ALT.format(ece=ece),
    )  # fmt: skip
    st.caption(texts.CALIBRATION_HELP.format(confidence=sure, share=right, ece=ece))


def _show_roc(evaluation: Evaluation) -> None:
    found, name = mistakes.roc(evaluation), language.class_names(evaluation.class_names)[1]
    area = f"{found.area:.3f}"
    st.markdown(f"**{panels.plain(texts.ROC.format(name=name))}**")
    panels.chart(
        charts.roc_curve(
            found.false_positives, found.true_positives,
            across=texts.FALSE_POSITIVES, up=texts.TRUE_POSITIVES.format(name=name),
        ),
        key="roc", alt=texts.ROC_ALT.format(name=name, area=area),
    )  # fmt: skip
    st.caption(panels.plain(texts.ROC_HELP.format(name=name, area=area)))
