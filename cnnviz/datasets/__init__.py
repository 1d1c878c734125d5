"""Datasets to train and evaluate on: well-known ones by name, or a folder or zip archive of labeled images.

    dataset = load_dataset("mnist-5k")                  # or a folder, or a zip archive
    dataset.class_names, dataset.train.counts, dataset.notes
    batches = pipeline(dataset.train, size=(28, 28), channels=1, batch_size=64, seed=0)

`load_dataset` finds and checks, `photos` and `sample` show, `pipeline` feeds `fit`.
"""

from cnnviz.datasets.arrays import photos
from cnnviz.datasets.catalog import Entry, catalog, load_dataset
from cnnviz.datasets.class_names import CATS_AND_DOGS, CIFAR10, DIGITS, FASHION
from cnnviz.datasets.dataset import Dataset, Part
from cnnviz.datasets.own_folder import LEAST_IMAGES, open_folder
from cnnviz.datasets.pipelines import ahead, batch_order, pipeline
from cnnviz.datasets.splitting import TEST_SHARE, VALIDATION_SHARE, hold_out, sample, subset

__all__ = [
    "CATS_AND_DOGS",
    "CIFAR10",
    "DIGITS",
    "FASHION",
    "LEAST_IMAGES",
    "TEST_SHARE",
    "VALIDATION_SHARE",
    "Dataset",
    "Entry",
    "Part",
    "ahead",
    "batch_order",
    "catalog",
    "hold_out",
    "load_dataset",
    "open_folder",
    "photos",
    "pipeline",
    "sample",
    "subset",
]
