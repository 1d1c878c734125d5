"""Private names of Streamlit and of its pages, each with the reason why it is needed.

Nothing else in cnnviz may use such a name; tests tell which of them a new release has moved, those of the pages in a
browser. Not private are the classes `st-key-...` and the variables `--st-...`, which its documentation names.
"""

from __future__ import annotations

from collections.abc import Mapping
from string import Template

from google.protobuf.message import DecodeError
from streamlit import runtime
from streamlit.delta_generator import DeltaGenerator
from streamlit.navigation.page import StreamlitPage
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.runtime.scriptrunner import StopException, get_script_run_ctx

__all__ = ["PAGE_MESSAGES", "SELECTORS", "DeltaGenerator", "StopException", "StreamlitPage", "browser_message",
           "is_active_session", "is_history_step", "is_in_session", "page_hash", "session_id", "styled",
           "upload_bytes"]  # fmt: skip
# DeltaGenerator and StreamlitPage: types of what `st.container()` and `st.Page()` give.
# StopException: what Streamlit raises to end a page and leave its frame to finish.

SELECTORS: Mapping[str, str] = {
    "app": ".stApp",  # the ground that is printed white
    "main": ".stMain",  # what scrolls
    "content": ".stMainBlockContainer",  # what is enlarged, and fitted to a sheet of paper
    "header": "[data-testid=stHeader]",  # hidden while a page is presented or printed, as are the next ones
    "sidebar": "[data-testid=stSidebar]",
    "popover": "[data-testid=stPopover]",
    "expander": ".stExpander",
    "button": ".stButton",
    "download": ".stDownloadButton",
    "slider": ".stSlider",
    "element": ".stElementContainer",  # has the key's class
    "row": "[data-testid=stHorizontalBlock]",  # the head of a page is one; on paper they are not to be stacked
    "column": "[data-testid=stColumn]",  # wide where a formula stands in it
    "formula": ".katex-display",
    "group": "[data-testid=stButtonGroup]",  # views, of which only the open one's name is shown
    "options": "[role=radiogroup]",
    "option": "[role=radio]",
    "metric_label": "[data-testid=stMetricLabel]",  # not to be cut off when it is enlarged
    "metric_value": "[data-testid=stMetricValue]",
    "text": ".stText",  # Korean breaks at spaces
    "chart_frame": "[data-testid=stFullScreenFrame]",  # its parts are measured by Plotly, and enlarged otherwise
    "chart": ".stPlotlyChart",
    "plot": ".js-plotly-plot",
    "drawing": ".svg-container",
}
"""Parts of a page, for style sheets and scripts."""


PAGE_MESSAGES = frozenset(
    {"rerun_script", "stop_script", "file_urls_request", "backend_operation_request", "app_heartbeat"}
)
"""What a page sends. The others clear everybody's caches, look through the script's repository, or are for tests."""


def browser_message(data: bytes) -> tuple[str, int]:
    """Tell the kind of a browser's message, and of how many widgets or files it speaks; an empty kind if it is none."""
    message = BackMsg()
    try:
        message.ParseFromString(data)
    except DecodeError:
        return "", 0
    entries = len(message.rerun_script.widget_states.widgets) + len(message.file_urls_request.file_names)
    return message.WhichOneof("type") or "", entries


def styled(css: str) -> str:
    """Put the selectors of `SELECTORS` in the places of their names, such as `$main`, in a style sheet."""
    return f"<style>{Template(css).substitute(SELECTORS)}</style>"


def is_in_session() -> bool:
    """Whether this thread runs a page for somebody: `st.session_state` would only warn elsewhere."""
    return get_script_run_ctx(suppress_warning=True) is not None


def session_id() -> str:
    """Which session runs: nothing else tells whether one that did something is still there."""
    context = get_script_run_ctx()
    return context.session_id if context else ""


def page_hash() -> str:
    """Which page runs: `st.navigation` tells app.py alone."""
    context = get_script_run_ctx()
    return context.page_script_hash if context else ""


def is_history_step() -> bool:
    """Whether Back or Forward was pressed: the URL alone does not tell it from a slow browser's old one."""
    context = get_script_run_ctx()
    return context is not None and context.is_history_navigation


def is_active_session(session: str) -> bool:
    """Whether a session has not ended."""
    return runtime.exists() and runtime.get_instance().is_active_session(session)


def upload_bytes() -> dict[str, int]:
    """How many bytes of uploads the server holds for each session: public figures tell the sum alone."""
    if not runtime.exists():
        return {}
    held = runtime.get_instance().uploaded_file_mgr.file_storage  # type: ignore[attr-defined]  # of the one in memory
    return {session: sum(len(file.data) for file in files.values()) for session, files in tuple(held.items())}
