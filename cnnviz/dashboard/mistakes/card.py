"""Card of one image: evidence for both classes on one scale, nearest images, a sentence, counterfactual edits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import streamlit as st

from cnnviz import images, mistakes
from cnnviz.convnets import Convnet
from cnnviz.dashboard import cache, heatmap_view, language, panels, state, store
from cnnviz.dashboard.cached import kept
from cnnviz.dashboard.components import percent
from cnnviz.dashboard.heatmap_view import Look, Question
from cnnviz.dashboard.mistakes import counterfactuals, nearest_images, nearest_training_images, steps
from cnnviz.dashboard.mistakes.steps import GRAD_CAM
from cnnviz.dashboard.mistakes.subject import Subject
from cnnviz.dashboard.state import Selection
from cnnviz.dashboard.texts import mistakes as texts
from cnnviz.errors import LayerError
from cnnviz.mistakes import Evaluation, Facts

_SURE = 0.9
_NO_HEAT = np.zeros((1, 1), np.float32)
_LOOK = Look(opacity=0.85, threshold=0.0, colors="magma", has_box=False)


def show(subject: Subject, evaluation: Evaluation, row: int) -> None:
    """Draw the card of one image: why it was answered so, and what would change that."""
    st.header(texts.CARD, anchor=False)
    selection = _selection(subject, int(evaluation.indices[row]))
    classes = classes_of(evaluation, row)
    heats = _heats(selection, classes)
    found_in = nearest_training_images.find(subject, evaluation)
    among = found_in.evaluation if found_in else None
    found = mistakes.facts(evaluation, row, heat=heats[0] if heats else _NO_HEAT, among=among)
    st.markdown(sentence(evaluation, row, found, selection.convnet.class_names, among=among))
    now = steps.edited(selection, steps.steps_of(selection))
    if heats:
        heatmap_view.show_maps(Question(now, GRAD_CAM, classes), _heats(now, classes), _LOOK)
    st.header(texts.CHANGE, anchor=False)
    has_hottest = bool(heats) and float(np.ptp(heats[0])) > 0
    counterfactuals.show(selection, hottest=classes[0] if has_hottest else None)
    st.header(texts.NEAREST_IMAGES, anchor=False)
    nearest_images.show(subject, evaluation, row, found_in)
    if st.button(texts.LOOK, icon=":material/search:", key="look_inside"):
        _look_inside(selection)


def _heats(selection: Selection, classes: tuple[int, ...]) -> list[np.ndarray]:
    """One map a class; none, with the reason, where the model has no maps."""
    try:
        return [cache.heatmap(selection, GRAD_CAM, index) for index in classes]
    except LayerError as error:
        panels.explain(error)
        return []


def _selection(subject: Subject, index: int) -> Selection:
    """The image as every page's selection would have it."""
    photo = subject.images.photo(index)
    color = images.rgb(photo)
    name = f"{subject.images.fingerprint[:16]}:{index}"
    convnet = _named(subject)
    return replace(subject.selection, convnet=convnet, image=name, photo=color, notes=(), layer=None, class_index=None)


def _named(subject: Subject) -> Convnet:
    """The model, with the names of the images' classes where it only counts its own."""
    convnet = subject.selection.convnet
    if convnet.has_class_names:
        return convnet
    names = list(convnet.class_names)
    for label, classes in enumerate(subject.mapping):
        for index in classes:
            names[index] = subject.data.class_names[label]
    return _renamed(convnet.fingerprint, tuple(names), convnet)


@kept(at_most=3)
def _renamed(fingerprint: str, class_names: tuple[str, ...], _convnet: Convnet) -> Convnet:
    return replace(_convnet, class_names=class_names)


def classes_of(evaluation: Evaluation, row: int) -> tuple[int, ...]:
    """The model's classes to explain: its own top class, then the label's first one; one where it is right."""
    own = int(evaluation.model_class[row])
    return (own,) if evaluation.is_right[row] else (own, evaluation.mapping[evaluation.labels[row]][0])


def sentence(
    evaluation: Evaluation, row: int, found: Facts, model_names: Sequence[str], *, among: Evaluation | None = None
) -> str:
    """Say in Markdown what the numbers of one image mean; `among` is where its neighbors were looked for.

    A class of the model that stands for none of the images' is called by its own name.
    """
    names = [panels.plain(name) for name in language.class_names(evaluation.class_names)]
    if evaluation.has_other:
        names[-1] = panels.plain(language.class_name(model_names[evaluation.model_class[row]]))
    parts = [
        texts.SENTENCE.format(
            verdict=_verdict(evaluation, row), said=names[found.predicted], true=names[found.label],
            share=percent(found.confidence), true_share=percent(found.true_probability),
        )
    ]  # fmt: skip
    if found.hottest is not None:
        parts.append(texts.EVIDENCE.format(said=names[found.predicted], place=texts.PLACES[found.hottest]))
    if found.neighbors:
        forms = texts.NEIGHBORS if among is None else texts.NEIGHBORS_LEARNED
        label, count = found.neighbors[0]
        name = language.class_names((among or evaluation).class_names)[label]
        parts.append(panels.counted(forms, found.neighbor_count, most=count, name=panels.plain(name)))
    return " ".join(parts)


def _verdict(evaluation: Evaluation, row: int) -> str:
    if evaluation.is_right[row]:
        return texts.RIGHT
    if evaluation.is_unsure[row]:
        return texts.UNSURE
    return texts.SURE if evaluation.confidence[row] >= _SURE else texts.WRONG


def _look_inside(selection: Selection) -> None:
    """Take model and image along to the other pages."""
    with panels.explained():
        state.set_on_next_run(state.IMAGE, store.put("pictures", images.png_bytes(selection.photo)))
        state.set_on_next_run(state.MODEL, selection.convnet.name)
        st.switch_page("pages/heatmaps.py")
