"""How is a confusion matrix drawn, so that its cells can be clicked?"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from cnnviz.figures.runs import confusion

_CELL = 34  # pixels, about; the squares that hear a click are invisible and may overlap a little


def clickable_confusion(
    counts: np.ndarray, class_names: Sequence[str], *, picked: tuple[int, int] | None, true: str, said: str, hover: str
) -> go.Figure:
    """Draw a confusion matrix whose cells answer a click; `customdata` of a point is its row and column.

    Args:
        counts: `(classes, classes)` int, a row for each true class.
        class_names: One name a class.
        picked: Row and column of the cell to frame.
        true: What the rows are called.
        said: What the columns are called.
        hover: Said of a cell; may use `{true}`, `{said}` and `{count}`.
    """
    figure = confusion(counts, class_names, true=true, said=said, hover=hover)
    cells = [(row, column) for row in range(len(counts)) for column in range(len(counts))]
    figure.data[0].hoverinfo = "skip"
    figure.add_trace(
        go.Scatter(
            x=[class_names[column] for _, column in cells],
            y=[class_names[row] for row, _ in cells],
            mode="markers",
            marker={"symbol": "square", "size": _CELL, "opacity": 0},
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
    figure.update_layout(clickmode="event+select", dragmode=False)
    return figure
