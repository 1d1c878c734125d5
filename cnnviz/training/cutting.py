"""Base models for transfer learning, cut behind a chosen layer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from cnnviz import private_keras
from cnnviz.convnets import Convnet, load_convnet
from cnnviz.errors import RunError
from cnnviz.layers import find_layer

if TYPE_CHECKING:
    import keras


def base_of(name: str) -> Convnet:
    """Open a base: a model of the catalog, a file or a run.

    Raises:
        RunError: If its images are neither gray nor in colors.
    """
    convnet = load_convnet(name)
    channels = convnet.preparation.channels
    if channels not in (1, 3):
        raise RunError(
            "{name} takes images of {channels} channels. Choose a base that takes 1 or 3.",
            name=convnet.name,
            channels=channels,
        )
    return convnet


def cut(convnet: Convnet, address: str, *, size: tuple[int, int]) -> keras.Model:
    """Cut a model behind a layer, at any depth, for images of any size; the layers are shared with it.

    Args:
        convnet: It is left without the penalties on its weights.
        address: The last layer that is kept.
        size: Rows and columns of the images.

    Raises:
        RunError: If the layer has no maps, the model has no graph to cut, or it does not take that size.
    """
    if len(find_layer(convnet, address).output_shape) != 3:
        raise RunError(
            "Layer {address!r} has no feature maps. Cut the base model after a layer that has them.", address=address
        )
    own, channels = convnet.preparation.size, convnet.preparation.channels
    try:
        model = _cut(convnet.model, address, (*own, channels))
    except (ValueError, AttributeError, TypeError, StopIteration) as error:
        raise RunError(
            "{name} cannot be cut after {address!r}: it is not a functional model.", name=convnet.name, address=address
        ) from error
    if size != own:
        try:
            model = _cut(convnet.model, address, (*size, channels))
        except ValueError as error:
            raise RunError(
                "{name} does not accept images of {pixels} pixels. Use its native input size.",
                name=convnet.name,
                pixels=size[0],
            ) from error
    model.name = plain(convnet.name)
    _without_penalties(model)
    return model


def _cut(model: keras.Model, address: str, shape: tuple[int, ...]) -> keras.Model:
    """Call the layers of a graph, up to one of them, on an input of that shape."""
    import keras

    name, _, rest = address.partition("/")
    layer = model.get_layer(name)
    graph = keras.Model(model.inputs[0], model.outputs)  # what a Sequential is inside
    node = private_keras.node_of(graph, layer)
    image = keras.Input(shape)
    before = keras.Model(model.inputs[0], (node.input_tensors if rest else node.output_tensors)[0])
    reached = private_keras.run_graph(before, [image], call_layer=_called_in_inference)
    maps = _cut(layer, rest, reached.shape[1:])(reached) if rest else reached
    return keras.Model(image, maps, name=model.name)


def _called_in_inference(layer: Any, *args: Any, **options: Any) -> Any:
    """Call a layer, at any depth without what only acts while training: dropout, noise, augmentation.

    `training=False` in the call of a nested model does not last: `fit` overrides it with True (Keras 3.15).
    """
    import keras

    if isinstance(layer, keras.Model):
        inputs = [keras.Input(x.shape[1:]) for x in keras.tree.flatten(args)]
        graph = keras.Model(layer.inputs, layer.outputs)
        outputs = private_keras.run_graph(graph, inputs, call_layer=_called_in_inference)
        return keras.Model(inputs, outputs, name=layer.name)(*args)
    is_layer = isinstance(layer, keras.layers.Layer)
    is_for_training_only = is_layer and private_keras.acts_in_training(layer) and not layer.weights
    return args[0] if is_for_training_only else layer(*args, **options)


def _without_penalties(base: keras.Model) -> None:
    """Drop what the base's own training added to its loss: the recipe says what this one adds."""
    for layer in leaves(base):
        layer.activity_regularizer = None
    for variable in base.variables:
        variable.regularizer = None


def leaves(model: keras.Model) -> Iterator[keras.layers.Layer]:
    """Go through all layers at any depth that hold no others."""
    for layer in private_keras.inner_layers(model):
        if not hasattr(layer, "layers"):
            yield layer


def plain(name: str) -> str:
    """A name that Keras takes for a layer: an address has no slashes inside."""
    return "".join(sign if sign.isalnum() or sign in "_-." else "_" for sign in name)
