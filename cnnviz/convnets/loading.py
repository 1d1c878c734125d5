"""How does a name or a path become a network?"""

from __future__ import annotations

from pathlib import Path

from cnnviz.convnets.catalogue import DEFAULT, catalogue
from cnnviz.convnets.convnet import Convnet
from cnnviz.convnets.wrapping import convnet_from_model
from cnnviz.errors import ModelError


def load_convnet(source: str | Path = DEFAULT) -> Convnet:
    """Open a network.

    Args:
        source: A name of the catalogue, or a path to a `.keras` or `.h5` file.

    Returns:
        The network. Loading the same source twice gives two objects that compare equal.

    Raises:
        ModelError: If nothing answers to the name.
    """
    entry = catalogue().get(str(source))
    if entry is None:
        raise ModelError(f"There is no network {str(source)!r}. Offline there is {DEFAULT}; `cnnviz models` lists all.")
    return convnet_from_model(
        entry.build(), name=entry.name, preparation=entry.preparation, class_names=entry.class_names()
    )
