"""Layers and models of a user's own, as random models hold them."""

import keras
import tensorflow as tf
from keras import layers


class ConvBlock(layers.Layer):
    """A layer that holds two others."""

    def __init__(self, **options):
        super().__init__(**options)
        self.conv = layers.Conv2D(3, 3, padding="same", name="conv")
        self.norm = layers.BatchNormalization(name="norm")

    def build(self, shape):
        self.conv.build(shape)
        self.norm.build((*shape[:-1], 3))

    def call(self, x):
        return tf.nn.relu(self.norm(self.conv(x)))


class Decorated(layers.Layer):
    """A layer whose call is a `tf.function`."""

    def __init__(self, **options):
        super().__init__(**options)
        self.conv = layers.Conv2D(3, 3, padding="same", name="conv")

    def build(self, shape):
        self.conv.build(shape)

    @tf.function
    def call(self, x):
        return tf.nn.relu(self.conv(x))


class Subclassed(keras.Model):
    """A model that runs a function over its layers."""

    def __init__(self, parts, run, **options):
        super().__init__(**options)
        self.parts = list(parts)
        self.run = run

    def call(self, x):
        return self.run(x)


class DecoratedModel(Subclassed):
    """The same behind `tf.function`; its calls hold lambdas, whose source autograph would not find."""

    @tf.function(autograph=False)
    def call(self, x):
        return self.run(x)
