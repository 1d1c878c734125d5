"""Cached results of models, images and datasets, shared by all sessions within a limit in bytes."""

from cnnviz.dashboard.cache.datasets import (
    advice,
    audit,
    blueprint,
    dataset,
    square,
    thumbnails,
)
from cnnviz.dashboard.cache.models import (
    compute,
    convnet,
    not_finite,
    peak,
    photo,
    seconds_a_run,
)
from cnnviz.dashboard.cache.results import (
    attention_maps,
    channel_effect,
    class_index,
    deletion,
    feature_maps,
    heatmap,
    layer_run,
    probabilities,
    seen_by,
    strip,
    strip_layers,
)
from cnnviz.dashboard.cached import CACHE

__all__ = [
    "CACHE",
    "advice",
    "attention_maps",
    "audit",
    "blueprint",
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
