"""Filters page: settings, contact sheet of patterns, card of one filter, export."""

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
        seed = st.number_input(texts.SEED, 0, 9999, 0, key="pattern_seed", persist_state="session")
    return Settings(style, int(size), int(steps), int(seed)), which


def wanted_filters(which: str, count: int, channel: int) -> list[int]:
    """List the filters to show: one, sixteen that hold the selected one, or all."""
    if which == "one":
        return [channel]
    if which == "all":
        return list(range(count))
    start = channel // _SOME * _SOME
    return list(range(start, min(count, start + _SOME)))


@dataclass(frozen=True)
class Sheet:
    """Which patterns are shown beside each other.

    Attributes:
        info: Their layer.
        request: How they are grown.
        indices: Their filters.
        channel: The selected one.
    """

    info: LayerInfo
    request: Request
    indices: list[int]
    channel: int


def show_sheet(selection: Selection, sheet: Sheet) -> None:
    """Draw the patterns that are known, and the way to the others: estimate and button, or progress and Cancel."""
    job = patterns.job_of(sheet.request)
    if job is not None and job.is_active:

        def draw() -> None:
            patterns.progress(job)
            _draw_sheet(sheet, patterns.known(sheet.request, sheet.indices), job.preview or {})

        panels.watch(job, draw)
        return
    found = patterns.known(sheet.request, sheet.indices)
    if job is not None and job.error:
        panels.explain(job.error)
    if missing := [index for index in sheet.indices if index not in found]:
        _offer(selection, sheet, missing)
    _draw_sheet(sheet, found, {})
    _name_odd_ones(found)


def _offer(selection: Selection, sheet: Sheet, missing: list[int]) -> None:
    seconds = patterns.estimate(selection, sheet.info, sheet.request, count=len(missing))
    is_new = len(missing) == len(sheet.indices)
    label = texts.GENERATE_ONE if len(sheet.indices) == 1 else texts.GENERATE if is_new else texts.RESUME
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            label.format(count=len(missing)), type="primary", icon=":material/play_arrow:", key="grow",
            on_click=patterns.grow, args=(selection, sheet.request, sheet.indices),
        )  # fmt: skip
        st.caption(texts.ESTIMATE.format(time=panels.duration(seconds)))


def _draw_sheet(sheet: Sheet, found: dict[int, Pattern], forming: dict[int, np.ndarray]) -> None:
    indices, size = sheet.indices, sheet.request.size
    side = _tile_side(len(indices), size)
    gray = np.full((size, size, 3), 128, np.uint8)
    photos = [found[index].photo if index in found else forming.get(index, gray) for index in indices]
    components.contact_sheet(
        np.stack([_reduced(photo, side) for photo in photos]),
        key="pattern_sheet",
        title=texts.SHEET.format(layer=sheet.info.address),
        names=[_name(index, found, forming) for index in indices],
        picked=indices.index(sheet.channel) if sheet.channel in indices else None,
        on_pick=lambda position: state.select(state.CHANNEL, indices[position]),
        dimmed=[position for position, index in enumerate(indices) if index not in found and index not in forming],
        tile=150 if len(indices) <= _SOME else 96,
        height=700,
        is_sharp=False,
    )


def _name(index: int, found: dict[int, Pattern], forming: dict[int, np.ndarray]) -> str:
    status = found[index].status if index in found else "optimizing" if index in forming else "waiting"
    said = texts.STATUSES[status]
    return (texts.NAME_STATUS if said else texts.NAME).format(filter=index, status=said)


def _tile_side(count: int, size: int) -> int:
    """Side at which a sheet stays a message of a few megabytes."""
    side = size
    while side > 24 and count * side * side * 3 > _MOST_BYTES:
        side //= 2
    return side


def _reduced(photo: np.ndarray, side: int) -> np.ndarray:
    return photo if len(photo) == side else images.fit(photo, (side, side))


def _name_odd_ones(found: dict[int, Pattern]) -> None:
    for status, sentence in texts.ODD_LISTS.items():
        odd = [str(index) for index, pattern in found.items() if pattern.status == status]
        if odd:
            st.caption(sentence.format(filters=", ".join(odd)))


def show_card(selection: Selection, sheet: Sheet) -> None:
    """Draw one filter: its pattern large, its kernel, and the layer's weights trained beside fresh."""
    pattern = patterns.known(sheet.request, [sheet.channel]).get(sheet.channel)
    if pattern is None:
        st.caption(texts.NONE_YET)
    elif pattern.status in card_texts.NO_PATTERN:
        st.caption(card_texts.NO_PATTERN[pattern.status])
    else:
        _show_pattern(sheet, pattern)
    channel_card.show_kernel(selection, sheet.info, sheet.channel)
    try:
        histograms = filters.weight_histograms(selection.convnet, channel_card.convolution_of(selection, sheet.info))
    except LayerError:
        return
    st.caption(texts.HISTOGRAM)
    panels.chart(
        figures.histograms(
            histograms.edges, {texts.TRAINED: histograms.trained, texts.FRESH: histograms.fresh},
            across=texts.WEIGHT, up=texts.COUNT,
        ),
        key="weights", alt=texts.HISTOGRAM_ALT,
    )  # fmt: skip


def _show_pattern(sheet: Sheet, pattern: Pattern) -> None:
    alt = texts.CARD_ALT.format(filter=sheet.channel, layer=sheet.info.address)
    components.image(pattern.photo, key="pattern", alt=alt)
    st.markdown(texts.ANSWER.format(before=f"{pattern.before:.3g}", after=f"{pattern.after:.3g}"))
    if pattern.ascent_size != (sheet.request.size, sheet.request.size):
        rows, columns = pattern.ascent_size
        st.caption(texts.NATIVE.format(rows=rows, columns=columns))


def show_export(selection: Selection, sheet: Sheet) -> None:
    """Offer the known patterns as an image, as numbers and as code."""
    request, indices = sheet.request, sheet.indices
    found = patterns.known(request, indices)
    if not found:
        return
    chosen = f"range({indices[0]}, {indices[-1] + 1})"
    code = panels.code_start(selection) + (
        "photos = cnnviz.filter_patterns(\n"
        f"    convnet, layer={sheet.info.address!r}, filters={chosen}, style={request.style!r},\n"
        f"    size={request.size}, steps={request.steps}, seed={request.seed},\n"
        ")\n"
        "print(photos.shape)\n"
    )
    photos = np.stack([pattern.photo for pattern in found.values()])
    panels.show_export(
        f"patterns-{panels.slug(sheet.info.address)}",
        code,
        lambda: images.contact_sheet(photos, columns=min(8, len(photos)), gap=2),
        lambda: {"photos": photos, "filters": np.array(list(found))},
    )
