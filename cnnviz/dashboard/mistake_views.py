"""In which ways can the mistakes be looked at?"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from cnnviz.dashboard import (
    mistake_compare,
    mistake_map,
    mistake_matrix,
    mistake_mean,
    mistake_suspects,
    panels,
    state,
)
from cnnviz.dashboard.mistakes import Subject
from cnnviz.dashboard.texts import mistakes as texts
from cnnviz.mistakes import Evaluation


def show(subject: Subject, evaluation: Evaluation) -> int | None:
    """Draw the choice of a view and the view; return the row of the picture whose card belongs under it.

    Raises:
        CnnvizError: If a view cannot be drawn.
    """
    view = panels.choose_one(texts.SHOW, texts.SHOWS, key=state.SHOW, in_url=True)
    return _VIEWS[view](subject, evaluation)


def _mean(subject: Subject, evaluation: Evaluation) -> None:
    mistake_mean.show(subject, evaluation)


_VIEWS: Mapping[str, Callable[[Subject, Evaluation], int | None]] = {
    "matrix": mistake_matrix.show,
    "mean": _mean,
    "suspects": mistake_suspects.show,
    "map": mistake_map.show,
    "compare": mistake_compare.show,
}
