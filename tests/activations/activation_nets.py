"""A small classifier whose maps, effects and fields can be worked out by hand."""

import numpy as np

from cnnviz.convnets import SCALINGS, Convnet, Preparation, convnet_from_model

SIZE = (21, 17)
HEAD = np.array([[2.0, -1.0], [0.5, 3.0], [-4.0, 0.25], [1.0, 1.0]], np.float32)


def build(activation: str | None = "softmax"):
    """3 x 3 convolution with stride 2: the center, its negative, a silent channel, the sum; then pooled scores."""
    import keras
    from keras import layers

    image = keras.Input((*SIZE, 3))
    x = layers.Conv2D(4, 3, strides=2, use_bias=False, name="conv")(image)
    x = layers.ReLU(name="relu")(x)
    x = layers.GlobalAveragePooling2D(name="pool")(x)
    x = layers.Dense(2, activation, use_bias=False, name="scores")(x)
    model = keras.Model(image, x, name="by-hand")
    kernel = np.zeros((3, 3, 3, 4), np.float32)
    kernel[1, 1, :, 0], kernel[1, 1, :, 1], kernel[..., 3] = 1, -1, 1 / 9
    model.get_layer("conv").set_weights([kernel])
    model.get_layer("scores").set_weights([HEAD])
    return model


def wrap(model, size=SIZE) -> Convnet:
    return convnet_from_model(model, preparation=Preparation(size, 3, "crop", SCALINGS["0..1"]))
