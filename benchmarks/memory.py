"""Benchmark of memory growth over many feature maps and heatmaps in one process."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from benchmarks.networks import network
from cnnviz.activations import feature_maps
from cnnviz.heatmaps import grad_cam
from cnnviz.layers import map_layers

_VIEWS = 200


def resident_megabytes() -> float:
    """Memory of this process, from /proc; NaN elsewhere."""
    path = Path("/proc/self/statm")
    return int(path.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6 if path.exists() else float("nan")


def main() -> None:
    convnet = network("efficientnet-lite0")
    addresses = [info.address for info in map_layers(convnet)]
    rng = np.random.default_rng(0)
    start = resident_megabytes()
    for view in range(_VIEWS):
        inputs = rng.uniform(0, 255, (1, *convnet.preparation.input_shape)).astype(np.float32)
        address = addresses[view % len(addresses)]
        feature_maps(convnet, inputs, layers=[address])
        grad_cam(convnet, inputs, layer=address)
        if (view + 1) % 50 == 0:
            print(
                f"{view + 1:4d} views: {resident_megabytes():.0f} MB ({resident_megabytes() - start:+.0f})", flush=True
            )


if __name__ == "__main__":
    main()
