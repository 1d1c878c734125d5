"""Language of the page for screen readers and browsers, as Streamlit itself always says English."""

from __future__ import annotations

import streamlit as st

from cnnviz.dashboard.components import message

_component = st.components.v2.component("cnnviz_page_language", html="", js=message.text("page_language.js"))


def page_language(language: str) -> None:
    """Tell the browser the language of the page; draws nothing.

    Args:
        language: Two letters, such as `ko`.
    """
    _component(key="page_language", data={"language": language})
