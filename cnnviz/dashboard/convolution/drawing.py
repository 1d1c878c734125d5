"""Draw-a-digit view: predictions and feature maps of a digit or garment drawn by hand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import streamlit as st

from cnnviz import images, probes
from cnnviz.activations import tiles
from cnnviz.convnets import Convnet
from cnnviz.dashboard import cache, components, language, panels, state, store, uploads
from cnnviz.dashboard.cached import kept
from cnnviz.dashboard.components import Stroke
from cnnviz.dashboard.convolution import export, ink
from cnnviz.dashboard.state import Selection
from cnnviz.dashboard.texts import convolution as texts
from cnnviz.images import drawings
from cnnviz.layers import layers
from cnnviz.probes import ForwardPass

_CANVAS = 140  # pixels a side: fine enough for a small digit, and five of them make one of the model's
_RAW, _FITTED = "raw", "fitted"
_CANVAS_SHOWN = 340  # pixels of the screen: the first layers are to be seen while one draws
_RECEIVED = 180  # pixels of the screen, on a phone too: the answer is to be seen below it
_SHEET = 900
_UNIT = 12
_ROW_OF_UNITS = 60
_MAPS_A_ROW, _LARGEST_TILE = 16, 112
_GAP = (128, 128, 128)  # between maps, in both themes
_SAME_NUMBERS = ("Rescaling", "Flatten", "Dropout")  # layers that only pass on what the one before shows


@dataclass(frozen=True)
class _Subject:
    """What is drawn: the model that knows it, how a drawing becomes its input, and a drawing to begin with."""

    network: str
    fit: Callable[[np.ndarray], np.ndarray]
    example: tuple[Stroke, ...]


def _stroke(width: float, *points: tuple[float, float]) -> Stroke:
    return Stroke(width, False, points)


_SUBJECTS = {
    "digit": _Subject(
        "lenet5-mnist",
        drawings.as_digit,
        (_stroke(11, (42, 45), (52, 30), (72, 25), (88, 36), (88, 54), (70, 78), (40, 108), (66, 108), (98, 106)),),
    ),
    "garment": _Subject(
        "fashion-cnn",
        drawings.as_garment,
        (
            _stroke(30, (52, 24), (52, 70), (46, 118)),
            _stroke(30, (88, 24), (88, 70), (94, 118)),
            _stroke(30, (52, 30), (88, 30)),
        ),
    ),
}


def show(_: Selection) -> None:
    """Draw a canvas, and what the model makes of what is on it, anew each time that the pen lifts."""
    with st.container(horizontal=True, vertical_alignment="center"):
        kind = panels.choose_one(texts.DRAW, texts.DRAW_KINDS, key=state.DRAW, in_url=True)
        way = panels.choose_one(texts.DRAW_WAY, texts.DRAW_WAYS, key=state.FITTED, in_url=True, default=_FITTED)
    subject = _SUBJECTS[kind]
    convnet = _ready(subject.network)
    canvas, received, answer = st.columns([4, 2, 3], gap="large")
    with canvas:
        strokes = _draw(kind)
    painted = components.painted(strokes, _CANVAS, _CANVAS)
    if not painted.any():
        with answer:
            _invite(kind)
        return
    digit = (subject.fit if way == _FITTED else drawings.as_it_is)(painted)
    photo = images.rgb(np.rint(255 * digit).astype(np.uint8)[:, :, None])
    reading = _read(convnet, photo)
    with received:
        _show_received(convnet, photo, texts.DRAW_WAYS_HELP[way if way == _RAW else kind])
    with answer:
        _show_answer(convnet, reading)
    _show_layers(reading)
    export.drawn(subject.network, photo, reading)


def _ready(name: str) -> Convnet:
    """Open a model and have it compiled before the pen lifts for the first time."""
    convnet = cache.convnet(name)
    _compiled(name, convnet)
    return convnet


@kept()
def _compiled(name: str, _convnet: Convnet) -> bool:
    blank = np.zeros((drawings.SIDE, drawings.SIDE, 3), np.uint8)
    for _ in range(2):  # the first answers eagerly, the second compiles
        _read(_convnet, blank)
    return True


def _read(convnet: Convnet, photo: np.ndarray) -> ForwardPass:
    shown = [info for info in layers(convnet) if not info.is_container and info.kind not in _SAME_NUMBERS]
    wanted = [info.address for info in shown[:-1]]  # the last one's numbers are the answer
    with cache.compute(convnet):
        return probes.forward(convnet, convnet.prepare([photo]), layers=wanted)


def _draw(kind: str) -> tuple[Stroke, ...]:
    """Draw the canvas, and return what is on it; it stands in the URL."""
    said = str(st.session_state.get(state.INK) or "")
    strokes = ink.read(kind, said)
    state.validate_choice(state.INK, [said] if strokes else [])
    components.paint(
        np.zeros((_CANVAS, _CANVAS, 3), np.uint8),
        key=f"canvas_{kind}",
        title=texts.DRAW_TITLES[kind],
        strokes=strokes,
        on_paint=lambda painted: _take(kind, painted),
        width=_CANVAS_SHOWN,
    )
    return strokes


def _invite(kind: str) -> None:
    st.markdown(texts.DRAW_EMPTY[kind])
    example = _SUBJECTS[kind].example
    st.button(texts.DRAW_EXAMPLE, icon=":material/draw:", on_click=_take, args=(kind, example))


def _take(kind: str, strokes: tuple[Stroke, ...]) -> None:
    state.select(state.INK, ink.write(kind, strokes))


def _show_received(convnet: Convnet, photo: np.ndarray, help_text: str) -> None:
    st.markdown(texts.DRAW_RECEIVED)
    with st.container(width=_RECEIVED):
        components.image(photo, key="drawn_received", alt=texts.DRAW_RECEIVED)
    st.caption(help_text)
    st.button(
        texts.DRAW_KEEP,
        icon=":material/travel_explore:",
        help=texts.DRAW_KEEP_HELP,
        on_click=_keep,
        args=(convnet.name, images.png_bytes(photo)),
    )
    uploads.explain("drawing")


def _keep(network: str, png: bytes) -> None:
    """Make the drawing the image of all pages, and the model that knows it theirs."""
    with uploads.told_later("drawing"):
        state.pin(state.IMAGE, store.put("pictures", png))
        state.pin(state.MODEL, network)
        state.pin(state.VIEW, "inside")


def _show_answer(convnet: Convnet, reading: ForwardPass) -> None:
    names = language.class_names(convnet.class_names)
    probabilities = reading.probabilities[0]
    components.bars(
        [(index, names[index], float(share)) for index, share in enumerate(probabilities)],
        key="drawn_answer",
        title=texts.DRAW_ANSWER,
        picked=int(probabilities.argmax()),
        on_pick=lambda _: None,
        are_shares=convnet.has_probabilities,
    )


def _show_layers(reading: ForwardPass) -> None:
    """Draw every layer: maps as sheets, units as rows of cells, each on its own scale."""
    for address, output in reading.maps.items():
        maps = output[0]
        sheet = _sheet(maps) if maps.ndim == 3 else _units(maps)
        shape = " × ".join(map(str, maps.shape))
        st.markdown(texts.DRAW_LAYER.format(layer=panels.plain(address), shape=shape))
        with st.container(width=sheet.shape[1]):
            components.image(sheet, key=f"drawn_{address}", alt=texts.DRAW_LAYER_ALT.format(layer=address))


def _sheet(maps: np.ndarray) -> np.ndarray:
    tile = min(_LARGEST_TILE, _SHEET // min(maps.shape[2], _MAPS_A_ROW))
    factor = max(1, tile // maps.shape[0])
    sharp = [images.scale_up(tile, factor) for tile in tiles(maps)]
    return images.contact_sheet(images.lookup_table("viridis")[np.stack(sharp)], columns=_MAPS_A_ROW, background=_GAP)


def _units(values: np.ndarray) -> np.ndarray:
    cells = tiles(values[None, None], normalize="layer")  # (units, 1, 1)
    sharp = cells.repeat(_UNIT, axis=1).repeat(_UNIT, axis=2)
    return images.contact_sheet(images.lookup_table("viridis")[sharp], columns=_ROW_OF_UNITS, gap=1, background=_GAP)
