"""Private names of Keras, each with the reason why no public one will do.

Nothing else in cnnviz may use such a name; a test tells which of them a new release has moved.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import keras

CASTS_INPUTS = "_convert_inputs_to_tensors"
"""Method by which a functional model casts what it is given: the only place where a cast to whole numbers is seen."""
OPENS_SCOPE = "_open_name_scope"
"""Method by which a layer opens a scope of TensorFlow under its name: the only place where another can be given."""


def inner_layers(
    layer: keras.layers.Layer, *, include_self: bool = False, recursive: bool = True
) -> list[keras.layers.Layer]:
    """List the layers in a layer: there is a public list of a model's only, and not of those further down."""
    return list(layer._flatten_layers(include_self=include_self, recursive=recursive))


def layers_at_any_depth(model: keras.Model) -> list[keras.layers.Layer]:
    """List a model and all layers in it."""
    return inner_layers(model, include_self=True)


def inside_of(layer: keras.layers.Layer) -> keras.Model | None:
    """The functional model that runs in a Sequential, which casts before it; None of other layers."""
    return getattr(layer, "_functional", None)


def casts_inputs(model: keras.Model) -> bool:
    """Whether a model has a place where it casts its inputs."""
    return hasattr(model, CASTS_INPUTS)


def declared_inputs(model: keras.Model) -> Any:
    """Inputs in the list or dict in which they were declared: `model.inputs` is flat. None if they were not."""
    return getattr(model, "_inputs_struct", None)


def shapes_of_first_call(model: keras.Model) -> dict[str, Any]:
    """Shapes that a subclassed model was first called on: it declares none. Empty before that."""
    return getattr(model, "_build_shapes_dict", None) or {}


def source_of(tensor: Any) -> keras.layers.Layer:
    """The operation that a symbolic tensor comes from: graphs are walked backwards by nothing public."""
    return tensor._keras_history.operation


def call_of(tensor: Any) -> tuple[Any, int]:
    """The operation that a symbolic tensor comes from, and which of its calls."""
    history = tensor._keras_history
    return history.operation, history.node_index


def inputs_of_call(operation: Any, call: int) -> list[Any]:
    """Symbolic tensors that a call of an operation was given: a layer's public `input` knows one call."""
    return operation._inbound_nodes[call].input_tensors


def node_of(graph: keras.Model, layer: keras.layers.Layer) -> Any:
    """The call of a layer in a graph: a layer alone does not tell in which graphs it stands."""
    return next(node for nodes in graph._nodes_by_depth.values() for node in nodes if node.operation is layer)


def run_graph(graph: keras.Model, inputs: Sequence[Any], *, call_layer: Callable[..., Any]) -> Any:
    """Run a graph on other inputs, each layer called by a function: `clone_model` would copy the weights."""
    return graph._run_through_graph(inputs, call_fn=call_layer)


def acts_in_training(layer: keras.layers.Layer) -> bool:
    """Whether a layer's call takes `training`: the layer looked itself, at its own call or at a wrapped one."""
    return layer._call_has_training_arg


def logits_of(scores: Any) -> Any | None:
    """What a softmax or sigmoid was given: Keras leaves it with the result for its own losses; None if it did not."""
    return getattr(scores, "_keras_logits", None)


def build_for_fitting(model: keras.Model, batch: Any) -> None:
    """Build what `fit` builds from its first batch, which it cannot where the batch lies on several machines."""
    model._maybe_symbolic_build(data_batch=batch)
    model._maybe_symbolic_build = _is_built


def _is_built(iterator: Any = None, data_batch: Any = None) -> None:
    """There is nothing left to build."""


def scope_of(layer: keras.layers.Layer, name: str) -> Any:
    """Scope of a layer under another name, after Keras noted where it stands: the class of scopes is not exported."""
    from keras.src import backend

    getattr(type(layer), OPENS_SCOPE)(layer)
    return backend.name_scope(name, caller=layer)


def keep_session() -> None:
    """Let nobody clear Keras's session: Streamlit does after every run of a script, and takes no word against it."""
    import keras

    keras.backend.clear_session = lambda free_memory=True: None
