"""Benchmark of all feature maps of one image, to bytes ready for display, beside one compiled forward pass."""

from __future__ import annotations

from functools import partial

from benchmarks.networks import compiled_forward, inputs_of, network
from benchmarks.timing import interleaved, row
from cnnviz.activations import display_tiles

_TARGETS = {"efficientnet-lite0": 2.2, "mobilenet_v2": 2.2, "resnet50": 1.6}


def main() -> None:
    for name, target in _TARGETS.items():
        convnet = network(name)
        inputs = inputs_of(convnet)
        ways = {"floor": compiled_forward(convnet, inputs), "ours": partial(display_tiles, convnet, inputs)}
        times = interleaved(ways, repetitions=15)
        row(f"all maps to display-ready bytes, {name}", times["ours"], times["floor"], target)


if __name__ == "__main__":
    main()
