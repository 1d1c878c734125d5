"""Contact sheet: hundreds of small images on one canvas, of which one can be picked."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import streamlit as st

from cnnviz.dashboard.components import message

_component = st.components.v2.component(
    "cnnviz_contact_sheet",
    html='<div class="sheet"><div class="scroll"><canvas tabindex="0" role="slider"></canvas>'
    '<div class="frame"></div></div><div class="under" aria-hidden="true"></div></div>',
    css=message.text("contact_sheet.css"),
    js=message.script("contact_sheet.js"),
)


def contact_sheet(
    images: np.ndarray,
    *,
    key: str,
    title: str,
    names: Sequence[str],
    picked: int | None,
    on_pick: Callable[[int], None],
    table: np.ndarray | None = None,
    dimmed: Sequence[int] = (),
    tile: int = 64,
    height: int = 620,
    is_sharp: bool = True,
) -> None:
    """Draw many images of one size; a click or the arrow keys pick one.

    Args:
        images: `(count, rows, columns)` uint8 to color by `table`, or `(count, rows, columns, 3)` uint8.
        key: Streamlit key of this sheet.
        title: What the sheet shows, for screen readers.
        names: One name an image, shown under the pointer and read out.
        picked: Position of the framed image, if any.
        on_pick: Called with the position that was picked, before the page runs again.
        table: `(256, 3)` uint8 colors; gray if not given.
        dimmed: Positions to draw faintly.
        tile: Width in pixels that a tile should have on the screen; less where many must fit.
        height: Pixels after which the sheet scrolls.
        is_sharp: Whether enlarged pixels stay squares.
    """
    count, rows, columns = images.shape[:3]
    if table is None:
        table = np.repeat(np.arange(256, dtype=np.uint8)[:, None], 3, axis=1)
    header = {
        "count": count,
        "rows": rows,
        "columns": columns,
        "channels": 3 if images.ndim == 4 else 1,
        "picked": -1 if picked is None else int(picked),
        "title": title,
        "names": list(names),
        "dimmed": [int(position) for position in dimmed],
        "tile": tile,
        "height": height,
        "isSharp": is_sharp,
    }

    def took() -> None:
        position = message.position(st.session_state[key]["picked"], count)
        if position is not None:
            on_pick(position)

    _component(key=key, data=message.pack(header, table, images.astype(np.uint8)), on_picked_change=took)
