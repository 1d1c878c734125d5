"""Models whose answers to plain images are known in closed form, and such images."""

import numpy as np
from PIL import Image

from cnnviz.convnets import SCALINGS, Convnet, Preparation, convnet_from_model
from cnnviz.datasets.dataset import Part, array_part
from cnnviz.datasets.files import FileImages
from cnnviz.datasets.sources import open_source
from cnnviz.mistakes import Evaluation
from cnnviz.mistakes.predictions import Scores, describe

SIZE = (8, 8)
COLORS = ("red", "green", "blue")
GAIN = 4.0


def color_net(*, gain=GAIN, activation="softmax", class_names=COLORS, weights=None) -> Convnet:
    """Logits are `gain` times the mean of each color, 0..1; the features are these means."""
    import keras
    from keras import layers

    image = keras.Input((*SIZE, 3))
    maps = layers.Conv2D(3, 1, activation="relu", name="maps")(image)
    pooled = layers.GlobalAveragePooling2D(name="pool")(maps)
    kernel = gain * np.eye(3, dtype=np.float32) if weights is None else weights
    model = keras.Model(image, layers.Dense(kernel.shape[1], activation=activation, name="scores")(pooled))
    model.get_layer("maps").set_weights([np.eye(3, dtype=np.float32)[None, None], np.zeros(3, np.float32)])
    model.get_layer("scores").set_weights([kernel, np.zeros(kernel.shape[1], np.float32)])
    preparation = Preparation(SIZE, 3, "crop", SCALINGS["0..1"])
    return convnet_from_model(model, preparation=preparation, class_names=class_names)


def plain_part(colors, labels, *, class_count=3, size=SIZE):
    """Images of one color each."""
    colors = np.asarray(colors, np.uint8)
    pixels = np.broadcast_to(colors[:, None, None, :], (len(colors), *size, 3))
    return array_part(pixels, np.asarray(labels), class_count)


def random_colors(count, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (count, 3), np.uint8)


def answers(labels, probabilities, *, features=None, indices=None, class_names=None, data="data") -> Evaluation:
    """An evaluation as it would be if a model had given these probabilities."""
    labels, probabilities = np.asarray(labels), np.asarray(probabilities, np.float32)
    with np.errstate(divide="ignore"):
        kept = describe(Scores(np.log(probabilities), probabilities), labels)
    count, classes = probabilities.shape
    return Evaluation(
        class_names=class_names or tuple(f"class {index}" for index in range(classes)),
        indices=np.arange(count) if indices is None else np.asarray(indices),
        features=np.zeros((count, 1), np.float32) if features is None else np.asarray(features, np.float32),
        unreadable=(),
        unmapped=(),
        mapping=tuple((index,) for index in range(classes)),
        class_count=classes,
        network="hand-made",
        network_fingerprint="network",
        data_fingerprint=data,
        **kept,
    )


def one_hot(classes, count, *, sure=1.0):
    """Probabilities of a model that gives `sure` to one class and shares the rest."""
    rest = (1 - sure) / (count - 1)
    return np.where(np.eye(count, dtype=bool)[np.asarray(classes)], sure, rest)


def files_part(folder, count):
    """`count` files, of which the second cannot be read."""
    for index in range(count):
        Image.new("RGB", (10, 9), tuple(random_colors(count)[index].tolist())).save(folder / f"{index}.png")
    (folder / "1.png").write_bytes(b"\x89PNG\r\n\x1a\nbroken")
    keys = tuple(f"{index}.png" for index in range(count))
    return Part(FileImages(open_source(folder), keys, 3), np.arange(count) % 3, 3, "files")
