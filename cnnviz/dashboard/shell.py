"""Page list, page configuration, and the frame in which every page runs."""

from __future__ import annotations

from contextlib import suppress

import streamlit as st

from cnnviz.dashboard import components, language, panels, presenter, state
from cnnviz.dashboard.private_streamlit import StopException, StreamlitPage, styled
from cnnviz.dashboard.texts import activations, convolution, filters, heatmaps, mistakes, shared, training

_FLAG = "_shell_active"
_PAGES = {
    "activations": ("grid_view", activations),
    "filters": ("texture", filters),
    "heatmaps": ("local_fire_department", heatmaps),
    "mistakes": ("rule", mistakes),
    "training": ("model_training", training),
    "convolution": ("apps", convolution),
}
# The images are the interface: they get the space that Streamlit leaves around its pages. Korean breaks at spaces.
_STYLE = styled("""
body, body :is(p, li, td, th, $text div) { word-break: keep-all; overflow-wrap: anywhere; }
$content { padding: 2.75rem 2rem 2rem; }
.st-key-method $options { flex-wrap: wrap; overflow: visible; mask-image: none; }
@media screen and (max-width: 640px) {
  $content { padding: 2.75rem 0.9rem 1rem; }
  .st-key-received { width: 10rem !important; }
}
""")


def pages() -> list[StreamlitPage]:
    """List the pages in the order in which a newcomer would read them."""
    first = st.Page("pages/overview.py", title=shared.PAGES["overview"], icon=":material/home:", default=True)
    return [
        first,
        *(
            st.Page(f"pages/{name}.py", title=shared.PAGES[name], icon=f":material/{icon}:", help=texts.QUESTION)
            for name, (icon, texts) in _PAGES.items()
        ),
    ]


def configure() -> None:
    """Set title, icon and width; first, since a page's own icon would be fetched from outside as favicon."""
    st.set_page_config(page_title="cnnviz", page_icon="🔬", layout="wide")


def run_page(page: StreamlitPage) -> None:
    """Run a page inside the frame; then say what a link asked for in vain, and let the URL say what is shown."""
    st.session_state[_FLAG] = True
    st.html(_STYLE)
    above = st.container()
    try:
        with suppress(StopException):  # a page ends early where it has said why
            page.run()
    finally:
        st.session_state.pop(_FLAG, None)
    with above:
        for key, asked, shown in state.pop_rejected():
            panels.explain(_refused(key, asked, shown))
    presenter.show()
    components.page_language(language.current())
    state.publish()


def _refused(key: str, asked: object, shown: object) -> str:
    """Say that a link asks for something that is not there, and what is shown instead."""
    said = shared.GONE.get(key, shared.GONE_OTHER).format(key=key, asked=repr(asked)[:60])
    instead = shared.SHOWN_DEFAULT if shown is None else shared.SHOWN_INSTEAD.format(shown=shown)
    return f"{said} {instead}"


def require_shell() -> None:
    """Start a page over through app.py if it was opened without: first line of every page.

    Until some session has called `st.navigation`, Streamlit runs a file of `pages/` on its own, without the
    frame; so does a deep link that is a server's first request.
    """
    if not st.session_state.get(_FLAG):
        configure()
        st.navigation(pages(), position="hidden")
        st.rerun()
