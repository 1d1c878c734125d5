"""Where do all pictures of a cell hold the evidence, and is that where it lies in right answers?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import streamlit as st

from cnnviz import images, mistakes
from cnnviz.dashboard import background, cache, components, panels, state
from cnnviz.dashboard.jobs import Job
from cnnviz.dashboard.mistakes import gallery
from cnnviz.dashboard.mistakes.gallery import Scope
from cnnviz.dashboard.mistakes.subject import Subject
from cnnviz.dashboard.texts import mistakes as texts
from cnnviz.mistakes import Evaluation

_MOST_AVERAGED = 300  # pictures in the mean picture, which more hardly change
_QUICK = 3.0  # seconds
_NAMED = 0.2  # a ninth with so much more of the evidence than in right answers is worth a word


@dataclass(frozen=True, eq=False)
class Mean:
    """What the pictures of a cell have in common.

    Attributes:
        title: Their name.
        photo: Mean of the pictures as the network receives them.
        heat: Mean of their maps.
    """

    title: str
    photo: np.ndarray
    heat: np.ndarray


def show(subject: Subject, evaluation: Evaluation) -> None:
    """Draw the mean map of the open cell, beside that of the pictures that are given the same answer rightly."""
    scope = _choose_cell(evaluation)
    scopes = [scope, Scope(scope.said, scope.said)] if _is_mistaken(scope) else [scope]
    chosen = {other: gallery.rows_of(evaluation, other) for other in scopes}
    chosen = {other: rows for other, rows in chosen.items() if len(rows)}
    if scope not in chosen:
        st.caption(texts.GALLERY_EMPTY)
        return
    count = sum(map(len, chosen.values()))

    def work(job: Job) -> list[Mean]:
        means: list[Mean] = []
        done = 0
        for other, rows in chosen.items():
            title = texts.GALLERY.format(title=gallery.title_of(evaluation, other), count=f"{len(rows):,}")
            before = done
            means.append(_mean(subject, evaluation, rows, title, said=scope.said, job=job, before=before, total=count))
            done += len(rows)
        return means

    job = background.finished(
        f"mean {subject.key} {scope.address}", texts.MEAN.format(count=f"{count:,}"), work,
        icon=":material/layers:", progress=texts.PROGRESS,
        is_quick=cache.seconds_a_run(subject.selection) * count < _QUICK,
    )  # fmt: skip
    if job is not None:
        _show_means(job.result)


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
    subject: Subject, evaluation: Evaluation, rows: np.ndarray, title: str, *, said: int | None, job: Job,
    before: int, total: int,
) -> Mean:  # fmt: skip
    convnet, indices = subject.selection.convnet, evaluation.indices[rows]
    meant = evaluation.mapping[said] if said is not None and said < len(evaluation.mapping) else ()
    with cache.compute():
        heat = mistakes.mean_map(
            convnet, subject.pictures, indices, class_index=meant[0] if len(meant) == 1 else None,
            on_step=lambda done, _: job.step(before + done, total),
        )  # fmt: skip
    photos = [convnet.fit(images.rgb(subject.pictures.photo(int(index)))) for index in indices[:_MOST_AVERAGED]]
    return Mean(title, np.mean(photos, axis=0).round().astype(np.uint8), heat)


def _show_means(means: list[Mean]) -> None:
    peak = max(float(np.nanmax(mean.heat, initial=0.0)) for mean in means) or 1.0
    for place, (number, mean) in zip(st.columns([1, 1, 1, 1]), enumerate(_with_pictures(means)), strict=False):
        with place:
            components.map_view(
                mean.photo, mean.heat, key=f"mean {number}", title=mean.title, unit=texts.LOGIT if number % 2 else "",
                alt=texts.MEAN_ALT.format(title=mean.title), table=images.lookup_table("magma"), low=0.0, high=peak,
                opacity=0.85,
            )  # fmt: skip
    st.markdown(panels.plain(_sentence(means)))
    st.caption(texts.MEAN_HELP)


def _with_pictures(means: list[Mean]) -> list[Mean]:
    """Before each mean map the mean picture alone."""
    nothing = np.full((1, 1), np.nan, np.float32)
    return [shown for mean in means for shown in (Mean(texts.MEAN_PICTURE, mean.photo, nothing), mean)]


def _sentence(means: list[Mean]) -> str:
    """Say where the most evidence lies, and how much lies there in right answers."""
    shares = [mistakes.ninths(mean.heat) for mean in means]
    if not shares[0].any():
        return texts.MEAN_NOTHING
    excess = shares[0] - shares[1] if len(shares) > 1 else shares[0]
    row, column = divmod(int(excess.argmax()), 3)
    here = components.percent(float(shares[0][row, column]))
    text = texts.MEAN_PLACE.format(place=texts.PLACES[row, column], share=here)
    if len(shares) == 1:
        return text
    there = components.percent(float(shares[1][row, column]))
    also = texts.MEAN_ODD if excess[row, column] > _NAMED else texts.MEAN_LIKE
    return f"{text} {also.format(share=there)}"
