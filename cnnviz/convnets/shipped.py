"""Small trained models that ship with cnnviz, and the records of the runs that trained them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cnnviz.convnets.files import open_model_file

if TYPE_CHECKING:
    import keras

_FOLDER = Path(__file__).parents[1] / "data"


@dataclass(frozen=True)
class Shipped:
    """A small model that one of our own recipes trained.

    Attributes:
        name: Its name in the catalog.
        title: Its name for people.
        architecture: Name of the same model, untrained.
        data: Name of the data set; its test images were never learned from.
    """

    name: str
    title: str
    architecture: str
    data: str

    def open(self) -> keras.Model:
        """Open it; it takes pixels 0..255."""
        return open_model_file(_FOLDER / f"{self.name}.keras")

    def build_untrained(self) -> keras.Model:
        """Build the same model with fresh weights."""
        import keras

        return keras.models.clone_model(self.open())

    @property
    def record(self) -> Mapping[str, Any]:
        """How it was made: `recipe`, `environment`, `status` and `history` of its run."""
        found: dict[str, Any] = json.loads((_FOLDER / f"{self.name}.json").read_text(encoding="utf-8"))
        return found


SHIPPED = (
    Shipped("lenet5-mnist", "LeNet-5, trained on digits", "lenet5", "mnist-5k"),
    Shipped("fashion-cnn", "Fashion convnet, trained", "fashion_cnn", "fashion-mnist"),
)
