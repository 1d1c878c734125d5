"""Presentation mode and print layout of the pages."""

from __future__ import annotations

import streamlit as st

from cnnviz.dashboard import state
from cnnviz.dashboard.components import message
from cnnviz.dashboard.private_streamlit import SELECTORS, styled
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
_PRESENTING = styled("""
$sidebar, $header, $main $popover, .st-key-detail,
.st-key-layer_step, .st-key-playing, $main $row:has(h1),
.st-key-view $option[aria-checked=false] {
  display: none !important; }
.st-key-previous, .st-key-next { position: absolute; opacity: 0; pointer-events: none; }
.st-key-view $option { max-width: none; flex: none; }
$main:not(:has(.st-key-reveal)) $column:has($formula) { min-width: 100%; }
$main :is($metric_label, $metric_value) * { white-space: normal; overflow: visible; }
$content { padding: 0.75rem 1.25rem; --cnnviz-order: 1; }
.st-key-leave_presenter { position: fixed; right: 0.75rem; bottom: 0.5rem; width: auto; opacity: 0.3; z-index: 9; }
.st-key-leave_presenter:hover, .st-key-leave_presenter:focus-within { opacity: 1; }
@media (min-width: 900px) {
  $content { zoom: 2; --cnnviz-zoom: 2; }
  .st-key-leave_presenter { zoom: 0.5; }
  /* Plotly measures what is seen and draws it in units that are enlarged once more: it draws at half the size. */
  html:not(.printing) $chart_frame:has(> $chart) { zoom: 0.5; width: 50%; height: 50%; }
  html:not(.printing) $plot { transform: scale(2); transform-origin: 0 0; overflow: visible !important; }
}
""")
# Ink on white paper in both themes; what only a screen can do is left out.
_PRINTING = styled("""
@page { size: A4; margin: 12mm; }
html.printing { --cnnviz-print: block; --cnnviz-screen: none; --cnnviz-zoom: 1; }
html.printing :is($sidebar, $header, $popover, $button, $slider,
$download, $expander, .st-key-playing,
$element:not([class*="st-key-answer"]) $option[aria-checked=false]) { display: none !important; }
html.printing $content { padding: 0; max-width: none; --cnnviz-zoom: 1; }
html.printing $row { display: flex !important; } /* Streamlit stacks them on paper */
html.printing $main:not(:has(.st-key-reveal)) $column:has($formula) { min-width: 100%; }
html.printing $group $option { max-width: none; flex: none; }
html.printing :is($app, $main, $main *) { color: #000 !important; --st-text-color: #000 !important;
  --st-background-color: #fff !important; --st-secondary-background-color: #f1f1f1 !important;
  --st-border-color: #999 !important; }
html.printing :is(body, $app, $main) { background: #fff !important; }
""")


def is_on() -> bool:
    """Whether the page is being presented."""
    return st.session_state.get(state.PRESENT) == _ON


def offer() -> None:
    """Draw the switch; what it turns on hides it, and Esc or a button in the corner turns it off."""
    state.validate_choice(state.PRESENT, (_ON,))
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
    _component(key="presenter", data={"isPresenting": is_on(), "selectors": dict(SELECTORS)})
    if is_on():
        st.button(
            shared.LEAVE_PRESENTER,
            key="leave_presenter",
            icon=":material/close_fullscreen:",
            type="tertiary",
            on_click=state.select,
            args=(state.PRESENT, None),
        )
