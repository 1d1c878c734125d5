"""Charts of training runs: learning curves, confusion matrix, class balance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np
import plotly.graph_objects as go

from cnnviz.runs import History

# Okabe-Ito without its yellow, which a white page swallows.
_COLORS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#999999")
_GRAY = "#999999"
_HEIGHT, _LINE = 360, 30  # pixels, of the panel and of a run's name under it
_SHADE = {
    "mark": {"type": "rect", "color": _GRAY, "opacity": 0.15, "clip": True},
    "transform": [{"filter": "isValid(datum.start)"}],
    "encoding": {"x": {"field": "start", "type": "quantitative"}, "x2": {"field": "end"}},
}
_AT_MARK = {"transform": [{"filter": "isValid(datum.mark)"}]}
_MARKS = (
    {"mark": {"type": "rule", "color": _GRAY, "strokeDash": [6, 4], "clip": True},
     "encoding": {"x": {"field": "mark", "type": "quantitative"}}, **_AT_MARK},
    {"mark": {"type": "text", "color": _GRAY, "align": "right", "baseline": "top", "dx": -4, "clip": True,
              "y": {"expr": "2 + 14 * datum.line"}},
     "encoding": {"x": {"field": "mark", "type": "quantitative"}, "text": {"field": "label"}}, **_AT_MARK},
)  # fmt: skip
# The wheel alone scrolls the page, and so does a finger.
_ZOOM = {
    "type": "interval",
    "zoom": "wheel![event.shiftKey]",
    "translate": "[pointerdown[event.pointerType === 'mouse'], window:pointerup] > window:pointermove!",
}

Panel = Literal["loss", "accuracy"]


def learning_curves(
    histories: Mapping[str, History],
    panel: Panel,
    *,
    training: str,
    validation: str,
    marks: Sequence[tuple[float, str]] = (),
    over_fits_from: int | None = None,
) -> list[dict[str, Any]]:
    """List the rows of a chart of learning curves; `curves_spec` says how they are drawn.

    Rows and drawing are apart, since a chart that only gets new rows stays where it is, zoom and all.

    Args:
        histories: Name of a run to its history.
        panel: `loss` or `accuracy`.
        training: What the training curve is called.
        validation: What the validation curve is called.
        marks: Epochs to mark by an upright line, with what stands beside it.
        over_fits_from: Epoch behind which the ground is shaded.

    Returns:
        For each point of a curve `epoch`, `value`, `what` and `run`; for each mark `mark` and `label`, for the shade
        `start` and `end`. A value that is no number has no row.
    """
    rows = [
        {"epoch": int(epoch), "value": float(value), "what": what, "run": name}
        for name, history in histories.items()
        for column, what in ((f"val_{panel}", validation), (panel, training))
        for epoch, value in zip(history.epochs, history.columns.get(column, ()), strict=False)
        if np.isfinite(value)
    ]
    rows += [{"mark": float(at), "label": label, "line": number} for number, (at, label) in enumerate(marks)]
    if over_fits_from is not None:
        last = max(int(history.epochs[-1]) for history in histories.values())
        rows.append({"start": over_fits_from, "end": last})
    return rows


def curves_spec(
    names: Sequence[str], panel: Panel, *, title: str, epoch: str, training: str, validation: str
) -> dict[str, Any]:
    """Describe in Vega-Lite how the rows of `learning_curves` are drawn: validation as a line, training as dots.

    Args:
        names: Of the runs; each has its own color.
        panel: `loss` or `accuracy`.
        title: Of the panel.
        epoch: What the axis is called.
        training: What the training curve is called.
        validation: What the validation curve is called.
    """
    form = ".1%" if panel == "accuracy" else ".3g"
    axis = {"title": None, "format": ".0%", "tickMinStep": 0.01} if panel == "accuracy" else {"title": None}
    across = {"field": "epoch", "type": "quantitative", "scale": {"zero": False, "nice": False, "padding": 12},
              "axis": {"title": epoch, "format": "d", "tickMinStep": 1, "grid": False}}  # fmt: skip
    colors = {"domain": list(names), "range": list(_COLORS)}
    dashes = {"domain": [validation, training], "range": [[1, 0], [2, 3]]}
    shared = {
        "x": across,
        "y": {"field": "value", "type": "quantitative", "scale": {"zero": False, "padding": 8}, "axis": axis},
        "color": {"field": "run", "scale": colors, "legend": _legend("bottom", columns=1) if len(names) > 1 else None},
    }
    said = [{"field": "run"}, {"field": "what"}, {"field": "value", "title": title, "format": form},
            {"field": "epoch", "title": epoch}]  # fmt: skip
    lines = {
        "mark": {"type": "line", "clip": True},
        "params": [{"name": "zoom", "select": _ZOOM, "bind": "scales"}],
        "encoding": {**shared, "strokeDash": {"field": "what", "scale": dashes, "legend": _legend("top", columns=2)}},
    }
    points = {
        "mark": {"type": "point", "filled": True, "size": 30, "opacity": 1, "clip": True},
        "encoding": {**shared, "tooltip": said},
    }
    curves = {"transform": [{"filter": "isValid(datum.value)"}], "layer": [lines, points]}
    return {
        "title": title,
        "height": _HEIGHT + (_LINE * (len(names) + 1) if len(names) > 1 else 0),
        "layer": [_SHADE, *_MARKS, curves],
    }


def _legend(orient: str, *, columns: int) -> dict[str, Any]:
    return {"orient": orient, "title": None, "columns": columns, "symbolType": "stroke", "symbolSize": 500,
            "labelLimit": 320}  # fmt: skip


def confusion(counts: np.ndarray, class_names: Sequence[str], *, true: str, said: str, hover: str) -> go.Figure:
    """Draw which class was taken for which; each row is colored by its own share.

    Args:
        counts: `(labels, classes)` int, a row for each true class; the last columns may have no row.
        class_names: One name a column.
        true: What the rows are called.
        said: What the columns are called.
        hover: Said of a cell; may use `{true}`, `{said}` and `{count}`.
    """
    labels = list(class_names)[: len(counts)]
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    texts = [
        [hover.format(true=row, said=column, count=counts[i, j]) for j, column in enumerate(class_names)]
        for i, row in enumerate(labels)
    ]
    figure = go.Figure(
        go.Heatmap(
            z=shares, x=list(class_names), y=labels, text=counts.astype(str), customdata=texts,
            texttemplate="%{text}" if len(class_names) <= 20 else None, hovertemplate="%{customdata}<extra></extra>",
            colorscale="Blues", zmin=0, zmax=1, showscale=False, xgap=1, ygap=1,
        )
    )  # fmt: skip
    figure.update_layout(height=max(300, 34 * len(class_names) + 110), margin={"l": 10, "r": 10, "t": 10, "b": 10})
    figure.update_xaxes(title_text=said, side="bottom", type="category")
    figure.update_yaxes(title_text=true, autorange="reversed", type="category")
    return figure


def balance(counts: np.ndarray, class_names: Sequence[str], *, images: str) -> go.Figure:
    """Draw how many images each class has, as lying bars.

    Args:
        counts: `(classes,)` int.
        class_names: One name a class.
        images: What the axis is called.
    """
    bars = go.Bar(
        x=counts, y=list(class_names), orientation="h", marker_color=_COLORS[0], text=counts, texttemplate="%{x:,}",
        hovertemplate="%{y}: %{x:,}<extra></extra>",
    )  # fmt: skip
    figure = go.Figure(bars)
    figure.update_layout(height=max(120, 22 * len(class_names) + 60), margin={"l": 10, "r": 10, "t": 10, "b": 10})
    figure.update_xaxes(title_text=images)
    figure.update_yaxes(autorange="reversed", type="category")
    return figure
