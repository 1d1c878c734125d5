"""How are class probabilities shown so that one can be picked? As a short list of bars."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import streamlit as st

_component = st.components.v2.component(
    "cnnviz_bars",
    html='<div class="bars" role="group"></div>',
    css="""
.bars { display: flex; flex-direction: column; gap: 4px; font: 15px var(--st-font); }
button { all: unset; position: relative; display: flex; justify-content: space-between; gap: 1em; padding: 7px 10px; cursor: pointer;
  border-radius: 4px; overflow: hidden; color: var(--st-text-color); background: var(--st-secondary-background-color); }
button:focus-visible { outline: 3px solid var(--st-primary-color); }
button[aria-pressed=true] { box-shadow: inset 0 0 0 2px var(--st-primary-color); }
.fill { position: absolute; inset: 0 auto 0 0; background: var(--st-primary-color); opacity: 0.28; }
.name { position: relative; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.share { position: relative; font-variant-numeric: tabular-nums; font-weight: 600; }
""",
    js="""
export default function ({ data, parentElement, setTriggerValue }) {
  const list = parentElement.querySelector('.bars');
  list.setAttribute('aria-label', data.title);
  list.replaceChildren(...data.rows.map((row) => {
    const button = document.createElement('button');
    button.type = 'button'; button.title = String(row.value);
    button.setAttribute('aria-pressed', row.isPicked);
    const fill = document.createElement('span'), name = document.createElement('span'), share = document.createElement('span');
    fill.className = 'fill'; name.className = 'name'; share.className = 'share';
    fill.style.width = 100 * row.value + '%'; name.textContent = row.name; share.textContent = row.share;
    button.append(fill, name, share);
    button.onclick = () => setTriggerValue('picked', row.index);
    return button;
  }));
}
""",
)


def bars(
    rows: Sequence[tuple[int, str, float]], *, key: str, title: str, picked: int | None, on_pick: Callable[[int], None]
) -> None:
    """Draw one bar a class; a click picks it.

    Args:
        rows: Index, name and probability 0..1 of each class, in the order to show.
        key: Streamlit key.
        title: What the bars show, for screen readers.
        picked: Index of the class to frame, if any.
        on_pick: Called with the index that was picked, before the page runs again.
    """
    data = [
        {"index": index, "name": name, "value": round(value, 6), "share": percent(value), "isPicked": index == picked}
        for index, name, value in rows
    ]

    def took() -> None:
        index = st.session_state[key]["picked"]
        if index is not None:
            on_pick(int(index))

    _component(key=key, data={"title": title, "rows": data}, on_picked_change=took)


def percent(share: float) -> str:
    """Write a share 0..1 for people: 87 %, 0.4 %, < 0.1 %."""
    if share < 0.001:
        return "< 0.1 %"
    return f"{100 * share:.0f} %" if share >= 0.0995 else f"{100 * share:.1f} %"
