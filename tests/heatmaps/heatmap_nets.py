"""Tiny classifiers with fixed weights, and their scores and gradients by plain eager TensorFlow."""

from types import SimpleNamespace

import numpy as np

from cnnviz.convnets import SCALINGS, Convnet, Preparation, convnet_from_model

SIZE = (8, 8)


def wrap(model, *, channels=3, scaling="0..1") -> Convnet:
    return convnet_from_model(model, preparation=Preparation(SIZE, channels, "crop", SCALINGS[scaling]))


def fill(model, *, seed=1, sharp=1.0):
    """Give a model fixed weights; `sharp` multiplies those of its last layer."""
    rng = np.random.default_rng(seed)
    for weight in model.weights:
        if "seed_generator" not in weight.path:
            weight.assign(rng.normal(0, 0.5, weight.shape))
    last = model.layers[-1]
    last.kernel.assign(last.kernel * sharp)
    return model


def pooled_layers(*, units=4, activation="softmax"):
    """One convolution, global average pooling, one dense layer: Grad-CAM has a closed form here."""
    from keras import layers

    return [
        layers.Conv2D(5, 3, padding="same", activation="relu", name="maps"),
        layers.GlobalAveragePooling2D(name="pool"),
        layers.Dense(units, activation=activation, name="scores"),
    ]


def deep_layers(*, units=4, activation="softmax"):
    """Two convolutions and a dense layer on positions: the gradient differs from place to place."""
    from keras import layers

    return [
        layers.Conv2D(4, 3, padding="same", activation="relu", name="conv1"),
        layers.Conv2D(5, 3, padding="same", activation="relu", name="conv2"),
        layers.MaxPooling2D(2, name="pool"),
        layers.Dropout(0.5, name="dropout"),
        layers.Flatten(name="flatten"),
        layers.Dense(units, activation=activation, name="scores"),
    ]


def sequential(parts, *, channels=3):
    import keras

    return keras.Sequential([keras.Input((*SIZE, channels)), *parts])


def subclassed(parts):
    """The same layers, called one after another inside a model's own `call`."""
    import keras

    class Chain(keras.Model):
        def __init__(self):
            super().__init__()
            self.parts = parts

        def call(self, x, training=False):
            for part in self.parts:
                x = part(x)
            return x

    model = Chain()
    model(np.zeros((1, *SIZE, 3), np.float32))
    return model


def nested(parts):
    """The same layers, all but the last one inside a backbone."""
    import keras

    image = keras.Input((*SIZE, 3))
    backbone = keras.Sequential([keras.Input((*SIZE, 3)), *parts[:-1]], name="backbone")
    return keras.Model(image, parts[-1](backbone(image)))


def eager(convnet, inputs, layer, class_index) -> SimpleNamespace:
    """A layer's maps, the logit's gradient by them, and the logit, of a chain of layers, without any of our code."""
    import tensorflow as tf

    x = tf.constant(inputs)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        maps = x
        for part in convnet.model.layers[:-1]:
            x = part(x, training=False)
            if part.name == layer:
                maps = x
        last = convnet.model.layers[-1]
        logit = (tf.matmul(x, last.kernel) + last.bias)[:, class_index]
    gradients = tape.gradient(logit, maps)
    return SimpleNamespace(maps=maps.numpy(), gradients=gradients.numpy(), logit=logit.numpy())
