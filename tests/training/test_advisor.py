"""Does the advice follow from what was measured, where the case is known?"""

import keras
import numpy as np
import pytest
from keras import layers
from PIL import Image

from cnnviz.convnets import Preparation, convnet_from_model, load_convnet
from cnnviz.datasets import load_dataset
from cnnviz.errors import RunError
from cnnviz.training import RECIPES, advisor, edited
from cnnviz.training.advisor import advise, separation

SIDE = 16


@pytest.fixture(scope="module")
def red_only():
    """A base that passes colors on, until its last block keeps red alone: it knows nothing of blue."""
    image = keras.Input((SIDE, SIDE, 3))
    x = layers.Conv2D(3, 1, name="colors")(image)
    x = layers.MaxPooling2D(name="smaller")(x)
    x = layers.Conv2D(2, 1, name="reds", activation="relu")(x)
    x = layers.Dense(2, activation="softmax")(layers.GlobalAveragePooling2D()(x))
    model = keras.Model(image, x)
    model.get_layer("colors").set_weights([np.eye(3)[None, None], np.zeros(3)])
    model.get_layer("reds").set_weights([np.array([[1, -1], [0, 0], [0, 0]])[None, None], np.array([0, 255])])
    return convnet_from_model(model, name="red only", preparation=Preparation((SIDE, SIDE)))


def dark_and_light(folder, channel, count=12):
    """Two classes that differ in one color; the others are noise."""
    rng = np.random.default_rng(0)
    for name, level in (("dark", 60), ("light", 190)):
        (folder / name).mkdir(parents=True)
        for number in range(count):
            color = rng.integers(0, 255, 3)
            color[channel] = level + rng.integers(-20, 20)
            noise = rng.integers(-10, 10, (SIDE, SIDE, 3))
            pixels = np.clip(color + noise, 0, 255).astype(np.uint8)
            Image.fromarray(pixels).save(folder / name / f"{number}.png")
    return load_dataset(folder)


@pytest.fixture
def reds(tmp_path):
    return dark_and_light(tmp_path / "reds", channel=0)


@pytest.fixture
def blues(tmp_path):
    return dark_and_light(tmp_path / "blues", channel=2)


def test_few_images_alike_want_a_head_on_the_whole_base(red_only, reds):
    advice = advise(red_only, reds)
    assert (advice.is_small, advice.is_alike) == (True, True)
    assert list(advice.separations) == ["colors", "reds"]
    assert advice.separations["reds"] == 1
    assert (advice.recipe, advice.changes) == ("feature-extraction", {})
    assert "Few images, similar to" in advice.reason and f"{advice.images_per_class} images per class" in advice.reason


def test_few_images_unlike_want_an_earlier_cut(red_only, blues):
    advice = advise(red_only, blues)
    assert (advice.is_small, advice.is_alike) == (True, False)
    assert advice.separations["colors"] > 0.5 > advice.separations["reds"] + advisor.TOLERANCE
    assert advice.changes == {"transfer.cut": "colors", "transfer.pooling": "flatten"}
    assert "cut after colors" in advice.reason


def test_many_images_alike_want_the_last_convolutions_tuned(red_only, reds, monkeypatch):
    monkeypatch.setattr(advisor, "FEW", 2)
    advice = advise(red_only, reds)
    assert (advice.is_small, advice.is_alike) == (False, True)
    assert (advice.recipe, advice.changes) == ("fine-tuning", {})
    assert "Many images, similar to" in advice.reason


def test_many_images_unlike_want_all_convolutions_tuned(red_only, blues, monkeypatch):
    monkeypatch.setattr(advisor, "FEW", 2)
    advice = advise(red_only, blues)
    assert (advice.is_small, advice.is_alike) == (False, False)
    assert advice.recipe == "fine-tuning" and advice.changes["transfer.unfrozen"] == 0


def test_what_is_advised_can_be_carried_out(red_only, reds, blues):
    for dataset in (reds, blues):
        advice = advise(red_only, dataset)
        assert edited(RECIPES[advice.recipe].recipe, advice.changes).transfer


def test_classes_that_no_layer_tells_apart_are_not_alike(blues):
    """A model of one layer that is blind to what differs: there is nothing better, and yet it is not good."""
    image = keras.Input((SIDE, SIDE, 3))
    x = layers.GlobalAveragePooling2D()(layers.Conv2D(2, 1, name="reds", activation="relu")(image))
    model = keras.Model(image, layers.Dense(2, activation="softmax")(x))
    model.get_layer("reds").set_weights([np.array([[1, -1], [0, 0], [0, 0]])[None, None], np.array([0, 255])])
    advice = advise(convnet_from_model(model, preparation=Preparation((SIDE, SIDE))), blues)
    assert list(advice.separations) == ["reds"]
    assert advice.separations["reds"] < advisor.LEAST and not advice.is_alike


def test_the_same_seed_looks_at_the_same_images(red_only, blues):
    assert advise(red_only, blues) == advise(red_only, blues)


def test_clothes_are_unlike_the_photos_of_imagenet(lite0):
    """Seen: 0.69 at the last layer, 0.77 before the last reduction, of 20 images a class."""
    advice = advise(lite0, load_dataset("fashion-sample"))
    assert 0.4 < advice.separations["head_relu"] < max(advice.separations.values()) < 1
    assert advice.is_small and not advice.is_alike
    assert advice.changes["transfer.cut"] != "head_relu"


def test_a_base_without_maps_is_refused_in_words(reds):
    with pytest.raises(RunError, match="no layer with feature maps"):
        advise(load_convnet("mnist_dense"), reds)


def test_separation_is_the_share_of_right_neighbors_beyond_chance():
    """Directions of four pairs; one pair is of two classes: 6 of 8 right, chance one half."""
    angles = np.radians([0, 5, 90, 95, 180, 185, 270, 275])
    vectors = np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)
    assert separation(vectors, np.array([0, 0, 1, 1, 0, 0, 1, 1])) == 1
    assert separation(vectors, np.array([0, 0, 1, 1, 0, 1, 0, 1])) == pytest.approx(0.0)
    assert separation(vectors, np.array([0, 0, 1, 1, 0, 1, 0, 0])) == pytest.approx((6 / 8 - 5 / 8) / (3 / 8))
    assert separation(vectors, np.array([0, 1, 0, 1, 0, 1, 0, 1])) == pytest.approx(-1)
