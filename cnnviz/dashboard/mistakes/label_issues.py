"""Label issues, near-duplicates and outliers among the evaluated images."""

from __future__ import annotations

import numpy as np
import streamlit as st

from cnnviz import mistakes
from cnnviz.dashboard import background, cache, components, language, panels, sets
from cnnviz.dashboard.jobs import Job
from cnnviz.dashboard.mistakes import gallery
from cnnviz.dashboard.mistakes.subject import Subject
from cnnviz.dashboard.texts import mistakes as texts
from cnnviz.datasets import Part
from cnnviz.mistakes import Evaluation

_MOST_SHOWN = 56
_TILE = 96


def show(subject: Subject, evaluation: Evaluation) -> int | None:
    """Draw doubtful labels, then images that are there twice or stand out; return the row of the chosen one."""
    labels, images = st.columns([6, 5], gap="medium")
    with labels:
        first = _show_labels(subject, evaluation)
    with images:
        _show_copies(subject, evaluation)
        _show_odd(subject, evaluation)
    return gallery.chosen_row(evaluation, otherwise=first)


def _show_labels(subject: Subject, evaluation: Evaluation) -> int | None:
    found, names = mistakes.find_label_issues(evaluation), language.class_names(evaluation.class_names)
    st.markdown(f"**{panels.counted(texts.LABEL_ISSUES, len(found.rows))}**")
    st.caption(texts.LABEL_ISSUES_HELP)
    if subject.is_learned:
        st.caption(texts.LABEL_ISSUES_LEARNED)
    if not len(found.rows):
        return None
    places = gallery.page_of(np.arange(len(found.rows)), key="suspects_page")
    reasons = [
        texts.LABEL_ISSUE.format(
            true=names[evaluation.labels[found.rows[place]]], other=names[found.suggested[place]],
            margin=f"{found.margin[place]:.2f}",
        )
        for place in places
    ]  # fmt: skip
    rows = found.rows[places]
    gallery.show_rows(
        subject, evaluation, rows, key="suspects", title=texts.LABEL_ISSUE_TILES, names=reasons, otherwise=int(rows[0])
    )
    return int(rows[0])


def _show_copies(subject: Subject, evaluation: Evaluation) -> None:
    """Draw images that are there twice, side by side, on request."""
    other = _learned(subject)

    def work(job: Job) -> object:
        return mistakes.near_duplicates(subject.images, other, on_step=job.step)

    label = texts.DUPLICATES if other is None else texts.DUPLICATES_LEARNED
    job = background.finished(
        f"copies {subject.key}", label, work, icon=":material/content_copy:", progress=texts.PROGRESS
    )
    if job is None:
        return
    pairs = job.result
    st.markdown(f"**{panels.counted(texts.DUPLICATES_FOUND, len(pairs))}**")
    if not pairs:
        return
    pairs = pairs[:_MOST_SHOWN]
    first = cache.thumbnails(subject.images, tuple(pair.first for pair in pairs), _TILE)
    second = cache.thumbnails(other or subject.images, tuple(pair.second for pair in pairs), _TILE)
    side = min(first.shape[1], second.shape[1])
    components.contact_sheet(
        np.concatenate([first[:, :side, :side], second[:, :side, :side]], axis=2), key="copies", title=texts.DUPLICATES,
        names=[texts.DUPLICATE.format(difference=f"{pair.difference:.1f}") for pair in pairs], picked=None,
        tile=2 * _TILE,
        on_pick=lambda place: _open(evaluation, pairs[place].first), height=260,
    )  # fmt: skip


def _learned(subject: Subject) -> Part | None:
    """The training images, where the set has some beside these."""
    if subject.offer.is_own or subject.part == "train":
        return None
    return sets.open_part(subject.offer, "train").part


def _show_odd(subject: Subject, evaluation: Evaluation) -> None:
    """Draw images whose size, light or colors stand out, on request."""

    def work(job: Job) -> object:
        return mistakes.find_outliers(subject.images, on_step=job.step)

    job = background.finished(
        f"odd {subject.key}", texts.OUTLIERS, work, icon=":material/bubble_chart:", progress=texts.PROGRESS
    )
    if job is None:
        return
    found = job.result[:_MOST_SHOWN]
    st.markdown(f"**{panels.counted(texts.OUTLIERS_FOUND, len(job.result))}**")
    if not found:
        return
    images = cache.thumbnails(subject.images, tuple(odd.index for odd in found), _TILE)
    names = [
        texts.OUTLIER.format(what=texts.QUANTITIES[odd.quantity], value=f"{odd.value:.3g}", median=f"{odd.median:.3g}")
        for odd in found
    ]
    components.contact_sheet(
        images, key="odd", title=texts.OUTLIERS, names=names, picked=None, tile=_TILE, height=260,
        on_pick=lambda place: _open(evaluation, found[place].index), is_sharp=images.shape[1] < _TILE,
    )  # fmt: skip
    st.caption(panels.plain(texts.OUTLIERS_HELP))


def _open(evaluation: Evaluation, index: int) -> None:
    """Choose an image for the card, if it has an answer; for callbacks."""
    for row in np.flatnonzero(evaluation.indices == index):
        gallery.open_item(evaluation, int(row))
