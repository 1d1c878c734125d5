"""Gallery of evaluated images: scope, filters, sort order, pages and the chosen image."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
import streamlit as st

from cnnviz import mistakes
from cnnviz.dashboard import cache, components, language, panels, state
from cnnviz.dashboard.cached import kept
from cnnviz.dashboard.mistakes.subject import Subject
from cnnviz.dashboard.texts import mistakes as texts
from cnnviz.mistakes import Evaluation, Order

ALL, ANY = "all", "*"
_A_PAGE = 56  # at 72 pixels in color they are less than a megabyte
_TILES = ((8, 140), (20, 104))  # up to so many images, so large
_TILE = 72
_KIND, _SEARCH, _PAGE, _RESTARTS = "mistakes_kind", "mistakes_search", "gallery_page", "_gallery_restarts"


@dataclass(frozen=True)
class Scope:
    """Which images are looked at.

    Attributes:
        label: The labeled class; None for any.
        said: The model's answer; None for any.
    """

    label: int | None = None
    said: int | None = None

    @property
    def is_cell(self) -> bool:
        """Whether it is one cell of the matrix."""
        return self.label is not None and self.said is not None

    @property
    def address(self) -> str:
        """How a link says it: `6:0`, `6:*` or `all`."""
        if self.label is None:
            return ALL
        return f"{self.label}:{ANY if self.said is None else self.said}"


def chosen_scope(evaluation: Evaluation) -> Scope:
    """What is open: a cell, a class, or all; the most confused pair where nothing was chosen."""
    count = len(evaluation.class_names)
    pairs = mistakes.confused_pairs(evaluation, most=1)
    usual = Scope(pairs[0].label, pairs[0].predicted) if pairs else Scope()
    chosen = _scope(str(st.session_state.get(state.CELL) or ""), count)
    state.validate_choice(state.CELL, () if chosen is None else (chosen.address,), usual.address)
    return _scope(str(st.session_state[state.CELL]), count) or usual


def _scope(address: str, count: int) -> Scope | None:
    """Read what a link says; None where it says no cell of so many classes."""
    if address == ALL:
        return Scope()
    match = re.fullmatch(rf"(\d{{1,6}}):(\d{{1,6}}|{re.escape(ANY)})", address)
    if match is None:
        return None
    label, said = int(match[1]), None if match[2] == ANY else int(match[2])
    scope = Scope(label, said)
    return scope if max(label, said or 0) < count and scope.address == address else None


def open_scope(scope: Scope) -> None:
    """Show other images from the first one on; for callbacks."""
    state.select(state.CELL, scope.address)
    state.select(_KIND, None)
    _restart()


def open_item(evaluation: Evaluation, row: int) -> None:
    """Choose an image; for callbacks."""
    state.select(state.ITEM, str(int(evaluation.indices[row])))


def title_of(evaluation: Evaluation, scope: Scope, *, kind: str = "wrong") -> str:
    """Name what is open, for people."""
    names = language.class_names(evaluation.class_names)
    if scope.label is None:
        return texts.ALL.format(kind=texts.KIND_TITLES[kind])
    if scope.said is None:
        return texts.ONE_CLASS.format(kind=texts.KIND_TITLES[kind], name=names[scope.label])
    return texts.PAIR.format(true=names[scope.label], said=names[scope.said])


def show(subject: Subject, evaluation: Evaluation) -> int | None:
    """Draw the images of what is open; return the row of the chosen one, or of the first."""
    scope = chosen_scope(evaluation)
    with st.container(horizontal=True, vertical_alignment="bottom", horizontal_alignment="distribute"):
        heading = st.empty()
        _choose_filter(evaluation, scope)
        order = st.selectbox(
            texts.ORDER, list(texts.ORDERS), key="mistakes_order", format_func=texts.ORDERS.__getitem__,
            persist_state="session", width=200,
        )  # fmt: skip
    rows = mistakes.ordered(evaluation, _filtered(subject, evaluation, scope), order=cast(Order, order))
    title = title_of(evaluation, scope, kind=str(st.session_state[_KIND]))
    heading.markdown(f"**{panels.plain(texts.GALLERY.format(title=title, count=f'{len(rows):,}'))}**")
    if not len(rows):
        st.caption(texts.GALLERY_EMPTY)
        return chosen_row(evaluation)
    shown = page_of(rows)
    show_rows(subject, evaluation, shown, key="gallery", title=title, otherwise=int(shown[0]))
    return chosen_row(evaluation, otherwise=int(shown[0]))


def chosen_row(evaluation: Evaluation, *, otherwise: int | None = None) -> int | None:
    """The row of the image that was chosen."""
    chosen = str(st.session_state.get(state.ITEM) or "")
    is_known = bool(re.fullmatch(r"\d{1,9}", chosen)) and bool((evaluation.indices == int(chosen)).any())
    state.validate_choice(state.ITEM, (str(int(chosen)),) if is_known else ())
    chosen = st.session_state[state.ITEM]
    return otherwise if chosen is None else int(np.flatnonzero(evaluation.indices == int(chosen))[0])


def show_rows(
    subject: Subject,
    evaluation: Evaluation,
    rows: np.ndarray,
    *,
    key: str,
    title: str,
    names: Sequence[str] | None = None,
    height: int = 470,
    otherwise: int | None = None,
) -> None:
    """Draw some rows as tiles, the fewer the larger; a click chooses the image for the card.

    Args:
        subject: Whose mistakes.
        evaluation: The answers.
        rows: At least one row.
        key: Streamlit key.
        title: What the tiles are, for screen readers.
        names: What is said of each image; its label and its answer if not given.
        height: Pixels after which the tiles scroll.
        otherwise: Row that is framed, since the card shows it, where none was chosen.
    """
    tile = next((side for most, side in _TILES if len(rows) <= most), _TILE)
    images = thumbnails(subject, evaluation, rows, tile)
    chosen = chosen_row(evaluation, otherwise=otherwise)
    places = [int(row) for row in rows]
    components.contact_sheet(
        images,
        key=key,
        title=title,
        names=names or [name_of(evaluation, row) for row in places],
        picked=places.index(chosen) if chosen in places else None,
        on_pick=lambda position: open_item(evaluation, places[position]),
        tile=tile,
        height=height,
        is_sharp=images.shape[1] < tile,
    )


def thumbnails(subject: Subject, evaluation: Evaluation, rows: np.ndarray, side: int) -> np.ndarray:
    """Some rows' images as small squares: `(images, side, side, 3)` uint8."""
    return cache.thumbnails(subject.images, tuple(int(index) for index in evaluation.indices[rows]), side)


def page_of(rows: np.ndarray, *, key: str = _PAGE) -> np.ndarray:
    """The rows that fit on one page, and the choice of the page where there are several."""
    pages = -(-len(rows) // _A_PAGE)
    if pages == 1:
        return rows
    # It always has a default, and a session must not set what has one: to begin again is another widget.
    page = int(st.pagination(pages, key=f"{key} {pages} {st.session_state.get(_RESTARTS, 0)}"))
    return rows[(page - 1) * _A_PAGE : page * _A_PAGE]


def name_of(evaluation: Evaluation, row: int) -> str:
    """Say of an image what it is labeled as, and what the model says."""
    names = language.class_names(evaluation.class_names)
    share = components.percent(float(evaluation.confidence[row]))
    return texts.IMAGE.format(true=names[evaluation.labels[row]], said=names[evaluation.predicted[row]], share=share)


def _choose_filter(evaluation: Evaluation, scope: Scope) -> None:
    """Draw what narrows the images down."""
    state.validate_choice(_KIND, texts.KINDS, "every" if scope.is_cell else "wrong")
    state.validate_choice("mistakes_class", range(len(evaluation.class_names)), scope.label)
    names = language.class_names(evaluation.class_names)
    with st.popover(texts.FILTER, icon=":material/filter_alt:", type="tertiary"):
        st.segmented_control(
            texts.KIND, list(texts.KINDS), key=_KIND, required=True, format_func=texts.KINDS.__getitem__,
            on_change=_take_kind, args=(scope,), persist_state="session",
        )  # fmt: skip
        st.selectbox(
            texts.CLASS, range(len(evaluation.class_names)), key="mistakes_class", index=None,
            placeholder=texts.CLASS_PLACEHOLDER, format_func=names.__getitem__, on_change=_take_class,
        )  # fmt: skip
        st.text_input(
            texts.SEARCH, key=_SEARCH, placeholder=texts.SEARCH_PLACEHOLDER, persist_state="session",
            on_change=_restart,
        )  # fmt: skip


def _take_kind(scope: Scope) -> None:
    """A cell holds one kind only: leave it for all images."""
    if scope.is_cell:
        state.select(state.CELL, ALL)
    _restart()


def _take_class() -> None:
    label = st.session_state["mistakes_class"]
    kind = st.session_state[_KIND]
    open_scope(Scope(label))
    state.select(_KIND, kind)


def _restart() -> None:
    state.select(state.ITEM, None)
    st.session_state[_RESTARTS] = st.session_state.get(_RESTARTS, 0) + 1


def rows_of(evaluation: Evaluation, scope: Scope) -> np.ndarray:
    """Rows of a cell or a class; of all images, those that are answered wrong."""
    kept = ~evaluation.is_right if scope.label is None else evaluation.labels == scope.label
    return np.flatnonzero(kept if scope.said is None else kept & (evaluation.predicted == scope.said))


def _filtered(subject: Subject, evaluation: Evaluation, scope: Scope) -> np.ndarray:
    """Rows of what is open, as far as the filter lets them pass."""
    kept = _of_kind(evaluation, str(st.session_state[_KIND]))
    if scope.label is not None:
        kept &= evaluation.labels == scope.label
    if scope.said is not None:
        kept &= evaluation.predicted == scope.said
    for word in str(st.session_state.get(_SEARCH) or "").casefold().split():
        kept &= _has_word(subject, evaluation, word)
    return np.flatnonzero(kept)


def _of_kind(evaluation: Evaluation, kind: str) -> np.ndarray:
    kinds = {"wrong": ~evaluation.is_right, "right": evaluation.is_right, "unsure": evaluation.is_unsure}
    return kinds[kind].copy() if kind in kinds else np.ones(len(evaluation), bool)


def _has_word(subject: Subject, evaluation: Evaluation, word: str) -> np.ndarray:
    """Whether a word is part of an image's label, its answer, or its file's name."""
    spoken = zip(evaluation.class_names, language.class_names(evaluation.class_names), strict=True)
    is_meant = np.array([word in f"{name}\n{said}".casefold() for name, said in spoken])
    files = _file_names(subject.images.fingerprint, subject)
    is_named = np.array([word in files[index] for index in evaluation.indices], bool)
    return is_meant[evaluation.labels] | is_meant[evaluation.predicted] | is_named


@kept()
def _file_names(fingerprint: str, _subject: Subject) -> tuple[str, ...]:
    return tuple(name.casefold() for name in mistakes.names_of(_subject.images))
