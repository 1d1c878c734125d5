"""Views of the Mistakes page: confusion matrix, mean heatmap, label issues, embeddings, compare models."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from cnnviz.dashboard import panels, state
from cnnviz.dashboard.mistakes import compare, confusion_matrix, embedding, label_issues, mean_heatmap
from cnnviz.dashboard.mistakes.subject import Subject
from cnnviz.dashboard.texts import mistakes as texts
from cnnviz.mistakes import Evaluation


def show(subject: Subject, evaluation: Evaluation) -> int | None:
    """Draw the choice of a view and the view; return the row of the image whose card belongs under it.

    Raises:
        CnnvizError: If a view cannot be drawn.
    """
    view = panels.choose_one(texts.SHOW, texts.SHOWS, key=state.SHOW, in_url=True)
    return _VIEWS[view](subject, evaluation)


_VIEWS: Mapping[str, Callable[[Subject, Evaluation], int | None]] = {
    "matrix": confusion_matrix.show,
    "mean": mean_heatmap.show,
    "suspects": label_issues.show,
    "map": embedding.show,
    "compare": compare.show,
}
