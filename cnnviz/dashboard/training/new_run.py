"""Preview of a new run: sample images, class balance, audit, model, estimated time and the launch button."""

from __future__ import annotations

import streamlit as st

from cnnviz import datasets, figures, training
from cnnviz.dashboard import cache, components, language, panels, state
from cnnviz.dashboard.private_streamlit import DeltaGenerator
from cnnviz.dashboard.texts import training as texts
from cnnviz.dashboard.training import processes
from cnnviz.datasets import Dataset
from cnnviz.training import RECIPES, Augmentation, Blueprint, Recipe

_TILE = 84
_PER_CLASS = 3
_MOST_SAMPLES = 30
_UNEVEN = 1.25  # times as many images of one class as of another: less is not worth a chart


def show(recipe: Recipe, preview: DeltaGenerator | None) -> None:
    """Draw what the recipe would train on and what it would train, and the button that starts it.

    Args:
        recipe: What would be trained.
        preview: Place for one image nine times, if the augmentation is being edited.

    Raises:
        CnnvizError: If the images cannot be read, or the model cannot be built.
    """
    dataset = cache.dataset(recipe.data, recipe.seed)
    if preview is not None:
        with preview:
            _show_augmentation(dataset, recipe.augmentation)
    plan = cache.blueprint(recipe, len(dataset.class_names))
    _show_launch(recipe, dataset, plan)
    for finding in cache.audit(recipe, dataset.fingerprint, dataset):
        st.warning(panels.plain(language.say(finding.sentence)), icon=":material/rule:")
    if recipe.transfer is not None:
        _show_advice(recipe.transfer.base, dataset)
    images, network = st.columns([5, 6], gap="large")
    with network:
        _show_layers(plan)
    with images:
        show_images(dataset)


def _show_launch(recipe: Recipe, dataset: Dataset, plan: Blueprint) -> None:
    guess = training.estimate(recipe, plan, dataset=dataset, peak=cache.peak())
    text = texts.ESTIMATE_FEATURES if guess.first_look else texts.ESTIMATE
    look = panels.duration(guess.first_look)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            texts.LAUNCH, type="primary", icon=":material/play_arrow:", on_click=processes.start, args=(recipe,),
            key="launch",
        )  # fmt: skip
        st.caption(text.format(time=panels.duration(guess.seconds), epochs=recipe.epochs, look=look))


def _show_advice(base: str, dataset: Dataset) -> None:
    """Ask, on request, which recipe fits the images; the base looks at some of them for that."""
    expander = st.expander(texts.ADVICE, icon=":material/lightbulb:", on_change="rerun", key="advice")
    if not expander.open:
        return
    with expander, st.spinner(texts.ADVISING.format(base=base)):
        found = cache.advice(base, dataset.fingerprint, dataset)
        title, reason = language.say(RECIPES[found.recipe].title), panels.plain(language.say(found.reason))
        st.markdown(texts.ADVISED.format(title=title, reason=reason))
        st.button(
            texts.TAKE_ADVICE.format(title=title), on_click=state.select, args=(state.RECIPE, found.recipe),
            key="take_advice",
        )  # fmt: skip


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
        column_config={texts.PARAMETERS: st.column_config.NumberColumn(format="localized")},
        hide_index=True,
        height=min(38 + 35 * len(plan.layers), 460),
    )


def show_images(dataset: Dataset) -> None:
    """Draw some of the images to learn from, how many there are, and what is to be said of them."""
    st.header(texts.SAMPLES, anchor=False)
    indices = datasets.sample(dataset.train, per_class=_PER_CLASS, seed=0)[:_MOST_SAMPLES]
    names = language.class_names(dataset.class_names)
    components.contact_sheet(
        cache.thumbnails(dataset.train, tuple(int(index) for index in indices), _TILE),
        key="training_images",
        title=texts.SAMPLES,
        names=[texts.SAMPLE_NAME.format(name=names[dataset.train.labels[index]], number=index) for index in indices],
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
        st.text(language.say(note))
    counts = dataset.train.counts
    if counts.max() > _UNEVEN * counts.min():
        panels.chart(
            figures.balance(counts, names, images=texts.BALANCE_AXIS),
            key="balance",
            alt=texts.BALANCE_ALT,
        )


def _show_augmentation(dataset: Dataset, augmentation: Augmentation) -> None:
    photo = cache.square(dataset.train.photo(0), 2 * _TILE)
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
    st.caption(texts.PREVIEW_NONE if augmentation.is_none else texts.PREVIEW)
