"""Recipe form: recipe, dataset, base, epochs, hyperparameters and augmentation of a new run."""

from __future__ import annotations

from typing import Any

import streamlit as st

from cnnviz import convnets, training
from cnnviz.dashboard import dataset_choice, language, state
from cnnviz.dashboard.private_streamlit import DeltaGenerator
from cnnviz.dashboard.texts import shared
from cnnviz.dashboard.texts import training as texts
from cnnviz.runs import trained_networks
from cnnviz.training import RECIPES, Recipe

_DATA = tuple(f"data {name}" for name in RECIPES)  # keys of the choice of images, one for each recipe
_DEGREES, _PERCENT = "%d°", "%d %%"


def choose_recipe() -> tuple[Recipe, DeltaGenerator | None]:
    """Draw recipe, images, base and epochs, and the rest folded away.

    Returns:
        The recipe, and the place for a preview beside the open augmentation.

    Raises:
        RunError: If the settings cannot be.
    """
    with st.container(horizontal=True, vertical_alignment="bottom"):
        state.validate_choice(state.RECIPE, RECIPES, next(iter(RECIPES)))
        titles = {name: language.say(named.title) for name, named in RECIPES.items()}
        name = st.selectbox(
            texts.RECIPE, list(RECIPES), key=state.RECIPE, format_func=titles.__getitem__, persist_state="session",
            width=260,
        )  # fmt: skip
        named = RECIPES[name]
        changes: dict[str, Any] = {"data": dataset_choice.choose(f"data {name}", named.recipe.data, others=_DATA)}
        if named.recipe.transfer is not None:
            changes["transfer.base"] = _choose_base(named.recipe.transfer.base)
        changes["epochs"] = st.number_input(
            texts.EPOCHS, 1, 1000, named.recipe.epochs, key=f"epochs {name}", persist_state="session", width=120
        )
    st.caption(language.say(named.summary))
    with st.container(horizontal=True):
        with st.popover(shared.SETTINGS, icon=":material/tune:", type="tertiary"):
            changes |= _choose_settings(named.recipe)
        dataset_choice.take_own(_DATA, changes["data"])
    editor = st.expander(texts.AUGMENTATION, icon=":material/flip:", on_change="rerun", key="augmentation")
    preview, sliders = editor.columns([4, 3], gap="large")  # on a phone, the image above the sliders
    with sliders:
        changes |= _choose_augmentation(named.recipe)
    return training.edited(named.recipe, changes), preview if editor.open else None


def _choose_base(usual: str) -> str:
    trained = [name for name, entry in convnets.catalog().items() if entry.is_trained]
    key = f"base {usual}"
    state.validate_choice(key, names := [*trained, *trained_networks()], usual)
    return str(st.selectbox(texts.BASE, names, key=key, persist_state="session", width=260))


def _choose_settings(recipe: Recipe) -> dict[str, Any]:
    """Draw the settings that few people change; 0 stands for what the recipe leaves open."""

    def number(text: str, name: str, low: float, high: float, **options: Any) -> Any:
        usual = getattr(recipe, name) or type(low)(0)
        key = f"{name} {recipe.name}"
        return st.number_input(text, low, high, usual, key=key, persist_state="session", **options) or None

    left, right = st.columns(2)
    with left:
        changes = {
            "batch_size": number(texts.BATCH, "batch_size", 1, 1024),
            "optimizer": _one_of(texts.OPTIMIZER, recipe, "optimizer", {name: name for name in training.OPTIMIZERS}),
            "learning_rate": number(texts.RATE, "learning_rate", 0.0, 10.0, format="%g"),
            "schedule": _one_of(texts.SCHEDULE, recipe, "schedule", texts.SCHEDULES),
            "patience": number(texts.PATIENCE, "patience", 0, 100),
            "seed": number(texts.SEED, "seed", 0, 9999) or 0,
            "size": number(texts.SIZE, "size", 0, 512),
        }
    with right:
        changes |= {
            "dropout": number(texts.DROPOUT, "dropout", 0.0, 0.95, step=0.05),
            "l1": number(texts.L1, "l1", 0.0, 1.0, format="%g") or 0.0,
            "l2": number(texts.L2, "l2", 0.0, 1.0, format="%g") or 0.0,
            "clip_norm": number(texts.CLIP_NORM, "clip_norm", 0.0, 1000.0),
            "clip_value": number(texts.CLIP_VALUE, "clip_value", 0.0, 1000.0),
            "has_batch_norm": _is_on(texts.BATCH_NORM, recipe, "has_batch_norm"),
            "is_one_hot": _is_on(texts.ONE_HOT, recipe, "is_one_hot"),
        }
    return changes


def _one_of(text: str, recipe: Recipe, name: str, options: dict[str, str]) -> str:
    chosen = st.selectbox(
        text,
        list(options),
        list(options).index(getattr(recipe, name)),
        key=f"{name} {recipe.name}",
        format_func=options.__getitem__,
        persist_state="session",
    )
    return str(chosen)


def _is_on(text: str, recipe: Recipe, name: str) -> bool:
    return st.toggle(text, getattr(recipe, name), key=f"{name} {recipe.name}", persist_state="session")


def _choose_augmentation(recipe: Recipe) -> dict[str, Any]:
    """Draw the ranges."""
    usual, key = recipe.augmentation, f"{{}} {recipe.name}"

    def slider(text: str, name: str, high: float, step: float, form: str) -> float:
        share = 100 if form == _PERCENT else 1  # people read 20 %, a recipe says 0.2
        value = st.slider(
            text, 0.0, high, share * getattr(usual, name), step, key=key.format(name), format=form,
            persist_state="session",
        )  # fmt: skip
        return round(value / share, 4)

    sliders = {
        "rotation": (texts.ROTATION, 180.0, 1.0, _DEGREES),
        "width_shift": (texts.WIDTH_SHIFT, 50.0, 5.0, _PERCENT),
        "height_shift": (texts.HEIGHT_SHIFT, 50.0, 5.0, _PERCENT),
        "shear": (texts.SHEAR, 45.0, 1.0, _DEGREES),
        "zoom": (texts.ZOOM, 50.0, 5.0, _PERCENT),
        "contrast": (texts.CONTRAST, 90.0, 5.0, _PERCENT),
    }
    found: dict[str, Any] = {
        name: slider(text, name, high, step, form) for name, (text, high, step, form) in sliders.items()
    }
    for name, text in {"horizontal_flip": texts.HORIZONTAL_FLIP, "vertical_flip": texts.VERTICAL_FLIP}.items():
        found[name] = st.toggle(text, getattr(usual, name), key=key.format(name), persist_state="session")
    found["fill"] = st.selectbox(
        texts.FILL, list(texts.FILLS), key=key.format("fill"), format_func=texts.FILLS.__getitem__,
        persist_state="session",
    )  # fmt: skip
    return {f"augmentation.{name}": value for name, value in found.items()}
