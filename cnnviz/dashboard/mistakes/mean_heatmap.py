"""Mean heatmap of a confusion matrix cell, beside that of the correct predictions of the same class."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np
import streamlit as st

from cnnviz import images, mistakes
from cnnviz.dashboard import background, cache, components, panels, state
from cnnviz.dashboard.jobs import Job
from cnnviz.dashboard.mistakes import gallery, occlusion
from cnnviz.dashboard.mistakes.gallery import Scope
from cnnviz.dashboard.mistakes.subject import Subject
from cnnviz.dashboard.texts import mistakes as texts
from cnnviz.mistakes import Evaluation, OnStep

_MOST_AVERAGED = 300  # images in the mean image, which more hardly change
_QUICK = 3.0  # seconds
_NOTHING = np.full((1, 1), np.nan, np.float32)
_MOST_OF_IT = 0.5  # of the evidence in one ninth, in right answers and in wrong ones
_NAMED = 0.2  # a ninth with so much more of the evidence than in right answers is worth a word


@dataclass(frozen=True, eq=False)
class Mean:
    """What the images of a cell have in common.

    Attributes:
        scope: Which they are.
        count: How many.
        photo: Mean of the images as the model receives them.
        heat: Mean of their maps.
    """

    scope: Scope
    count: int
    photo: np.ndarray
    heat: np.ndarray


def show(subject: Subject, evaluation: Evaluation) -> int | None:
    """Draw the mean map of the open cell, beside that of the images that are given the same answer rightly.

    Returns:
        Row of the chosen image, or of the cell's first: what holds for the mean can be tried on one.
    """
    scope = _choose_cell(evaluation)
    scopes = [scope, Scope(scope.said, scope.said)] if _is_mistaken(scope) else [scope]
    chosen = {other: gallery.rows_of(evaluation, other) for other in scopes}
    chosen = {other: rows for other, rows in chosen.items() if len(rows)}
    if scope not in chosen:
        st.caption(texts.GALLERY_EMPTY)
        return gallery.chosen_row(evaluation)
    count = sum(map(len, chosen.values()))

    def work(job: Job) -> list[Mean]:
        means: list[Mean] = []
        done = 0
        for other, rows in chosen.items():
            step = partial(_step, job, done, count)
            means.append(_mean(subject, evaluation, other, rows, said=scope.said, on_step=step))
            done += len(rows)
        return means

    job = background.finished(
        f"mean {subject.key} {scope.address}", panels.counted(texts.MEAN, count), work,
        icon=":material/layers:", progress=texts.PROGRESS,
        is_quick=cache.seconds_a_run(subject.selection) * count < _QUICK,
    )  # fmt: skip
    if job is not None:
        _show_means(evaluation, job.result)
        key = f"{subject.key} {scope.address}"
        occlusion.show(subject, evaluation.indices[chosen[scope][:_MOST_AVERAGED]], job.result[0].heat, key=key)
    return gallery.chosen_row(evaluation, otherwise=int(mistakes.ordered(evaluation, chosen[scope])[0]))


def _step(job: Job, before: int, total: int, done: int, _: int) -> None:
    job.step(before + done, total)


def _is_mistaken(scope: Scope) -> bool:
    return scope.is_cell and scope.label != scope.said


def _choose_cell(evaluation: Evaluation) -> Scope:
    """Draw the choice of the cell: the most confused pairs, then what is right."""
    current = gallery.chosen_scope(evaluation)
    pairs = [Scope(pair.label, pair.predicted) for pair in mistakes.confused_pairs(evaluation)]
    right = [Scope(index, index) for index in range(len(evaluation.class_names))]
    scopes = {scope.address: scope for scope in (*pairs, *right, current, Scope())}
    address = st.selectbox(
        texts.CELL_OF, list(scopes), key=state.CELL, persist_state="session", width=320,
        format_func=lambda chosen: gallery.title_of(evaluation, scopes[chosen]),
    )  # fmt: skip
    return scopes[str(address)]


def _mean(
    subject: Subject, evaluation: Evaluation, scope: Scope, rows: np.ndarray, *, said: int | None, on_step: OnStep
) -> Mean:
    convnet, indices = subject.selection.convnet, evaluation.indices[rows]
    meant = evaluation.mapping[said] if said is not None and said < len(evaluation.mapping) else ()
    with cache.compute():
        heat = mistakes.mean_map(
            convnet, subject.images, indices, class_index=meant[0] if len(meant) == 1 else None,
            on_step=on_step,
        )  # fmt: skip
    photos = [convnet.fit(images.rgb(subject.images.photo(int(index)))) for index in indices[:_MOST_AVERAGED]]
    return Mean(scope, len(rows), np.mean(photos, axis=0).round().astype(np.uint8), heat)


def _show_means(evaluation: Evaluation, means: list[Mean]) -> None:
    """Draw each mean image, and its mean map over it, all maps on one scale."""
    peak = max(float(np.nanmax(mean.heat, initial=0.0)) for mean in means) or 1.0
    places = iter(st.columns(4))
    for mean in means:
        name = gallery.title_of(evaluation, mean.scope)
        with next(places):
            _show_map(mean.photo, _NOTHING, texts.MEAN_IMAGE, key=f"mean image {mean.scope.address}")
        with next(places):
            title = texts.GALLERY.format(title=name, count=f"{mean.count:,}")
            _show_map(mean.photo, mean.heat, title, key=f"mean {mean.scope.address}", peak=peak)
    st.markdown(panels.plain(_sentence(means)))
    st.caption(texts.MEAN_HELP)


def _show_map(photo: np.ndarray, heat: np.ndarray, title: str, *, key: str, peak: float = 1.0) -> None:
    components.map_view(
        photo, heat, key=key, title=title, unit="" if heat is _NOTHING else texts.LOGIT, opacity=0.85,
        alt=texts.MEAN_ALT.format(title=title), table=images.lookup_table("magma"), low=0.0, high=peak,
    )  # fmt: skip


def _sentence(means: list[Mean]) -> str:
    """Say where the most evidence lies, and how much lies there in right answers."""
    shares = [mistakes.ninths(mean.heat) for mean in means]
    if not shares[0].any():
        return texts.MEAN_NOTHING
    excess = shares[0] - shares[1] if len(shares) > 1 else shares[0]
    place = excess if excess.max() > _NAMED else shares[0]
    row, column = divmod(int(place.argmax()), 3)
    here = components.percent(float(shares[0][row, column]))
    text = texts.MEAN_PLACE.format(place=texts.PLACES[row, column], share=here)
    if len(shares) == 1:
        return text
    there = components.percent(float(shares[1][row, column]))
    is_always = min(shares[0][row, column], shares[1][row, column]) > _MOST_OF_IT
    also = texts.MEAN_ODD if excess[row, column] > _NAMED else texts.MEAN_ALWAYS if is_always else texts.MEAN_LIKE
    return f"{text} {also.format(share=there)}"
