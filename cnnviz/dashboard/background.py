"""Background computation on a page, from its button through its progress to its result."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

from cnnviz.dashboard import panels
from cnnviz.dashboard.jobs import Job, jobs, owner
from cnnviz.dashboard.texts import shared


def finished(
    key: str,
    label: str,
    work: Callable[[Job], Any],
    *,
    icon: str,
    progress: str,
    estimate: str = "",
    is_main: bool = False,
    is_quick: bool = False,
    is_lost: Callable[[Job], bool] | None = None,
    forming: Callable[[Job], None] | None = None,
) -> Job | None:
    """Return the job once it is done; until then draw its button, then its progress, then why it failed.

    Args:
        key: All that the answer hangs on.
        label: What the button says.
        work: Computes the answer; it tells its steps to the job.
        icon: Of the button.
        progress: Said while it runs; may use `{done}` and `{total}`.
        estimate: Said beside the button, such as how long it takes.
        is_main: Whether the button is what the page is about.
        is_quick: Whether it starts by itself.
        is_lost: Whether what a job left elsewhere is gone, so that it has to be done again.
        forming: Draws what there is so far, under the progress.
    """

    def start() -> None:
        jobs().start(key, owner(), work)

    job = _known(key, is_lost)
    if job is None and is_quick:
        job = jobs().start(key, owner(), work)
    if job is None or not (job.is_active or job.state == "done"):
        _offer(job, label, start, icon=icon, key=key, estimate=estimate, is_main=is_main)
        return None
    if job.is_active:
        _watch(job, progress, forming)
        return None
    return job


def _known(key: str, is_lost: Callable[[Job], bool] | None) -> Job | None:
    job = jobs().get(key, owner())
    return None if job is not None and job.state == "done" and is_lost and is_lost(job) else job


def _offer(
    job: Job | None, label: str, start: Callable[[], None], *, icon: str, key: str, estimate: str, is_main: bool
) -> None:
    """Draw why it ended without an answer, if it did, and the button that begins it."""
    if job is not None:
        panels.explain(job.error or shared.STOPPED)
    with st.container(horizontal=True, vertical_alignment="center", width="content"):
        st.button(label, icon=icon, key=f"start {key}", on_click=start, type="primary" if is_main else "secondary")
        if estimate:
            st.caption(estimate)


def _watch(job: Job, progress: str, forming: Callable[[Job], None] | None) -> None:
    def draw() -> None:
        panels.progress(job, progress.format(done=job.done, total=job.total))
        if forming:
            forming(job)

    panels.watch(job, draw)
