"""Transfer learning: a frozen base with a new head, and fine-tuning of the base's last convolutions."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from cnnviz.convnets import Convnet
from cnnviz.datasets import Dataset, Part, ahead, batch_order, pipeline
from cnnviz.errors import RunError
from cnnviz.folders import cache_folder, make_room
from cnnviz.kept_arrays import map_rows, write_rows
from cnnviz.layers import default_layer
from cnnviz.training import networks
from cnnviz.training.cutting import base_of, cut, leaves, plain
from cnnviz.training.plan import Phase, Plan
from cnnviz.training.recipe import Recipe, Transfer
from cnnviz.training.scratch import batches, shape_of, steps, training_batches

if TYPE_CHECKING:
    import keras
    import tensorflow as tf


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


MAX_BYTES = 8 * 2**30
"""Of all that is kept; what was longest unused goes first."""

_BATCH = 32


def features_of(body: keras.Model, part: Part, *, key: str) -> np.ndarray:
    """Run a frozen body once over images, or read what it gave before.

    Args:
        body: From pixels 0..255 to vectors.
        part: The images.
        key: What the body is.

    Returns:
        `(images, values)` float32, read from the disk as it is needed.

    Raises:
        RunError: If they would take more room than there is, or cannot be written.
    """
    name = hashlib.sha256(f"{key} {part.fingerprint}".encode()).hexdigest()[:32]
    path, shape = cache_folder("features") / f"{name}.npy", (len(part), body.outputs[0].shape[-1])
    kept = map_rows(path, shape=shape, dtype=np.float32)
    if kept is None:
        _require_room(shape)
        kept = _keep(path, _run(body, part), shape)
    return kept


def _require_room(shape: tuple[int, int]) -> None:
    total = 4 * shape[0] * shape[1]
    if total > MAX_BYTES:
        raise RunError(
            "{count} images of {values} features each take {amount} GB; at most {most} GB are kept. "
            "Choose average pooling, or fewer images.",
            count=f"{shape[0]:,}",
            values=f"{shape[1]:,}",
            amount=f"{total / 2**30:.1f}",
            most=MAX_BYTES // 2**30,
        )


def _keep(path: Path, rows: Iterator[np.ndarray], shape: tuple[int, int]) -> np.ndarray:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_rows(path, rows, shape=shape, dtype=np.float32)
        kept = np.load(path, mmap_mode="r", allow_pickle=False)
    except OSError as error:
        raise RunError(
            "The features of {count} images take {amount} GB and cannot be kept: {reason}. Free space or set "
            "CNNVIZ_CACHE_DIR.",
            count=f"{shape[0]:,}",
            amount=f"{4 * shape[0] * shape[1] / 2**30:.1f}",
            reason=error.strerror,
        ) from error
    make_room(keep=path, max_bytes=MAX_BYTES)
    return kept


def _run(body: keras.Model, part: Part) -> Iterator[np.ndarray]:
    """Features of a few images after the other."""
    _, rows, columns, channels = body.inputs[0].shape
    forward = _forward(body)
    for photos, _ in pipeline(part, size=(rows, columns), channels=channels, batch_size=_BATCH):
        yield forward(photos).numpy()


@lru_cache(maxsize=1)  # training and validation images, one after the other: tracing a base takes seconds
def _forward(body: keras.Model) -> Callable[[tf.Tensor], tf.Tensor]:
    import tensorflow as tf

    photos = tf.TensorSpec(body.inputs[0].shape, tf.float32)
    return tf.function(lambda photos: body(photos, training=False), input_signature=[photos])


def feature_batches(recipe: Recipe, features: np.ndarray, part: Part, **order: Any) -> tf.data.Dataset:
    """Stream vectors and labels in batches, in the order that images would come in."""
    import tensorflow as tf

    labels = tf.constant(part.labels, tf.int32)
    if recipe.is_one_hot:
        labels = tf.one_hot(labels, part.class_count)

    def batch(chosen: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        # From the mapped file: flattened maps of many images would not fit into memory.
        values = tf.numpy_function(features.__getitem__, [chosen], tf.float32, stateful=False)
        return tf.ensure_shape(values, (None, features.shape[1])), tf.gather(labels, chosen)

    return ahead(batch_order(len(part), recipe.batch_size, **order).map(batch))
