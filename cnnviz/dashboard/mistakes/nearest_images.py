"""Nearest images of the predicted class and of the true class."""

from __future__ import annotations

import streamlit as st

from cnnviz import mistakes
from cnnviz.dashboard import cache, components, language, panels
from cnnviz.dashboard.mistakes import gallery, nearest_training_images
from cnnviz.dashboard.mistakes.nearest_training_images import Learned
from cnnviz.dashboard.mistakes.subject import Subject
from cnnviz.dashboard.texts import mistakes as texts
from cnnviz.mistakes import Evaluation, Neighbors

_NEAREST = 5
_HEIGHT = 160
_TILE = 140


def show(subject: Subject, evaluation: Evaluation, row: int, found: Learned | None) -> None:
    """Draw the nearest images of the class that it says and of the right one.

    Args:
        subject: Whose mistakes.
        evaluation: The answers.
        row: Of the image.
        found: The training images, which are searched if they are known; else the set itself is.
    """
    if found is None and nearest_training_images.look(subject):  # it ended while the page was drawn
        st.rerun()
    wanted = dict.fromkeys((int(evaluation.predicted[row]), int(evaluation.labels[row])))
    labels = [label for label in wanted if label < len(evaluation.mapping)]
    names = language.class_names(evaluation.class_names)
    for place, label in zip(st.columns(2), labels, strict=False):
        with place:
            if found is None:
                _show_own(subject, evaluation, row, label, names[label])
            else:
                near = found.nearest(evaluation.features[row], label=label, count=_NEAREST)
                _show_learned(found, near, label, names[label])


def _show_own(subject: Subject, evaluation: Evaluation, row: int, label: int, name: str) -> None:
    near = mistakes.nearest(evaluation, row, label=label, count=_NEAREST)
    if not len(near.rows):
        return
    title = texts.NEAREST.format(name=name)
    st.caption(panels.plain(title))
    gallery.show_rows(
        subject, evaluation, near.rows, key=f"nearest {label}", title=title, names=_names(evaluation, near),
        height=_HEIGHT,
    )  # fmt: skip


def _show_learned(found: Learned, near: Neighbors, label: int, name: str) -> None:
    if not len(near.rows):
        return
    title = texts.NEAREST_LEARNED.format(name=name)
    st.caption(panels.plain(title))
    rows: list[int] = near.rows.tolist()
    indices = tuple(int(found.evaluation.indices[row]) for row in rows)
    images = cache.thumbnails(found.images, indices, _TILE)
    components.contact_sheet(
        images, key=f"nearest learned {label}", title=title, names=_names(found.evaluation, near), picked=None,
        on_pick=lambda position: found.open(rows[position]), tile=_TILE, height=_HEIGHT,
        is_sharp=images.shape[1] < _TILE,
    )  # fmt: skip


def _names(evaluation: Evaluation, near: Neighbors) -> list[str]:
    return [
        texts.NEAREST_NAME.format(name=gallery.name_of(evaluation, int(row)), distance=f"{distance:.2f}")
        for row, distance in zip(near.rows, near.distances, strict=True)
    ]
