"""Choice of the training images: a known dataset, or an uploaded one."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import streamlit as st

from cnnviz.dashboard import paths, sets, state, store, uploads
from cnnviz.dashboard.sets import Offer
from cnnviz.dashboard.texts import training as texts


def choose(key: str, usual: str, *, others: Sequence[str] = ()) -> str:
    """Draw the choice of the images; return what `load_dataset` opens.

    Args:
        key: Key of the choice.
        usual: Name of the set that is chosen by default.
        others: Keys of choices that follow, such as those of other recipes: one's images stay one's images.
    """
    offers = sets.offered()
    state.validate_choice(key, offers, usual)
    titles = {name: _title(offer) for name, offer in offers.items()}
    chosen = st.selectbox(
        texts.DATA, list(offers), key=key, format_func=titles.__getitem__, persist_state="session", width=300,
        on_change=_take, args=(key, others),
    )  # fmt: skip
    return offers[chosen].source


def _take(key: str, others: Sequence[str]) -> None:
    _turn(others, st.session_state[key])


def _turn(keys: Sequence[str], name: str | None) -> None:
    for key in keys:
        state.select(key, name)


def _title(offer: Offer) -> str:
    return offer.said if offer.is_here else texts.DOWNLOADED.format(title=offer.said)


def take_own(keys: Sequence[str], source: str | None) -> None:
    """Draw where a person's own images are taken in, and where they are deleted.

    Args:
        keys: Keys of the choices that turn to them.
        source: What is chosen, as `load_dataset` opens it; None if nothing is.
    """
    folder, name = store.data_folder(), Path(source or "").name
    popover = st.popover(texts.UPLOAD_DATASET, icon=":material/upload_file:", type="tertiary")
    with popover:
        uploads.uploader(
            "uploads", texts.UPLOAD_DATASET_HELP.format(folder=folder.name), key="data_upload", types=["zip"],
            take_in=partial(_take_upload, keys),
        )  # fmt: skip
        paths.offer(folder)
    if name and str(store.get("uploads", name)) == source:  # and no other of that name
        uploads.offer_deletion("uploads", name, partial(_turn, keys, None))
    uploads.explain("uploads", popover)


def _take_upload(keys: Sequence[str], file_name: str, data: bytes) -> str:
    name = store.put_data(file_name, data).name
    _turn(keys, name)
    return name
