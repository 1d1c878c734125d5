"""See what a convnet sees: open a network, read a photo, and look inside.

    convnet = cnnviz.load_convnet("efficientnet-lite0")
    photo = cnnviz.read_photo("cat.jpg")
    inputs = convnet.prepare([photo])
    cnnviz.predict(convnet, inputs)                       # (1, 1000)

Importing this package imports neither TensorFlow nor Streamlit nor Plotly; they come with the first call that
needs them.
"""

from cnnviz.convnets import Convnet, Preparation, Scaling, convnet_from_model, load_convnet
from cnnviz.errors import CnnvizError
from cnnviz.images import read_photo, sample_photos
from cnnviz.layers import LayerInfo, layers
from cnnviz.probes import predict

__all__ = [
    "CnnvizError",
    "Convnet",
    "LayerInfo",
    "Preparation",
    "Scaling",
    "convnet_from_model",
    "layers",
    "load_convnet",
    "predict",
    "read_photo",
    "sample_photos",
]
