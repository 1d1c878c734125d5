"""Results of runs: differences between runs, confusion matrix, training time lapse, settings and log."""

from __future__ import annotations

import json
import os
import shlex
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from cnnviz import figures
from cnnviz.dashboard import components, language, panels, paths, started
from cnnviz.dashboard.texts import training as texts
from cnnviz.dashboard.training import standing, time_lapse
from cnnviz.errors import CnnvizError
from cnnviz.folders import open_ordinary
from cnnviz.runs import Run

_LOG_LINES = 40
_LOG_BYTES = 2**16
_NAMES = ("name", "series")  # settings that the run's own name says already


def show_differences(runs: list[Run]) -> None:
    """Draw what several runs reached, and the settings in which they differ."""
    st.header(texts.DIFFERENCES, anchor=False)
    settings = {run.name: pd.json_normalize(dict(run.recipe)).iloc[0].to_dict() for run in runs}
    names = dict.fromkeys(name for found in settings.values() for name in found if name not in _NAMES)
    differing = [name for name in names if len({str(found.get(name)) for found in settings.values()}) > 1]
    if not differing:
        st.caption(texts.DIFFERENCES_NOTHING)
    shares, numbers = (texts.COLUMN_ACCURACY, texts.COLUMN_TEST), (texts.COLUMN_LOSS, texts.COLUMN_SECONDS)
    columns = dict.fromkeys(shares, st.column_config.NumberColumn(format="%.1f %%"))
    columns |= dict.fromkeys(numbers, st.column_config.NumberColumn(format="%.3g"))
    st.dataframe(
        [_row(run, {name: settings[run.name].get(name) for name in differing}) for run in runs],
        column_config=columns,
        hide_index=True,
    )
    _say_best(runs)


def _say_best(runs: list[Run]) -> None:
    """Say which run is best on the test images, and whether so few images can tell it from the next one."""
    tested = [run for run in runs if run.status.test]
    if len(tested) < 2 or len({run.environment.get("data", {}).get("fingerprint") for run in tested}) > 1:
        return
    best, following = sorted(tested, key=lambda run: -run.status.test["accuracy"])[:2]
    share, other = (float(run.status.test["accuracy"]) for run in (best, following))
    count = int(best.status.test["pictures"])
    deviation = np.sqrt((share * (1 - share) + other * (1 - other)) / count)
    text = texts.DIFFERENCES_BEST if share - other > max(2 * deviation, 1 / count) else texts.DIFFERENCES_CHANCE
    names = {"best": panels.plain(best.name), "following": panels.plain(following.name)}
    shares = {"share": components.percent(share), "other": components.percent(other)}
    st.markdown(text.format(count=f"{count:,}", **names, **shares))


def _row(run: Run, differing: dict[str, Any]) -> dict[str, Any]:
    history, status = run.history, run.status
    is_best = history.epochs == status.best.get("epoch")
    best = {name: float(values[is_best][0]) for name, values in history.columns.items() if is_best.any()}
    reached = {
        texts.COLUMN_LOSS: best.get("val_loss", np.nan),
        texts.COLUMN_ACCURACY: 100 * best.get("val_accuracy", np.nan),
        texts.COLUMN_SECONDS: float(history.columns["seconds"].mean()) if len(history) else np.nan,
        texts.COLUMN_TEST: 100 * status.test.get("accuracy", np.nan),
    }
    return {
        texts.COLUMN_RUN: run.name,
        texts.COLUMN_STATE: standing.said(run),
        texts.COLUMN_BEST: status.best.get("epoch"),
        **reached,
        **{texts.SETTINGS.get(name, name): _setting(value) for name, value in differing.items()},
    }


def _setting(value: Any) -> str:
    """Write a setting for people; one that a recipe does not have is a dash."""
    if value is None or (isinstance(value, float) and np.isnan(value)):
        return texts.NO_VALUE
    if isinstance(value, str) and Path(value).is_absolute():
        return Path(value).name
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def show_end(run: Run) -> None:
    """Draw what the best weights confuse, and how they formed."""
    if run.status.test:
        _show_confusion(run)
    try:
        time_lapse.show(run)
    except CnnvizError as error:
        panels.explain(error)


def _show_confusion(run: Run) -> None:
    test = run.status.test
    st.header(texts.CONFUSION, anchor=False)
    counts, names = np.array(test["confusion"]), run.environment.get("data", {}).get("class_names", ())
    names = language.class_names(names) if len(names) == len(counts) else [str(number) for number in range(len(counts))]
    panels.chart(
        figures.confusion(counts, names, true=texts.TRUE, said=texts.SAID, hover=texts.CELL),
        key="confusion",
        alt=texts.CONFUSION_ALT.format(images=test["pictures"], share=components.percent(test["accuracy"])),
    )
    st.caption(texts.CONFUSION_HELP.format(images=f"{test['pictures']:,}"))


def show_details(run: Run) -> None:
    """Draw what a person may want to look up: settings, log, the command for TensorBoard."""
    with st.expander(texts.DETAILS):
        st.code(texts.TENSORBOARD.format(folder=shlex.quote(_events(run))), language="bash")
        st.json(json.loads(paths.shown(json.dumps(dict(run.recipe)))), expanded=False)
        st.code(paths.shown(_log(run)) or texts.LOG_EMPTY, language=None)


def _events(run: Run) -> str:
    """Folder that TensorBoard reads: on this machine, or for others, in their copy of the runs."""
    path = run.path.resolve() / "tensorboard"
    return str(path if started.is_solo() else path.relative_to(path.parents[2]))


def _log(run: Run) -> str:
    try:
        with open_ordinary(run.path / "train.log", follows_links=False) as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - _LOG_BYTES))
            text = file.read(_LOG_BYTES).decode("utf-8", errors="replace")
    except OSError:
        return ""
    return "\n".join(text.splitlines()[-_LOG_LINES:])
