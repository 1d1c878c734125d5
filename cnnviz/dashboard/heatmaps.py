"""What does the heatmaps page draw: controls, maps side by side, their test, the strip of all layers?"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from cnnviz import heatmaps, images
from cnnviz.dashboard import cache, components, panels, state
from cnnviz.dashboard.jobs import Job, jobs, owner
from cnnviz.dashboard.state import Selection
from cnnviz.dashboard.texts import heatmaps as texts
from cnnviz.dashboard.texts import shared
from cnnviz.heatmaps import Method
from cnnviz.layers import default_layer

_STRIP_TILE = 96


@dataclass(frozen=True)
class Look:
    """How maps are drawn; changing it computes nothing."""

    opacity: float
    threshold: float
    colours: str
    has_box: bool


_FORMING = Look(opacity=0.85, threshold=0.0, colours="magma", has_box=False)


def choose_method() -> Method:
    """Draw the choice of the method."""
    state.settle(state.METHOD, heatmaps.METHODS, "grad_cam")
    name = st.pills(
        texts.METHOD,
        list(heatmaps.METHODS),
        format_func=lambda key: heatmaps.METHODS[key].title,
        required=True,
        key=state.METHOD,
        persist_state="session",
        label_visibility="collapsed",
    )
    return heatmaps.METHODS[str(name)]


def choose_against(selection: Selection) -> int | None:
    """Draw the choice of a second class."""
    names = list(selection.convnet.class_names)
    state.settle(state.AGAINST, names)
    chosen = st.selectbox(
        texts.AGAINST, names, index=None, key=state.AGAINST, persist_state="session",
        placeholder=texts.AGAINST_PLACEHOLDER, width=320,
    )  # fmt: skip
    return names.index(chosen) if chosen else None


def choose_look() -> Look:
    """Draw the settings of the look."""
    with st.popover(shared.SETTINGS, icon=":material/tune:", type="tertiary"):
        opacity = st.slider(texts.OPACITY, 0.0, 1.0, 0.85, 0.05, key="opacity", persist_state="session")
        threshold = st.slider(texts.THRESHOLD, 0.0, 0.95, 0.0, 0.05, key="threshold", persist_state="session")
        colours = panels.choose_one(texts.COLOURS, texts.HEAT_COLOURS, key="heat_colours")
        has_box = st.toggle(texts.BOX, key="box", persist_state="session")
    return Look(opacity, threshold, colours, has_box)


@dataclass(frozen=True, eq=False)
class Question:
    """What is asked: where a method sees one class, or two, in the selected picture.

    Attributes:
        selection: What is looked at.
        method: How it is explained.
        classes: One class, or the two that are compared.
    """

    selection: Selection
    method: Method
    classes: tuple[int, ...]

    @property
    def key(self) -> str:
        """Name of all that the answer hangs on."""
        selection = self.selection
        parts = (selection.convnet.fingerprint, selection.picture, self.method.name, self.place, self.classes)
        return " ".join(map(str, parts))

    @property
    def place(self) -> dict[str, str | None]:
        """The layer, for the methods that take one."""
        return {"layer": self.selection.layer} if self.method.has_layer else {}


def heats_or_progress(question: Question) -> list[np.ndarray] | None:
    """Return one map a class, or draw the way to them: an estimate and a button, then progress with what there is."""
    if not question.method.is_slow:
        return [cache.heatmap(question.selection, question.method, index) for index in question.classes]
    job = jobs().get(question.key, owner())
    if job is not None and job.state == "done":
        return list(job.result)
    if job is not None and job.is_active:
        _watch(question, job)
    else:
        _offer(question, job)
    return None


def _offer(question: Question, job: Job | None) -> None:
    selection, method = question.selection, question.method
    if job is not None:
        panels.explain(job.error or texts.CANCELLED)
    runs = len(question.classes) * method.runs(selection.convnet, layer=selection.layer)
    seconds = max(1.0, runs * cache.seconds_a_run(selection))
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(texts.START, type="primary", icon=":material/play_arrow:", on_click=_start, args=(question,))
        st.caption(texts.SLOW.format(method=method.title, runs=runs, seconds=f"{seconds:.0f}"))


def _watch(question: Question, job: Job) -> None:
    def draw() -> None:
        panels.progress(job, texts.PROGRESS.format(done=job.done, total=job.total))
        picture, forming, _ = st.columns([3, 3, 2], gap="medium")  # where the answer will be
        with picture:
            _show_picture(question.selection)
        if job.preview is not None:
            with forming:
                _show_forming(question, job)

    panels.watch(job, draw)


def _show_forming(question: Question, job: Job) -> None:
    """Draw the map that is being computed, as far as it is known."""
    position = min(job.done * len(question.classes) // max(1, job.total), len(question.classes) - 1)
    name = question.selection.convnet.class_names[question.classes[position]]
    peak = _peak([job.preview])
    _show_map(question, job.preview, _FORMING, title=name, key="forming", peak=peak)


def _start(question: Question) -> None:
    selection, count = question.selection, len(question.classes)

    def work(job: Job) -> list[np.ndarray]:
        heats: list[np.ndarray] = []

        def on_step(done: int, total: int, heat: np.ndarray | None) -> None:
            job.step(len(heats) * total + done, count * total, None if heat is None else np.asarray(heat[0]))

        explain = partial(question.method.explain, selection.convnet, selection.inputs, on_step=on_step)
        for class_index in question.classes:
            heats.append(np.asarray(explain(class_index=class_index, **question.place)[0]))
        return heats

    jobs().start(question.key, owner(), work)


def show_maps(question: Question, heats: list[np.ndarray], look: Look) -> DeltaGenerator:
    """Draw the picture, one map a class on one scale, and their difference; return the place for facts."""
    selection, is_pair = question.selection, len(heats) > 1
    names = [selection.convnet.class_names[index] for index in question.classes]
    probabilities = cache.probabilities(selection)
    peak = _peak(heats)
    places = st.columns(4 if is_pair else [3, 3, 2], gap="small" if is_pair else "medium")
    with places[0]:
        _show_picture(selection)
    for place, index, name, heat in zip(places[1:], question.classes, names, heats, strict=False):
        with place:
            share = components.percent(float(probabilities[index]))
            _show_map(question, heat, look, title=f"{name} · {share}", key=f"heat {index}", peak=peak)
    if not is_pair:
        return places[-1]
    with places[-1]:
        _show_difference(question, heats, names, look)
    st.caption(texts.ONE_SCALE)
    return st.container()


def _peak(heats: list[np.ndarray]) -> float:
    """Largest finite value, whatever its sign; 1 where there is none, so that a scale has two ends."""
    return max(float(np.nanmax(np.abs(heat), initial=0.0)) for heat in heats) or 1.0


def _show_picture(selection: Selection) -> None:
    components.map_view(
        selection.received,
        np.full((1, 1), np.nan, np.float32),
        key="plain",
        title=texts.PICTURE,
        alt=texts.PICTURE_ALT,
        unit="",
        table=images.lookup_table("gray"),
        low=0,
        high=0,
    )


def _show_map(question: Question, heat: np.ndarray, look: Look, *, title: str, key: str, peak: float) -> None:
    method = question.method
    components.map_view(
        question.selection.received,
        heat,
        key=key,
        title=title,
        alt=texts.MAP_ALT.format(method=method.title, name=title, where=_where(heat)),
        unit=method.units if np.any(heat) else "",  # an empty map has no scale
        table=images.lookup_table("PuOr" if method.is_signed else look.colours),
        low=-peak if method.is_signed else 0.0,
        high=peak,
        opacity=look.opacity,
        threshold=look.threshold,
        is_signed=method.is_signed,
        box=heatmaps.box(np.maximum(heat, 0)) if look.has_box else None,
    )


def _show_difference(question: Question, heats: list[np.ndarray], names: list[str], look: Look) -> None:
    difference = heats[0] - heats[1]
    peak = _peak([difference])
    components.map_view(
        question.selection.received,
        difference,
        key="difference",
        title=texts.DIFFERENCE.format(first=names[0], second=names[1]),
        alt=texts.DIFFERENCE_ALT.format(first=names[0]),
        unit=question.method.units,
        table=images.lookup_table("PuOr"),
        low=-peak,
        high=peak,
        opacity=look.opacity,
        threshold=look.threshold,
        is_signed=True,
    )


def _where(heat: np.ndarray) -> str:
    """Say in which ninth of the picture a map is strongest."""
    if not np.isfinite(heat).any():
        return ""
    row, column = np.unravel_index(int(np.nanargmax(heat)), heat.shape)
    return texts.PLACES[int(3 * row // heat.shape[0]), int(3 * column // heat.shape[1])]


def show_method(question: Question, heat: np.ndarray) -> None:
    """Say what the method shows, and on which grid."""
    selection, method = question.selection, question.method
    st.markdown(f"**{method.title}.** {method.summary}")
    if not method.has_layer:
        st.caption(texts.NO_LAYER)
        return
    usual, (rows, columns) = default_layer(selection.convnet), heat.shape
    layer = selection.layer or usual
    st.caption(texts.AT.format(layer=layer, rows=rows, columns=columns))
    if layer != usual:  # early layers hold little evidence for a class, and a newcomer may come from one
        st.button(
            texts.USUAL_LAYER.format(layer=usual), icon=":material/last_page:", key="usual_layer",
            on_click=state.select, args=(state.LAYER, None),
        )  # fmt: skip


def show_test(question: Question, heat: np.ndarray, class_index: int) -> None:
    """Say what the map is worth: a sentence where it fails, and what hiding its hottest part does."""
    selection = question.selection
    probability = float(cache.probabilities(selection)[class_index])
    verdict = heatmaps.judge(heat, probability=probability)
    if verdict.sentence:
        st.info(verdict.sentence, icon=":material/info:")
    if not verdict.is_drawable:
        return
    deletion = cache.deletion(selection, heat, class_index, question.key)
    name = panels.plain(selection.convnet.class_names[class_index])
    before, after, random = (
        components.percent(float(value[0])) for value in (deletion.before, deletion.after, deletion.random_mean)
    )
    st.markdown(texts.DELETION.format(name=name, before=before, after=after, random=random), help=texts.DELETION_HELP)


def show_strip(selection: Selection, class_index: int, layer: str | None) -> None:
    """Draw Grad-CAM of every layer as small pictures; a click selects the layer."""
    addresses = cache.strip_layers(selection.convnet)
    if not addresses:
        return
    st.header(texts.STRIP, anchor=False)
    heats = cache.strip(selection, class_index)
    tiles = _strip_tiles(selection.convnet.fingerprint, selection.picture, class_index, selection, heats)
    names = [
        texts.STRIP_NAME.format(
            layer=address,
            rows=heats[address].shape[0],
            columns=heats[address].shape[1],
            maximum=f"{heats[address].max():.3g}",
        )
        for address in addresses
    ]
    current = layer or default_layer(selection.convnet)
    components.contact_sheet(
        tiles,
        key="strip",
        title=texts.STRIP,
        names=names,
        picked=addresses.index(current) if current in addresses else None,
        on_pick=lambda position: state.select(state.LAYER, addresses[position]),
        tile=_STRIP_TILE,
        height=330,
        is_sharp=False,
    )
    st.caption(texts.STRIP_HELP)


@st.cache_data(max_entries=32, show_spinner=False)
def _strip_tiles(
    fingerprint: str, picture: str, class_index: int, _selection: Selection, _heats: dict[str, np.ndarray]
) -> np.ndarray:
    """Draw the strip's small pictures; kept, since they took half of a run in which only an opacity changed."""
    photo = images.fit(_selection.received, (_STRIP_TILE, _STRIP_TILE), how="stretch")
    return np.stack([images.overlay(photo, heat, opacity=0.9) for heat in _heats.values()])


def take_away(question: Question, heat: np.ndarray) -> None:
    """Offer the first map as a picture, as numbers and as code."""
    selection, method, class_index = question.selection, question.method, question.classes[0]
    place = "".join(f"{name}={value!r}, " for name, value in question.place.items())
    code = panels.code_start(selection) + (
        f"heat = cnnviz.{method.name}(convnet, inputs, {place}class_index={class_index})  # (1, rows, columns)\n"
        "print(heat.max())\n"
    )

    def picture() -> np.ndarray:
        shown = images.overlay_signed if method.is_signed else images.overlay
        return shown(selection.received, heat)

    panels.take_away(f"{method.name}-{class_index}", code, picture, {"heat": heat})
