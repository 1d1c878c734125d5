"""Small textbook architectures: LeNet-5, convnets for MNIST, Fashion-MNIST, CIFAR-10 and small datasets, a dense net.

All have random weights. `lenet5` exists twice: as a functional model, and as a class with a `call` of its own.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import keras

_GRAY_28 = (28, 28, 1)
_RGB_32 = (32, 32, 3)
_RGB_180 = (180, 180, 3)


def lenet5() -> keras.Model:
    """Build LeNet-5: 28 x 28 gray in, 10 probabilities out, 61,706 parameters.

    As it is usually built today: plain average pooling, full connections between the maps, softmax instead of
    distances to templates, and padding in the first convolution, where the paper had 32 x 32 pixels.

    Reference:
        LeCun, Bottou, Bengio, Haffner, "Gradient-Based Learning Applied to Document Recognition", 1998, section II.B.
    """
    return _chain("lenet5", _GRAY_28, _lenet5_layers())


def lenet5_subclassed() -> keras.Model:
    """Build LeNet-5 as a subclassed model, called once, so that it has its weights."""
    import numpy as np

    model = lenet5_class()(name="lenet5_subclassed")
    model(np.zeros((1, *_GRAY_28), np.float32))
    return model


@lru_cache(maxsize=1)
def lenet5_class() -> type[keras.Model]:
    """Define and register the class of the subclassed LeNet-5; call this before a file with it is opened.

    Returns:
        The class, the same one each time. Its registered name is `cnnviz>LeNet5`.
    """
    import keras

    @keras.saving.register_keras_serializable(package="cnnviz")
    class LeNet5(keras.Model):
        """LeNet-5 with a `call` of its own."""

        def __init__(self, **options: Any) -> None:
            super().__init__(**options)
            self.steps = _lenet5_layers()

        def call(self, inputs: Any) -> Any:
            """Run all layers in turn."""
            for step in self.steps:
                inputs = step(inputs)
            return inputs

    return LeNet5


def _lenet5_layers() -> list[keras.layers.Layer]:
    from keras import layers

    return [
        layers.Conv2D(6, 5, padding="same", activation="tanh", name="conv1"),
        layers.AveragePooling2D(2, name="pool1"),
        layers.Conv2D(16, 5, activation="tanh", name="conv2"),
        layers.AveragePooling2D(2, name="pool2"),
        layers.Flatten(name="flatten"),
        layers.Dense(120, activation="tanh", name="dense1"),
        layers.Dense(84, activation="tanh", name="dense2"),
        layers.Dense(10, activation="softmax", name="predictions"),
    ]


def mnist_convnet() -> keras.Model:
    """Build the textbook's digit convnet: 28 x 28 gray in, 10 probabilities out, 104,202 parameters.

    Reference:
        Chollet, "Deep Learning with Python", second edition, section 8.1.
    """
    from keras import layers

    steps = [*_convolutions((32, 64, 128), padding="valid")[:-1], layers.Flatten(name="flatten")]
    return _chain("mnist_convnet", _GRAY_28, [*steps, layers.Dense(10, activation="softmax", name="predictions")])


def fashion_cnn() -> keras.Model:
    """Build a convnet for Fashion-MNIST: 28 x 28 gray in, 10 probabilities out, 333,526 parameters.

    Two padded convolutions (32, 64) with pooling, a dense layer of 100, and dropout of 0.4.
    """
    from keras import layers

    head = [
        layers.Flatten(name="flatten"),
        layers.Dense(100, activation="relu", name="dense"),
        layers.Dropout(0.4, name="dropout"),
        layers.Dense(10, activation="softmax", name="predictions"),
    ]
    return _chain("fashion_cnn", _GRAY_28, [*_convolutions((32, 64), padding="same"), *head])


def cifar10_cnn() -> keras.Model:
    """Build a convnet for CIFAR-10: 32 x 32 RGB in, 10 probabilities out, 122,570 parameters.

    Reference:
        TensorFlow tutorial "Convolutional Neural Model (CNN)"; here with the softmax inside.
    """
    from keras import layers

    head = [
        layers.Flatten(name="flatten"),
        layers.Dense(64, activation="relu", name="dense"),
        layers.Dense(10, activation="softmax", name="predictions"),
    ]
    return _chain("cifar10_cnn", _RGB_32, [*_convolutions((32, 64, 64), padding="valid")[:-1], *head])


def small_data_convnet() -> keras.Model:
    """Build the textbook's convnet for a small data set: 180 x 180 RGB in, one sigmoid out, 991,041 parameters.

    It scales 0..255 itself. The unit says how much the image is of the second class.

    Reference:
        Chollet, "Deep Learning with Python", second edition, section 8.2.
    """
    from keras import layers

    stack = _convolutions((32, 64, 128, 256, 256), padding="valid")[:-1]
    head = [layers.Flatten(name="flatten"), layers.Dense(1, activation="sigmoid", name="predictions")]
    return _chain("small_data_convnet", _RGB_180, [layers.Rescaling(1 / 255, name="rescaling"), *stack, *head])


def mnist_dense() -> keras.Model:
    """Build a model without convolutions: 28 x 28 gray in, 10 probabilities out, 101,770 parameters."""
    from keras import layers

    steps = [
        layers.Flatten(name="flatten"),
        layers.Dense(128, activation="relu", name="dense"),
        layers.Dense(10, activation="softmax", name="predictions"),
    ]
    return _chain("mnist_dense", _GRAY_28, steps)


def _convolutions(filters: tuple[int, ...], *, padding: str) -> list[keras.layers.Layer]:
    """Convolutions of 3 x 3 with ReLU, each followed by pooling that halves the map."""
    from keras import layers

    steps: list[keras.layers.Layer] = []
    for number, count in enumerate(filters, start=1):
        steps.append(layers.Conv2D(count, 3, padding=padding, activation="relu", name=f"conv{number}"))
        steps.append(layers.MaxPooling2D(name=f"pool{number}"))
    return steps


def _chain(name: str, input_shape: tuple[int, int, int], steps: list[keras.layers.Layer]) -> keras.Model:
    """Make a functional model of layers that follow each other."""
    import keras

    image = x = keras.Input(input_shape, name="image")
    for step in steps:
        x = step(x)
    return keras.Model(image, x, name=name)
