"""Which pictures shall be learned from: a set that is known by name, or a person's own?"""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from cnnviz.dashboard import language, sets, state, store
from cnnviz.dashboard.sets import Offer
from cnnviz.dashboard.texts import training as texts
from cnnviz.errors import CnnvizError

_MOST_MEGABYTES = 256


def choose(key: str, usual: str, *, others: Sequence[str] = ()) -> str:
    """Draw the choice of the pictures; return what `load_dataset` opens.

    Args:
        key: Key of the choice.
        usual: Name of the set that is chosen by default.
        others: Keys of choices that follow, such as those of other recipes: one's pictures stay one's pictures.
    """
    offers = sets.offered()
    state.settle(key, offers, usual)
    titles = {name: _title(offer) for name, offer in offers.items()}
    chosen = st.selectbox(
        texts.DATA, list(offers), key=key, format_func=titles.__getitem__, persist_state="session", width=300,
        on_change=_take, args=(key, others),
    )  # fmt: skip
    return offers[chosen].source


def _take(key: str, others: Sequence[str]) -> None:
    _turn(others, st.session_state[key])


def _turn(keys: Sequence[str], name: str) -> None:
    for key in keys:
        state.select(key, name)


def _title(offer: Offer) -> str:
    title = offer.title if offer.is_own else language.say(offer.title)
    return title if offer.is_here else texts.DOWNLOADED.format(title=title)


def take_own(keys: Sequence[str]) -> None:
    """Draw where a person's own pictures are taken in.

    Args:
        keys: Keys of the choices that turn to them.
    """
    with st.popover(texts.OWN_DATA, icon=":material/upload_file:", type="tertiary"):
        st.file_uploader(
            texts.OWN_DATA_HELP.format(folder=store.data_folder()), type=["zip"], key="data_upload",
            max_upload_size=_MOST_MEGABYTES, on_change=_take_upload, args=(keys,),
        )  # fmt: skip
    if sentence := st.session_state.pop("_data_error", None):
        st.error(language.say(sentence), icon=":material/error:")


def _take_upload(keys: Sequence[str]) -> None:
    file = st.session_state["data_upload"]
    if file is None:
        return
    try:
        _turn(keys, store.put_data(file.name, file.getvalue()).name)
    except CnnvizError as error:
        st.session_state["_data_error"] = error.sentence
