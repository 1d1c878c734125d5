"""Transfer learning: a frozen base with a new head, and fine-tuning of the base's last convolutions."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from cnnviz.convnets import Convnet
from cnnviz.datasets import Dataset
from cnnviz.layers import default_layer
from cnnviz.training import networks
from cnnviz.training.cutting import base_of, cut, leaves, plain
from cnnviz.training.features import feature_batches, features_of
from cnnviz.training.plan import Phase, Plan
from cnnviz.training.recipe import Recipe, Transfer
from cnnviz.training.scratch import batches, shape_of, steps, training_batches

if TYPE_CHECKING:
    import keras

_CONVOLUTIONS = ("Conv2D", "DepthwiseConv2D", "SeparableConv2D", "Conv2DTranspose")
_POOLING = "pooling"


@dataclass(frozen=True, eq=False)
class Parts:
    """The parts of a model that is made from a base.

    Attributes:
        base: From scaled pixels to maps.
        body: From pixels 0..255 to the vector that the head is given: scaling, base and pooling.
        head: From that vector to probabilities.
        product: All of it: from pixels 0..255 to probabilities.
    """

    base: keras.Model
    body: keras.Model
    head: keras.Model
    product: keras.Model


def plan_transfer(recipe: Recipe, dataset: Dataset) -> Plan:
    """Plan a run that builds on a trained base."""
    transfer = recipe.transfer
    if transfer is None:
        raise ValueError("Expected a recipe with a transfer.")
    convnet = base_of(transfer.base)
    key = _key(recipe, transfer, convnet)
    parts = assemble(recipe, transfer, convnet, classes=len(dataset.class_names))
    if transfer.way == "features":
        return _on_features(recipe, dataset, parts, key=key)
    return _on_images(recipe, dataset, parts)


def _key(recipe: Recipe, transfer: Transfer, convnet: Convnet) -> str:
    """What scaling, base and pooling are, for what is kept of them."""
    size = networks.input_size(recipe, convnet.preparation)
    return f"{convnet.fingerprint} {transfer.cut or default_layer(convnet)} {size} {transfer.pooling}"


def assemble(recipe: Recipe, transfer: Transfer, convnet: Convnet, *, classes: int) -> Parts:
    """Build scaling, frozen base, pooling and a new head.

    Raises:
        RunError: If the base cannot be cut there, or does not take images of this size.
    """
    import keras

    size = networks.input_size(recipe, convnet.preparation)
    base = cut(convnet, transfer.cut or default_layer(convnet), size=size)
    base.trainable = False
    image = keras.Input(base.inputs[0].shape[1:], name="image")
    maps = base(networks.scale(convnet.preparation.scaling, image), training=False)
    pool = keras.layers.GlobalAveragePooling2D if transfer.pooling == "average" else keras.layers.Flatten
    vector = pool(name=_POOLING)(maps)
    body = keras.Model(image, vector, name="body")
    given = keras.Input(vector.shape[1:], name="features")
    dropout = transfer.dropout if recipe.dropout is None else recipe.dropout
    answer = networks.head(recipe, given, classes=classes, dense=transfer.dense, dropout=dropout)
    head = keras.Model(given, answer, name="head")
    product = keras.Model(image, _through(head, vector), name=f"{plain(convnet.name)}_transfer")
    return Parts(base, body, head, product)


def head_of(product: keras.Model) -> keras.Model:
    """Take the head out of a whole model; its layers are shared."""
    import keras

    return keras.Model(product.get_layer(_POOLING).output, product.outputs, name="head")


def _through(model: keras.Model, x: Any) -> Any:
    """Call the layers of a chain one by one, so that they stand in the new model by themselves."""
    for layer in model.layers[1:]:
        x = layer(x)
    return x


def _on_features(recipe: Recipe, dataset: Dataset, parts: Parts, *, key: str) -> Plan:
    """Run the base once over all images, and train the head on what it gave."""
    import keras

    model = keras.Model(parts.head.inputs, parts.head.outputs)
    of_part = partial(features_of, parts.body, key=key)
    training, validation = of_part(dataset.train), of_part(dataset.validation)
    return Plan(
        model=model,
        product=parts.product,
        phases=(Phase("", recipe.epochs),),
        training=lambda first: feature_batches(recipe, training, dataset.train, seed=recipe.seed, first_epoch=first),
        steps=steps(recipe, len(dataset.train)),
        validation=feature_batches(recipe, validation, dataset.validation),
        variables=lambda: list(model.variables),
        is_head_alone=True,
    )


def _on_images(recipe: Recipe, dataset: Dataset, parts: Parts) -> Plan:
    """Run the base in every epoch; with fine-tuning, its last convolutions learn in a second phase."""
    import keras

    model = keras.Model(parts.product.inputs, parts.product.outputs)
    transfer = recipe.transfer
    phases = [Phase("", recipe.epochs)]
    if transfer is not None and transfer.way == "fine-tuning":
        head_epochs = min(transfer.head_epochs, recipe.epochs)
        phases = [
            Phase("head", head_epochs),
            Phase("fine-tuning", recipe.epochs, transfer.fine_rate, partial(unfreeze, parts.base, transfer.unfrozen)),
        ]
    shape = shape_of(parts.product)
    return Plan(
        model=model,
        product=parts.product,
        phases=phases,
        training=partial(training_batches, recipe, dataset.train, shape),
        steps=steps(recipe, len(dataset.train)),
        validation=batches(recipe, dataset.validation, shape),
        variables=partial(_changing, model, parts.base),
    )


def unfreeze(base: keras.Model, count: int) -> None:
    """Let a base's last convolutions learn, all of them for 0; batch normalization never does."""
    convolutions = [layer for layer in leaves(base) if type(layer).__name__ in _CONVOLUTIONS]
    chosen = convolutions[-count:] if count else convolutions
    base.trainable = True
    for layer in leaves(base):
        layer.trainable = layer in chosen


def _changing(model: keras.Model, base: keras.Model) -> list[keras.Variable]:
    """What may change while a model is fitted: of the base only what learns, for it runs in inference."""
    still = {id(variable) for variable in base.variables if not variable.trainable}
    return [variable for variable in model.variables if id(variable) not in still]
