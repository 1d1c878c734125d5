"""Models, inputs and compiled forward passes (the floor) that the benchmarks share."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np

from cnnviz.convnets import Convnet, catalog, convnet_from_model, load_convnet
from cnnviz.images import read_photo, sample_photos


@lru_cache(maxsize=2)
def network(name: str) -> Convnet:
    """Open a model; those that would be downloaded get random weights, which cost the same."""
    entry = catalog()[name]
    if entry.is_offline:
        return load_convnet(name)
    return convnet_from_model(entry.build_untrained(), name=name, preparation=entry.preparation)


def inputs_of(convnet: Convnet) -> np.ndarray:
    """Prepare the sample image."""
    return convnet.prepare([read_photo(sample_photos()["chelsea"])])


def compiled_forward(convnet: Convnet, inputs: np.ndarray) -> Callable[[], Any]:
    """Return the floor: one kept `tf.function` of the model, its answer fetched."""
    import tensorflow as tf

    signature = [tf.TensorSpec((None, *inputs.shape[1:]), tf.float32)]
    run = tf.function(lambda x: convnet.model(x, training=False), input_signature=signature)
    return lambda: run(inputs).numpy()
