"""Import of Keras in the background while the first page is drawn."""

from __future__ import annotations

import gc
import threading

import streamlit as st

from cnnviz import private_keras


@st.cache_resource(show_spinner=False)
def warm() -> threading.Event:
    """Import Keras beside the first page, which takes seconds; the event is set when it is done."""
    done = threading.Event()

    def work() -> None:
        try:
            _import_keras()
        finally:
            done.set()

    threading.Thread(target=work, daemon=True, name="warm-keras").start()
    return done


def _import_keras() -> None:
    """Import Keras and keep its session: what is compiled outlives a run of a page.

    Streamlit clears the session after every run of a script. That collects garbage among a million objects for a
    second, drops TensorFlow's kernels, and resets Keras under a job that is tracing.
    """
    private_keras.keep_session()
    gc.freeze()  # the modules are here to stay: collections need not look at them
