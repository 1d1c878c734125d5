"""Stack view: table of layers, with their receptive fields over the image."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import streamlit as st

from cnnviz.dashboard.components import message

_component = st.components.v2.component(
    "cnnviz_stack",
    html='<div class="stack"><figure><div class="stage"><canvas role="img"></canvas></div><figcaption></figcaption>'
    "</figure><table></table></div>",
    css=message.text("stack_view.css"),
    js=message.script("stack_view.js"),
)


def stack_view(
    image: np.ndarray,
    rows: Sequence[Mapping[str, Any]],
    *,
    key: str,
    picked: int,
    texts: Mapping[str, str],
    totals: Mapping[str, str],
    on_pick: Callable[[int], None],
    on_remove: Callable[[int], None],
) -> None:
    """Draw a stack; a click on a line picks it, its cross takes it off.

    Args:
        image: `(rows, columns, 3)` uint8, as the first layer receives it.
        rows: Of each layer `name`, `output`, `parameters`, `multiplications` and `seen` as texts, `share` of the
            parameters 0..1, and `field`, pixels a side, or None where it sees all.
        key: Streamlit key.
        picked: Position of the framed line.
        texts: All words that it shows.
        totals: `parameters` and `multiplications` of all.
        on_pick: Called with the position that was picked, before the page runs again.
        on_remove: Called with the position that is to go, before the page runs again.
    """
    header = {
        "height": image.shape[0],
        "width": image.shape[1],
        "rows": [dict(row) for row in rows],
        "picked": picked,
        "texts": dict(texts),
        "totals": dict(totals),
    }

    def took(name: str, then: Callable[[int], None]) -> None:
        position = message.position(st.session_state[key][name], len(rows))
        if position is not None:
            then(position)

    _component(
        key=key,
        data=message.pack(header, image.astype(np.uint8)),
        on_picked_change=lambda: took("picked", on_pick),
        on_removed_change=lambda: took("removed", on_remove),
    )
