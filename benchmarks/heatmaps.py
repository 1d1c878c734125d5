"""Benchmark of Grad-CAM beside one compiled forward pass, warm and on the very first image."""

from __future__ import annotations

import gc
import time
from functools import partial

import numpy as np

from benchmarks.networks import compiled_forward, inputs_of, network
from benchmarks.timing import interleaved, row
from cnnviz.convnets import Convnet
from cnnviz.heatmaps import grad_cam
from cnnviz.layers import default_layer

_WARM = {"efficientnet-lite0": 1.2, "mobilenet_v2": 1.2, "resnet50": 1.2, "vgg16": 1.25}
_FIRST = 1.5


def textbook_grad_cam(convnet: Convnet, inputs: np.ndarray, layer: str) -> np.ndarray:
    """Grad-CAM as textbooks write it: two models cut at the layer, run eagerly under a tape."""
    import keras
    import tensorflow as tf

    cut = keras.Model(convnet.model.inputs[0], [convnet.model.get_layer(layer).output, convnet.model.outputs[0]])
    with tf.GradientTape() as tape:
        maps, scores = cut(inputs, training=False)
        tape.watch(maps)
        score = tf.reduce_max(scores, axis=1)
    weights = tf.reduce_mean(tape.gradient(score, maps), axis=(1, 2), keepdims=True)
    return tf.nn.relu(tf.reduce_sum(weights * maps, axis=-1)).numpy()


def main() -> None:
    for name, target in _WARM.items():
        convnet = network(name)
        inputs, layer = inputs_of(convnet), default_layer(convnet)
        convnet.model(inputs, training=False)  # neither pays for the library's own first run
        start = time.perf_counter()
        textbook_grad_cam(convnet, inputs, layer)
        textbook = time.perf_counter() - start
        start = time.perf_counter()
        grad_cam(convnet, inputs, layer=layer)
        first = time.perf_counter() - start
        row(f"first Grad-CAM against the eager textbook, {name}", first, textbook, _FIRST)
        ways = {"floor": compiled_forward(convnet, inputs), "ours": partial(grad_cam, convnet, inputs, layer=layer)}
        times = interleaved(ways, repetitions=15 if name != "vgg16" else 7)
        row(f"warm Grad-CAM against one compiled forward, {name}", times["ours"], times["floor"], target)
        gc.collect()


if __name__ == "__main__":
    main()
