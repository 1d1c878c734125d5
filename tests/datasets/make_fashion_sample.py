"""Which images of Fashion-MNIST ship with cnnviz? Writes `cnnviz/data/fashion_sample.npz`.

    apt-get install dataset-fashion-mnist
    python tests/datasets/make_fashion_sample.py

The first 200 images of each class in the training set and the first 100 of each in the test set, in the order
of the original files, so that there is no chance in it.
"""

from pathlib import Path

import numpy as np

import cnnviz.datasets
from cnnviz.datasets.known import read_idx

DEBIAN = Path("/usr/share/datasets/fashion-mnist")
TARGET = Path(cnnviz.datasets.__file__).parents[1] / "data" / "fashion_sample.npz"


def first_of_each_class(labels, count):
    """Indices in the order of the file."""
    return np.sort(np.concatenate([np.flatnonzero(labels == label)[:count] for label in range(10)]))


def sample(folder=DEBIAN):
    """The arrays of the sample, by name."""
    arrays = {}
    for part, stem, count in (("train", "train", 200), ("test", "t10k", 100)):
        labels = read_idx(folder / f"{stem}-labels-idx1-ubyte.gz")
        chosen = first_of_each_class(labels, count)
        arrays[f"{part}_photos"] = read_idx(folder / f"{stem}-images-idx3-ubyte.gz")[chosen]
        arrays[f"{part}_labels"] = labels[chosen]
    return arrays


if __name__ == "__main__":
    np.savez_compressed(TARGET, **sample())
