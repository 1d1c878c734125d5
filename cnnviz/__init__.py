"""See what a convnet sees: activations, filters, heatmaps, mistakes and training of Keras models.

    convnet = cnnviz.load_convnet("efficientnet-lite0")
    photo = cnnviz.read_photo("cat.jpg")
    inputs = convnet.prepare([photo])
    cnnviz.predict(convnet, inputs)                       # (1, 1000)

Importing this package imports neither TensorFlow nor Streamlit nor Plotly; they come with the first call that
needs them.
"""

from cnnviz.activations import channel_effect, channel_statistics, feature_maps
from cnnviz.convnets import Convnet, Preparation, Scaling, catalog, convnet_from_model, load_convnet
from cnnviz.datasets import Dataset, load_dataset
from cnnviz.errors import CnnvizError
from cnnviz.filters import filter_patterns, kernels
from cnnviz.heatmaps import (
    attention,
    attention_maps,
    attention_rollout,
    deletion_score,
    grad_cam,
    grad_cam_plus_plus,
    hires_cam,
    integrated_gradients,
    layer_cam,
    occlusion,
    saliency,
    score_cam,
    smooth_grad,
)
from cnnviz.images import read_photo, sample_photos
from cnnviz.layers import LayerInfo, layers
from cnnviz.mistakes import Evaluation, confusion, evaluate, find_label_issues, nearest
from cnnviz.probes import predict
from cnnviz.renamed import former_names
from cnnviz.runs import Run, list_runs, open_run
from cnnviz.training import RECIPES, Augmentation, Recipe, Transfer, train

__version__ = "0.2.0.dev0"

__getattr__ = former_names(__name__, {"catalogue": "catalog", "label_suspects": "find_label_issues"})

__all__ = [
    "RECIPES",
    "Augmentation",
    "CnnvizError",
    "Convnet",
    "Dataset",
    "Evaluation",
    "LayerInfo",
    "Preparation",
    "Recipe",
    "Run",
    "Scaling",
    "Transfer",
    "attention",
    "attention_maps",
    "attention_rollout",
    "catalog",
    "channel_effect",
    "channel_statistics",
    "confusion",
    "convnet_from_model",
    "deletion_score",
    "evaluate",
    "feature_maps",
    "filter_patterns",
    "find_label_issues",
    "grad_cam",
    "grad_cam_plus_plus",
    "hires_cam",
    "integrated_gradients",
    "kernels",
    "layer_cam",
    "layers",
    "list_runs",
    "load_convnet",
    "load_dataset",
    "nearest",
    "occlusion",
    "open_run",
    "predict",
    "read_photo",
    "saliency",
    "sample_photos",
    "score_cam",
    "smooth_grad",
    "train",
]
