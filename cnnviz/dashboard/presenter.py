"""How is a page shown to a class: large, without what surrounds it, by keys alone; and how does it fit on paper?"""

from __future__ import annotations

import streamlit as st

from cnnviz.dashboard import state
from cnnviz.dashboard.components import message
from cnnviz.dashboard.texts import shared

_ON = "1"
_component = st.components.v2.component(
    "cnnviz_presenter",
    html='<div class="address"></div>',
    css=message.text("presenter.css"),
    js=message.text("presenter.js"),
)
# Type twice as large; of the views only the open one's name, and what the keys do without a button in sight.
# Heights that follow the window know the enlargement.
_PRESENTING = """<style>
[data-testid=stSidebar], [data-testid=stHeader], .stMain [data-testid=stPopover], .st-key-detail,
.st-key-layer_step, .st-key-playing, .stMain [data-testid=stHorizontalBlock]:has(h1),
.st-key-view [role=radio][aria-checked=false] {
  display: none !important; }
.st-key-previous, .st-key-next { position: absolute; opacity: 0; pointer-events: none; }
.st-key-view [role=radio] { max-width: none; flex: none; }
.stMain:not(:has(.st-key-reveal)) [data-testid=stColumn]:has(.katex-display) { min-width: 100%; }
.stMain :is([data-testid=stMetricLabel], [data-testid=stMetricValue]) * { white-space: normal; overflow: visible; }
.stMainBlockContainer { padding: 0.75rem 1.25rem; --cnnviz-order: 1; }
.st-key-leave_presenter { position: fixed; right: 0.75rem; bottom: 0.5rem; width: auto; opacity: 0.3; z-index: 9; }
.st-key-leave_presenter:hover, .st-key-leave_presenter:focus-within { opacity: 1; }
@media (min-width: 900px) {
  .stMainBlockContainer { zoom: 2; --cnnviz-zoom: 2; }
  .st-key-leave_presenter { zoom: 0.5; }
  /* Plotly measures what is seen and draws it in units that are enlarged once more: it draws at half the size. */
  html:not(.printing) [data-testid=stFullScreenFrame]:has(> .stPlotlyChart) { zoom: 0.5; width: 50%; height: 50%; }
  html:not(.printing) .js-plotly-plot { transform: scale(2); transform-origin: 0 0; overflow: visible !important; }
}
</style>"""
# Ink on white paper in both themes; what only a screen can do is left out.
_PRINTING = """<style>
@page { size: A4; margin: 12mm; }
html.printing { --cnnviz-print: block; --cnnviz-screen: none; --cnnviz-zoom: 1; }
html.printing :is([data-testid=stSidebar], [data-testid=stHeader], [data-testid=stPopover], .stButton, .stSlider,
.stDownloadButton, .stExpander, .st-key-playing,
.stElementContainer:not([class*="st-key-answer"]) [role=radio][aria-checked=false]) { display: none !important; }
html.printing .stMainBlockContainer { padding: 0; max-width: none; --cnnviz-zoom: 1; }
html.printing [data-testid=stHorizontalBlock] { display: flex !important; } /* Streamlit stacks them on paper */
html.printing .stMain:not(:has(.st-key-reveal)) [data-testid=stColumn]:has(.katex-display) { min-width: 100%; }
html.printing [data-testid=stButtonGroup] [role=radio] { max-width: none; flex: none; }
html.printing :is(.stApp, .stMain, .stMain *) { color: #000 !important; --st-text-color: #000 !important;
  --st-background-color: #fff !important; --st-secondary-background-color: #f1f1f1 !important;
  --st-border-color: #999 !important; }
html.printing :is(body, .stApp, .stMain) { background: #fff !important; }
</style>"""


def is_on() -> bool:
    """Whether the page is being presented."""
    return st.session_state.get(state.PRESENT) == _ON


def offer() -> None:
    """Draw the switch; what it turns on hides it, and Esc or a button in the corner turns it off."""
    state.settle(state.PRESENT, (_ON,))
    st.button(
        shared.PRESENT,
        key="present_button",
        icon=":material/slideshow:",
        help=shared.PRESENT_HELP,
        on_click=state.select,
        args=(state.PRESENT, _ON),
    )


def show() -> None:
    """Listen to the keys and to the printer; while the page is presented, enlarge it and hide what surrounds it."""
    st.html(_PRINTING + (_PRESENTING if is_on() else ""))
    _component(key="presenter", data={"isPresenting": is_on()})
    if is_on():
        st.button(
            shared.LEAVE_PRESENTER,
            key="leave_presenter",
            icon=":material/close_fullscreen:",
            type="tertiary",
            on_click=state.select,
            args=(state.PRESENT, None),
        )
