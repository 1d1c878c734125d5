"""Charts of an evaluation: confusion matrix, reliability diagram, ROC curve, edit sweeps, embeddings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

from cnnviz.figures.runs import confusion

# Okabe-Ito without its yellow, which a white page swallows; further classes have another shape.
_COLORS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#999999")
_SYMBOLS = ("circle", "diamond", "square", "triangle-up", "star")
_RING = "#C2185B"  # none of the classes' colors
_MOST_DRAWN = 2000  # points as shapes of the page; more are drawn as pixels
_EAR = 6  # pixels across what hears a click: so small that none overlap, and the nearest hears it


def clickable_confusion(
    counts: np.ndarray, class_names: Sequence[str], *, picked: tuple[int, int] | None, true: str, said: str, hover: str
) -> go.Figure:
    """Draw a confusion matrix whose cells answer a click; `customdata` of a point is its row and column.

    Args:
        counts: `(labels, classes)` int, a row for each true class; the last columns may have no row.
        class_names: One name a column.
        picked: Row and column of the cell to frame.
        true: What the rows are called.
        said: What the columns are called.
        hover: Said of a cell; may use `{true}`, `{said}` and `{count}`.
    """
    figure = confusion(counts, class_names, true=true, said=said, hover=hover)
    cells = [(row, column) for row in range(len(counts)) for column in range(counts.shape[1])]
    figure.data[0].hoverinfo = "skip"
    figure.add_trace(
        go.Scatter(
            x=[class_names[column] for _, column in cells],
            y=[class_names[row] for row, _ in cells],
            mode="markers",
            marker={"symbol": "square", "size": _EAR, "opacity": 0},
            selected={"marker": {"opacity": 0}},
            unselected={"marker": {"opacity": 0}},
            customdata=cells,
            text=[
                hover.format(true=class_names[row], said=class_names[column], count=counts[row, column])
                for row, column in cells
            ],
            hovertemplate="%{text}<extra></extra>",
            showlegend=False,
        )
    )
    if picked is not None:
        row, column = picked
        figure.add_shape(
            type="rect", x0=column - 0.5, x1=column + 0.5, y0=row - 0.5, y1=row + 0.5,
            line={"color": "#D55E00", "width": 3},
        )  # fmt: skip
    figure.update_layout(clickmode="event+select", dragmode=False, hoverdistance=-1)
    return figure


def reliability(
    edges: np.ndarray,
    counts: np.ndarray,
    confidence: np.ndarray,
    share: np.ndarray,
    *,
    confidence_title: str,
    share_title: str,
    hover: str,
) -> go.Figure:
    """Draw how often answers of some confidence are right, as bars; on the dotted line they are as sure as right.

    Args:
        edges: `(bins + 1,)` borders of the bins, 0..1.
        counts: `(bins,)` images in each; empty bins are not drawn, and a bar is the fainter the fewer it holds.
        confidence: `(bins,)` mean confidence.
        share: `(bins,)` share of right answers.
        confidence_title: What the axis across is called.
        share_title: What the axis upwards is called.
        hover: Said of a bar; may use `{count}`, `{confidence}` and `{share}`.
    """
    full = np.flatnonzero(counts)
    figure = go.Figure(
        go.Bar(
            x=((edges[:-1] + edges[1:]) / 2)[full], y=share[full], width=np.diff(edges)[full] * 0.94,
            marker={"color": "#0072B2", "opacity": 0.35 + 0.65 * np.sqrt(counts[full] / counts.max())},
            text=[
                hover.format(count=counts[place], confidence=f"{confidence[place]:.0%}", share=f"{share[place]:.0%}")
                for place in full
            ],
            textposition="none", hovertemplate="%{text}<extra></extra>", showlegend=False,
        )
    )  # fmt: skip
    _add_dotted(figure)
    return _shares(figure, confidence_title, share_title)


def roc_curve(false_positives: np.ndarray, true_positives: np.ndarray, *, across: str, up: str) -> go.Figure:
    """Draw a ROC curve; the dotted line is chance.

    Args:
        false_positives: `(points,)` 0..1, rising.
        true_positives: `(points,)` 0..1.
        across: What the first are called.
        up: What the second are called.
    """
    figure = go.Figure(go.Scatter(x=false_positives, y=true_positives, line={"color": "#0072B2"}, showlegend=False))
    _add_dotted(figure)
    return _shares(figure, across, up)


def _add_dotted(figure: go.Figure) -> None:
    figure.add_shape(type="line", x0=0, y0=0, x1=1, y1=1, line={"color": "#999999", "dash": "dot"})


def _shares(figure: go.Figure, across: str, up: str) -> go.Figure:
    """Let both axes go from none to all."""
    figure.update_layout(height=300, margin={"l": 10, "r": 10, "t": 10, "b": 10})
    figure.update_xaxes(title_text=across, range=[0, 1], tickformat=".0%")
    figure.update_yaxes(title_text=up, range=[0, 1], tickformat=".0%")
    return figure


def sweep_curve(
    values: np.ndarray,
    probabilities: np.ndarray,
    answers: Sequence[str],
    *,
    flip: float | None,
    across: str,
    up: str,
) -> go.Figure:
    """Draw a class's probability over the strength of an edit.

    Args:
        values: `(n,)` strengths in any order.
        probabilities: `(n,)` of the class that is answered without the edit.
        answers: What is answered at each strength.
        flip: Strength at which the answer flips, marked by an upright line; None for none.
        across: What the strengths are called.
        up: What the probabilities are called.
    """
    order = np.argsort(values)
    figure = go.Figure(
        go.Scatter(
            x=values[order], y=probabilities[order], mode="lines+markers", line={"color": "#0072B2"},
            text=[answers[place] for place in order], hovertemplate="%{x:.3g}: %{text}, %{y:.0%}<extra></extra>",
            showlegend=False,
        )
    )  # fmt: skip
    if flip is not None:
        figure.add_vline(flip, line={"color": "#D55E00", "dash": "dash"})
    figure.update_layout(height=240, margin={"l": 10, "r": 10, "t": 10, "b": 10})
    figure.update_xaxes(title_text=across)
    figure.update_yaxes(title_text=up, range=[0, 1], tickformat=".0%")
    return figure


def embedding(
    points: np.ndarray,
    labels: np.ndarray,
    class_names: Sequence[str],
    is_wrong: np.ndarray,
    names: Sequence[str],
    *,
    picked: int | None,
    wrong: str,
    has_lasso: bool,
) -> go.Figure:
    """Draw images as points colored by their label, mistakes with a ring; `customdata` of a point is its row.

    Args:
        points: `(n, 2)`.
        labels: `(n,)` int.
        class_names: One name a class; those without a point are left out.
        is_wrong: `(n,)` bool.
        names: Said of each point.
        picked: Row of the point to mark; None for none.
        wrong: What the ring means, in the legend.
        has_lasso: Whether dragging draws around points, or else moves the plane; Streamlit hears a click on a point
            only in the latter case.
    """
    scatter = go.Scattergl if len(points) > _MOST_DRAWN else go.Scatter
    figure = go.Figure()
    for label in np.unique(labels).tolist():
        rows = np.flatnonzero(labels == label)
        figure.add_trace(
            scatter(
                x=points[rows, 0], y=points[rows, 1], mode="markers", name=class_names[label],
                customdata=rows[:, None].tolist(),  # an array would come back from the browser as a mapping
                text=[names[row] for row in rows.tolist()], hovertemplate="%{text}<extra></extra>",
                marker={
                    "color": _COLORS[label % len(_COLORS)],
                    "symbol": _SYMBOLS[label // len(_COLORS) % len(_SYMBOLS)],
                    "size": 6,
                    "opacity": 0.75,
                },
            )
        )  # fmt: skip
    rings = np.flatnonzero(is_wrong)
    figure.add_trace(_ring(scatter, points[rings], wrong, size=11, width=1.5, color=_RING))
    if picked is not None:
        figure.add_trace(_ring(scatter, points[[picked]], "", size=18, width=3, color="#888888"))
    figure.update_layout(
        height=560, margin={"l": 10, "r": 10, "t": 10, "b": 10}, clickmode="event+select",
        dragmode="lasso" if has_lasso else "pan",
        legend={"orientation": "h", "itemsizing": "constant"},
    )  # fmt: skip
    figure.update_xaxes(visible=False)
    figure.update_yaxes(visible=False)
    return figure


def _ring(scatter: Any, points: np.ndarray, name: str, *, size: int, width: float, color: str) -> Any:
    """Circles that no pointer notices, so that the points under them are hit."""
    return scatter(
        x=points[:, 0], y=points[:, 1], mode="markers", name=name, hoverinfo="skip", showlegend=bool(name),
        marker={"symbol": "circle-open", "size": size, "color": color, "line": {"width": width, "color": color}},
    )  # fmt: skip
