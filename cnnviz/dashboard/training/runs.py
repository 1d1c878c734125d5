"""Runs view: status, learning curves and remarks of a run, beside runs to compare it with."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

import numpy as np
import pandas as pd
import streamlit as st

from cnnviz import figures, images, training
from cnnviz.dashboard import cache, components, panels, paths, state, store, uploads
from cnnviz.dashboard.texts import training as texts
from cnnviz.dashboard.training import processes, standing, time_lapse
from cnnviz.errors import CnnvizError, RunError
from cnnviz.runs import RESUMABLE, History, Run, open_run, remarks, runs_folder

_POLL_SECONDS = 1.0  # a look costs about 6 ms of the server, most of them Streamlit's own
_FEW = 50  # images to validate on; each is 2 percentage points of the accuracy or more
_DEMO = training.RECIPES["lenet5"].recipe


def choose_runs(runs: list[Run]) -> tuple[Run, list[Run]]:
    """Draw the choice of a run and of those to compare it with."""
    names = [run.name for run in runs]
    state.validate_choice(state.RUN, names)
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
    """Draw a run and those beside it; while one of them goes on, look at it again and again."""
    chosen = [run, *others]
    if any(one.status.is_active for one in chosen):
        _watch(chosen)
    else:
        _show_standing(run)
    _show_numbers(run)
    _show_curves(chosen)
    for sentence in remarks_on(run):
        st.info(sentence, icon=":material/lightbulb:")


def _watch(runs: list[Run]) -> None:
    """Draw where a run stands; the whole page anew only when an epoch has ended, since curves cost more."""
    drawn = _milestones(runs)

    @st.fragment(run_every=_POLL_SECONDS)
    def tick() -> None:
        try:
            now = [open_run(run.path) for run in runs]
        except RunError:  # somebody deleted it meanwhile
            st.rerun()
        if _milestones(now) != drawn:
            st.rerun()
        _show_standing(now[0])
        _show_rest(now[1:])

    tick()


def _milestones(runs: Sequence[Run]) -> list[tuple[str, int]]:
    return [(run.status.state, run.status.epoch) for run in runs]


def _show_standing(run: Run) -> None:
    status = run.status
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"{texts.ICONS[standing.state_of(run)]} **{standing.said_with_time(run)}**", width="content")
        _show_actions(run)
    if status.is_active:
        st.progress(min(1.0, (status.epoch + status.step / max(1, status.steps)) / max(1, status.epochs)))
        st.caption(standing.pace(run))
    if status.reason and status.state != "stopped":
        panels.explain(status.reason)


def _show_rest(others: Sequence[Run]) -> None:
    """Say that other runs go on or wait, as those of a series do, with a way to stop them too."""
    going = [run for run in others if run.status.is_active]
    if not going:
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(texts.OTHERS_GO_ON[len(going) > 1].format(count=len(going)), width="content")
        st.button(
            texts.STOP_OTHERS, icon=":material/stop:", on_click=processes.stop,
            args=tuple(run.path for run in going if standing.state_of(run) != "stopping"), key="stop_others",
        )  # fmt: skip


def _show_actions(run: Run) -> None:
    if run.status.is_active and standing.state_of(run) != "stopping":
        st.button(texts.STOP, icon=":material/stop:", on_click=processes.stop, args=(run.path,), key="stop_run")
    if training.is_deaf(run):
        st.button(
            texts.KILL, icon=":material/power_off:", on_click=processes.stop, args=(run.path,), key="kill_run",
            help=texts.KILL_HELP,
        )  # fmt: skip
    has_network = run.model is not None or (run.has_loose_head and not run.status.is_active)
    if has_network and st.button(texts.LOOK_INSIDE, type="primary", icon=":material/search:"):
        _look_inside(run)
    if run.status.state in RESUMABLE:
        st.button(texts.RESUME, icon=":material/play_arrow:", on_click=processes.resume, args=(run.path,))
    if not run.status.is_active:
        with st.popover(texts.DELETE, type="tertiary"):
            st.markdown(texts.DELETE_SURE)
            st.button(texts.DELETE, icon=":material/delete:", on_click=processes.delete, args=(run,), key="delete_run")


def _look_inside(run: Run) -> None:
    """Turn to the overview, with the run's model and an image that it was made for."""
    if run.has_loose_head and not run.status.is_active:
        try:
            with st.spinner(texts.COMPLETING):
                training.complete(run)
        except CnnvizError as error:
            panels.explain(error)
            return
    state.set_on_next_run(state.MODEL, run.name)
    with suppress(CnnvizError):  # the images are gone: whatever is selected will do
        dataset = cache.dataset(str(run.recipe["data"]), int(run.recipe.get("seed", 0)))
        photo = time_lapse.first_image(dataset, int(dataset.test.labels[0]))
        with uploads.told_later("pictures"):
            state.set_on_next_run(state.IMAGE, store.put("pictures", images.png_bytes(photo)))
    st.switch_page("pages/overview.py")


def _show_numbers(run: Run) -> None:
    status, history = run.status, run.history
    parameters = run.environment.get("parameters")
    facts = {
        texts.BEST: str(status.best["epoch"]) if status.best else texts.NO_VALUE,
        texts.VALIDATION_ACCURACY: _at_best(run, "val_accuracy"),
        texts.TEST: components.percent(status.test["accuracy"]) if status.test else texts.NO_VALUE,
        texts.PARAMETERS: f"{parameters:,}" if parameters else texts.NO_VALUE,
        texts.TIME: panels.duration(float(history.columns["seconds"].sum())) if len(history) else texts.NO_VALUE,
    }
    with st.container(horizontal=True, gap="medium"):
        for name, value in facts.items():
            st.metric(name, value, width=150)


def _at_best(run: Run, column: str) -> str:
    """What a column says at the best epoch."""
    history, best = run.history, run.status.best.get("epoch")
    values = history.columns.get(column, np.zeros(0))[history.epochs == best]
    return components.percent(float(values[0])) if values.size else texts.NO_VALUE


def _validation_counts(run: Run) -> np.ndarray:
    return np.array(run.environment.get("data", {}).get("pictures", {}).get("validation", [0]))


def _chance(run: Run) -> float:
    """Accuracy of the best guess without looking."""
    counts = _validation_counts(run)
    return float(counts.max() / max(1, counts.sum()))


def remarks_on(run: Run) -> list[str]:
    """Say what in a run's curves puzzles a beginner."""
    history = run.history
    counts = _validation_counts(run)
    found = remarks(history, chance=_chance(run))
    last = {name: components.percent(float(column[-1])) for name, column in history.columns.items() if len(history)}
    facts = {"best": history.best_epoch, "train": last.get("accuracy"), "validation": last.get("val_accuracy")}
    chance = components.percent(_chance(run))
    said = [texts.REMARKS[remark].format(**facts, chance=chance) for remark in found]
    if len(history) and 0 < counts.sum() < _FEW:
        share = components.percent(1 / counts.sum())
        said.append(texts.FEW_TO_VALIDATE.format(count=counts.sum(), share=share))
    return said


def _show_curves(runs: list[Run]) -> None:
    histories = {run.name: run.history for run in runs if len(run.history)}
    if not histories:
        st.caption(texts.NO_EPOCH)
        return
    is_alone = len(runs) == 1
    has_learned = "at chance" not in remarks(runs[0].history, chance=_chance(runs[0]))
    shade = runs[0].history.over_fits_from if is_alone and has_learned else None
    marks = _marks(runs[0].history, shade) if is_alone else []
    called = {"training": texts.TRAINING, "validation": texts.VALIDATION}
    for place, (panel, title) in zip(st.columns(2, gap="medium"), texts.PANELS.items(), strict=True):
        rows = figures.learning_curves(histories, panel, **called, marks=marks, over_fits_from=shade)
        place.vega_lite_chart(
            pd.DataFrame(rows),
            figures.curves_spec(list(histories), panel, title=title, epoch=texts.EPOCH, **called),
            key=f"curves {panel}",
            alt=texts.CURVES_ALT.format(panel=title, names=", ".join(histories)),
        )


def _marks(history: History, shade: int | None) -> list[tuple[float, str]]:
    """Name the best epoch, and the moment between two epochs at which another phase begins."""
    marks: list[tuple[float, str]] = []
    if history.best_epoch is not None:
        text = texts.OVER_FITS_MARK if shade == history.best_epoch else texts.BEST_MARK
        marks.append((history.best_epoch, text))
    changes = np.flatnonzero(np.diff(history.columns.get("phase", np.zeros(1))))
    return [*marks, *((float(history.epochs[at]) + 0.5, texts.PHASE_MARK) for at in changes)]


def show_empty() -> None:
    """Say what can be done where nothing was trained yet, with one button that does it."""
    state.validate_choice(state.RUN, ())
    st.markdown(texts.EMPTY)
    st.button(texts.DEMO, type="primary", icon=":material/play_arrow:", on_click=processes.start, args=(_DEMO,))
    st.markdown(texts.EMPTY_OWN)


def show_folder() -> None:
    """Say where runs are kept."""
    st.caption(texts.ALL_RUNS.format(folder=runs_folder().resolve().name))
    paths.offer(runs_folder())
