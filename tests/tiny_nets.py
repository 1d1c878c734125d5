"""Tiny models of every kind, and a way to see whether one was left as it was found."""

import keras
import numpy as np
from keras import layers

from cnnviz.capture import walk


def backbone(channels=3, name="backbone"):
    image = keras.Input((None, None, channels))
    x = layers.Conv2D(4, 3, activation="relu", name="conv1")(image)
    x = layers.BatchNormalization(name="bn")(x)
    return keras.Model(image, layers.Conv2D(5, 3, name="conv2")(x), name=name)


def flat(size=(9, 8), channels=3, classes=3):
    """The same model as `nested`, without nesting."""
    image = keras.Input((*size, channels), name="image")
    x = layers.Conv2D(4, 3, activation="relu", name="conv1")(image)
    x = layers.BatchNormalization(name="bn")(x)
    x = layers.Conv2D(5, 3, name="conv2")(x)
    x = layers.GlobalAveragePooling2D(name="pool")(x)
    return keras.Model(image, layers.Dense(classes, activation="softmax", name="scores")(x), name="flat")


def nested(size=(9, 8), channels=3, classes=3):
    """A backbone in a Sequential in a functional model."""
    image = keras.Input((*size, channels), name="image")
    wrapped = keras.Sequential([backbone(channels), layers.GlobalAveragePooling2D(name="pool")], name="encoder")
    return keras.Model(image, layers.Dense(classes, activation="softmax", name="scores")(wrapped(image)), name="nested")


class Listed(keras.Model):
    """A subclassed model that keeps its layers in a list, with a softmax of its choice at the end."""

    def __init__(self, last=keras.ops.softmax, classes=3):
        super().__init__(name="listed")
        self.steps = [
            layers.Conv2D(4, 3, activation="relu", name="conv1"),
            layers.BatchNormalization(name="bn"),
            layers.Conv2D(5, 3, name="conv2"),
            layers.GlobalAveragePooling2D(name="pool"),
            layers.Dense(classes, name="scores"),
        ]
        self.last = last

    def call(self, inputs):
        for step in self.steps:
            inputs = step(inputs)
        return self.last(inputs)


def listed(**options):
    model = Listed(**options)
    model(np.zeros((2, 9, 8, 3), np.float32))
    return model


def pooled(activation="softmax", units=3, size=(6, 6), channels=3):
    """One convolution, the mean of its maps, one dense layer."""
    image = keras.Input((*size, channels), name="image")
    x = layers.Conv2D(4, 3, activation="relu", name="conv")(image)
    x = layers.GlobalAveragePooling2D(name="pool")(x)
    return keras.Model(image, layers.Dense(units, activation=activation, name="scores")(x), name="pooled")


def randomize(model, seed=0):
    """Give every weight a value of its own, variances positive, so that no law holds by a zero."""
    rng = np.random.default_rng(seed)
    for weight in model.weights:
        values = rng.normal(0, 0.5, weight.shape)
        weight.assign(np.abs(values) + 0.5 if "variance" in weight.path else values)
    return model


def state(model):
    """All that could be changed in a model: attributes by identity, flags, weights, and its graph's nodes."""
    everything = [model, *walk(model).values()]
    by_keras = {"_called"}  # that a model was ever called
    return {
        "attributes": [
            {name: id(value) for name, value in vars(layer).items() if name not in by_keras} for layer in everything
        ],
        "trainable": [layer.trainable for layer in everything],
        "nodes": [(len(layer._inbound_nodes), len(layer._outbound_nodes)) for layer in everything],
        "weights": [weight.numpy().tobytes() for weight in model.weights],
    }
