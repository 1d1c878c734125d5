"""Benchmark of filter patterns beside the textbook's gradient-ascent loop and beside their bare MACs."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from benchmarks.networks import network
from benchmarks.timing import interleaved, row
from cnnviz.convnets import Convnet
from cnnviz.filters import filter_patterns
from cnnviz.layers import layers

_LAYERS = {"efficientnet-lite0": "block5_expand_conv", "mobilenet_v2": "block_6_expand", "vgg16": "block3_conv1"}
_FILTERS, _STEPS, _SIZE = 16, 30, 128
_NATURAL_STEPS = 128
_MATRIX = 2048


def textbook_loop(convnet: Convnet, layer: str) -> Callable[[], Any]:
    """Gradient ascent as textbooks write it: one filter at a time, the step compiled once."""
    import keras
    import tensorflow as tf

    cut = keras.Model(convnet.model.inputs[0], convnet.model.get_layer(layer).output)
    weights = cut.get_weights()
    cut = keras.models.clone_model(cut, input_tensors=keras.Input((_SIZE, _SIZE, 3)))
    cut.set_weights(weights)

    @tf.function(reduce_retracing=True)
    def step(image: Any, index: Any) -> Any:
        with tf.GradientTape() as tape:
            tape.watch(image)
            maps = cut(image, training=False)
            loss = tf.reduce_mean(tf.gather(maps[:, 2:-2, 2:-2, :], index, axis=3))
        return image + 10 * tf.math.l2_normalize(tape.gradient(loss, image))

    def run() -> None:
        for index in range(_FILTERS):
            image = tf.random.uniform((1, _SIZE, _SIZE, 3), 0.4, 0.6)
            for _ in range(_STEPS):
                image = step(image, tf.constant(index))
            np.asarray(image)

    return run


def multiply_adds(convnet: Convnet, layer: str) -> float:
    """Count what an ascent cannot do without: per step, forward to the layer and back to the pixels, once each."""
    leaves = [info for info in layers(convnet) if not info.is_container]
    last = [info.address for info in leaves].index(layer)
    rows, columns = convnet.preparation.size
    return 2 * sum(info.macs for info in leaves[: last + 1]) * _SIZE**2 / (rows * columns)


def matrix_product() -> None:
    """Multiply two large matrices: the most multiply-adds that this machine does in a second."""
    import tensorflow as tf

    square = tf.ones((_MATRIX, _MATRIX))
    tf.linalg.matmul(square, square).numpy()


def main() -> None:
    for name, layer in _LAYERS.items():
        convnet = network(name)
        ours = partial(filter_patterns, convnet, layer=layer, filters=range(_FILTERS), size=_SIZE)
        ways = {
            "loop": textbook_loop(convnet, layer),
            "ours": partial(ours, style="textbook", steps=_STEPS),
            "matrix": matrix_product,
        }
        times = interleaved(ways, repetitions=5)
        is_vgg = name == "vgg16"
        what = f"16 textbook patterns against the %s, {name}"
        row(what % "compiled loop", times["ours"], times["loop"], None if is_vgg else 0.5)
        counted = _FILTERS * _STEPS * multiply_adds(convnet, layer) * times["matrix"] / _MATRIX**3
        row(what % "counted operations", times["ours"], counted, 1.5 if is_vgg else None)
    convnet = network("efficientnet-lite0")
    layer = _LAYERS["efficientnet-lite0"]
    ours = partial(filter_patterns, convnet, layer=layer, filters=range(_FILTERS), size=_SIZE)
    times = interleaved({"ours": ours, "matrix": matrix_product}, repetitions=5)
    counted = _FILTERS * _NATURAL_STEPS * multiply_adds(convnet, layer) * times["matrix"] / _MATRIX**3
    row(f"16 natural patterns, {_NATURAL_STEPS} steps, against the counted operations", times["ours"], counted, None)
    print(f"16 natural patterns, 128 px, {_NATURAL_STEPS} steps: {times['ours']:.1f} s", flush=True)


if __name__ == "__main__":
    main()
