"""What does the training page draw of a run that is not launched yet: recipe, pictures, network, augmentation?"""

from __future__ import annotations

from typing import Any

import streamlit as st

from cnnviz import convnets, datasets, figures, training
from cnnviz.dashboard import cache, components, patterns, processes, state, store
from cnnviz.dashboard.texts import shared
from cnnviz.dashboard.texts import training as texts
from cnnviz.datasets import Dataset
from cnnviz.runs import trained_networks
from cnnviz.training import RECIPES, Augmentation, Blueprint, Recipe

_TILE = 84
_PER_CLASS = 3
_MOST_SAMPLES = 30


def choose_recipe() -> Recipe:
    """Draw recipe, pictures, base and epochs, and the rest behind buttons."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        state.settle(state.RECIPE, RECIPES, next(iter(RECIPES)))
        titles = {name: named.title for name, named in RECIPES.items()}
        name = st.selectbox(
            texts.RECIPE, list(RECIPES), key=state.RECIPE, format_func=titles.__getitem__, persist_state="session",
            width=260,
        )  # fmt: skip
        named = RECIPES[name]
        changes: dict[str, Any] = {"data": _choose_data(named.recipe)}
        if named.recipe.transfer is not None:
            changes["transfer.base"] = _choose_base(named.recipe.transfer.base)
        changes["epochs"] = st.number_input(
            texts.EPOCHS, 1, 1000, named.recipe.epochs, key=f"epochs {name}", persist_state="session", width=120
        )
    st.caption(named.summary)
    with st.container(horizontal=True):
        with st.popover(shared.SETTINGS, icon=":material/tune:", type="tertiary"):
            changes |= _choose_settings(named.recipe)
        with st.popover(texts.AUGMENTATION, icon=":material/flip:", type="tertiary"):
            changes |= _choose_augmentation(named.recipe)
        _take_own_data()
    return training.edited(named.recipe, changes)


def _choose_data(recipe: Recipe) -> str:
    known = datasets.catalogue()
    titles = {
        name: entry.title if entry.is_here else texts.DOWNLOADED.format(title=entry.title)
        for name, entry in known.items()
    }
    titles |= {str(path): path.stem for path in store.own_data()}
    key = f"data {recipe.name}"
    state.settle(key, titles, recipe.data)
    chosen = st.selectbox(
        texts.DATA, list(titles), key=key, format_func=titles.__getitem__, persist_state="session", width=300
    )
    return str(chosen)


def _choose_base(usual: str) -> str:
    trained = [name for name, entry in convnets.catalogue().items() if entry.is_trained]
    key = f"base {usual}"
    state.settle(key, names := [*trained, *trained_networks()], usual)
    return str(st.selectbox(texts.BASE, names, key=key, persist_state="session", width=260))


def _take_own_data() -> None:
    with st.popover(texts.OWN_DATA, icon=":material/upload_file:", type="tertiary"):
        st.file_uploader(
            texts.OWN_DATA_HELP.format(folder=store.data_folder()), type=["zip"], key="data_upload",
            max_upload_size=256, on_change=_take_upload,
        )  # fmt: skip


def _take_upload() -> None:
    file = st.session_state["data_upload"]
    if file is not None:
        path = store.put_data(file.name, file.getvalue())
        for name in RECIPES:
            state.select(f"data {name}", str(path))


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
    """Draw the ranges, and one picture nine times."""
    usual, key = recipe.augmentation, f"{{}} {recipe.name}"

    def slider(text: str, name: str, high: float, step: float) -> float:
        return st.slider(text, 0.0, high, getattr(usual, name), step, key=key.format(name), persist_state="session")

    sliders = {
        "rotation": (texts.ROTATION, 180.0, 1.0),
        "width_shift": (texts.WIDTH_SHIFT, 0.5, 0.05),
        "height_shift": (texts.HEIGHT_SHIFT, 0.5, 0.05),
        "shear": (texts.SHEAR, 45.0, 1.0),
        "zoom": (texts.ZOOM, 0.5, 0.05),
        "contrast": (texts.CONTRAST, 0.9, 0.05),
    }
    found: dict[str, Any] = {name: slider(text, name, *range_) for name, (text, *range_) in sliders.items()}
    for name, text in {"horizontal_flip": texts.HORIZONTAL_FLIP, "vertical_flip": texts.VERTICAL_FLIP}.items():
        found[name] = st.toggle(text, getattr(usual, name), key=key.format(name), persist_state="session")
    found["fill"] = st.selectbox(
        texts.FILL, list(texts.FILLS), key=key.format("fill"), format_func=texts.FILLS.__getitem__,
        persist_state="session",
    )  # fmt: skip
    return {f"augmentation.{name}": value for name, value in found.items()}


def show(recipe: Recipe) -> None:
    """Draw what the recipe would train on and what it would train, and the button that starts it."""
    dataset = cache.dataset(recipe.data, recipe.seed)
    plan = cache.blueprint(recipe, len(dataset.class_names))
    pictures, network = st.columns([5, 6], gap="large")
    with network:
        _show_launch(recipe, dataset, plan)
        _show_layers(plan)
    with pictures:
        _show_pictures(dataset)
        if not recipe.augmentation.is_none:
            _show_augmentation(dataset, recipe.augmentation)


def _show_launch(recipe: Recipe, dataset: Dataset, plan: Blueprint) -> None:
    seconds = training.seconds_for(recipe, plan, pictures=len(dataset.train), peak=cache.peak())
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            texts.LAUNCH, type="primary", icon=":material/play_arrow:", on_click=processes.start, args=(recipe,),
            key="launch",
        )  # fmt: skip
        st.caption(texts.ESTIMATE.format(time=patterns.seconds_text(seconds), epochs=recipe.epochs))


def _show_layers(plan: Blueprint) -> None:
    st.header(texts.PLAN, anchor=False)
    rows, columns, channels = plan.input_shape
    facts = texts.PLAN_FACTS.format(
        parameters=f"{plan.parameters:,}", trainable=f"{plan.trainable:,}", rows=rows, columns=columns,
        channels=channels,
    )  # fmt: skip
    st.caption(f"{facts} {texts.INSIDE}")
    st.dataframe(
        [
            {
                texts.COLUMN_LAYER: info.address,
                texts.COLUMN_KIND: info.kind,
                texts.COLUMN_OUTPUT: figures.shape_text(info.output_shape),
                texts.PARAMETERS: info.parameters,
            }
            for info in plan.layers
        ],
        hide_index=True,
        height=min(38 + 35 * len(plan.layers), 460),
    )


def _show_pictures(dataset: Dataset) -> None:
    st.header(texts.SAMPLES, anchor=False)
    indices = datasets.sample(dataset.train, per_class=_PER_CLASS, seed=0)[:_MOST_SAMPLES]
    components.contact_sheet(
        cache.training_photos(dataset, tuple(int(index) for index in indices), _TILE),
        key="training_pictures",
        title=texts.SAMPLES,
        names=[
            texts.SAMPLE_NAME.format(name=dataset.class_names[dataset.train.labels[index]], number=index)
            for index in indices
        ],
        picked=None,
        on_pick=lambda position: None,
        tile=_TILE,
        height=420,
    )
    st.caption(
        texts.BALANCE.format(
            train=f"{len(dataset.train):,}", validation=f"{len(dataset.validation):,}", test=f"{len(dataset.test):,}",
            classes=len(dataset.class_names),
        )
    )  # fmt: skip
    for note in dataset.notes:
        st.text(note)


def _show_augmentation(dataset: Dataset, augmentation: Augmentation) -> None:
    st.header(texts.PREVIEW, anchor=False)
    photo = cache.training_photos(dataset, (0,), 2 * _TILE)[0]
    components.contact_sheet(
        training.preview(photo, augmentation),
        key="augmented",
        title=texts.PREVIEW,
        names=[str(number) for number in range(1, 10)],
        picked=None,
        on_pick=lambda position: None,
        tile=2 * _TILE,
        height=560,
    )
