"""Panels that several pages share: page head, errors, choices, job progress, durations, export."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import streamlit as st

from cnnviz import figures, images
from cnnviz.convnets import catalog
from cnnviz.dashboard import components, language, paths, samples, state, store
from cnnviz.dashboard.jobs import Job, jobs
from cnnviz.dashboard.private_streamlit import StopException
from cnnviz.dashboard.state import Selection
from cnnviz.dashboard.texts import shared
from cnnviz.errors import CnnvizError
from cnnviz.layers import LayerInfo
from cnnviz.runs import trained_run

POLL_SECONDS = 0.3
"""Between two looks at a job that runs."""


def head(texts: Any) -> None:
    """Draw a page's title, its question, and what one sees there."""
    with st.container(horizontal=True, vertical_alignment="bottom", horizontal_alignment="distribute"):
        with st.container(width="content", gap=None):
            st.title(texts.TITLE, anchor=False)
            st.caption(texts.QUESTION)
        with st.popover(shared.WHAT, icon=":material/help:", type="tertiary"):
            st.markdown(texts.WHAT)


def explain(error: CnnvizError | str) -> None:
    """Say what is wrong and what would do, in the session's language: without markup, and files by their names."""
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        st.markdown(":material/error:")
        st.text(paths.names_only(language.say(error.sentence if isinstance(error, CnnvizError) else error)))


def chart(figure: Any, *, key: str, alt: str) -> None:
    """Draw a Plotly figure without its own tools, which would lie over it.

    Args:
        figure: From `figures`.
        key: Streamlit key.
        alt: What is seen, for screen readers.
    """
    st.plotly_chart(figure, key=key, config={"displayModeBar": False}, alt=alt)


@contextmanager
def explained(*, ends_page: bool = False) -> Iterator[None]:
    """Say what is wrong where the work inside fails by what a person can mend; the rest of the page goes on.

    Args:
        ends_page: Whether nothing can follow.
    """
    try:
        yield
    except CnnvizError as error:
        explain(error)
        if ends_page:
            end()


def end() -> NoReturn:
    """End a page that has said why; unlike `st.stop`, it leaves the frame to finish, and the URL to be written."""
    raise StopException


def choose_one(
    label: str, options: Mapping[str, str], *, key: str, in_url: bool = False, default: str | None = None
) -> str:
    """Draw a choice of a few; with its label unless it stands in the URL, in plain sight.

    Args:
        label: What is chosen.
        options: Value to what is shown.
        key: Key of the choice, and its name in the URL.
        in_url: Whether a link keeps it.
        default: What is chosen at first; the first one if not given.
    """
    state.validate_choice(key, options, default or next(iter(options)))
    chosen = st.segmented_control(
        label,
        list(options),
        format_func=options.__getitem__,
        required=True,
        key=key,
        persist_state="session",
        label_visibility="collapsed" if in_url else "visible",
    )
    return str(chosen)


def choose_step(label: str, steps: Iterable[int], *, key: str, default: int, width: int) -> int:
    """Draw a slider over whole numbers that a link keeps, and return the chosen one.

    Args:
        label: What is chosen.
        steps: All that can be chosen.
        key: Key of the choice, and its name in the URL.
        default: What is chosen at first.
        width: Of the slider, in pixels.
    """
    options = [str(step) for step in steps]
    state.validate_choice(key, options, str(default))
    return int(st.select_slider(label, options, key=key, persist_state="session", width=width))


def name_layer(info: LayerInfo) -> None:
    """Write a layer's name, as the head of what is shown of it, and its size."""
    with st.container(horizontal=True, vertical_alignment="center", width="content"):
        st.markdown(f"**{plain(info.address)}**", width="content")
        st.caption(f"{info.kind} · {figures.shape_text(info.output_shape)}", width="content")


def grid_text(info: LayerInfo) -> str:
    """Say of a layer of tokens which grid they are shown on, and what is left out; empty for other layers."""
    grid = info.grid
    if grid is None or not grid.is_tokens:
        return ""
    others = grid.before + grid.after
    said = shared.GRID_OTHERS if others > 1 else shared.GRID_CLASS_TOKEN if others else shared.GRID_TOKENS
    return said.format(tokens=grid.cells + others, rows=grid.rows, columns=grid.columns, others=others)


def watch(job: Job, draw: Callable[[], None]) -> None:
    """Draw a job again and again while it runs, without running the page; then run the page once."""

    @st.fragment(run_every=POLL_SECONDS)
    def tick() -> None:
        if not job.is_active:
            st.rerun()
        draw()

    tick()


def progress(job: Job, text: str) -> None:
    """Draw how far a job is, or its place among those that wait, and its Cancel; called again and again.

    Args:
        job: The job.
        text: What is said while it runs.
    """
    said = shared.WAITING.format(count=jobs().ahead(job)) if job.state == "queued" else text
    st.progress(job.done / max(1, job.total), text=said)
    st.button(shared.CANCEL, key="cancel", icon=":material/stop:", on_click=job.cancel)


def counted(forms: Sequence[str], count: int, **values: object) -> str:
    """Say a text about a number of things: the first form for one, the second for any other number.

    Args:
        forms: Texts for one and for many; may use `{count}`.
        count: How many there are.
        **values: What else the texts use.
    """
    return forms[0 if count == 1 else 1].format(count=f"{count:,}", **values)


def duration(seconds: float) -> str:
    """Write a duration for people: in seconds, minutes or hours."""
    if seconds > 90 * 60:
        return shared.HOURS.format(n=seconds / 3600)
    return (
        shared.MINUTES.format(n=round(seconds / 60))
        if seconds >= 90
        else shared.SECONDS.format(n=max(1, round(seconds)))
    )


def plain(text: str) -> str:
    """Take Markdown's signs out of a name, so that it is shown as it is written."""
    return re.sub(r"([\\`*_{}\[\]()#+!|<>~$:])", r"\\\1", text)


def slug(text: str) -> str:
    """Make a name fit for a file, in any script."""
    return re.sub(r"[^\w.-]+", "-", text)[:80]


def code_start(selection: Selection, *, imports: str = "") -> str:
    """Write the lines with which every view's code begins.

    Args:
        selection: What is looked at.
        imports: What is imported beside cnnviz itself, a line each.
    """
    convnet, image = selection.convnet, selection.image
    assumed = [f"# assumed: {line}\n" for line in convnet.assumptions.lines] if convnet.assumptions.are_open else []
    return (
        f"import cnnviz\n{imports}\n"
        f"{''.join(assumed)}"
        f"convnet = {model_code(convnet.name)}\n"
        f"photo = {samples.code(image)}\n"
        "inputs = convnet.prepare([photo])\n"
    )


def model_code(name: str) -> str:
    """Write the Python that opens a network: of an upload the file that this computer keeps."""
    if name in catalog() or trained_run(name) is not None:
        return f"cnnviz.load_convnet({name!r})"
    source, comment = paths.in_code(store.model_path(name) or Path("your-model.keras"))
    return f"cnnviz.load_convnet({source}){comment}"


def show_received(selection: Selection) -> None:
    """Draw the image as the model receives it."""
    with st.container(key="received"):
        components.image(selection.received, key="received_image", alt=shared.IMAGE_ALT)


def show_export(
    name: str, code: str, image: Callable[[], np.ndarray] | None, arrays: Callable[[], Mapping[str, np.ndarray]]
) -> None:
    """Offer a view as runnable Python, as an image and as numbers.

    Args:
        name: Stem of the files, plain characters.
        code: Python that computes the view.
        image: Draws the view, uint8; None if there is nothing to see. It and `arrays` are called only when asked for.
        arrays: Gives the raw arrays by name.
    """
    popover = st.popover(shared.EXPORT, icon=":material/download:", type="tertiary", on_change="rerun", key="export")
    if not popover.open:
        return
    with popover:
        st.markdown(shared.CODE)
        st.code(code, language="python")
        with st.container(horizontal=True):
            if image is not None:
                png = images.png_bytes(image())
                st.download_button(shared.DOWNLOAD_PNG, png, f"{name}.png", "image/png", on_click="ignore")
            npz = images.npz_bytes({**arrays(), "code": np.array(code)})
            st.download_button(shared.DOWNLOAD_NPZ, npz, f"{name}.npz", "application/octet-stream", on_click="ignore")
