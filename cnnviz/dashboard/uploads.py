"""Upload widgets: size limits, errors, and deletion of uploads."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import streamlit as st

from cnnviz.dashboard import language, panels, started, store
from cnnviz.dashboard.private_streamlit import DeltaGenerator, is_active_session, session_id
from cnnviz.dashboard.texts import shared
from cnnviz.dashboard.upload_limits import MEGABYTES
from cnnviz.datasets.notes import shown
from cnnviz.errors import CnnvizError, UploadError


def uploader(kind: str, label: str, *, key: str, types: Sequence[str], take_in: Callable[[str, bytes], str]) -> None:
    """Draw the place where files of a kind are taken in.

    Args:
        kind: Key of `MEGABYTES`.
        label: What is taken.
        key: Key of the widget.
        types: Endings of the files.
        take_in: Keeps the file of this name and content, selects it, and returns the name that `store` knows it by.
    """
    st.file_uploader(
        label, type=types, key=key, max_upload_size=MEGABYTES[kind], on_change=take, args=(kind, key, take_in)
    )


def take(kind: str, key: str, take_in: Callable[[str, bytes], str]) -> None:
    """Take in what a widget received, or leave a sentence about what is wrong with it; for callbacks."""
    file = st.session_state[key]
    if file is None:
        return
    with told_later(kind):
        if file.size > MEGABYTES[kind] * 2**20:
            raise UploadError(
                "{name!r} is larger than {most} MB. Choose a smaller file.", name=shown(file.name), most=MEGABYTES[kind]
            )
        _uploaders()[kind, take_in(file.name, file.getvalue())].add(session_id())


@contextmanager
def told_later(kind: str) -> Iterator[None]:
    """Keep what goes wrong with an upload until `explain` says it: a callback has no place on the page."""
    try:
        yield
    except CnnvizError as error:
        st.session_state[f"_{kind}_error"] = error.sentence


def explain(kind: str, *popover: DeltaGenerator) -> None:
    """Say once what was wrong with the last upload of a kind: here, and in the popover, which when open covers it."""
    sentence = st.session_state.pop(f"_{kind}_error", None)
    for place in (*popover, st.container()) if sentence else ():
        place.error(panels.plain(language.say(sentence)), icon=":material/error:")


def offer_deletion(kind: str, name: str, deselect: Callable[[], None]) -> None:
    """Offer to delete an upload that is selected; anything else is not offered.

    Args:
        kind: Key of `MEGABYTES`.
        name: What is selected, by the name that `store` knows it by.
        deselect: Called once it is deleted.
    """
    if _may_delete(kind, name):
        with st.popover(shared.DELETE, icon=":material/delete:", type="tertiary", key=f"delete_{kind}"):
            st.markdown(shared.DELETE_SURE)
            st.button(
                shared.DELETE, icon=":material/delete:", key=f"delete {kind}", on_click=_delete,
                args=(kind, name, deselect),
            )  # fmt: skip


def _delete(kind: str, name: str, deselect: Callable[[], None]) -> None:
    """Delete an upload, or where others uploaded the same and are still here, let go of it alone."""
    with told_later(kind):
        if not _may_delete(kind, name):
            return
        uploaders = _uploaders()[kind, name] - {session_id()}
        if started.is_solo() or not any(is_active_session(session) for session in uploaders):
            store.remove(kind, name)
            uploaders = set()
        _uploaders()[kind, name] = uploaders
        deselect()


def _may_delete(kind: str, name: str) -> bool:
    """Whether it is an upload, and one's own where others open the pages too."""
    return store.get(kind, name) is not None and (
        started.is_solo() or session_id() in _uploaders().get((kind, name), ())
    )


@st.cache_resource(show_spinner=False)
def _uploaders() -> defaultdict[tuple[str, str], set[str]]:
    """Sessions that uploaded a file, by its kind and name: files with the same content are kept once."""
    return defaultdict(set)
