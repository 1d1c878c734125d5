"""Stress test: many threads on one model, compared with the results of a single thread."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from benchmarks.breaking.outcome import Outcome
from cnnviz import activations, heatmaps, probes
from cnnviz.convnets import Convnet, load_convnet
from cnnviz.layers import map_layers

_THREADS, _ROUNDS, _IMAGES = 16, 25, 4
_RELATIVE = 1e-4  # of the largest value: the order of a sum's parts hangs on the threads of TensorFlow itself
_Question = Callable[[Convnet, np.ndarray], np.ndarray]


def run(scale: float) -> Iterator[Outcome]:
    """Ask one thread first, on a model of its own, then all threads the same at once on another, which is cold."""
    outcome = Outcome(f"{_THREADS} threads on one network")
    alone, shared = load_convnet("lenet5-mnist"), load_convnet("lenet5-mnist")
    rng = np.random.default_rng(0)
    inputs = [rng.random((1, *alone.preparation.input_shape), np.float32) for _ in range(_IMAGES)]
    questions = _questions(alone)
    asked = [(name, place) for name in questions for place in range(_IMAGES)]
    expected = {(name, place): questions[name](alone, inputs[place]) for name, place in asked}
    weights = [np.array(weight) for weight in shared.model.weights]
    barrier = threading.Barrier(_THREADS)

    def ask(thread: int) -> list[str]:
        barrier.wait()
        order = np.random.default_rng(thread).permutation(len(asked))
        return [wrong for turn in order for wrong in _wrong(*asked[turn])]

    def _wrong(name: str, place: int) -> list[str]:
        found, right = questions[name](shared, inputs[place]), expected[name, place]
        limit = _RELATIVE * max(1e-6, float(np.abs(right).max()))
        same = found.shape == right.shape and float(np.abs(found - right).max()) <= limit
        return [] if same else [f"{name} of image {place} differs"]

    with ThreadPoolExecutor(_THREADS) as pool:
        for _ in range(max(1, round(scale * _ROUNDS))):
            for broken in pool.map(ask, range(_THREADS)):
                outcome.tries += len(asked)
                outcome.losses += broken
    outcome.check(
        all(np.array_equal(old, new) for old, new in zip(weights, shared.model.weights, strict=True)), "weights"
    )
    outcome.note = ", ".join(questions)
    yield outcome


def _questions(convnet: Convnet) -> dict[str, _Question]:
    layer = map_layers(convnet)[-1].address
    first = map_layers(convnet)[0].address
    return {
        "predictions": probes.predict,
        "feature maps": lambda net, x: activations.feature_maps(net, x, layers=[first])[first],
        "channel effects": lambda net, x: activations.channel_effect(net, x, layer=layer, class_index=3),
        "Grad-CAM": lambda net, x: heatmaps.grad_cam(net, x, layer=layer),
        "Grad-CAM++": lambda net, x: heatmaps.grad_cam_plus_plus(net, x, layer=layer),
        "saliency": lambda net, x: heatmaps.saliency(net, x),
        "strip": lambda net, x: heatmaps.strip(net, x, layers=[layer], class_index=3)[layer],
    }
