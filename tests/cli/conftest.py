"""A model of four filters whose every number is known, as a file, and a way to run commands on it."""

import warnings
from dataclasses import dataclass

import numpy as np
import pytest

from cnnviz.cli import main
from cnnviz.convnets.overrides import Answers, remember
from cnnviz.images import png_bytes

SIZE = 16
GAIN = 6.0


@dataclass(frozen=True)
class Outcome:
    code: int
    out: str
    err: str


def save(model, path):
    with warnings.catch_warnings():  # Keras reads its weights in a way that NumPy 2 warns of
        warnings.filterwarnings("ignore", "__array__ implementation", DeprecationWarning)
        model.save(path)


@pytest.fixture(scope="session")
def network(tmp_path_factory):
    """Filters of `mix`: red, blue, green (its bias keeps it below zero), dead. Classes: red, blue, not red."""
    import keras
    from keras import layers

    image = keras.Input((SIZE, SIZE, 3))
    maps = layers.Conv2D(4, 1, activation="relu", name="mix")(image)
    pooled = layers.GlobalAveragePooling2D(name="pool")(maps)
    model = keras.Model(image, layers.Dense(3, activation="softmax", name="scores")(pooled))
    colors = np.array([[1, 0, 0, 0], [0, 0, 1, 0], [0, 1, 0, 0]], np.float32)
    evidence = GAIN * np.array([[1, 0, -0.5], [0, 1, 0], [0, 0, 0], [0, 0, 0]], np.float32)
    model.get_layer("mix").set_weights([colors[None, None], np.array([0, 0, -2, 0], np.float32)])
    model.get_layer("scores").set_weights([evidence, np.zeros(3, np.float32)])
    path = tmp_path_factory.mktemp("network") / "mixer.keras"
    save(model, path)
    remember(path, Answers(scaling="0..1", fit="crop", class_names=("bright red", "deep blue", "not red")))
    return path


@pytest.fixture(scope="session")
def image(tmp_path_factory):
    """Three quarters red, at the top; one quarter blue."""
    pixels = np.zeros((SIZE, SIZE, 3), np.uint8)
    pixels[:12, :, 0] = 255
    pixels[12:, :, 2] = 255
    path = tmp_path_factory.mktemp("picture") / "flag.png"
    path.write_bytes(png_bytes(pixels))
    return path


@pytest.fixture(scope="session")
def probabilities():
    """Of the three classes, for the image."""
    scores = np.exp([0.75 * GAIN, 0.25 * GAIN, -0.375 * GAIN])
    return scores / scores.sum()


@pytest.fixture
def cnnviz(capsys, tmp_path, monkeypatch):
    """Run a command in a folder of its own."""
    monkeypatch.setenv("CNNVIZ_CACHE_DIR", str(tmp_path / "cache"))
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)

    def run(*words):
        capsys.readouterr()
        code = main([str(word) for word in words])
        return Outcome(code, *capsys.readouterr())

    return run
