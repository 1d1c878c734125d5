"""How is a training run drawn: its curves, what it confuses, several runs beside each other?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from cnnviz.runs import History

# Okabe-Ito without its yellow, which a white page swallows.
_COLOURS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#999999")
_PANELS = ("loss", "accuracy")
_SHADE = "rgba(153, 153, 153, 0.15)"


def learning_curves(
    histories: Mapping[str, History],
    *,
    titles: Mapping[str, str],
    training: str,
    validation: str,
    epoch: str,
    marks: Sequence[tuple[float, str]] = (),
    over_fits_from: int | None = None,
) -> go.Figure:
    """Draw loss and accuracy over the epochs, side by side: validation as a line, training as dots.

    Args:
        histories: Name of a run to its history; each has its own colour.
        titles: Of the panels `loss` and `accuracy`.
        training: What the training curve is called.
        validation: What the validation curve is called.
        epoch: What the axis is called.
        marks: Epochs to mark by an upright line, with what stands beside it, each a line lower.
        over_fits_from: Epoch behind which the ground is shaded.
    """
    figure = make_subplots(1, 2, subplot_titles=[titles[panel] for panel in _PANELS], horizontal_spacing=0.08)
    for number, (name, history) in enumerate(histories.items()):
        colour = _COLOURS[number % len(_COLOURS)]
        for column, panel in enumerate(_PANELS, start=1):
            label = "" if len(histories) == 1 else f"{name} · "
            lines = [(f"val_{panel}", f"{label}{validation}", "solid"), (panel, f"{label}{training}", "dot")]
            for key, legend, dash in lines:
                if key in history.columns:
                    line = _line(history, key, legend, colour, dash, is_named=column == 1, is_share=panel == "accuracy")
                    figure.add_trace(line, row=1, col=column)
    _mark(figure, marks)
    if over_fits_from is not None:
        last = max(int(history.epochs[-1]) for history in histories.values())
        figure.add_vrect(over_fits_from, last, line_width=0, fillcolor=_SHADE, layer="below")
    figure.update_xaxes(title_text=epoch, dtick=_tick(histories))
    figure.update_yaxes(tickformat=".0%", row=1, col=2)
    figure.update_layout(
        height=400,
        margin={"l": 10, "r": 10, "t": 40, "b": 10},
        legend={"orientation": "h", "y": -0.2},
        hovermode="x unified",
        uirevision="curves",  # a zoom survives the next epoch
    )
    return figure


def _mark(figure: go.Figure, marks: Sequence[tuple[float, str]]) -> None:
    """Draw upright lines through both panels, named in the first: the others would write over its curves."""
    for number, (at, text) in enumerate(marks):
        figure.add_vline(at, line_width=1, line_dash="dash", line_color="#999999")
        figure.add_annotation(
            x=at, y=1, yref="y domain", yshift=-14 * number, text=text, showarrow=False, xanchor="right",
            yanchor="top", xshift=-3,
        )  # fmt: skip


def _line(
    history: History, key: str, name: str, colour: str, dash: str, *, is_named: bool, is_share: bool
) -> go.Scatter:
    return go.Scatter(
        x=history.epochs,
        y=history.columns[key],
        name=name,
        legendgroup=name,
        showlegend=is_named,
        mode="lines+markers",
        line={"color": colour, "dash": dash, "width": 2.5 if dash == "solid" else 1.5},
        marker={"size": 5 if dash == "solid" else 3},
        hovertemplate="%{y:.1%}" if is_share else "%{y:.4g}",
    )


def _tick(histories: Mapping[str, History]) -> int:
    """Whole epochs on the axis, at most about ten."""
    longest = max((int(history.epochs[-1]) for history in histories.values() if len(history)), default=1)
    return max(1, -(-longest // 10))


def confusion(counts: np.ndarray, class_names: Sequence[str], *, true: str, said: str, hover: str) -> go.Figure:
    """Draw which class was taken for which; each row is coloured by its own share.

    Args:
        counts: `(classes, classes)` int, a row for each true class.
        class_names: One name a class.
        true: What the rows are called.
        said: What the columns are called.
        hover: Said of a cell; may use `{true}`, `{said}` and `{count}`.
    """
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    texts = [
        [hover.format(true=row, said=column, count=counts[i, j]) for j, column in enumerate(class_names)]
        for i, row in enumerate(class_names)
    ]
    figure = go.Figure(
        go.Heatmap(
            z=shares, x=list(class_names), y=list(class_names), text=counts.astype(str), customdata=texts,
            texttemplate="%{text}" if len(class_names) <= 20 else None, hovertemplate="%{customdata}<extra></extra>",
            colorscale="Blues", zmin=0, zmax=1, showscale=False, xgap=1, ygap=1,
        )
    )  # fmt: skip
    figure.update_layout(height=max(300, 34 * len(class_names) + 110), margin={"l": 10, "r": 10, "t": 10, "b": 10})
    figure.update_xaxes(title_text=said, side="bottom", type="category")
    figure.update_yaxes(title_text=true, autorange="reversed", type="category")
    return figure


def balance(counts: np.ndarray, class_names: Sequence[str], *, pictures: str) -> go.Figure:
    """Draw how many pictures each class has, as lying bars.

    Args:
        counts: `(classes,)` int.
        class_names: One name a class.
        pictures: What the axis is called.
    """
    bars = go.Bar(
        x=counts, y=list(class_names), orientation="h", marker_color=_COLOURS[0], text=counts, texttemplate="%{x:,}",
        hovertemplate="%{y}: %{x:,}<extra></extra>",
    )  # fmt: skip
    figure = go.Figure(bars)
    figure.update_layout(height=max(120, 22 * len(class_names) + 60), margin={"l": 10, "r": 10, "t": 10, "b": 10})
    figure.update_xaxes(title_text=pictures)
    figure.update_yaxes(autorange="reversed", type="category")
    return figure
