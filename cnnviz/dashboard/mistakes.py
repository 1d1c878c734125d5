"""What does the mistakes page draw: which pictures, how much is right, the matrix, the gallery?"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import cast

import numpy as np
import streamlit as st

from cnnviz import figures, mistakes
from cnnviz.convnets import Convnet
from cnnviz.dashboard import cache, components, panels, patterns, sets, state
from cnnviz.dashboard.jobs import Job, jobs, owner
from cnnviz.dashboard.state import Selection
from cnnviz.dashboard.texts import mistakes as texts
from cnnviz.datasets import DIGITS, FASHION, Dataset, Part
from cnnviz.mistakes import ClassMapping, Evaluation, EvaluationStore, Order
from cnnviz.runs import open_run, runs_folder, trained_networks

_EXAMPLE = "fashion-cnn"
_KNOWN = {DIGITS: "mnist-5k", FASHION: "fashion-sample"}
_QUICK_SECONDS = 10.0
_BATCH_GAIN = 3  # a batch answers so many times as fast as pictures one by one
_A_PAGE = 120
_TILE = 72
_ALL = "all"


@dataclass(frozen=True, eq=False)
class Subject:
    """Whose mistakes on which pictures are looked at.

    Attributes:
        selection: The network; its picture plays no part.
        dataset: The pictures.
        part: Name of the part: `test`, `validation` or `train`.
        mapping: For each class of the pictures the network's classes that stand for it.
        is_example: Whether nobody chose it.
    """

    selection: Selection
    dataset: Dataset
    part: str
    mapping: ClassMapping
    is_example: bool

    @property
    def pictures(self) -> Part:
        """The labelled pictures."""
        part: Part = getattr(self.dataset, self.part)
        return part

    @property
    def key(self) -> str:
        """Name of all that the answers hang on."""
        return f"{self.selection.convnet.fingerprint} {self.pictures.fingerprint} {self.mapping}"


def choose_subject(selection: Selection) -> Subject:
    """Draw the choice of the pictures; the example where nothing was chosen and nothing suits the network.

    Raises:
        CnnvizError: If the pictures cannot be opened.
    """
    offers = sets.offered()
    usual = _usual_set(selection.convnet)
    state.settle(state.DATA, offers, usual)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        chosen = st.selectbox(
            texts.DATA, list(offers), key=state.DATA, index=None, placeholder=texts.DATA_PLACEHOLDER, width=320,
            format_func=lambda name: offers[name].title, persist_state="session",
        )  # fmt: skip
        part = panels.choose_one(texts.PART, texts.PARTS, key=state.PART)
    if chosen is None:
        selection, chosen = replace(selection, convnet=cache.convnet(_EXAMPLE)), _KNOWN[FASHION]
        is_example = True
    else:
        is_example = False
    dataset = cache.dataset(offers[chosen].source, 0)
    mapping = _choose_mapping(dataset.class_names, selection.convnet)
    return Subject(selection, dataset, part, mapping, is_example)


def show_example(subject: Subject, chosen: Convnet) -> None:
    """Say that what is shown is an example, and how to see one's own."""
    text = texts.EXAMPLE.format(
        network=subject.selection.convnet.name,
        title=panels.plain(subject.dataset.title),
        chosen=panels.plain(chosen.name),
    )
    st.info(text, icon=":material/lightbulb:")


def _usual_set(convnet: Convnet) -> str | None:
    """The set that a network was made for: its run's own, or one with its classes."""
    offers = sets.offered()
    if convnet.name in trained_networks():
        source = str(open_run(runs_folder() / convnet.name).recipe.get("data"))
        return next((name for name, offer in offers.items() if offer.source == source), None)
    return _KNOWN.get(convnet.class_names)


def _choose_mapping(names: tuple[str, ...], convnet: Convnet) -> ClassMapping:
    """Class for class where the names are the same; else guessed, and there to be changed."""
    if names == convnet.class_names:
        return tuple((index,) for index in range(len(names)))
    guessed = mistakes.guess_mapping(names, convnet.class_names)
    every = range(len(convnet.class_names))
    with st.popover(texts.MAPPING, icon=":material/swap_horiz:", type="tertiary"):
        st.caption(texts.MAPPING_HELP)
        chosen = [
            st.multiselect(
                name, every, list(guess), format_func=convnet.class_names.__getitem__, persist_state="session",
                key=f"stands for {convnet.fingerprint} {name}",
            )
            for name, guess in zip(names, guessed, strict=True)
        ]  # fmt: skip
    return tuple(tuple(sorted(classes)) for classes in chosen)


def evaluation_or_progress(subject: Subject) -> Evaluation | None:
    """Return the answers, or draw the way to them: at once where that is quick, else an estimate and a button."""
    found = _known(subject)
    if found is not None:
        return found
    job = jobs().get(subject.key, owner())
    if job is None and (subject.is_example or _seconds(subject) < _QUICK_SECONDS):
        job = _start(subject)
    if job is not None and job.is_active:
        panels.watch(job, lambda: panels.progress(job, texts.PROGRESS.format(done=job.done, total=job.total)))
        return None
    _offer(subject, job)
    return None


def _known(subject: Subject) -> Evaluation | None:
    return _evaluation(subject.key, subject)


@st.cache_resource(max_entries=6, show_spinner=False, validate=lambda found: found is not None)
def _evaluation(key: str, _subject: Subject) -> Evaluation | None:
    convnet, names = _subject.selection.convnet, _subject.dataset.class_names
    return EvaluationStore().find(convnet, _subject.pictures, names, _subject.mapping)


def _seconds(subject: Subject) -> float:
    return cache.seconds_a_run(subject.selection) * len(subject.pictures) / _BATCH_GAIN


def _offer(subject: Subject, job: Job | None) -> None:
    if job is not None:
        panels.explain(job.error or texts.STOPPED)
    with st.container(horizontal=True, vertical_alignment="center"):
        label = texts.EVALUATE.format(count=f"{len(subject.pictures):,}")
        st.button(label, type="primary", icon=":material/play_arrow:", on_click=_begin, args=(subject,), key="evaluate")
        st.caption(texts.ESTIMATE.format(time=patterns.seconds_text(_seconds(subject))))


def _begin(subject: Subject) -> None:
    _start(subject)


def _start(subject: Subject) -> Job:
    def work(job: Job) -> None:
        mistakes.evaluate(
            subject.selection.convnet, subject.pictures, class_names=subject.dataset.class_names,
            mapping=subject.mapping, on_step=job.step, store=EvaluationStore(),
        )  # fmt: skip

    return jobs().start(subject.key, owner(), work)


def show_headline(subject: Subject, evaluation: Evaluation) -> None:
    """Say how much is right, how sure that is, and what was left out."""
    found = mistakes.accuracy(evaluation)
    low, high = components.percent(found.low), components.percent(found.high)
    parts = [texts.RANGE.format(low=low, high=high)]
    if len(evaluation.class_names) > 2 * evaluation.top_classes.shape[1]:
        top = mistakes.accuracy(evaluation, top=evaluation.top_classes.shape[1])
        parts.append(texts.TOP5.format(share=components.percent(top.value)))
    st.markdown(texts.HEADLINE.format(count=f"{found.total:,}", share=components.percent(found.value)))
    st.caption(" · ".join(parts))
    if subject.part == "train" and not subject.is_example:
        st.caption(texts.LEARNT)
    if evaluation.unreadable:
        _, reason = evaluation.unreadable[0]
        st.caption(panels.plain(texts.UNREADABLE.format(count=len(evaluation.unreadable), reason=reason)))
    if evaluation.unmapped:
        names = ", ".join(name for name, _ in evaluation.unmapped[:5])
        count = sum(pictures for _, pictures in evaluation.unmapped)
        st.caption(panels.plain(texts.UNMAPPED.format(count=f"{count:,}", names=names)))


def show_matrix(evaluation: Evaluation) -> None:
    """Draw the confusion matrix, classes that are confused side by side; a click opens a cell."""
    counts = mistakes.confusion(evaluation)
    order = mistakes.confused_order(counts)
    names = [evaluation.class_names[index] for index in order]
    cell = chosen_cell(evaluation)
    place = {int(index): position for position, index in enumerate(order)}
    figure = figures.clickable_confusion(
        counts[np.ix_(order, order)], names, picked=(place[cell[0]], place[cell[1]]) if cell else None,
        true=texts.TRUE, said=texts.SAID, hover=texts.CELL,
    )  # fmt: skip
    share = components.percent(float(evaluation.is_right.mean()))

    def pick() -> None:
        points = st.session_state["matrix"]["selection"]["points"]
        if points:
            row, column = (int(order[position]) for position in points[0]["customdata"])
            _open_cell((row, column))

    st.header(texts.MATRIX, anchor=False)
    st.plotly_chart(
        figure, key="matrix", on_select=pick, selection_mode="points", config={"displayModeBar": False},
        alt=texts.MATRIX_ALT.format(count=len(evaluation), share=share),
    )  # fmt: skip
    _show_pairs(evaluation)


def _open_cell(cell: tuple[int, int] | None) -> None:
    state.select(state.CELL, _ALL if cell is None else f"{cell[0]}:{cell[1]}")
    state.select(state.ITEM, None)
    st.session_state["gallery_page"] = 1


def _show_pairs(evaluation: Evaluation) -> None:
    with st.container(horizontal=True):
        st.button(texts.ALL, on_click=_open_cell, args=(None,), key="all_mistakes", type="tertiary")
        for pair in mistakes.confused_pairs(evaluation, most=4):
            true, said = evaluation.class_names[pair.label], evaluation.class_names[pair.predicted]
            st.button(
                f"{panels.plain(texts.PAIR.format(true=true, said=said))} · {pair.count}", type="tertiary",
                on_click=_open_cell, args=((pair.label, pair.predicted),), key=f"pair {pair.label} {pair.predicted}",
            )  # fmt: skip


def chosen_cell(evaluation: Evaluation) -> tuple[int, int] | None:
    """The cell that is open, labelled and answered class; None for all mistakes."""
    count = len(evaluation.class_names)
    cells = {f"{label}:{said}" for label in range(count) for said in range(count)}
    pairs = mistakes.confused_pairs(evaluation, most=1)
    usual = f"{pairs[0].label}:{pairs[0].predicted}" if pairs else _ALL
    state.settle(state.CELL, {*cells, _ALL}, usual)
    chosen = str(st.session_state[state.CELL])
    if chosen == _ALL:
        return None
    label, said = chosen.split(":")
    return int(label), int(said)


def show_gallery(subject: Subject, evaluation: Evaluation) -> int | None:
    """Draw the pictures of the open cell; return the row of the chosen one."""
    cell = chosen_cell(evaluation)
    names = evaluation.class_names
    title = texts.ALL if cell is None else texts.PAIR.format(true=names[cell[0]], said=names[cell[1]])
    with st.container(horizontal=True, vertical_alignment="bottom", horizontal_alignment="distribute"):
        heading = st.empty()
        order = st.selectbox(
            texts.ORDER, list(texts.ORDERS), key="mistakes_order", format_func=texts.ORDERS.__getitem__,
            persist_state="session", width=220,
        )  # fmt: skip
    rows = mistakes.mistakes(evaluation, order=cast(Order, order), of=cell)
    heading.markdown(f"**{panels.plain(texts.GALLERY.format(title=title, count=f'{len(rows):,}'))}**")
    if not len(rows):
        st.caption(texts.GALLERY_EMPTY)
        return None
    shown = _page_of(rows)
    indices = tuple(int(index) for index in evaluation.indices[shown])
    state.settle(state.ITEM, [str(index) for index in evaluation.indices])
    chosen = st.session_state[state.ITEM]
    picked = indices.index(int(chosen)) if chosen is not None and int(chosen) in indices else None
    components.contact_sheet(
        thumbnails(subject, indices, _TILE),
        key="gallery",
        title=title,
        names=[name_of(evaluation, int(row)) for row in shown],
        picked=picked,
        on_pick=lambda position: state.select(state.ITEM, str(indices[position])),
        tile=_TILE,
        height=470,
    )
    row = np.flatnonzero(evaluation.indices == int(chosen)) if chosen is not None else shown[:1]
    return int(row[0])


def _page_of(rows: np.ndarray) -> np.ndarray:
    pages = -(-len(rows) // _A_PAGE)
    if pages == 1:
        return rows
    page = int(st.pagination(pages, key="gallery_page"))
    return rows[(page - 1) * _A_PAGE : page * _A_PAGE]


def name_of(evaluation: Evaluation, row: int) -> str:
    """Say of a picture what it is labelled as, and what the network says."""
    names = evaluation.class_names
    share = components.percent(float(evaluation.confidence[row]))
    return texts.PICTURE.format(true=names[evaluation.labels[row]], said=names[evaluation.predicted[row]], share=share)


def thumbnails(subject: Subject, indices: tuple[int, ...], side: int) -> np.ndarray:
    """Some of the pictures as small squares: `(pictures, side, side, 3)` uint8."""
    return cache.thumbnails(subject.pictures, indices, side)
