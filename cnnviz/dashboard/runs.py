"""What does the training page draw of runs: where one stands, its curves, what came out, several compared?"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from cnnviz import figures, training
from cnnviz.dashboard import components, panels, patterns, processes, state
from cnnviz.dashboard.texts import training as texts
from cnnviz.runs import RESUMABLE, Run, open_run, runs_folder

_POLL_SECONDS = 1.0
_LOG_LINES = 40
_DEMO = training.RECIPES["lenet5"].recipe
_HISTORY = {"val_loss": texts.COLUMN_LOSS, "val_accuracy": texts.COLUMN_ACCURACY, "seconds": texts.COLUMN_SECONDS}


def choose_runs(runs: list[Run]) -> tuple[Run, list[Run]]:
    """Draw the choice of a run and of those to compare it with."""
    names = [run.name for run in runs]
    state.settle(state.RUN, names)
    if st.session_state[state.RUN] is None:  # the newest; it stands in the URL, where a still newer one will not do
        state.select(state.RUN, names[0])
    with st.container(horizontal=True):
        name = st.selectbox(texts.RUN, names, key=state.RUN, persist_state="session", width=360)
        others = st.multiselect(
            texts.COMPARE,
            [other for other in names if other != name],
            key="compared_runs",
            persist_state="session",
            placeholder=texts.COMPARE_PLACEHOLDER,
        )
    by_name = {run.name: run for run in runs}
    return by_name[name], [by_name[other] for other in others]


def show(run: Run, others: list[Run]) -> None:
    """Draw a run and those beside it; again and again while one of them goes on."""
    chosen = [run, *others]
    if not any(one.status.is_active for one in chosen):
        _show(chosen)
        return

    @st.fragment(run_every=_POLL_SECONDS)
    def tick() -> None:
        now = [open_run(one.path) for one in chosen]
        if [one.status.is_active for one in now] != [one.status.is_active for one in chosen]:
            st.rerun()
        _show(now)

    tick()


def _show(runs: list[Run]) -> None:
    _show_standing(runs[0])
    _show_numbers(runs[0])
    _show_curves(runs)
    if len(runs) > 1:
        _show_differences(runs)


def _show_standing(run: Run) -> None:
    status = run.status
    parts = [texts.STATES[status.state]]
    if status.is_active and status.doing:
        parts.append(texts.DOING.get(status.doing, status.doing) or texts.EPOCH_OF.format(
            epoch=min(status.epoch + 1, status.epochs), epochs=status.epochs))  # fmt: skip
    if status.seconds_left is not None:
        parts.append(texts.LEFT.format(left=patterns.seconds_text(status.seconds_left)))
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"{texts.ICONS[status.state]} **{' · '.join(parts)}**", width="content")
        _show_actions(run)
    if status.is_active:
        st.progress(min(1.0, (status.epoch + status.step / max(1, status.steps)) / max(1, status.epochs)))
    if status.reason and status.state != "stopped":
        panels.explain(status.reason)


def _show_actions(run: Run) -> None:
    if run.status.is_active:
        st.button(texts.STOP, icon=":material/stop:", on_click=processes.stop, args=(run.path,), key="stop_run")
    if run.model is not None and st.button(texts.LOOK_INSIDE, type="primary", icon=":material/search:"):
        state.select_later(state.MODEL, run.name)
        st.switch_page("pages/overview.py")
    if run.status.state in RESUMABLE:
        st.button(texts.RESUME, icon=":material/play_arrow:", on_click=processes.resume, args=(run.path,))
    if not run.status.is_active:
        with st.popover(texts.DELETE, type="tertiary"):
            st.markdown(texts.DELETE_SURE)
            st.button(texts.DELETE, icon=":material/delete:", on_click=processes.delete, args=(run,), key="delete_run")


def _show_numbers(run: Run) -> None:
    status, history = run.status, run.history
    parameters = run.environment.get("parameters")
    facts = {
        texts.BEST: str(status.best["epoch"]) if status.best else "–",
        texts.VALIDATION_ACCURACY: _at_best(run, "val_accuracy"),
        texts.TEST: components.percent(status.test["accuracy"]) if status.test else "–",
        texts.PARAMETERS: f"{parameters:,}" if parameters else "–",
        texts.TIME: patterns.seconds_text(float(history.columns["seconds"].sum())) if len(history) else "–",
    }
    for column, (name, value) in zip(st.columns(len(facts)), facts.items(), strict=True):
        column.metric(name, value)


def _at_best(run: Run, column: str) -> str:
    """What a column says at the best epoch."""
    history, best = run.history, run.status.best.get("epoch")
    values = history.columns.get(column, np.zeros(0))[history.epochs == best]
    return components.percent(float(values[0])) if values.size else "–"


def _show_curves(runs: list[Run]) -> None:
    histories = {run.name: run.history for run in runs if len(run.history)}
    if not histories:
        st.caption(texts.NO_EPOCH)
        return
    figure = figures.learning_curves(
        histories,
        titles=texts.PANELS,
        training=texts.TRAINING,
        validation=texts.VALIDATION,
        epoch=texts.EPOCH,
        marks=_marks(runs[0]) if len(runs) == 1 else (),
    )
    st.plotly_chart(
        figure, key="curves", config={"displayModeBar": False}, alt=texts.CURVES_ALT.format(names=", ".join(histories))
    )


def _marks(run: Run) -> list[tuple[int, str]]:
    history = run.history
    marks = []
    if history.best_epoch is not None:
        text = texts.OVER_FITS_MARK if history.over_fits_from == history.best_epoch else texts.BEST_MARK
        marks.append((history.best_epoch, text))
    changes = np.flatnonzero(np.diff(history.columns.get("phase", np.zeros(1))))
    return [*marks, *((int(history.epochs[at]), texts.PHASE_MARK) for at in changes)]


def _show_differences(runs: list[Run]) -> None:
    st.header(texts.DIFFERENCES, anchor=False)
    settings = {run.name: pd.json_normalize(dict(run.recipe)).iloc[0].to_dict() for run in runs}
    names = dict.fromkeys(name for found in settings.values() for name in found)
    differing = [name for name in names if len({str(found.get(name)) for found in settings.values()}) > 1]
    if not differing:
        st.caption(texts.DIFFERENCES_NOTHING)
    st.dataframe([_row(run, {name: settings[run.name].get(name) for name in differing}) for run in runs])


def _row(run: Run, differing: dict[str, Any]) -> dict[str, Any]:
    history, status = run.history, run.status
    is_best = history.epochs == status.best.get("epoch")
    found = {title: float(history.columns[name][is_best][0]) for name, title in _HISTORY.items() if is_best.any()}
    return {
        texts.COLUMN_RUN: run.name,
        **{name: "" if value is None else str(value) for name, value in differing.items()},
        texts.COLUMN_BEST: status.best.get("epoch"),
        **found,
        texts.COLUMN_TEST: status.test.get("accuracy"),
    }


def show_end(run: Run) -> None:
    """Draw what the best weights confuse, and what a person may want to look up."""
    test = run.status.test
    if test:
        st.header(texts.CONFUSION, anchor=False)
        counts, names = np.array(test["confusion"]), run.environment["data"]["class_names"]
        st.plotly_chart(
            figures.confusion(counts, names, true=texts.TRUE, said=texts.SAID, hover=texts.CELL),
            key="confusion",
            config={"displayModeBar": False},
            alt=texts.CONFUSION_ALT.format(pictures=test["pictures"], share=components.percent(test["accuracy"])),
        )
        st.caption(texts.CONFUSION_HELP.format(pictures=test["pictures"]))
    with st.expander(texts.DETAILS):
        st.code(texts.TENSORBOARD.format(folder=run.path / "tensorboard"), language="bash")
        st.json(dict(run.recipe), expanded=False)
        st.code(_log(run) or texts.LOG_EMPTY, language=None)


def _log(run: Run) -> str:
    try:
        text = (run.path / "train.log").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    return "\n".join(text.splitlines()[-_LOG_LINES:])


def show_empty() -> None:
    """Say what can be done where nothing was trained yet, with one button that does it."""
    st.markdown(texts.EMPTY)
    st.button(texts.DEMO, type="primary", icon=":material/play_arrow:", on_click=processes.start, args=(_DEMO,))


def show_folder() -> None:
    """Say where runs are kept."""
    st.caption(texts.ALL_RUNS.format(folder=runs_folder().resolve()))
