"""TensorFlow name scopes for layers whose Keras names TensorFlow refuses."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from cnnviz import private_keras
from cnnviz.private_keras import OPENS_SCOPE

if TYPE_CHECKING:
    import keras

_VALID = re.compile(r"[A-Za-z0-9.][A-Za-z0-9_.\\/>-]*")


def allow_any_names(model: keras.Model) -> None:
    """Let a model with layers called `conv 1` or `\ud569\uc131\uacf1` be traced; their names stay as they are.

    Keras opens a scope of TensorFlow under each layer's name, and while a function is traced TensorFlow takes plain
    ASCII only. The layers in question open one under a plain name instead, which nobody sees.
    """
    for layer in private_keras.layers_at_any_depth(model):
        if not _VALID.fullmatch(layer.name) and OPENS_SCOPE not in vars(layer):
            object.__setattr__(layer, OPENS_SCOPE, _Scope(layer))


class _Scope:
    """Opens the scope of one layer."""

    def __init__(self, layer: keras.layers.Layer) -> None:
        self._layer, self._name = layer, "layer_" + re.sub(r"[^A-Za-z0-9_.-]", "_", layer.name)

    def __call__(self) -> Any:
        """Open it."""
        return private_keras.scope_of(self._layer, self._name)

    def __deepcopy__(self, _: dict[int, Any]) -> _Scope:
        return self
