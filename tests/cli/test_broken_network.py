"""Does the command line show nothing that depends on weights that are NaN as if it were data?"""

import keras
import numpy as np
import pytest
from keras import layers

from cnnviz.convnets.overrides import Answers, remember


@pytest.fixture(scope="module")
def broken(tmp_path_factory):
    """Max pooling makes numbers of NaN on a CPU, and the classes get probabilities."""
    model = keras.Sequential(
        [
            keras.Input((8, 8, 3)),
            layers.Conv2D(2, 3, name="stem"),
            layers.Conv2D(2, 3, name="middle"),
            layers.MaxPooling2D(name="pool"),
            layers.Flatten(),
            layers.Dense(2, activation="softmax", name="scores"),
        ]
    )
    model.get_layer("middle").set_weights([np.full((3, 3, 2, 2), np.nan), np.zeros(2)])
    path = tmp_path_factory.mktemp("broken") / "broken.keras"
    model.save(path)
    remember(path, Answers(class_names=("one", "two")))
    return path


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["predict"], "The class scores depend on weights of 'middle'"),
        (["predict", "--json"], "The class scores depend on weights of 'middle'"),
        (["heatmap"], "The class scores depend on weights of 'middle'"),
        (["heatmap", "--method", "occlusion"], "The class scores depend on weights of 'middle'"),
        (["activations", "--layer", "pool"], "The output of 'pool' depends on weights of 'middle'"),
    ],
)
def test_what_depends_on_them_is_refused_and_not_written(cnnviz, broken, image, tmp_path, words, said):
    done = cnnviz(words[0], image, "--model", broken, *words[1:])
    assert (done.code, done.out) == (2, "")
    assert said in done.err
    assert not list((tmp_path / "here").iterdir())


def test_what_comes_before_them_is_shown(cnnviz, broken, image, tmp_path):
    done = cnnviz("activations", image, "--model", broken, "--layer", "stem")
    assert done.code == 0
    assert [path.suffix for path in (tmp_path / "here").iterdir()] == [".png"]


def test_patterns_of_layers_behind_them_are_not_drawn(cnnviz, broken):
    done = cnnviz("filters", "--model", broken, "--layer", "pool", "--filters", "0", "--steps", "2", "--size", "16")
    assert done.code == 0
    assert "Not finite (NaN or infinite activations): 0." in done.out
