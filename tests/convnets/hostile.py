"""Writes model files: honest ones by Keras, broken and hostile ones by changing their bytes."""

import io
import json
import zipfile

import h5py
import numpy as np

CONFIG, METADATA, WEIGHTS = "config.json", "metadata.json", "model.weights.h5"


def read_parts(path):
    """The members of an archive, the description parsed."""
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    return json.loads(parts.pop(CONFIG)), parts


def write_parts(path, config, parts, *, compression=zipfile.ZIP_STORED):
    """An archive of a description (anything, or bytes as they are) and other members."""
    with zipfile.ZipFile(path, "w", compression) as archive:
        text = config if isinstance(config, bytes) else json.dumps(config).encode()
        archive.writestr(CONFIG, text)
        for name, data in parts.items():
            archive.writestr(name, data)
    return path


def keras_layer(name, config, **more):
    return {"module": "keras.layers", "class_name": name, "config": config, "registered_name": None, **more}


def sequential(layers, name="net", shape=(8, 8, 3)):
    """A description as Keras writes it, of an image and some layers."""
    image = keras_layer("InputLayer", {"batch_shape": [None, *shape], "dtype": "float32", "name": "image"})
    config = {"name": name, "trainable": True, "dtype": "float32", "layers": [image, *layers]}
    return {"module": "keras", "class_name": "Sequential", "config": config, "registered_name": None}


def weights_file(**datasets):
    """An HDF5 file in memory, laid out as Keras does for one layer."""
    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as file:
        group = file.create_group("layers/dense/vars")
        for name, value in (datasets or {"0": np.zeros(3, np.float32)}).items():
            group[name] = value
    return buffer.getvalue()


def model_file(path, layers=(), *, config=None, weights=None, shape=(8, 8, 3), parts=None):
    """A `.keras` file with a description of ours."""
    members = {METADATA: b"{}", WEIGHTS: weights if weights is not None else weights_file(), **(parts or {})}
    return write_parts(path, config if config is not None else sequential(list(layers), shape=shape), members)


def legacy_file(path, config, *, change=None):
    """An `.h5` file of the older format."""
    with h5py.File(path, "w") as file:
        file.attrs["model_config"] = config if isinstance(config, str) else json.dumps(config)
        file.attrs["keras_version"] = "2.9.0"
        group = file.create_group("model_weights")
        group.attrs["layer_names"] = np.array([b"dense"])
        layer = group.create_group("dense")
        layer.attrs["weight_names"] = np.array([b"kernel"])
        layer["kernel"] = np.zeros((3, 2), np.float32)
        if change is not None:
            change(file)
    return path
