"""Where do networks come from: the catalogue, files, and what a `Convnet` is."""

from cnnviz.convnets.answers import CLASS_ORDERS, Answers, recall, remember
from cnnviz.convnets.assumptions import Assumption, Assumptions
from cnnviz.convnets.catalogue import DEFAULT, Entry, build_untrained, catalogue
from cnnviz.convnets.convnet import SCALINGS, Convnet, Preparation, Scaling
from cnnviz.convnets.loading import load_convnet
from cnnviz.convnets.not_finite import count_not_finite
from cnnviz.convnets.outputs import KINDS
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
    "Preparation",
    "Scaling",
    "build_untrained",
    "catalogue",
    "convnet_from_model",
    "count_not_finite",
    "guess_preparation",
    "load_convnet",
    "recall",
    "remember",
]
