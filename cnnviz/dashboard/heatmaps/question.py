"""Heatmap request: a method, and one class or two, for the selected image."""

from __future__ import annotations

from dataclasses import dataclass

from cnnviz.dashboard.state import Selection
from cnnviz.heatmaps import Method


@dataclass(frozen=True, eq=False)
class Question:
    """What is asked: where a method sees one class, or two, in the selected image.

    Attributes:
        selection: What is looked at.
        method: How it is explained.
        classes: One class, or the two that are compared.
    """

    selection: Selection
    method: Method
    classes: tuple[int, ...]

    @property
    def key(self) -> str:
        """Name of all that the answer hangs on."""
        selection = self.selection
        parts = (selection.convnet.fingerprint, selection.image, self.method.name, self.place, self.classes)
        return " ".join(map(str, parts))

    @property
    def place(self) -> dict[str, str | None]:
        """The layer, for the methods that take one."""
        return {"layer": self.selection.layer} if self.method.has_layer else {}
