"""How does a network that was trained on other pictures become the base of a new one?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from cnnviz.convnets import Convnet, load_convnet
from cnnviz.datasets import Dataset
from cnnviz.errors import RunError
from cnnviz.layers import default_layer, find_layer
from cnnviz.training import networks
from cnnviz.training.features import feature_batches, features_of
from cnnviz.training.plan import Phase, Plan
from cnnviz.training.recipe import Recipe, Transfer
from cnnviz.training.scratch import batches, shape_of, steps, training_batches

if TYPE_CHECKING:
    import keras

_CONVOLUTIONS = ("Conv2D", "DepthwiseConv2D", "SeparableConv2D", "Conv2DTranspose")


@dataclass(frozen=True, eq=False)
class Parts:
    """The parts of a network that is made from a base.

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
    convnet = base_of(transfer)
    key = _key(recipe, transfer, convnet)
    parts = assemble(recipe, transfer, convnet, classes=len(dataset.class_names))
    if transfer.way == "features":
        return _on_features(recipe, dataset, parts, key=key)
    return _on_pictures(recipe, dataset, parts)


def _key(recipe: Recipe, transfer: Transfer, convnet: Convnet) -> str:
    """What scaling, base and pooling are, for what is kept of them."""
    size = networks.input_size(recipe, convnet.preparation)
    return f"{convnet.fingerprint} {transfer.cut or default_layer(convnet)} {size} {transfer.pooling}"


def base_of(transfer: Transfer) -> Convnet:
    """Open the base of a transfer.

    Raises:
        RunError: If its pictures are neither gray nor in colours.
    """
    convnet = load_convnet(transfer.base)
    if convnet.preparation.channels not in (1, 3):
        raise RunError(
            f"{convnet.name} takes pictures of {convnet.preparation.channels} channels. Choose a base that takes 1 or 3."
        )
    return convnet


def assemble(recipe: Recipe, transfer: Transfer, convnet: Convnet, *, classes: int) -> Parts:
    """Build scaling, frozen base, pooling and a new head.

    Raises:
        RunError: If the base cannot be cut there, or does not take pictures of this size.
    """
    import keras

    size = networks.input_size(recipe, convnet.preparation)
    base = cut(convnet, transfer.cut or default_layer(convnet), size=size)
    base.trainable = False
    image = keras.Input(base.inputs[0].shape[1:], name="image")
    maps = base(networks.scale(convnet.preparation.scaling, image), training=False)
    pool = keras.layers.GlobalAveragePooling2D if transfer.pooling == "average" else keras.layers.Flatten
    vector = pool(name="pooling")(maps)
    body = keras.Model(image, vector, name="body")
    given = keras.Input(vector.shape[1:], name="features")
    answer = networks.head(recipe, given, classes=classes, dense=transfer.dense, dropout=transfer.dropout)
    head = keras.Model(given, answer, name="head")
    product = keras.Model(image, _through(head, vector), name=f"{_plain(convnet.name)}_transfer")
    return Parts(base, body, head, product)


def cut(convnet: Convnet, address: str, *, size: tuple[int, int]) -> keras.Model:
    """Cut a network behind a layer, at any depth, for pictures of any size; the layers are shared with it.

    Args:
        convnet: It is left without the penalties on its weights.
        address: The last layer that is kept.
        size: Rows and columns of the pictures.

    Raises:
        RunError: If the layer has no maps, the network has no graph to cut, or it does not take that size.
    """
    if len(find_layer(convnet, address).output_shape) != 3:
        raise RunError(f"Layer {address!r} has no maps. Cut the base behind a layer that has.")
    own, channels = convnet.preparation.size, convnet.preparation.channels
    try:
        model = _cut(convnet.model, address, (*own, channels))
    except (ValueError, AttributeError, TypeError, StopIteration) as error:
        raise RunError(f"{convnet.name} cannot be cut behind {address!r}: it is no graph of layers.") from error
    if size != own:
        try:
            model = _cut(convnet.model, address, (*size, channels))
        except ValueError as error:
            raise RunError(f"{convnet.name} cannot take pictures of {size[0]} pixels. Choose its own size.") from error
    model.name = _plain(convnet.name)
    _without_penalties(model)
    return model


def _cut(model: keras.Model, address: str, shape: tuple[int, ...]) -> keras.Model:
    """Call the layers of a graph, up to one of them, on an input of that shape."""
    import keras

    name, _, rest = address.partition("/")
    layer = model.get_layer(name)
    graph = keras.Model(model.inputs[0], model.outputs)  # what a Sequential is inside
    node = next(node for nodes in graph._nodes_by_depth.values() for node in nodes if node.operation is layer)
    image = keras.Input(shape)
    before = keras.Model(model.inputs[0], (node.input_tensors if rest else node.output_tensors)[0])
    reached = before._run_through_graph([image])
    maps = _cut(layer, rest, reached.shape[1:])(reached) if rest else reached
    return keras.Model(image, maps, name=model.name)


def _without_penalties(base: keras.Model) -> None:
    """Drop what the base's own training added to its loss: the recipe says what this one adds."""
    for layer in _leaves(base):
        layer.activity_regularizer = None
    for variable in base.variables:
        variable.regularizer = None


def _through(model: keras.Model, x: Any) -> Any:
    """Call the layers of a chain one by one, so that they stand in the new network by themselves."""
    for layer in model.layers[1:]:
        x = layer(x)
    return x


def _plain(name: str) -> str:
    """A name that Keras takes for a layer: an address has no slashes inside."""
    return "".join(sign if sign.isalnum() or sign in "_-." else "_" for sign in name)


def _on_features(recipe: Recipe, dataset: Dataset, parts: Parts, *, key: str) -> Plan:
    """Run the base once over all pictures, and train the head on what it gave."""
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
    )


def _on_pictures(recipe: Recipe, dataset: Dataset, parts: Parts) -> Plan:
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
    """Let a base's last convolutions learn, all of them for 0; batch normalisation never does."""
    convolutions = [layer for layer in _leaves(base) if type(layer).__name__ in _CONVOLUTIONS]
    chosen = convolutions[-count:] if count else convolutions
    base.trainable = True
    for layer in _leaves(base):
        layer.trainable = layer in chosen


def _leaves(model: keras.Model) -> Iterator[keras.layers.Layer]:
    for layer in model._flatten_layers(include_self=False):
        if not hasattr(layer, "layers"):
            yield layer


def _changing(model: keras.Model, base: keras.Model) -> list[keras.Variable]:
    """What may change while a model is fitted: of the base only what learns, for it runs in inference."""
    still = {id(variable) for variable in base.variables if not variable.trainable}
    return [variable for variable in model.variables if id(variable) not in still]
