"""Benchmark of an evaluation beside bare `predict`, and of a mean heatmap beside forward passes."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from benchmarks.networks import network
from benchmarks.timing import interleaved, row
from cnnviz.convnets import Convnet
from cnnviz.datasets import Part, load_dataset, subset
from cnnviz.images import read_photo, sample_photos
from cnnviz.mistakes import evaluate, mean_map, open_labeled

_BATCH = 64
_MAP_BATCH = 32
_EVALUATION = 1 / 0.9  # of predict's time; the throughput is at least 0.9 times its own
_MAPS = 1 / 0.67


def bare_predict(convnet: Convnet, inputs: np.ndarray) -> np.ndarray:
    """Keras's own `predict` on inputs that lie ready in memory."""
    return convnet.model.predict(inputs, batch_size=_BATCH, verbose=0)


def forward_passes(run: Callable[[np.ndarray], Any], inputs: np.ndarray) -> None:
    """Run compiled forward passes in batches."""
    for start in range(0, len(inputs), _MAP_BATCH):
        run(inputs[start : start + _MAP_BATCH]).numpy()


def photo_folder(root: Path, count: int) -> Part:
    """Write crops of a photograph as JPEGs of 500 x 375, and open them."""
    photo = read_photo(sample_photos()["coffee"])
    (root / "coffee").mkdir()
    for number in range(count):
        image = Image.fromarray(np.roll(photo, number, axis=1)).resize((500, 375))
        image.save(root / "coffee" / f"{number}.jpg", quality=90)
    return open_labeled(root).part


def compare_evaluation(what: str, convnet: Convnet, part: Part, *, names: tuple[str, ...], repetitions: int) -> None:
    mapping = None if part.class_count > 1 else [(0,)]
    inputs = convnet.prepare([_rgb(part.photo(index)) for index in range(len(part))])
    ways = {
        "floor": partial(bare_predict, convnet, inputs),
        "ours": partial(evaluate, convnet, part, class_names=names, mapping=mapping, batch_size=_BATCH),
    }
    times = interleaved(ways, repetitions=repetitions)
    row(f"evaluation of {len(part):,} {what} against bare predict", times["ours"], times["floor"], _EVALUATION)


def _rgb(photo: np.ndarray) -> np.ndarray:
    return photo.repeat(3, axis=-1) if photo.shape[-1] == 1 else photo


def main() -> None:
    import tensorflow as tf

    dataset = load_dataset("fashion-sample")
    small, large = network("fashion-cnn"), network("efficientnet-lite0")
    compare_evaluation("small images in memory", small, dataset.test, names=dataset.class_names, repetitions=7)
    with tempfile.TemporaryDirectory() as folder:
        part = photo_folder(Path(folder), 128)
        compare_evaluation("JPEG files", large, part, names=("espresso",), repetitions=5)
        inputs = large.prepare([part.photo(index) for index in range(96)])
        signature = [tf.TensorSpec((None, *inputs.shape[1:]), tf.float32)]
        run = tf.function(lambda x: large.model(x, training=False), input_signature=signature)
        some = subset(part, np.arange(96))
        ways = {
            "floor": partial(forward_passes, run, inputs),
            "ours": partial(mean_map, large, some, np.arange(96), class_index=0, batch_size=_MAP_BATCH),
        }
        times = interleaved(ways, repetitions=5)
        row("mean map of 96 JPEG files against forward passes", times["ours"], times["floor"], _MAPS)


if __name__ == "__main__":
    main()
