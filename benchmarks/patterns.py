"""How long does a pattern take, beside the textbook's loop over one filter at a time?"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from benchmarks.networks import network
from benchmarks.timing import interleaved, row
from cnnviz.convnets import Convnet
from cnnviz.filters import filter_patterns

_LAYERS = {"efficientnet-lite0": "block5_expand_conv", "mobilenet_v2": "block_6_expand", "vgg16": "block3_conv1"}
_FILTERS, _STEPS, _SIZE = 16, 30, 128
_NATURAL_STEPS = 128


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


def main() -> None:
    for name, layer in _LAYERS.items():
        convnet = network(name)
        ours = partial(filter_patterns, convnet, layer=layer, filters=range(_FILTERS), size=_SIZE)
        ways = {"loop": textbook_loop(convnet, layer), "ours": partial(ours, style="textbook", steps=_STEPS)}
        times = interleaved(ways, repetitions=5 if name != "vgg16" else 3)
        target = None if name == "vgg16" else 0.5
        row(f"16 textbook patterns against the compiled loop, {name}", times["ours"], times["loop"], target)
    convnet = network("efficientnet-lite0")
    layer = _LAYERS["efficientnet-lite0"]
    natural = interleaved(
        {"ours": lambda: filter_patterns(convnet, layer=layer, filters=range(_FILTERS), size=_SIZE)}, repetitions=3
    )
    print(f"16 natural patterns, 128 px, {_NATURAL_STEPS} steps: {natural['ours']:.1f} s", flush=True)


if __name__ == "__main__":
    main()
