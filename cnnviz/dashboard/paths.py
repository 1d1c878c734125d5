"""File paths on the pages: names for everybody, whole paths only for who sits at this machine, on request."""

from __future__ import annotations

import re
from pathlib import Path

import streamlit as st

from cnnviz.dashboard import started
from cnnviz.dashboard.texts import shared

_ROOT, _SEPARATOR = r"(?:[A-Za-z]:)?[\\/]+", r"[\\/]+"
_FOLDERS = re.compile(
    rf"""(?<=["']){_ROOT}(?:[^"'\\/\n]+{_SEPARATOR})+"""  # in quotes there may be spaces
    rf"""|(?<![\w.:/\\~<"'-]){_ROOT}(?:[^\s"'\\/]+{_SEPARATOR})+"""
)


def names_only(text: str) -> str:
    """Leave out the folders of every full path in a text that was written elsewhere: an error, a log.

    Example:
        >>> names_only("No space left: '/home/ann/runs/lenet5'")
        "No space left: 'lenet5'"
    """
    return _FOLDERS.sub("", text)


def shown(text: str) -> str:
    """Give a text that a person has asked for as it is to who sits at this machine, without folders to others."""
    return text if started.is_solo() else names_only(text)


def offer(path: Path) -> None:
    """Offer the whole path behind a click to who sits at this machine; others could do nothing with it."""
    if started.is_solo():
        with st.expander(shared.WHERE, icon=":material/folder_open:", type="compact"):
            st.code(str(path.resolve()), language=None)


def in_code(path: Path) -> tuple[str, str]:
    """Write a file for the code of a view, which runs on this machine; others get the name, and have to know.

    Returns:
        A literal of Python, and the comment for the end of its line.
    """
    if started.is_solo():
        return repr(str(path)), ""
    return repr(path.name), "  # a file of the server: put the path of your own copy here"
