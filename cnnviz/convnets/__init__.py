"""Opening of models, by name or from a file, as a `Convnet`: the Keras model with its preprocessing and classes."""

from cnnviz.convnets.assumptions import Assumption, Assumptions
from cnnviz.convnets.catalog import DEFAULT, Entry, build_untrained, catalog
from cnnviz.convnets.convnet import SCALINGS, Convnet, Preparation, Scaling
from cnnviz.convnets.facts import FileFacts, describe_model_file
from cnnviz.convnets.files import convert_model_file, open_model_file
from cnnviz.convnets.finite_weights import count_not_finite
from cnnviz.convnets.labels import read_labels
from cnnviz.convnets.loading import load_convnet
from cnnviz.convnets.outputs import KINDS
from cnnviz.convnets.overrides import CLASS_ORDERS, Answers, recall, remember
from cnnviz.convnets.wrapping import convnet_from_model, guess_preparation

__all__ = [
    "CLASS_ORDERS",
    "DEFAULT",
    "KINDS",
    "SCALINGS",
    "Answers",
    "Assumption",
    "Assumptions",
    "Convnet",
    "Entry",
    "FileFacts",
    "Preparation",
    "Scaling",
    "build_untrained",
    "catalog",
    "convert_model_file",
    "convnet_from_model",
    "count_not_finite",
    "describe_model_file",
    "guess_preparation",
    "load_convnet",
    "open_model_file",
    "read_labels",
    "recall",
    "remember",
]
