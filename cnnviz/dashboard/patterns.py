"""Filter patterns on a page: estimate, job with progress, and patterns kept on disk."""

from __future__ import annotations

import time
from collections.abc import Sequence

import numpy as np
import streamlit as st

from cnnviz import filters
from cnnviz.convnets import Convnet
from cnnviz.dashboard import cache, components, panels
from cnnviz.dashboard.jobs import Job, jobs, owner
from cnnviz.dashboard.state import Selection
from cnnviz.dashboard.texts import activations as card_texts
from cnnviz.dashboard.texts import filters as texts
from cnnviz.filters import Frame, Pattern, Request
from cnnviz.layers import LayerInfo, layers

_DEFAULT = ("natural", 128, 128, 0)  # style, size, steps, seed


def request(selection: Selection, layer: str, *, style: str, size: int, steps: int, seed: int) -> Request:
    """Name all that a pattern hangs on."""
    return Request(selection.convnet.fingerprint, layer, style, size, steps, seed)  # type: ignore[arg-type]  # one of the styles


def known(wanted: Request, indices: Sequence[int]) -> dict[int, Pattern]:
    """Look up patterns that were grown before."""
    return filters.PatternStore().find(wanted, indices)


def job_of(wanted: Request) -> Job | None:
    """Find this session's job for a layer and its settings."""
    return jobs().get(str(wanted), owner())


def grow(selection: Selection, wanted: Request, indices: Sequence[int]) -> None:
    """Start growing patterns; those that are known are not grown again."""

    def work(job: Job) -> None:
        shown = 0.0
        for frame in filters.ascend(
            selection.convnet, layer=wanted.layer, filters=indices, style=wanted.style, size=wanted.size,
            steps=wanted.steps, seed=wanted.seed, store=filters.PatternStore(),
        ):  # fmt: skip
            is_due = time.monotonic() - shown > panels.POLL_SECONDS
            job.step(frame.step, frame.total, _preview(frame) if is_due else None)
            shown = time.monotonic() if is_due else shown

    jobs().start(str(wanted), owner(), work)


def _preview(frame: Frame) -> dict[int, np.ndarray]:
    """Take what is forming out of a frame; what is finished is in the store."""
    return {
        index: photo
        for index, photo, status in zip(frame.filters, frame.photos, frame.statuses, strict=True)
        if status != "waiting"
    }


def progress(job: Job) -> None:
    """Draw how far the ascent is, and its Cancel."""
    left = panels.duration(job.seconds_left)
    text = texts.PROGRESS.format(done=job.done, total=job.total, left=left) if job.done else texts.PREPARING
    panels.progress(job, text)


def estimate(selection: Selection, info: LayerInfo, wanted: Request, *, count: int) -> float:
    """Guess seconds beforehand: forward and backward through the layers up to this one, at the pattern's size."""
    share = _share_of_work(selection.convnet, info.address)
    pixels = wanted.size**2 / np.prod(selection.convnet.preparation.size)
    return 3 * float(cache.seconds_a_run(selection) * share * pixels * count * wanted.steps) + 2


def _share_of_work(convnet: Convnet, layer: str) -> float:
    """Share of a run's multiply-adds that is spent up to a layer, it included."""
    leaves = [info for info in layers(convnet) if not info.is_container]
    last = [info.address for info in leaves].index(layer)
    return sum(info.macs for info in leaves[: last + 1]) / max(1, sum(info.macs for info in leaves))


def show_one(selection: Selection, info: LayerInfo, channel: int) -> None:
    """Draw the pattern of one channel, or the button that grows it."""
    style, size, steps, seed = _DEFAULT
    wanted = request(selection, info.address, style=style, size=size, steps=steps, seed=seed)
    st.caption(card_texts.PATTERN)
    job = job_of(wanted)
    if job is not None and job.is_active:

        def draw() -> None:
            progress(job)
            if job.preview and channel in job.preview:
                _show_photo(job.preview[channel], channel)

        panels.watch(job, draw)
        return
    pattern = known(wanted, [channel]).get(channel)
    if pattern is None:
        if job is not None and job.error:
            panels.explain(job.error)
        st.button(
            card_texts.PATTERN_MAKE,
            icon=":material/texture:",
            on_click=grow,
            args=(selection, wanted, [channel]),
            key="grow_one",
        )
    elif pattern.status in card_texts.NO_PATTERN:
        st.caption(card_texts.NO_PATTERN[pattern.status])
    else:
        _show_photo(pattern.photo, channel)


def _show_photo(photo: np.ndarray, channel: int) -> None:
    components.image(photo, key="pattern", alt=card_texts.PATTERN_ALT.format(channel=channel))
