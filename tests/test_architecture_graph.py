"""The architecture's graph has the connections that Keras's own configuration of the model lists, and no others."""

import keras
import numpy as np
import pytest
from keras import layers as kl

from cnnviz import figures
from cnnviz.convnets import convnet_from_model
from cnnviz.layers import layers


def drawn(model):
    """Connections of the figure, by the address of the nodes on both ends; without the number of a call."""
    infos = layers(convnet_from_model(model))
    figure = figures.architecture(infos, None)
    nodes = {
        x: address.split("@")[0]
        for trace in figure.data
        if trace.customdata is not None
        for x, address in zip(trace.x, trace.customdata, strict=True)
    }
    lines, found = figure.data[0], []
    ends = [i for i, x in enumerate(lines.x) if x is None]
    for first, last in zip([0, *(end + 1 for end in ends)], ends, strict=False):
        found.append((nodes[lines.x[first]], nodes[lines.x[last - 1]]))
    return set(found)


def histories(arguments):
    """The tensors among a node's arguments: name, node and index of what made them."""
    if isinstance(arguments, dict):
        if arguments.get("class_name") == "__keras_tensor__":
            return [tuple(arguments["config"]["keras_history"])]
        return [one for value in arguments.values() for one in histories(value)]
    return [one for value in arguments for one in histories(value)] if isinstance(arguments, (list, tuple)) else []


def listed(model, prefix="", given=None):
    """Connections by Keras's configuration, and what makes each of the outputs; operations are walked over.

    Args:
        model: A functional model.
        prefix: Address of the model, with a slash.
        given: For each input, the addresses of the layers that made it.
    """
    config = keras.Model(model.inputs, model.outputs, name=model.name).get_config()
    entries = {entry["name"]: entry for entry in config["layers"]}
    made, edges = {}, set()

    def makers(history):
        name, node, index = history
        if (name, node, index) not in made:
            run(name, node)
        return made[name, node, index]

    def run(name, node):
        entry, part = entries[name], next((layer for layer in model.layers if layer.name == name), None)
        if entry["class_name"] == "InputLayer":
            names = [one[0] for one in nested(config["input_layers"])]
            made[name, node, 0] = (given or [set()] * len(names))[names.index(name)]
            return
        sources = [makers(one) for one in histories(entry["inbound_nodes"][node])]
        if isinstance(part, keras.Model):
            inside, outputs = listed(part, f"{prefix}{name}/", sources)
            edges.update(inside)
            made.update({(name, node, index): output for index, output in enumerate(outputs)})
        elif part is None:  # an operation
            made[name, node, 0] = set().union(*sources)
        else:
            edges.update((source, prefix + name) for source in set().union(*sources))
            made[name, node, 0] = {prefix + name}

    for name, entry in entries.items():
        for node in range(len(entry["inbound_nodes"])):
            run(name, node)
    return edges, [makers(one) for one in nested(config["output_layers"])]


def nested(layers_of_config):
    return [layers_of_config] if isinstance(layers_of_config[0], str) else layers_of_config


def random_model(rng, depth=2, name="top", size=6):
    """Layers and models in layers, each on some of what is there already; 3 channels everywhere."""
    image = keras.Input((size, size, 3))
    there = [image]
    shared = kl.Conv2D(3, 1, name="shared")
    for number in range(rng.integers(3, 7)):
        x, y = (there[i] for i in rng.integers(0, len(there), 2))
        step = rng.integers(0, 10 if depth else 8)
        label = f"{name}{number}"
        if step < 2:
            x = kl.Conv2D(3, 3, padding="same", name=label)(x)
        elif step == 2:
            x = kl.Dropout(0.5, name=label)(x)
        elif step == 3:
            x = kl.Activation("linear", name=label)(x)
        elif step == 4:
            x = kl.Add(name=label)([x, y])
        elif step == 5:
            x = keras.ops.relu(x) * 2.0 + y
        elif step == 6:
            x = shared(x)
        elif step == 7:
            x = kl.BatchNormalization(name=label)(x)
        else:
            x = random_model(rng, depth - 1, name=f"in{label}", size=size)(x)
        there.append(x)
    unread = [tensor for tensor in there[1:] if tensor is there[-1] or rng.random() < 0.3]
    end = kl.Concatenate(name=f"{name}end")([there[0], *unread])
    return keras.Model(image, kl.Conv2D(3, 1, name=f"{name}last")(end), name=name)


@pytest.mark.parametrize("seed", range(25))
def test_its_connections_are_those_of_the_models_own_configuration(seed):
    model = random_model(np.random.default_rng(seed))
    expected, _ = listed(model)
    assert drawn(model) == expected
    assert expected


def test_no_line_leads_to_or_from_a_container():
    """A backbone between two layers: its first and last layers are what they are connected with."""
    inner = keras.Input((6, 6, 3))
    backbone = keras.Model(inner, kl.Conv2D(3, 1, name="b")(kl.Conv2D(3, 1, name="a")(inner)), name="backbone")
    image = keras.Input((6, 6, 3))
    model = keras.Model(image, kl.Conv2D(3, 1, name="head")(backbone(kl.Conv2D(3, 1, name="stem")(image))))
    assert drawn(model) == {("stem", "backbone/a"), ("backbone/a", "backbone/b"), ("backbone/b", "head")}


def test_a_skip_around_what_hands_its_input_on_is_drawn_as_one():
    image = keras.Input((6, 6, 3))
    x = kl.Conv2D(3, 1, name="c")(image)
    y = kl.Conv2D(3, 1, name="d")(kl.Dropout(0.5, name="dropout")(x))
    expected = {("c", "dropout"), ("dropout", "d"), ("d", "sum"), ("c", "sum")}
    assert drawn(keras.Model(image, kl.Add(name="sum")([x, y]))) == expected


def test_attention_is_connected_through_the_layers_inside_it():
    image = keras.Input((8, 8, 3))
    x = kl.Reshape((4, 4), name="tokens")(kl.Conv2D(4, 4, 4, name="patches")(image))
    y = kl.MultiHeadAttention(2, 2, name="mha")(x, x)
    edges = drawn(keras.Model(image, kl.Add(name="sum")([x, y])))
    expected = {("patches", "tokens"), ("tokens", "sum"), ("mha/attention_output", "sum")}
    expected |= {("tokens", f"mha/{part}") for part in ("query", "key", "value")}
    expected |= {(f"mha/{part}", "mha/attention_output") for part in ("query", "key", "value")}
    assert edges == expected
