"""What does the filters page draw: choices, the growing sheet, the card of one filter?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import numpy as np
import streamlit as st

from cnnviz import figures, filters, images
from cnnviz.dashboard import channel_card, components, panels, patterns, state
from cnnviz.dashboard.state import Selection
from cnnviz.dashboard.texts import activations as card_texts
from cnnviz.dashboard.texts import filters as texts
from cnnviz.dashboard.texts import shared
from cnnviz.errors import LayerError
from cnnviz.filters import Pattern, Request, StyleName
from cnnviz.layers import LayerInfo

_DEPTH = 0.32  # a third of the way down: textures of several strokes, in VGG16 block3_conv1
_SOME = 16
_MEBIBYTE = 2**20
_MOST_BYTES = 4 * _MEBIBYTE
_SIZES = (64, 96, 128, 160, 224)
_STEPS = (8, 16, 30, 64, 128, 256)


@dataclass(frozen=True)
class Settings:
    """How patterns are grown."""

    style: str
    size: int
    steps: int
    seed: int


def choose_layer(selection: Selection, infos: list[LayerInfo]) -> LayerInfo:
    """Return the selected layer, or a convolution a third of the way down."""
    if selection.layer is not None:
        return next(info for info in infos if info.address == selection.layer)
    convolutions = [info for info in infos if info.has_maps and info.kind in ("Conv2D", "SeparableConv2D")]
    return (convolutions or infos)[int(_DEPTH * len(convolutions or infos))]


def choose_settings() -> tuple[Settings, str]:
    """Draw style, which filters, and the rare settings."""
    style = panels.choose_one(texts.STYLE, texts.STYLES, key="style", in_url=True)
    which = panels.choose_one(texts.WHICH, texts.WHICHES, key="which", in_url=True)
    with st.popover(shared.SETTINGS, icon=":material/tune:", type="tertiary"):
        size = st.select_slider(texts.SIZE, _SIZES, 128, key="pattern_size", persist_state="session")
        usual = filters.STYLES[cast(StyleName, style)].steps
        steps = st.select_slider(texts.STEPS, _STEPS, usual, key=f"steps_{style}", persist_state="session")
        seed = st.number_input(texts.SEED, 0, 9999, 0, key="seed", persist_state="session")
    return Settings(style, int(size), int(steps), int(seed)), which


def wanted_filters(which: str, count: int, channel: int) -> list[int]:
    """List the filters to show: one, sixteen that hold the selected one, or all."""
    if which == "one":
        return [channel]
    if which == "all":
        return list(range(count))
    start = channel // _SOME * _SOME
    return list(range(start, min(count, start + _SOME)))


def show_sheet(selection: Selection, info: LayerInfo, request: Request, indices: list[int], channel: int) -> None:
    """Draw the patterns that are known, and the way to the others: estimate and button, or progress and Cancel."""
    job = patterns.job_of(request)
    if job is not None and job.is_active:

        def draw() -> None:
            patterns.progress(job)
            found = patterns.known(request, indices)
            _draw_sheet(info, request, indices, found, job.preview or {}, channel)

        panels.watch(job, draw)
        return
    found = patterns.known(request, indices)
    if job is not None and job.error:
        panels.explain(job.error)
    missing = [index for index in indices if index not in found]
    if missing:
        _offer(selection, info, request, indices, missing)
    _draw_sheet(info, request, indices, found, {}, channel)
    _name_odd_ones(found)


def _offer(selection: Selection, info: LayerInfo, request: Request, indices: list[int], missing: list[int]) -> None:
    seconds = patterns.estimate(selection, info, len(missing), request.size, request.steps)
    label = texts.GROW_ONE if len(indices) == 1 else texts.GROW if len(missing) == len(indices) else texts.RESUME
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            label.format(count=len(missing)), type="primary", icon=":material/play_arrow:", key="grow",
            on_click=patterns.grow, args=(selection, request, indices),
        )  # fmt: skip
        st.caption(texts.ESTIMATE.format(time=patterns.seconds_text(seconds)))


def _draw_sheet(
    info: LayerInfo,
    request: Request,
    indices: list[int],
    found: dict[int, Pattern],
    forming: dict[int, np.ndarray],
    channel: int,
) -> None:
    side = _tile_side(len(indices), request.size)
    gray = np.full((request.size, request.size, 3), 128, np.uint8)
    photos = [found[index].photo if index in found else forming.get(index, gray) for index in indices]
    tiles = np.stack([_reduced(photo, side) for photo in photos])
    names = []
    for index in indices:
        status = found[index].status if index in found else "climbing" if index in forming else "waiting"
        said = texts.STATUSES[status]
        names.append((texts.NAME_STATUS if said else texts.NAME).format(filter=index, status=said))
    components.contact_sheet(
        tiles,
        key="pattern_sheet",
        title=texts.SHEET.format(layer=info.address),
        names=names,
        picked=indices.index(channel) if channel in indices else None,
        on_pick=lambda position: state.select(state.CHANNEL, indices[position]),
        dimmed=[position for position, index in enumerate(indices) if index not in found and index not in forming],
        tile=150 if len(indices) <= _SOME else 96,
        height=700,
        is_sharp=False,
    )


def _tile_side(count: int, size: int) -> int:
    """Side at which a sheet stays a message of a few megabytes."""
    side = size
    while side > 24 and count * side * side * 3 > _MOST_BYTES:
        side //= 2
    return side


def _reduced(photo: np.ndarray, side: int) -> np.ndarray:
    return photo if len(photo) == side else images.fit(photo, (side, side))


def _name_odd_ones(found: dict[int, Pattern]) -> None:
    for status, sentence in (("dead", texts.DEAD_LIST), ("rescued", texts.RESCUED_LIST)):
        odd = [str(index) for index, pattern in found.items() if pattern.status == status]
        if odd:
            st.caption(sentence.format(filters=", ".join(odd)))


def show_card(selection: Selection, info: LayerInfo, request: Request, channel: int) -> None:
    """Draw one filter: its pattern large, its kernel, and the layer's weights trained beside fresh."""
    pattern = patterns.known(request, [channel]).get(channel)
    if pattern is None:
        st.caption(texts.NONE_YET)
    elif pattern.status == "dead":
        st.caption(card_texts.DEAD)
    else:
        alt = texts.CARD_ALT.format(filter=channel, layer=info.address)
        st.image(panels.enlarged(pattern.photo, 384), width="stretch", output_format="PNG", alt=alt)
        st.markdown(texts.ANSWER.format(before=f"{pattern.before:.3g}", after=f"{pattern.after:.3g}"))
        if pattern.climbed_size != (request.size, request.size):
            rows, columns = pattern.climbed_size
            st.caption(texts.NATIVE.format(rows=rows, columns=columns))
    channel_card.show_kernel(selection, info, channel)
    try:
        histograms = filters.weight_histograms(selection.convnet, channel_card.convolution_of(selection, info))
    except LayerError:
        return
    st.caption(texts.HISTOGRAM)
    st.plotly_chart(
        figures.histograms(histograms.edges, {texts.TRAINED: histograms.trained, texts.FRESH: histograms.fresh}),
        key="weights", config={"displayModeBar": False}, alt=texts.HISTOGRAM_ALT,
    )  # fmt: skip


def take_away(selection: Selection, info: LayerInfo, request: Request, indices: list[int]) -> None:
    """Offer the known patterns as a picture, as numbers and as code."""
    found = patterns.known(request, indices)
    if not found:
        return
    chosen = f"range({indices[0]}, {indices[-1] + 1})"
    code = panels.code_start(selection) + (
        "photos = cnnviz.filter_patterns(\n"
        f"    convnet, layer={info.address!r}, filters={chosen}, style={request.style!r},\n"
        f"    size={request.size}, steps={request.steps}, seed={request.seed},\n"
        ")\n"
        "print(photos.shape)\n"
    )
    photos = np.stack([pattern.photo for pattern in found.values()])
    panels.take_away(
        f"patterns-{panels.slug(info.address)}",
        code,
        lambda: images.contact_sheet(photos, columns=min(8, len(photos)), gap=2),
        {"photos": photos, "filters": np.array(list(found))},
    )
