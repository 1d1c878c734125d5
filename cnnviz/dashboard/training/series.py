"""What does the training page draw of a series: several runs that differ in one choice, launched together?"""

from __future__ import annotations

import pandas as pd
import streamlit as st

from cnnviz.dashboard import language, state
from cnnviz.dashboard.texts import training as texts
from cnnviz.dashboard.training import pictures, processes
from cnnviz.training import SERIES, Recipe


def show() -> None:
    """Draw the choice of a series and of its pictures, what its runs are, and the button that launches them all."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        name = _choose({name: language.say(series.title) for name, series in SERIES.items()})
        series = SERIES[name]
        data = pictures.choose(_key(name), series.recipes[0].data)
    st.caption(language.say(series.summary))
    pictures.take_own([_key(other) for other in SERIES])
    st.button(
        texts.LAUNCH_SERIES.format(count=len(series.recipes)), type="primary", icon=":material/play_arrow:",
        on_click=processes.start_series, args=(name, data), key="launch_series",
    )  # fmt: skip
    st.dataframe(_rows(series.recipes), hide_index=True)
    st.caption(texts.SERIES_HELP)


def _choose(titles: dict[str, str]) -> str:
    state.settle(state.SERIES, titles, next(iter(titles)))
    chosen = st.selectbox(
        texts.SERIES, list(titles), key=state.SERIES, format_func=titles.__getitem__, persist_state="session", width=260
    )
    return str(chosen)


def _key(series: str) -> str:
    return f"data of {series}"


def _rows(recipes: tuple[Recipe, ...]) -> list[dict[str, str]]:
    """Name each run, with the settings in which they differ."""
    settings = [pd.json_normalize(recipe.to_json()).iloc[0].to_dict() for recipe in recipes]
    differing = [
        name
        for name in dict.fromkeys(name for found in settings for name in found)
        if name != "name" and len({str(found.get(name)) for found in settings}) > 1
    ]
    return [
        {texts.COLUMN_RUN: recipe.name, **{name: _plain(found.get(name)) for name in differing}}
        for recipe, found in zip(recipes, settings, strict=True)
    ]


def _plain(value: object) -> str:
    return "" if value is None or value != value else str(value)
