"""Charts of a model: architecture graph, bars of units, histograms of weights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

import numpy as np
import plotly.graph_objects as go

from cnnviz.layers import LayerInfo

_KINDS = {  # Okabe-Ito, so that kinds stay apart for color-blind eyes
    "convolution": "#0072B2",
    "normalization": "#999999",
    "activation": "#E69F00",
    "pooling": "#009E73",
    "merge": "#CC79A7",
    "dense": "#D55E00",
    "other": "#56B4E9",
}

_FLAT = -1.0  # height of layers without an image's rows and columns
_TICK_SHARE = 0.07  # of the graph's height: a line of text
_ROOMY = 40  # layers that fit beside each other at full size


def architecture(
    infos: Sequence[LayerInfo], selected: str | None, *, words: Mapping[str, str] = MappingProxyType({})
) -> go.Figure:
    """Draw a model as a graph: order to the right, resolution upwards, channels as size, arcs for skips.

    Args:
        infos: Layers in the order in which they run.
        selected: Address of the layer to ring.
        words: What a kind of layer, and `flat`, is called; by its own name if not given.
    """
    heights = [_height(info) for info in infos]
    where = {info.address: position for position, info in enumerate(infos)}
    figure = go.Figure()
    figure.add_trace(_edges(infos, where, heights))
    for kind, color in _KINDS.items():
        positions = [i for i, info in enumerate(infos) if info.category == kind and not info.is_container]
        if positions:
            figure.add_trace(_nodes(infos, positions, name=words.get(kind, kind), color=color))
    if selected in where:
        figure.add_trace(_ring(where[selected], heights[where[selected]]))
    ticks = _ticks(infos)
    figure.update_layout(
        height=340,
        margin={"l": 10, "r": 10, "t": 10, "b": 10},
        xaxis={"visible": False, "range": [-1, len(infos)]},
        yaxis={
            "tickvals": [*ticks, _FLAT],
            "ticktext": [*(f"{side} px" for side in ticks.values()), words.get("flat", "flat")],
            "showgrid": True,
            "zeroline": False,
        },
        legend={"orientation": "h", "y": -0.05},
        dragmode="pan",
        clickmode="event+select",
        hovermode="closest",
    )
    return figure


def _ring(position: int, height: float) -> go.Scatter:
    marker = {"size": 26, "symbol": "circle-open", "line": {"width": 4}, "color": "#D55E00"}
    return go.Scatter(x=[position], y=[height], mode="markers", hoverinfo="skip", showlegend=False, marker=marker)


def _ticks(infos: Sequence[LayerInfo]) -> dict[float, int]:
    """Height to rows of the maps, largest first; those whose names would lie over each other are left out."""
    sides = {_height(info): info.map_shape[0] for info in infos if info.grid}
    apart = _TICK_SHARE * (max(sides, default=_FLAT) - _FLAT)
    kept: list[float] = []
    for height in sorted(sides, reverse=True):
        if not kept or kept[-1] - height >= apart:
            kept.append(height)
    return {height: sides[height] for height in kept if height - _FLAT >= apart}


def _height(info: LayerInfo) -> float:
    return float(np.log2(info.map_shape[0])) if info.grid else _FLAT


def _nodes(infos: Sequence[LayerInfo], positions: list[int], *, name: str, color: str) -> go.Scatter:
    crowding = min(1.0, _ROOMY / len(infos))
    sizes = [6 + 2.2 * crowding * np.log2(max(1, infos[i].filters)) for i in positions]
    return go.Scatter(
        x=positions,
        y=[_height(infos[i]) for i in positions],
        mode="markers",
        name=name,
        marker={"size": sizes, "color": color, "opacity": 0.9, "line": {"width": 0}},
        customdata=[infos[i].address for i in positions],
        text=[f"{infos[i].address}<br>{infos[i].kind}, {shape_text(infos[i].output_shape)}" for i in positions],
        hovertemplate="%{text}<extra></extra>",
        selected={"marker": {"opacity": 0.9}},
        unselected={"marker": {"opacity": 0.9}},
    )


def _edges(infos: Sequence[LayerInfo], where: dict[str, int], heights: list[float]) -> go.Scatter:
    xs: list[float | None] = []
    ys: list[float | None] = []
    for position, info in enumerate(infos):
        for source in () if info.is_container else info.sources:  # containers are no nodes
            start = where.get(source)
            if start is None:
                continue
            steps = np.linspace(0, 1, 2 if position - start <= 1 else 12)
            lift = 0.0 if position - start <= 1 else min(0.9, 0.08 * (position - start))
            xs += [*(start + (position - start) * steps), None]
            ys += [
                *(heights[start] + (heights[position] - heights[start]) * steps + 4 * lift * steps * (1 - steps)),
                None,
            ]
    return go.Scatter(
        x=xs, y=ys, mode="lines", line={"width": 1, "color": "#999999"}, hoverinfo="skip", showlegend=False
    )


def shape_text(shape: tuple[int, ...]) -> str:
    """Write a shape for people: 56 × 56 × 144."""
    return " × ".join(str(side) for side in shape)


def vector(values: np.ndarray, names: Sequence[str], *, across: str = "unit", up: str = "activation") -> go.Figure:
    """Draw one number a unit as bars; pointing anywhere above or below a bar names its unit.

    Args:
        values: `(units,)`.
        names: One name a unit.
        across: Title of the axis to the right.
        up: Title of the axis upwards.
    """
    figure = go.Figure(
        go.Bar(
            x=np.arange(values.size), y=values, text=list(names), textposition="none", marker_line_width=0,
            hovertemplate="%{text}<br>%{y:.4g}<extra></extra>",
        )
    )  # fmt: skip
    figure.update_layout(
        height=420,
        margin={"l": 10, "r": 10, "t": 10, "b": 10},
        xaxis_title=across,
        yaxis_title=up,
        bargap=0.05,
        hovermode="x",
    )
    return figure


def histograms(
    edges: np.ndarray, counts: dict[str, np.ndarray], *, across: str = "weight", up: str = "count"
) -> go.Figure:
    """Draw several histograms over the same bins as steps, one above the other.

    Args:
        edges: `(bins + 1,)`.
        counts: Name to `(bins,)`.
        across: Title of the axis to the right.
        up: Title of the axis upwards.
    """
    figure = go.Figure()
    centers = (edges[:-1] + edges[1:]) / 2
    for name, count in counts.items():
        figure.add_trace(go.Scatter(x=centers, y=count, name=name, mode="lines", line_shape="hvh", fill="tozeroy"))
    figure.update_layout(
        height=230,
        margin={"l": 10, "r": 10, "t": 40, "b": 10},
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom"},
        xaxis_title=across,
        yaxis_title=up,
    )
    return figure
