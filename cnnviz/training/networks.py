"""Keras model, optimizer and loss of a recipe."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from cnnviz.convnets import Preparation, Scaling, catalog
from cnnviz.errors import RunError
from cnnviz.training.recipe import Recipe

if TYPE_CHECKING:
    import keras


def input_size(recipe: Recipe, preparation: Preparation) -> tuple[int, int]:
    """Side of the images: the recipe's, or the model's own."""
    return (recipe.size, recipe.size) if recipe.size else preparation.size


def build(recipe: Recipe, *, classes: int) -> keras.Model:
    """Build an architecture of the catalog for a number of classes, with fresh weights.

    It takes pixels 0..255: what scales them is part of the model, so that nobody can forget it or do it twice.

    Args:
        recipe: Its size, regularization and dropout are built in.
        classes: Units of the last layer; two stay one sigmoid where the architecture has one, unless labels are
            one-hot.

    Raises:
        RunError: If there is no such architecture, or the images are too small for it.
    """
    import keras

    entry = catalog().get(recipe.network)
    if entry is None or entry.is_trained:
        known = ", ".join(name for name, other in catalog().items() if not other.is_trained)
        raise RunError(
            "There is no architecture {network!r} to train. There are: {known}.", network=recipe.network, known=known
        )
    original, preparation = entry.build_untrained(), entry.preparation
    layers = [layer for layer in original.layers if not isinstance(layer, keras.layers.InputLayer)]
    size = input_size(recipe, preparation)
    image = x = keras.Input((*size, preparation.channels), name="image")
    x = scale(preparation.scaling, x)
    try:
        for layer in _steps(recipe, layers, classes):
            x = layer(x)
    except ValueError as error:
        raise RunError(
            "{title} cannot take images of {pixels} pixels. Choose a larger size.", title=entry.title, pixels=size[0]
        ) from error
    return keras.Model(image, x, name=recipe.network)


def scale(scaling: Scaling, x: Any) -> Any:
    """Scale pixels 0..255 by a layer: `Rescaling` where one factor does, else a 1 x 1 convolution that never learns."""
    import keras
    import numpy as np

    channels = int(x.shape[-1])
    if scaling.scale == (1.0,) and scaling.offset == (0.0,) and not scaling.is_bgr:
        return x
    if len(scaling.scale) == len(scaling.offset) == 1 and not scaling.is_bgr:
        return keras.layers.Rescaling(scaling.scale[0], scaling.offset[0], name="scaling")(x)
    layer = keras.layers.Conv2D(channels, 1, trainable=False, name="scaling")
    scaled = layer(x)
    order = np.eye(channels)[:, ::-1] if scaling.is_bgr else np.eye(channels)  # (channels in, channels out)
    offset = np.broadcast_to(np.array(scaling.offset, np.float32), channels)
    layer.set_weights([(order * np.array(scaling.scale))[None, None].astype(np.float32), offset])
    return scaled


def head(recipe: Recipe, x: Any, *, classes: int, dense: int, dropout: float) -> Any:
    """Add a classifier on top of a vector: a hidden layer, dropout, and softmax."""
    import keras

    if dense:
        for layer in _regularized(recipe, keras.layers.Dense(dense, activation="relu", name="head_dense")):
            x = layer(x)
    if dropout:
        x = keras.layers.Dropout(dropout, name="head_dropout")(x)
    return keras.layers.Dense(classes, activation="softmax", kernel_regularizer=_penalty(recipe), name="predictions")(x)


def optimizer(recipe: Recipe, *, learning_rate: float | None = None, replicas: int = 1) -> keras.optimizers.Optimizer:
    """Make the recipe's optimizer; the rate grows with the replicas, as the batch does.

    Reference:
        Goyal et al., "Accurate, Large Minibatch SGD", 2017, section 2.1, linear scaling rule.
    """
    from keras import ops, optimizers

    kinds: dict[str, Any] = {
        "sgd": optimizers.SGD,
        "momentum": lambda **options: optimizers.SGD(momentum=0.9, **options),
        "nag": lambda **options: optimizers.SGD(momentum=0.9, nesterov=True, **options),
        "adagrad": optimizers.Adagrad,
        "adadelta": optimizers.Adadelta,
        "rmsprop": optimizers.RMSprop,
        "adam": optimizers.Adam,
    }
    options: dict[str, Any] = {"clipnorm": recipe.clip_norm, "clipvalue": recipe.clip_value}
    made: keras.optimizers.Optimizer = kinds[recipe.optimizer](**options)
    usual = float(ops.convert_to_numpy(made.learning_rate))  # of a strategy's variable `float` knows nothing
    rate = learning_rate or recipe.learning_rate or usual
    made.learning_rate = rate * replicas
    return made


def loss(recipe: Recipe, model: keras.Model) -> keras.losses.Loss:
    """Make the loss that belongs to the last layer and to the form of the labels."""
    from keras import losses

    if model.outputs[0].shape[-1] == 1:
        return losses.BinaryCrossentropy()
    return losses.CategoricalCrossentropy() if recipe.is_one_hot else losses.SparseCategoricalCrossentropy()


def _steps(recipe: Recipe, layers: list[keras.layers.Layer], classes: int) -> Iterator[keras.layers.Layer]:
    """Make each layer of a chain anew, as the recipe wants it, with what it adds between them."""
    import keras

    for layer in layers[:-1]:
        if recipe.dropout is None or not isinstance(layer, keras.layers.Dropout):
            yield from _regularized(recipe, layer)
    if recipe.dropout:
        yield keras.layers.Dropout(recipe.dropout, name="dropout")
    yield _last(recipe, layers[-1], classes)


def _regularized(recipe: Recipe, layer: keras.layers.Layer) -> Iterator[keras.layers.Layer]:
    import keras

    if not isinstance(layer, keras.layers.Conv2D | keras.layers.Dense):
        yield _again(layer)
    elif not recipe.has_batch_norm:
        yield _again(layer, kernel_regularizer=_penalty(recipe))
    else:  # between the sum and its activation, as in the paper: Ioffe and Szegedy, 2015, section 3.2
        yield _again(layer, kernel_regularizer=_penalty(recipe), activation=None, use_bias=False)
        yield keras.layers.BatchNormalization(name=f"{layer.name}_bn")
        yield keras.layers.Activation(layer.activation, name=f"{layer.name}_activation")


def _last(recipe: Recipe, layer: keras.layers.Layer, classes: int) -> keras.layers.Layer:
    is_single = layer.units == 1 and classes == 2 and not recipe.is_one_hot
    units, activation = (1, "sigmoid") if is_single else (classes, "softmax")
    return _again(layer, units=units, activation=activation, kernel_regularizer=_penalty(recipe))


def _again(layer: keras.layers.Layer, **changed: Any) -> keras.layers.Layer:
    return type(layer).from_config(layer.get_config() | changed)


def _penalty(recipe: Recipe) -> keras.regularizers.Regularizer | None:
    import keras

    return keras.regularizers.L1L2(recipe.l1, recipe.l2) if recipe.l1 or recipe.l2 else None
