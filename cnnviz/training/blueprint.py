"""Blueprint of a recipe: the untrained model, its layers, and the estimated training time."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import dropwhile
from typing import TYPE_CHECKING

from cnnviz.convnets import Convnet, catalog, convnet_from_model
from cnnviz.datasets import Dataset
from cnnviz.datasets.dataset import ArrayImages
from cnnviz.layers import LayerInfo, layers
from cnnviz.training import networks
from cnnviz.training.cutting import base_of
from cnnviz.training.recipe import Recipe

if TYPE_CHECKING:
    import keras

# Measured on two cores with the recipes of this package; `python -m benchmarks.training` prints how far they are off.
_START_SECONDS = 5.0  # a process, TensorFlow, and the tracing of the first step
_BASE_SECONDS = 8.0  # to open a base, cut and trace it, and to write and test it with its head at the end
_STEP_SECONDS = 0.003  # of Python and Keras around a batch
_FILE_SECONDS = 0.001  # to read and fit an image, once; those in memory cost next to nothing
_SHARE_OF_PEAK = 0.4  # of the multiply-adds that a matrix product reaches; convolutions of 28 to 224 pixels: 0.2 to 0.6
_BACKWARD = 2  # to the maps and to the weights


@dataclass(frozen=True)
class Blueprint:
    """A model that has not been trained yet.

    Attributes:
        layers: Its outermost layers; a base is one of them.
        input_shape: Rows, columns and channels of its images.
        parameters: All of them.
        trainable: Those that learn, in the last phase.
        macs: Multiply-adds of one image.
        learning_macs: Those from the first layer that learns to the last, through which gradients go, in the last
            phase.
    """

    layers: tuple[LayerInfo, ...]
    input_shape: tuple[int, int, int]
    parameters: int
    trainable: int
    macs: int
    learning_macs: int


def blueprint(recipe: Recipe, *, classes: int) -> Blueprint:
    """Build what a recipe would train, and describe it; nothing is downloaded for it.

    Raises:
        CnnvizError: If it cannot be built.
    """
    model = _product(recipe, classes)
    infos = layers(convnet_from_model(model, name=recipe.network))
    leaves = [info for info in infos if not info.is_container]
    _, rows, columns, channels = model.inputs[0].shape
    return Blueprint(
        layers=tuple(info for info in infos if "/" not in info.address),
        input_shape=(rows, columns, channels),
        parameters=model.count_params(),
        trainable=sum(math.prod(variable.shape) for variable in model.trainable_variables),
        macs=sum(info.macs for info in leaves),
        learning_macs=sum(info.macs for info in dropwhile(lambda info: not info.trainable_parameters, leaves)),
    )


def _product(recipe: Recipe, classes: int) -> keras.Model:
    from cnnviz.training.transfer import assemble, unfreeze

    transfer = recipe.transfer
    if transfer is None:
        return networks.build(recipe, classes=classes)
    parts = assemble(recipe, transfer, _outline(transfer.base), classes=classes)
    if transfer.way == "fine-tuning":
        unfreeze(parts.base, transfer.unfrozen)
    return parts.product


def _outline(base: str) -> Convnet:
    """Open a base; of one that comes by name, the layers without the weights, which may be a long download."""
    entry = catalog().get(base)
    if entry is None:
        return base_of(base)
    return convnet_from_model(entry.build_untrained(), name=entry.name, preparation=entry.preparation)


@dataclass(frozen=True)
class Estimate:
    """How long a run takes; on a machine that does nothing else true within a factor of two.

    Attributes:
        seconds: All of it, if it goes through all its epochs.
        first_look: Those in which a base that gives features looks once at every image; 0 if it looks in each epoch.
    """

    seconds: float
    first_look: float


def estimate(recipe: Recipe, plan: Blueprint, *, dataset: Dataset, peak: float) -> Estimate:
    """Guess how long a run takes, until its first batches tell better.

    An image costs one pass through the model, and to learn from it two more through the part that learns:

        seconds = start + files * reading + steps * overhead + multiply-adds / (share * peak)

    A base that gives features looks at each image once; one that is fine-tuned learns in the second phase only.
    Validation images are looked at after every epoch, test images once.

    Args:
        recipe: What is trained.
        plan: Its model.
        dataset: The images.
        peak: Multiply-adds a second that this machine reaches in a matrix product.
    """
    train, validation, test = (len(part) for part in (dataset.train, dataset.validation, dataset.test))
    rate = peak * _SHARE_OF_PEAK
    is_once = recipe.transfer is not None and recipe.transfer.way == "features"
    first_look = (train + validation) * plan.macs / rate if is_once else 0.0
    epochs = 0.0 if is_once else (train * _macs_to_learn(recipe, plan) + validation * recipe.epochs * plan.macs) / rate
    steps = recipe.epochs * -(-train // recipe.batch_size)
    files = 0 if isinstance(dataset.train.images, ArrayImages) else train + validation + test
    overhead = files * _FILE_SECONDS + steps * _STEP_SECONDS + test * plan.macs / rate
    start = _START_SECONDS + (_BASE_SECONDS if recipe.transfer else 0.0)
    return Estimate(start + first_look + epochs + overhead, first_look)


def _macs_to_learn(recipe: Recipe, plan: Blueprint) -> int:
    """Multiply-adds to learn from one image in all epochs."""
    transfer, learning = recipe.transfer, recipe.epochs
    if transfer is not None:
        learning = max(0, recipe.epochs - transfer.head_epochs) if transfer.way == "fine-tuning" else 0
    return recipe.epochs * plan.macs + learning * _BACKWARD * plan.learning_macs
