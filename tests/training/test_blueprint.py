"""Does the plan of a model say what would be trained, and roughly for how long?"""

from dataclasses import replace

import keras
import numpy as np
import pytest
from keras import layers

from cnnviz.datasets import Dataset
from cnnviz.datasets.dataset import array_part
from cnnviz.datasets.files import FileImages
from cnnviz.training import RECIPES, Recipe, Transfer, blueprint, estimate, networks

PEAK = 5e10


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    """Three convolutions of 1 x 1 on 8 x 8 pixels: 64 * (3 * 4, 4 * 5, 5 * 6) multiply-adds."""
    image = x = keras.Input((8, 8, 3))
    for number, filters in enumerate((4, 5, 6), start=1):
        x = layers.Conv2D(filters, 1, activation="relu", name=f"conv{number}")(x)
    x = layers.Dense(2, activation="softmax")(layers.GlobalAveragePooling2D()(x))
    path = tmp_path_factory.mktemp("base") / "base.keras"
    keras.Model(image, x).save(path)
    return str(path)


def transfer(base, **options):
    return Recipe("own", "any", "transfer", 10, transfer=Transfer(base, dense=0, dropout=0.0, **options))


def test_a_plan_has_the_layers_and_parameters_of_what_is_built():
    recipe = RECIPES["lenet5"].recipe
    plan, model = blueprint(recipe, classes=10), networks.build(recipe, classes=10)
    assert [info.address for info in plan.layers] == [layer.name for layer in model.layers[1:]]
    assert plan.input_shape == (28, 28, 1)
    assert plan.parameters == plan.trainable == 61_706
    assert plan.macs == plan.learning_macs == 784 * 25 * 6 + 100 * 25 * 6 * 16 + 400 * 120 + 120 * 84 + 84 * 10


@pytest.mark.parametrize(
    ("options", "trainable", "learning_macs"),
    [
        ({"way": "features"}, 21, 18),
        ({"way": "frozen"}, 21, 18),
        ({"way": "fine-tuning", "unfrozen": 1}, 21 + 36, 18 + 64 * 30),
        ({"way": "fine-tuning", "unfrozen": 2}, 21 + 36 + 25, 18 + 64 * (30 + 20)),
        ({"way": "fine-tuning", "unfrozen": 0}, 21 + 36 + 25 + 16, 18 + 64 * (30 + 20 + 12)),
        ({"way": "frozen", "cut": "conv2"}, 18, 15),
    ],
)
def test_gradients_go_through_what_learns_alone(base, options, trainable, learning_macs):
    """A head of 6 x 3 weights and 3 biases; the base stands as one layer."""
    plan = blueprint(transfer(base, **options), classes=3)
    assert (plan.trainable, plan.learning_macs) == (trainable, learning_macs)
    assert [info.kind for info in plan.layers][-2:] == ["GlobalAveragePooling2D", "Dense"]
    assert "Functional" in [info.kind for info in plan.layers]


def test_the_plan_of_a_large_base_needs_no_download(monkeypatch):
    """VGG16 without its top has 14,714,688 parameters, and a new head of 3 classes 512 * 3 + 3."""
    monkeypatch.setenv("KERAS_HOME", "/nowhere")
    plan = blueprint(replace(transfer("vgg16", way="frozen"), size=64), classes=3)
    assert plan.parameters == 14_714_688 + 12 + 1539  # 12 for the scaling of the pixels
    assert plan.trainable == 1539


def images(train, validation=0, test=0):
    """So many black images."""
    parts = [
        array_part(np.zeros((count, 1, 1), np.uint8), np.zeros(count, int), 3) for count in (train, validation, test)
    ]
    return Dataset("any", "Any", ("a", "b", "c"), *parts, channels=1, size=(1, 1), notes=())


def test_the_time_grows_with_images_and_epochs_and_falls_with_the_machine():
    recipe = RECIPES["fashion-cnn"].recipe
    plan = blueprint(recipe, classes=10)

    def seconds(recipe=recipe, counts=(6400,), peak=PEAK):
        return estimate(recipe, plan, dataset=images(*counts), peak=peak).seconds

    start = seconds(counts=(0,))
    assert 0 < start < seconds() / 2
    assert seconds(counts=(12_800,)) - start == pytest.approx(2 * (seconds() - start))
    fewer, more = (seconds(replace(recipe, epochs=epochs)) for epochs in (10, 20))
    assert (more - start) / (fewer - start) == pytest.approx(2)
    learning, looking = 3 * plan.macs * recipe.epochs, plan.macs * recipe.epochs
    for counts, work in {(6400,): 6400 * learning, (0, 6400): 6400 * looking, (0, 0, 6400): 6400 * plan.macs}.items():
        slow, quick = seconds(counts=counts, peak=PEAK), seconds(counts=counts, peak=2 * PEAK)
        assert slow - quick == pytest.approx(work / 2 / (0.4 * PEAK), rel=0.01)


def test_files_must_be_read_once():
    recipe = RECIPES["fashion-cnn"].recipe
    plan, at_hand = blueprint(recipe, classes=10), images(100, 20, 30)
    files = replace(at_hand, train=replace(at_hand.train, images=FileImages(None, (), 1)))
    in_memory, in_files = (estimate(recipe, plan, dataset=dataset, peak=PEAK) for dataset in (at_hand, files))
    assert in_files.seconds - in_memory.seconds == pytest.approx(150 * 0.001)


def test_what_the_base_is_spared_saves_time(base):
    """Features cost one pass in all, a frozen base one in each epoch, fine-tuning more in its second phase."""
    dataset, rate, macs = images(1000, 500), 0.4e6, 64 * (12 + 20 + 30) + 18
    recipes = [transfer(base, way=way) for way in ("features", "frozen", "fine-tuning")]
    features, frozen, fine = (
        estimate(recipe, blueprint(recipe, classes=3), dataset=dataset, peak=1e6) for recipe in recipes
    )
    assert (frozen.first_look, fine.first_look) == (0, 0)
    assert features.first_look == pytest.approx(1500 * macs / rate)
    assert frozen.seconds - features.seconds == pytest.approx(9 * 1500 * macs / rate)
    assert fine.seconds - frozen.seconds == pytest.approx(5 * 2 * 1000 * macs / rate)
    only_head = replace(recipes[2], epochs=5)
    alone = estimate(only_head, blueprint(only_head, classes=3), dataset=dataset, peak=1e6)
    frozen = estimate(replace(recipes[1], epochs=5), blueprint(recipes[1], classes=3), dataset=dataset, peak=1e6)
    assert alone.seconds == pytest.approx(frozen.seconds)
