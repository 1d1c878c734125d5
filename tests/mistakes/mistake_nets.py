"""Networks whose answers to plain pictures are known in closed form, and such pictures."""

import numpy as np

from cnnviz.convnets import SCALINGS, Convnet, Preparation, convnet_from_model
from cnnviz.datasets.dataset import array_part

SIZE = (8, 8)
COLOURS = ("red", "green", "blue")
GAIN = 4.0


def colour_net(*, gain=GAIN, activation="softmax", class_names=COLOURS, weights=None) -> Convnet:
    """Logits are `gain` times the mean of each colour, 0..1; the features are these means."""
    import keras
    from keras import layers

    image = keras.Input((*SIZE, 3))
    maps = layers.Conv2D(3, 1, activation="relu", name="maps")(image)
    pooled = layers.GlobalAveragePooling2D(name="pool")(maps)
    kernel = gain * np.eye(3, dtype=np.float32) if weights is None else weights
    model = keras.Model(image, layers.Dense(kernel.shape[1], activation=activation, name="scores")(pooled))
    model.get_layer("maps").set_weights([np.eye(3, dtype=np.float32)[None, None], np.zeros(3, np.float32)])
    model.get_layer("scores").set_weights([kernel, np.zeros(kernel.shape[1], np.float32)])
    preparation = Preparation(SIZE, 3, "crop", SCALINGS["0..1"])
    return convnet_from_model(model, preparation=preparation, class_names=class_names)


def plain_part(colours, labels, *, class_count=3, size=SIZE):
    """Pictures of one colour each."""
    colours = np.asarray(colours, np.uint8)
    pixels = np.broadcast_to(colours[:, None, None, :], (len(colours), *size, 3))
    return array_part(pixels, np.asarray(labels), class_count)


def random_colours(count, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (count, 3), np.uint8)
