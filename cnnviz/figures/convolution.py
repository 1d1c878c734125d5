"""Charts of the Convolution page: stacked and paired bars, curves, and maps with lettered places."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go

from cnnviz.images import lookup_table

_COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7")  # Okabe-Ito
_PAIR = ("#999999", "#0072B2")
_MARGIN = {"l": 10, "r": 10, "t": 10, "b": 10}
_FONT = {"size": 16}
_ABOVE = {"orientation": "h", "y": 1.02, "yanchor": "bottom"}  # the legend takes no width


def stacked_bars(
    names: Sequence[str], parts: Sequence[str], counts: Sequence[Sequence[int]], *, across: str
) -> go.Figure:
    """Draw lying bars on one scale, each made of parts, with its sum at its end.

    Args:
        names: One name a bar, from the top.
        parts: What each bar is made of.
        counts: Of each bar, a number for each part.
        across: What is counted.
    """
    figure = go.Figure()
    for place, part in enumerate(parts):
        figure.add_trace(
            go.Bar(
                x=[count[place] for count in counts], y=list(names), name=part, orientation="h",
                marker_color=_COLORS[place], hovertemplate=f"%{{y}}, {part}: %{{x:,}}<extra></extra>",
            )
        )  # fmt: skip
    for name, count in zip(names, counts, strict=True):
        figure.add_annotation(
            x=sum(count), y=name, text=f"<b>{sum(count):,}</b>", showarrow=False, xanchor="left", xshift=6, font=_FONT
        )
    figure.update_layout(
        barmode="stack", height=90 + 70 * len(names), margin=_MARGIN | {"r": 90}, font=_FONT, bargap=0.35,
        legend=_ABOVE | {"traceorder": "normal"},
    )  # fmt: skip
    figure.update_xaxes(title_text=across, tickformat=",")
    figure.update_yaxes(autorange="reversed", tickfont=_FONT)
    return figure


def paired_bars(names: Sequence[str], pairs: Mapping[str, Sequence[float]]) -> go.Figure:
    """Draw shares 0..1 of some classes as lying bars on one scale, those of before and of after beside each other.

    Args:
        names: One name a class, from the top.
        pairs: What a bar says, to one share a class.
    """
    figure = go.Figure()
    for place, (name, shares) in enumerate(pairs.items()):
        figure.add_trace(
            go.Bar(
                x=list(shares), y=list(names), name=name, orientation="h", marker_color=_PAIR[place],
                hovertemplate="%{y}: %{x:.1%}<extra>%{fullData.name}</extra>",
                text=[f"{share:.0%}" for share in shares], textposition="outside", cliponaxis=False,
            )
        )  # fmt: skip
    figure.update_layout(
        height=90 + 50 * len(names), margin=_MARGIN | {"r": 50}, bargap=0.25, bargroupgap=0.05,
        legend=_ABOVE | {"traceorder": "normal"},
    )  # fmt: skip
    figure.update_xaxes(range=[0, 1], tickformat=".0%")
    figure.update_yaxes(autorange="reversed", type="category", tickfont={"size": 14})
    return figure


def curves(
    values: np.ndarray | Sequence[str],
    lines: Mapping[str, Sequence[float]],
    *,
    mark: float | None,
    across: str,
    up: str,
    is_share: bool = False,
) -> go.Figure:
    """Draw some curves over the same values.

    Args:
        values: `n` numbers, or names.
        lines: Name to `n` numbers.
        mark: Value to mark by an upright line; None for none.
        across: What the values are called.
        up: What the numbers are called.
        is_share: Whether the numbers are shares, to be written in percent from 0 on.
    """
    number = ".0%" if is_share else ".3g"
    figure = go.Figure()
    for place, (name, line) in enumerate(lines.items()):
        figure.add_trace(
            go.Scatter(
                x=values, y=list(line), name=name, mode="lines+markers",
                line={"color": _COLORS[place % len(_COLORS)], "width": 3},
                hovertemplate=f"%{{x}}: %{{y:{number}}}<extra>%{{fullData.name}}</extra>",
            )
        )  # fmt: skip
    if mark is not None:
        figure.add_vline(mark, line={"color": "#999999", "dash": "dash"})
    figure.update_layout(
        height=300, margin=_MARGIN, font={"size": 14}, showlegend=len(lines) > 1,
        legend=_ABOVE,
    )  # fmt: skip
    figure.update_xaxes(title_text=across)
    figure.update_yaxes(title_text=up)
    if is_share:
        most = max(1.0, *(max(line) for line in lines.values()))
        figure.update_yaxes(tickformat=".0%", range=[0, 1.03 * most])
    return figure


def lettered(values: np.ndarray, places: Mapping[str, tuple[int, int]], *, colors: str, is_signed: bool) -> go.Figure:
    """Draw a small map with letters at some places.

    Args:
        values: `(rows, columns)`.
        places: Letter to row and column.
        colors: A color map of `images`.
        is_signed: Whether zero has the middle color.
    """
    table = lookup_table(colors)
    limit = float(np.abs(values).max()) or 1.0
    figure = go.Figure(
        go.Heatmap(
            z=values, colorscale=[[place / 255, f"rgb{tuple(table[place].tolist())}"] for place in range(0, 256, 15)],
            zmin=-limit if is_signed else None, zmax=limit if is_signed else None, showscale=False, xgap=1, ygap=1,
            hovertemplate="%{z:.4g}<extra></extra>",
        )
    )  # fmt: skip
    rows, columns = values.shape
    figure.add_shape(type="rect", x0=-0.5, x1=columns - 0.5, y0=-0.5, y1=rows - 0.5, line={"color": "#999999"})
    for letter, (row, column) in places.items():
        figure.add_shape(
            type="circle", x0=column - 0.42, x1=column + 0.42, y0=row - 0.42, y1=row + 0.42,
            line={"color": "#000000", "width": 2}, fillcolor="#ffffff",
        )  # fmt: skip
        figure.add_annotation(
            x=column, y=row, text=f"<b>{letter}</b>", showarrow=False, font={"size": 18, "color": "#000000"}
        )
    figure.update_layout(height=400, margin=_MARGIN, dragmode=False, plot_bgcolor="rgba(0,0,0,0)")
    figure.update_xaxes(visible=False, constrain="domain")
    figure.update_yaxes(visible=False, autorange="reversed", scaleanchor="x", constrain="domain")
    return figure
