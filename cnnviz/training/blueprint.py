"""What will a recipe train, before any picture is read?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cnnviz.convnets import convnet_from_model
from cnnviz.layers import LayerInfo, layers
from cnnviz.training import networks
from cnnviz.training.recipe import Recipe, Transfer

if TYPE_CHECKING:
    import keras

_STEP_SECONDS = 0.004  # of Python and Keras around a batch
_SHARE_OF_PEAK = 0.1  # of the multiply-adds that a matrix product reaches; measured on LeNet-5 and EfficientNet-Lite0
_PASSES = 3  # forward, backward to the maps, backward to the weights


@dataclass(frozen=True)
class Blueprint:
    """A network that has not been trained yet.

    Attributes:
        layers: Its outermost layers; a base is one of them.
        input_shape: Rows, columns and channels of its pictures.
        parameters: All of them.
        trainable: Those that learn, in the last phase.
        macs: Multiply-adds of one picture.
    """

    layers: tuple[LayerInfo, ...]
    input_shape: tuple[int, int, int]
    parameters: int
    trainable: int
    macs: int


def blueprint(recipe: Recipe, *, classes: int) -> Blueprint:
    """Build what a recipe would train, and describe it.

    Raises:
        CnnvizError: If it cannot be built.
    """
    model = _product(recipe, classes)
    infos = layers(convnet_from_model(model, name=recipe.network))
    _, rows, columns, channels = model.inputs[0].shape
    return Blueprint(
        layers=tuple(info for info in infos if "/" not in info.address),
        input_shape=(rows, columns, channels),
        parameters=model.count_params(),
        trainable=sum(int(variable.value.numpy().size) for variable in model.trainable_variables),
        macs=sum(info.macs for info in infos if not info.is_container),
    )


def _product(recipe: Recipe, classes: int) -> keras.Model:
    from cnnviz.training.cutting import base_of
    from cnnviz.training.transfer import assemble, unfreeze

    transfer = recipe.transfer
    if transfer is None:
        return networks.build(recipe, classes=classes)
    parts = assemble(recipe, transfer, base_of(transfer.base), classes=classes)
    if transfer.way == "fine-tuning":
        unfreeze(parts.base, transfer.unfrozen)
    return parts.product


def seconds_for(recipe: Recipe, plan: Blueprint, *, pictures: int, peak: float) -> float:
    """Guess how long a run takes.

    Args:
        recipe: What is trained.
        plan: Its network.
        pictures: To train on.
        peak: Multiply-adds a second that this machine reaches in a matrix product.

    Returns:
        Seconds; true within a factor of two or three, until the first batches tell better.
    """
    steps = -(-pictures // recipe.batch_size)
    overhead = recipe.epochs * steps * _STEP_SECONDS
    work = plan.macs * pictures / (peak * _SHARE_OF_PEAK)
    return overhead + work * _runs_of_base(recipe.transfer) * (1 if _is_on_features(recipe) else recipe.epochs)


def _is_on_features(recipe: Recipe) -> bool:
    return recipe.transfer is not None and recipe.transfer.way == "features"


def _runs_of_base(transfer: Transfer | None) -> int:
    """Passes through a network a picture; a frozen base is only ever run forward."""
    return 1 if transfer is not None and transfer.way in ("features", "frozen") else _PASSES
