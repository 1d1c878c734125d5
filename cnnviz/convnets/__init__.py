"""Where do networks come from: the catalogue, files, and what a `Convnet` is."""

from cnnviz.convnets.catalogue import DEFAULT, Entry, catalogue
from cnnviz.convnets.convnet import SCALINGS, Convnet, Preparation, Scaling
from cnnviz.convnets.loading import load_convnet
from cnnviz.convnets.wrapping import convnet_from_model, guess_preparation

__all__ = [
    "DEFAULT",
    "SCALINGS",
    "Convnet",
    "Entry",
    "Preparation",
    "Scaling",
    "catalogue",
    "convnet_from_model",
    "guess_preparation",
    "load_convnet",
]
