"""Series view: several runs that differ in one choice, launched together."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from cnnviz import training
from cnnviz.dashboard import cache, dataset_choice, language, panels, state
from cnnviz.dashboard.texts import training as texts
from cnnviz.dashboard.training import new_run, processes
from cnnviz.datasets import Dataset
from cnnviz.training import RECIPES, SERIES, Recipe
from cnnviz.training.series import series_recipes


def show() -> None:
    """Draw the choice of a series and of its images, what its runs are, and the button that launches them all."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        name = _choose({name: language.say(series.title) for name, series in SERIES.items()})
        series = SERIES[name]
        data = dataset_choice.choose(_key(name), series.recipes[0].data)
    st.caption(language.say(series.summary))
    dataset_choice.take_own([_key(other) for other in SERIES], data)
    with panels.explained(ends_page=True):
        dataset = cache.dataset(data, series.recipes[0].seed)
        _show_launch(name, series_recipes(name, data=data), dataset)
        st.dataframe(_rows(name, series.recipes), hide_index=True)
        st.caption(texts.SERIES_HELP)
        new_run.show_images(dataset)


def _show_launch(name: str, recipes: tuple[Recipe, ...], dataset: Dataset) -> None:
    """Draw the button that launches all runs, how long they may take, and what is to be known before."""
    plans = [cache.blueprint(recipe, len(dataset.class_names)) for recipe in recipes]
    guesses = [
        training.estimate(recipe, plan, dataset=dataset, peak=cache.peak())
        for recipe, plan in zip(recipes, plans, strict=True)
    ]
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            texts.LAUNCH_SERIES.format(count=len(recipes)), type="primary", icon=":material/play_arrow:",
            on_click=processes.start_series, args=(name, recipes[0].data), key="launch_series",
        )  # fmt: skip
        st.caption(texts.SERIES_ESTIMATE.format(time=panels.duration(sum(guess.seconds for guess in guesses))))
    found = [finding for recipe in recipes for finding in cache.audit(recipe, dataset.fingerprint, dataset)]
    for sentence in dict.fromkeys(language.say(finding.sentence) for finding in found):
        st.warning(panels.plain(sentence), icon=":material/rule:")


def _choose(titles: dict[str, str]) -> str:
    state.validate_choice(state.SERIES, titles, next(iter(titles)))
    chosen = st.selectbox(
        texts.SERIES, list(titles), key=state.SERIES, format_func=titles.__getitem__, persist_state="session", width=260
    )
    return str(chosen)


def _key(series: str) -> str:
    return f"data of {series}"


def _rows(series: str, recipes: tuple[Recipe, ...]) -> list[dict[str, str]]:
    """Name each run, with what it is where it has a recipe's name, else with the settings in which they differ."""
    names = [recipe.name.removeprefix(f"{series}-") for recipe in recipes]
    if all(name in RECIPES for name in names):
        return [
            {
                texts.COLUMN_RUN: language.say(RECIPES[name].title),
                texts.COLUMN_WHAT: language.say(RECIPES[name].summary),
                texts.COLUMN_EPOCHS: str(recipe.epochs),
            }
            for name, recipe in zip(names, recipes, strict=True)
        ]
    settings = [pd.json_normalize(recipe.to_json()).iloc[0].to_dict() for recipe in recipes]
    differing = [
        name
        for name in dict.fromkeys(name for found in settings for name in found)
        if name != "name" and len({str(found.get(name)) for found in settings}) > 1
    ]
    return [
        {
            texts.COLUMN_RUN: recipe.name,
            **{texts.SETTINGS.get(name, name): _plain(found.get(name)) for name in differing},
        }
        for recipe, found in zip(recipes, settings, strict=True)
    ]


def _plain(value: object) -> str:
    return "" if value is None or value != value else str(value)
