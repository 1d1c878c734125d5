"""Training from scratch: the plan, and augmented batches of images."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from cnnviz.datasets import Dataset, Part, pipeline
from cnnviz.training import networks
from cnnviz.training.augmentation import augmented
from cnnviz.training.plan import Phase, Plan
from cnnviz.training.recipe import Recipe

if TYPE_CHECKING:
    import keras
    import tensorflow as tf


def plan_from_scratch(recipe: Recipe, dataset: Dataset) -> Plan:
    """Plan a run in which all weights of an architecture learn."""
    import keras

    product = networks.build(recipe, classes=len(dataset.class_names))
    model = keras.Model(product.inputs, product.outputs)
    return Plan(
        model=model,
        product=product,
        phases=(Phase("", recipe.epochs),),
        training=partial(training_batches, recipe, dataset.train, shape_of(product)),
        steps=steps(recipe, len(dataset.train)),
        validation=batches(recipe, dataset.validation, shape_of(product)),
        variables=lambda: list(model.variables),
    )


def shape_of(model: keras.Model) -> tuple[int, int, int]:
    """Rows, columns and channels of the images that a model takes."""
    _, rows, columns, channels = model.inputs[0].shape
    return rows, columns, channels


def steps(recipe: Recipe, images: int) -> int:
    """Batches of an epoch."""
    return -(-images // recipe.batch_size)


def training_batches(recipe: Recipe, part: Part, shape: tuple[int, int, int], first_epoch: int) -> tf.data.Dataset:
    """Stream shuffled, augmented batches, endlessly; what comes hangs on seed and epoch only."""
    stream = _pipeline(recipe, part, shape, seed=recipe.seed, first_epoch=first_epoch)
    if recipe.augmentation.is_none:
        return stream
    first_step = first_epoch * steps(recipe, len(part))
    return augmented(stream, recipe.augmentation, seed=recipe.seed, first_step=first_step)


def batches(recipe: Recipe, part: Part, shape: tuple[int, int, int]) -> tf.data.Dataset:
    """Give each image once, in order, as it is."""
    return _pipeline(recipe, part, shape)


def _pipeline(recipe: Recipe, part: Part, shape: tuple[int, int, int], **shuffled: Any) -> tf.data.Dataset:
    rows, columns, channels = shape
    return pipeline(
        part,
        size=(rows, columns),
        channels=channels,
        batch_size=recipe.batch_size,
        one_hot=recipe.is_one_hot,
        **shuffled,
    )
