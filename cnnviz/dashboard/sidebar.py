"""Sidebar: model and image on every page, layer and class as soon as the model is open.

The language of the interface and the switch that presents the page stand below them, where they are out of the way.
"""

from __future__ import annotations

from typing import NoReturn

import numpy as np
import streamlit as st

from cnnviz import images
from cnnviz.convnets import DEFAULT, Convnet, catalog
from cnnviz.dashboard import cache, components, language, panels, presenter, samples, state, store, uploads
from cnnviz.dashboard.cached import kept
from cnnviz.dashboard.state import Selection
from cnnviz.dashboard.texts import shared
from cnnviz.datasets.looking import check_harmless
from cnnviz.errors import CnnvizError, ModelError, RefusedFileError
from cnnviz.layers import LayerInfo, layers
from cnnviz.runs import trained_networks

_THUMBNAIL = 96
_SHOWN_BITS = 8
_BELOW = "_below_the_image"


def show() -> None:
    """Draw what needs no network: which model, which image, which language."""
    state.apply_pending()
    with st.sidebar:
        _choose_network()
        _choose_image()
        st.session_state[_BELOW] = st.container()
        panels.choose_one(
            shared.LANGUAGE, language.LANGUAGES, key=state.LANGUAGE, in_url=True, default=language.usual()
        )
        presenter.offer()


def selection() -> Selection:
    """Open what is selected and draw the choices that hang on it; explains and stops the page if that fails."""
    try:
        convnet = cache.convnet(state.model())
        photo = cache.photo(state.image())
    except ModelError as error:
        _give_back(error)
    except CnnvizError as error:
        panels.explain(error)
        panels.end()
    st.session_state["_last_good_model"] = state.model()
    with st.session_state[_BELOW]:
        layer = _choose_layer(convnet)
        class_index = _choose_class(convnet)
    _warn(convnet)
    return Selection(convnet, state.image(), photo.pixels, photo.notes, layer, class_index)


def _give_back(error: ModelError) -> NoReturn:
    """Explain a model that does not open; after an upload, return to the one before.

    The file is kept for others unless it is bad itself: a full disk or too little memory passes.
    """
    name = state.model()
    if name not in catalog():
        if isinstance(error, RefusedFileError):
            store.drop_model(name)
        _forget_network(name)
        with uploads.told_later("models"):
            raise error
        state.set_on_next_run(state.MODEL, st.session_state.get("_last_good_model", DEFAULT))
        st.rerun()
    panels.explain(error)
    panels.end()


def _warn(convnet: Convnet) -> None:
    if (count := len(convnet.head_names)) > 1:
        name = panels.plain(convnet.head_names[convnet.head])
        st.caption(shared.HEAD_USED.format(name=name, count=count))
    entry = catalog().get(convnet.name)
    if entry is not None and not entry.is_trained:
        st.info(shared.UNTRAINED, icon=":material/info:")
    if count := cache.not_finite(convnet.fingerprint, convnet):
        st.warning(shared.NOT_FINITE.format(count=f"{count:,}"), icon=":material/warning:")


def own_networks() -> list[str]:
    """Names of the models that this session uploaded or was linked to."""
    return st.session_state.setdefault("own_networks", [])


def viewable(convnet: Convnet) -> list[LayerInfo]:
    """List the layers whose output can be shown: maps, or a row of units."""
    return [info for info in layers(convnet) if not info.is_container and (info.has_maps or info.is_vector)]


def _choose_network() -> None:
    linked = state.model()
    if linked not in own_networks() and store.model_path(linked):
        own_networks().append(linked)
    names = [*catalog(), *trained_networks(), *own_networks()]
    state.validate_choice(state.MODEL, names, state.default_model())
    st.selectbox(shared.MODEL, names, key=state.MODEL)
    popover = st.popover(shared.UPLOAD_MODEL, icon=":material/upload_file:", width="stretch")
    with popover:
        uploads.uploader(
            "models", shared.UPLOAD_MODEL_HELP, key="model_upload", types=["keras", "h5", "hdf5", "zip"],
            take_in=_take_model,
        )  # fmt: skip
    uploads.offer_deletion("models", state.model(), _deselect_network)
    uploads.explain("models", popover)


def _take_model(file_name: str, data: bytes) -> str:
    """Keep an uploaded model and select it; whether it opens shows when the page runs."""
    name = store.put_model(file_name, data)
    if name not in own_networks():
        own_networks().append(name)
    state.select(state.MODEL, name)
    return name


def _deselect_network() -> None:
    _forget_network(state.model())
    state.select(state.MODEL, None)


def _forget_network(name: str) -> None:
    if name in own_networks():
        own_networks().remove(name)


def _choose_image() -> None:
    names = samples.offered(state.model())
    usual = names[0]
    if state.image() not in names and samples.exists(state.image()):
        names.insert(0, state.image())
    state.validate_choice(state.IMAGE, names, usual, is_told=samples.is_upload(state.image()))
    thumbnails = np.stack([_thumbnail(name) for name in names])
    st.markdown(shared.IMAGE)
    components.contact_sheet(
        thumbnails,
        key="pictures",
        title=shared.IMAGE,
        names=[samples.title(name) for name in names],
        picked=names.index(state.image()),
        on_pick=lambda position: state.select(state.IMAGE, names[position]),
        tile=72,
        is_sharp=False,
    )
    popover = st.popover(shared.UPLOAD_IMAGE, icon=":material/add_photo_alternate:", width="stretch")
    with popover:
        uploads.uploader(
            "pictures", shared.UPLOAD_IMAGE_TYPES, key="upload", types=samples.UPLOAD_TYPES, take_in=_take_image
        )
        if st.toggle(shared.CAMERA, key="camera_on"):
            st.camera_input(
                shared.CAMERA, key="camera", on_change=uploads.take, args=("pictures", "camera", _take_image),
                label_visibility="collapsed",
            )  # fmt: skip
    _choose_stretch(state.image())
    uploads.offer_deletion("pictures", samples.as_it_is(state.image()), _deselect_image)
    uploads.explain("pictures", popover)


def _choose_stretch(name: str) -> None:
    """Offer to stretch an upload that has more tones than are shown."""
    other = samples.other_way(name)
    if other is not None and cache.photo(name).bits > _SHOWN_BITS:
        st.toggle(
            shared.STRETCH, samples.is_stretched(name), key=f"stretch {name}", help=shared.STRETCH_HELP,
            on_change=state.select, args=(state.IMAGE, other),
        )  # fmt: skip


def _take_image(_: str, data: bytes) -> str:
    """Keep an uploaded image, and select it; a broken one changes nothing."""
    if not check_harmless(data):
        images.read_photo(data)  # says what is wrong with it
    name = store.put("pictures", images.without_personal_data(data))
    state.select(state.IMAGE, name)
    return name


def _deselect_image() -> None:
    state.select(state.IMAGE, None)


@kept()
def _thumbnail(name: str) -> np.ndarray:
    return images.fit(cache.photo(name).pixels, (_THUMBNAIL, _THUMBNAIL))


def _choose_layer(convnet: Convnet) -> str | None:
    addresses = [info.address for info in viewable(convnet)]
    state.validate_choice(state.LAYER, addresses)
    chosen = st.selectbox(
        shared.LAYER,
        addresses,
        index=None,
        key=state.LAYER,
        persist_state="session",
        placeholder=shared.LAYER_PLACEHOLDER,
    )
    return str(chosen) if chosen else None


def _choose_class(convnet: Convnet) -> int | None:
    names = list(convnet.class_names)
    if not names:
        return None
    state.validate_choice(state.CLASS, names)
    if len(names) == 1:  # a single number: there is nothing to choose
        return None
    spoken = dict(zip(names, language.class_names(names), strict=True))
    label, usual = shared.CLASS, shared.CLASS_PLACEHOLDER
    if not convnet.has_classes:
        label, usual = shared.VALUE, shared.VALUE_PLACEHOLDER
    chosen = st.selectbox(
        label, names, index=None, key=state.CLASS, persist_state="session", placeholder=usual,
        format_func=spoken.__getitem__,
    )  # fmt: skip
    return names.index(chosen) if chosen else None
