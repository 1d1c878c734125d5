"""What has been computed already? Every cache of the dashboard; keyed by fingerprint and picture, all bounded.

Arguments that begin with an underscore are not part of a key. Arrays are never keys: large ones are hashed by
sampling, and a changed pixel would go unnoticed.
"""

from cnnviz.dashboard.cache.answers import (
    attention_maps,
    channel_effect,
    class_index,
    deletion,
    feature_maps,
    heatmap,
    probabilities,
    strip,
    strip_layers,
)
from cnnviz.dashboard.cache.datasets import (
    advice,
    audit,
    blueprint,
    dataset,
    square,
    thumbnails,
)
from cnnviz.dashboard.cache.networks import (
    compute,
    convnet,
    not_finite,
    peak,
    photo,
    seconds_a_run,
)
from cnnviz.dashboard.cache.units import (
    Kept,
    cascades,
    layer_run,
    seen_by,
)

__all__ = [
    "Kept",
    "advice",
    "attention_maps",
    "audit",
    "blueprint",
    "cascades",
    "channel_effect",
    "class_index",
    "compute",
    "convnet",
    "dataset",
    "deletion",
    "feature_maps",
    "heatmap",
    "layer_run",
    "not_finite",
    "peak",
    "photo",
    "probabilities",
    "seconds_a_run",
    "seen_by",
    "square",
    "strip",
    "strip_layers",
    "thumbnails",
]
