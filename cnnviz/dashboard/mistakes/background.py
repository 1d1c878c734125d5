"""How does a question that takes seconds get from its button to its answer?"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

from cnnviz.dashboard import panels
from cnnviz.dashboard.jobs import Job, jobs, owner
from cnnviz.dashboard.texts import mistakes as texts


def finished(
    key: str,
    label: str,
    work: Callable[[Job], Any],
    *,
    icon: str,
    progress: str | None = None,
    is_quick: bool = False,
) -> Job | None:
    """Return the job once it is done; until then draw its button, then its progress, then why it failed.

    Args:
        key: All that the answer hangs on.
        label: What the button says.
        work: Computes the answer; it tells its steps to the job.
        icon: Of the button.
        progress: Said while it runs, counting pictures if not given; may use `{done}` and `{total}`.
        is_quick: Whether it starts by itself.
    """

    def start() -> None:
        jobs().start(key, owner(), work)

    if is_quick and jobs().get(key, owner()) is None:
        start()
    job = jobs().get(key, owner())
    if job is not None and job.state == "done":
        return job
    if job is not None and job.is_active:
        running, said = job, progress or texts.PROGRESS
        panels.watch(running, lambda: panels.progress(running, said.format(done=running.done, total=running.total)))
        return None
    if job is not None:
        panels.explain(job.error or texts.STOPPED)
    st.button(label, icon=icon, key=f"start {key}", on_click=start)
    return None
