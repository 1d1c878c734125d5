"""Start, stop, resume and delete of runs from a page, each run in a process of its own."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import streamlit as st

from cnnviz import training
from cnnviz.dashboard import state
from cnnviz.errors import CnnvizError
from cnnviz.runs import Run, open_run
from cnnviz.training import Recipe

_ERROR = "_run_error"


def start(recipe: Recipe) -> None:
    """Make a run, launch it and look at it; for callbacks."""
    with _told_later():
        path = training.create_run(recipe)
        _launch(path)
        _look_at(path)


def start_series(name: str, data: str) -> None:
    """Make and launch all runs of a series, which wait for each other, and look at them side by side."""
    with _told_later():
        paths = training.create_series(name, data=data)
        for path in paths:
            _launch(path)
        _look_at(*paths)


def stop(*paths: Path) -> None:
    """Ask runs to stop, and once more when they had time to answer; for callbacks."""
    with _told_later():
        for path in paths:
            training.stop(path)
            _stop_later(path)


def _stop_later(path: Path) -> None:
    """Let a run end that does not answer, whether or not somebody still looks: the others wait for it."""
    timer = threading.Timer(training.SECONDS_TO_ANSWER + 1, _end_if_deaf, (path,))
    timer.daemon = True
    timer.start()


def _end_if_deaf(path: Path) -> None:
    """Ask again only where nobody has answered yet: the run may have ended meanwhile, and been resumed."""
    with suppress(CnnvizError):  # it is gone; or it cannot be killed, which the page says to whoever tries
        if training.is_deaf(open_run(path)):
            training.stop(path)


def resume(path: Path) -> None:
    """Let an ended run go on; for callbacks."""
    with _told_later():
        training.reopen(path)
        _launch(path)


def delete(run: Run) -> None:
    """Delete a run; for callbacks."""
    with _told_later():
        training.delete(run)


@contextmanager
def _told_later() -> Iterator[None]:
    """Keep what goes wrong: a callback has no place on the page to say it."""
    try:
        yield
    except CnnvizError as error:
        st.session_state[_ERROR] = error.sentence


def take_error() -> str | None:
    """What went wrong with the last of these, once."""
    found: str | None = st.session_state.pop(_ERROR, None)
    return found


def _look_at(path: Path, *others: Path) -> None:
    state.select(state.RUN, path.name)
    st.session_state["compared_runs"] = [other.name for other in others]
    state.select(state.VIEW, "runs")


def _launch(path: Path) -> None:
    """Launch, and let a thread wait for the end, so that no dead process stays in the system's table."""
    process = training.launch(path)
    threading.Thread(target=process.wait, daemon=True, name=f"wait-{path.name}").start()
