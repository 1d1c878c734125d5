"""Stress test: memory of one process that opens hundreds of uploaded images on uploaded models.

All pages' computations go through the dashboard's cache, whose limit is small enough to be reached.
"""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.breaking.outcome import Outcome

_IMAGES, _CACHE_MEGABYTES, _GROWTH = 300, 64, 1.15
_MODELS = ((32, 8), (64, 8), (96, 8), (128, 4), (1024, 2))  # side and channels
_CHANGES = 15  # of the model: the first third of the images sees all five; the last three stay open


def run(scale: float) -> Iterator[Outcome]:
    """Look at all images in a process of its own, whose memory nobody else uses."""
    images = max(45, round(scale * _IMAGES))
    outcome = Outcome("Own images on own models, one of them 1024 x 1024")
    with tempfile.TemporaryDirectory() as folder:
        environment = os.environ | {"CNNVIZ_CACHE_MB": str(_CACHE_MEGABYTES), "CNNVIZ_CACHE_DIR": folder}
        command = [sys.executable, "-m", "benchmarks.breaking.memory", str(images)]
        done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    seen = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    third = max(one["resident"] for one in seen[: len(seen) // 3])
    peak, cached = max(one["resident"] for one in seen), max(one["cached"] for one in seen)
    outcome.tries = len(seen)
    if peak > _GROWTH * third:
        outcome.losses.append(f"{third:.0f} MB after the first third, {peak:.0f} MB later")
    outcome.check(0.8 * _CACHE_MEGABYTES < cached / 2**20 <= _CACHE_MEGABYTES, f"the cache took {cached:,} bytes")
    outcome.note = (
        f"first third {third:.0f} MB, peak {peak:.0f} MB ({peak / third:.2f} x); "
        f"cache {cached / 2**20:.1f} of {_CACHE_MEGABYTES} MB"
    )
    yield outcome


def _model_files(folder: Path) -> list[Path]:
    """Small random models, of which the largest takes large images."""
    import keras
    from keras import layers

    paths = []
    for side, channels in _MODELS:
        image = keras.Input((side, side, 3), name="image")
        x = layers.Conv2D(channels, 3, strides=2, activation="relu", name="conv1")(image)
        x = layers.Conv2D(channels, 3, strides=2, activation="relu", name="conv2")(x)
        x = layers.GlobalAveragePooling2D(name="pool")(x)
        model = keras.Model(image, layers.Dense(5, activation="softmax", name="scores")(x), name=f"net{side}")
        paths.append(folder / f"net{side}.keras")
        model.save(paths[-1])
    return paths


def _look_at(images: int) -> None:
    """Upload, select and look, as the pages do; a line of JSON for each image."""
    from benchmarks.memory import resident_megabytes
    from cnnviz.dashboard import cache, startup, store
    from cnnviz.dashboard.state import Selection

    startup.warm().set()  # Keras is here already

    with tempfile.TemporaryDirectory() as folder:
        names = [store.put_model(path.name, path.read_bytes()) for path in _model_files(Path(folder))]
    rng = np.random.default_rng(0)
    for number in range(images):
        name = names[number * _CHANGES // images % len(names)]
        image = store.put("pictures", _png(rng, side=int(rng.integers(200, 1200))))
        photo = cache.photo(image)
        selection = Selection(cache.convnet(name), image, photo.pixels, (), "conv2", None)
        chosen = cache.class_index(selection)
        for layer in ("conv1", "conv2"):
            cache.feature_maps(selection, layer)
            cache.channel_effect(selection, layer, chosen)
        cache.strip(selection, chosen)
        cache.layer_run(selection, "conv2")
        print(json.dumps({"resident": resident_megabytes(), "cached": cache.CACHE.total_bytes}), flush=True)


def _png(rng: np.random.Generator, *, side: int) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(rng.integers(0, 256, (side, side, 3), np.uint8)).save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()


if __name__ == "__main__":
    _look_at(int(sys.argv[1]))
