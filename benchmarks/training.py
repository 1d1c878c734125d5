"""Benchmark of training: an epoch beside plain `fit`, the estimated time of a run, and test accuracy."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.timing import interleaved, row
from cnnviz import datasets
from cnnviz.datasets import Dataset, load_dataset, photos, sample, subset
from cnnviz.runs import Run, Status
from cnnviz.training import RECIPES, Recipe, blueprint, carry_out, create_run, edited, estimate, networks
from cnnviz.training.plan import Plan
from cnnviz.training.plans import make_plan
from cnnviz.training.record import Record

_TARGET = 1.1
_EPOCHS = 3
_PER_CLASS = 60
_RECIPES: dict[str, dict[str, Any]] = {
    "mnist-dense": {},
    "lenet5": {},
    "mnist-convnet": {},
    "fashion-cnn": {},
    "scratch": {"size": 96},
    "feature-extraction": {"size": 64},
    "feature-extraction-augmented": {"size": 64},
    "fine-tuning": {"size": 64, "epochs": 6, "transfer.head_epochs": 2},
}
_ACCURACIES = {
    "lenet5": ("mnist-5k", 0.95, range(3)),
    "fashion-cnn": ("fashion-mnist", 0.91, range(1)),
    "mnist-convnet": ("mnist", 0.99, range(1)),
}


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        os.environ["CNNVIZ_CACHE_DIR"] = f"{folder}/cache"
        for name, changes in _RECIPES.items():
            recipe = edited(RECIPES[name].recipe, changes)
            dataset = _fewer(load_dataset(recipe.data)) if "size" in changes else load_dataset(recipe.data)
            compare_epochs(replace(recipe, augmentation=RECIPES["lenet5"].recipe.augmentation), dataset, Path(folder))
        for name, changes in _RECIPES.items():
            time_run(edited(RECIPES[name].recipe, {**changes, "epochs": changes.get("epochs", _EPOCHS)}), Path(folder))
        for name, (data, target, seeds) in _ACCURACIES.items():
            for seed in seeds:
                measure_accuracy(replace(RECIPES[name].recipe, data=data, seed=seed), target, Path(folder))


def _fewer(dataset: Dataset) -> Dataset:
    """So many images that an epoch of a large model takes seconds."""
    return replace(dataset, train=subset(dataset.train, sample(dataset.train, per_class=_PER_CLASS)))


def compare_epochs(recipe: Recipe, dataset: Dataset, folder: Path) -> None:
    """Fit the same model as the trainer does, and plainly, on the same images in memory; both validate."""
    start = time.perf_counter()
    plan = make_plan(recipe, dataset)
    first = time.perf_counter() - start
    plan.phases[-1].begin()
    optimizer = networks.optimizer(recipe, learning_rate=plan.phases[-1].learning_rate)
    plan.model.compile(optimizer, networks.loss(recipe, plan.model), metrics=["accuracy"])
    ways = {"ours": partial(_ours, plan, folder), "plain": _plain(recipe, plan, dataset)}
    times = {name: taken / _EPOCHS for name, taken in interleaved(ways, repetitions=9).items()}
    row(f"epoch against plain fit, {recipe.name}", times["ours"], times["plain"], _TARGET)
    if recipe.transfer and recipe.transfer.way == "features":
        start = time.perf_counter()
        make_plan(recipe, dataset)
        row("  features read again, against run through the base", time.perf_counter() - start, first, None)


def _ours(plan: Plan, folder: Path) -> None:
    from cnnviz.training.callbacks import Reporter

    plan.model.fit(
        plan.training(0), steps_per_epoch=plan.steps, epochs=_EPOCHS, validation_data=plan.validation, shuffle=False,
        callbacks=[Reporter(Record(folder, Status()))], verbose=0,
    )  # fmt: skip


def _plain(recipe: Recipe, plan: Plan, dataset: Dataset) -> Callable[[], Any]:
    training, validation = _arrays(plan, dataset, "train"), _arrays(plan, dataset, "validation")
    return partial(
        plan.model.fit, *training, batch_size=recipe.batch_size, epochs=_EPOCHS, validation_data=validation, verbose=0
    )


def _arrays(plan: Plan, dataset: Dataset, part: str) -> tuple[np.ndarray, np.ndarray]:
    """What the model is given, in memory: images, or features in the order of the images."""
    images = getattr(dataset, part)
    _, *shape = plan.model.inputs[0].shape
    if len(shape) == 3:
        pixels = photos(images, size=(shape[0], shape[1]), channels=shape[2])
        return pixels.astype(np.float32), images.labels
    _, *shape = plan.product.inputs[0].shape
    pixels = photos(images, size=(shape[0], shape[1]), channels=shape[2]).astype(np.float32)
    return _body(plan).predict(pixels, verbose=0), images.labels


def _body(plan: Plan) -> Any:
    import keras

    return keras.Model(plan.product.inputs[0], plan.product.get_layer("pooling").output)


def time_run(recipe: Recipe, folder: Path) -> Run:
    """Carry a run out from beginning to end; print the guess, and what is kept after an epoch.

    Here TensorFlow is imported already; what that takes of a process of its own is added.
    """
    dataset = load_dataset(recipe.data)
    plan, before = blueprint(recipe, classes=len(dataset.class_names)), _peak()
    path = create_run(recipe, folder=folder)
    seen: list[float] = []
    start = time.perf_counter()
    run = carry_out(path, on_epoch=lambda number, values: seen.append(time.perf_counter() - start))
    taken = time.perf_counter() - start + _import_seconds()
    guess = estimate(recipe, plan, dataset=dataset, peak=(before + _peak()) / 2).seconds
    keeping = np.diff(seen) - run.history.columns["seconds"][1:]
    row(f"guessed time against the run's, {recipe.name}", guess, taken, None)
    print(
        f"  first epoch told after {seen[0]:.1f} s, {statistics.median(keeping):.2f} s after its end "
        f"(best and last weights, checkpoint, TensorBoard); an epoch {run.history.columns['seconds'][1]:.2f} s",
        flush=True,
    )
    return run


@lru_cache(maxsize=1)
def _import_seconds() -> float:
    start = time.perf_counter()
    subprocess.run([sys.executable, "-c", "import cnnviz.training.callbacks"], check=True, capture_output=True)
    return time.perf_counter() - start


def _peak() -> float:
    """Multiply-adds a second of a matrix product, now."""
    square = np.ones((1024, 1024), np.float32)
    return float(1024**3 / interleaved({"product": lambda: square @ square}, repetitions=9)["product"])


def measure_accuracy(recipe: Recipe, target: float, folder: Path) -> None:
    """Train on all images, if they are here, and print the share of the test images that is right."""
    if not datasets.catalog()[recipe.data].is_here:
        print(f"{recipe.name} on {recipe.data}: not measured, the images are not here", flush=True)
        return
    accuracy = carry_out(create_run(recipe, folder=folder)).status.test["accuracy"]
    print(
        f"{recipe.name} on {recipe.data}, seed {recipe.seed}: {accuracy:.2%} of the test images   "
        f"target {target:.0%}   {'reached' if accuracy >= target else 'MISSED'}",
        flush=True,
    )


if __name__ == "__main__":
    main()
