"""Has a new release of Keras moved a name that cnnviz uses without a promise?"""

import ast
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

from cnnviz import private_keras

SOURCE = Path(private_keras.__file__).read_text(encoding="utf-8")


class Subclassed(keras.Model):
    def call(self, images):
        return images


@pytest.fixture(scope="module")
def owners():
    """For each private name something that must have it."""
    image = keras.Input((4, 4, 1), dtype="uint8")
    inner = keras.layers.Softmax(name="inner")
    functional = keras.Model([image], inner(keras.layers.Flatten()(keras.ops.cast(image, "float32"))))
    sequential = keras.Sequential([keras.Input((4,)), inner])
    subclassed = Subclassed()
    scores = inner(tf.ones((1, 4)))
    subclassed(tf.ones((1, 2)))
    return {
        "_flatten_layers": functional,
        "_nodes_by_depth": functional,
        "_run_through_graph": functional,
        "_convert_inputs_to_tensors": functional,
        "_inputs_struct": functional,
        "_keras_history": functional.outputs[0],
        "_inbound_nodes": inner,
        "_call_has_training_arg": inner,
        "_open_name_scope": inner,
        "_maybe_symbolic_build": functional,
        "_functional": sequential,
        "_build_shapes_dict": subclassed,
        "_keras_logits": scores,
    }


def private_names():
    """Attributes, and texts that name some, with one underscore before them."""
    found = set()
    for node in ast.walk(ast.parse(SOURCE)):
        name = node.attr if isinstance(node, ast.Attribute) else node.value if isinstance(node, ast.Constant) else ""
        if isinstance(name, str) and name.isidentifier() and name.startswith("_") and not name.startswith("__"):
            found.add(name)
    return sorted(found)


@pytest.mark.parametrize("name", private_names())
def test_keras_still_has_the_private_name(owners, name):
    assert name in owners, f"{name}: say here what must have it"
    kind = type(owners[name]).__name__
    assert hasattr(owners[name], name), f"Keras {keras.__version__} moved {kind}.{name}: see cnnviz/private_keras.py"


def test_every_name_that_is_looked_for_is_used(owners):
    assert set(owners) == set(private_names())


def test_each_function_gives_what_it_says(owners):
    functional, inner = owners["_run_through_graph"], owners["_inbound_nodes"]
    sequential, subclassed = owners["_functional"], owners["_build_shapes_dict"]
    assert private_keras.layers_at_any_depth(functional)[0] is functional
    assert private_keras.inner_layers(functional) == private_keras.layers_at_any_depth(functional)[1:]
    assert isinstance(private_keras.inside_of(sequential), keras.Model) and private_keras.inside_of(inner) is None
    assert private_keras.casts_inputs(functional) and not private_keras.casts_inputs(inner)
    assert isinstance(private_keras.declared_inputs(functional), list)
    assert [tuple(shape) for shape in private_keras.shapes_of_first_call(subclassed).values()] == [(1, 2)]
    assert private_keras.shapes_of_first_call(Subclassed()) == {}
    [result] = functional.outputs
    assert private_keras.source_of(result) is inner
    [given] = private_keras.inputs_of_call(*private_keras.call_of(result))
    assert private_keras.source_of(given).name.startswith("flatten")
    assert private_keras.node_of(functional, inner).output_tensors[0] is result
    assert private_keras.acts_in_training(keras.layers.Dropout(0.5)) and not private_keras.acts_in_training(inner)
    np.testing.assert_allclose(private_keras.logits_of(owners["_keras_logits"]), np.ones((1, 4)))
    assert private_keras.logits_of(tf.ones((1, 4))) is None


def test_a_graph_is_run_with_its_layers_called_by_a_function(owners):
    called = []

    def note(operation, *args, **options):
        called.append(operation.name)
        return operation(*args, **options)

    functional = owners["_run_through_graph"]
    result = private_keras.run_graph(functional, [tf.zeros((1, 4, 4, 1))], call_layer=note)
    assert called[-1] == "inner" and len(called) == 3
    np.testing.assert_allclose(result, np.full((1, 16), 1 / 16))


def test_a_scope_has_the_name_that_is_given():
    layer = keras.layers.Flatten(name="flat")
    with tf.Graph().as_default(), private_keras.scope_of(layer, "another"):
        assert tf.constant(1).name.startswith("another/"), "Keras moved its scopes: see cnnviz/private_keras.py"
