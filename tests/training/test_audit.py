"""Does the audit find what keeps a run from learning, and keep quiet where nothing stands out?"""

from dataclasses import replace

import keras
import numpy as np
import pytest
from keras import layers

from cnnviz.convnets import SCALINGS, Answers, Preparation, convnet_from_model, load_convnet, remember
from cnnviz.datasets import load_dataset, subset
from cnnviz.training import RECIPES, Augmentation, Transfer, carry_out, create_run
from cnnviz.training.audit import audit, black_and_white

SIDE = 28


@pytest.fixture(scope="module")
def dataset(shapes):
    return load_dataset(str(shapes))


@pytest.fixture
def recipe(shapes):
    return replace(RECIPES["lenet5"].recipe, data=str(shapes))


def saved(path, *, scales_itself, scaling):
    """A base with a Rescaling of its own or without, and what a person said about it."""
    image = x = keras.Input((SIDE, SIDE, 1))
    if scales_itself:
        x = layers.Rescaling(1 / 255)(x)
    x = layers.Conv2D(2, 3, name="conv")(layers.ZeroPadding2D(2)(x))
    keras.Model(image, layers.Dense(2, activation="softmax")(layers.GlobalAveragePooling2D()(x))).save(path)
    remember(path, Answers(scaling=scaling))
    return path


def on(base, recipe, **changes):
    return replace(recipe, network="transfer", transfer=Transfer(str(base), way="frozen"), **changes)


def kinds(recipe, dataset):
    return [finding.kind for finding in audit(recipe, dataset)]


def sentence(kind, recipe, dataset):
    (found,) = [finding.sentence for finding in audit(recipe, dataset) if finding.kind == kind]
    return found


@pytest.mark.parametrize(
    ("scales_itself", "scaling", "expected"),
    [
        (True, "0..255", []),
        (False, "0..1", []),
        (False, "-1..1", []),
        (False, "1..0", []),
        (True, "0..1", ["scaled-twice"]),
        (True, "-1..1", ["scaled-twice"]),
        (False, "0..255", ["not-scaled"]),
    ],
)
def test_pixels_that_are_scaled_twice_or_not_at_all_are_found(
    tmp_path, recipe, dataset, scales_itself, scaling, expected
):
    base = saved(tmp_path / "mine.keras", scales_itself=scales_itself, scaling=scaling)
    assert kinds(on(base, recipe), dataset) == expected


def test_the_sentence_says_what_reaches_the_weights(tmp_path, recipe, dataset):
    twice = saved(tmp_path / "mine.keras", scales_itself=True, scaling="0..1")
    found = sentence("scaled-twice", on(twice, recipe), dataset)
    assert "black reaches its first weights as 0 and white as 0.00392" in found and "Set its scaling to 0..255" in found
    raw = saved(tmp_path / "raw.keras", scales_itself=False, scaling="0..255")
    assert "of raw unscaled: black as 0, white as 255" in sentence("not-scaled", on(raw, recipe), dataset)


@pytest.mark.parametrize("name", SCALINGS)
def test_black_and_white_are_far_apart_with_every_scaling(name):
    """As a model of that scaling is given them: the guard against a threshold that finds what is right."""
    image = keras.Input((9, 9, 3))
    x = layers.Dense(2, activation="softmax")(layers.GlobalAveragePooling2D()(layers.Conv2D(2, 3)(image)))
    convnet = convnet_from_model(keras.Model(image, x), preparation=Preparation((9, 9), scaling=SCALINGS[name]))
    pixels = np.stack([np.zeros((1, 3)), np.full((1, 3), 255.0)])
    expected = SCALINGS[name](pixels).mean(axis=(1, 2))
    found = black_and_white(convnet)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)
    assert abs(found[1] - found[0]) >= 1


@pytest.mark.parametrize("name", ["efficientnet-lite0", "mobilenet_v3_small"])
def test_models_that_scale_themselves_are_not_accused(name):
    from cnnviz.convnets import catalog

    entry = catalog()[name]
    convnet = convnet_from_model(entry.build_untrained(), name=name, preparation=entry.preparation)
    black, white = black_and_white(convnet)
    assert 1 <= white - black <= 5


def test_a_run_as_base_scales_its_pixels_once(recipe, dataset, runs):
    """Also where scaling is a 1 x 1 convolution."""
    base = RECIPES["feature-extraction"].recipe
    first = carry_out(create_run(replace(recipe, epochs=1, snapshots=0, has_tensorboard=False), folder=runs))
    assert kinds(on(first.path, recipe), dataset) == []
    assert base.transfer and load_convnet(first.model).preparation.scaling.name == "0..255"
    image = keras.Input((9, 9, 3))
    scaling = layers.Conv2D(3, 1, name="scaling")
    x = layers.GlobalAveragePooling2D()(layers.Conv2D(2, 3)(scaling(image)))
    model = keras.Model(image, layers.Dense(2, activation="softmax")(x))
    scaling.set_weights([np.eye(3)[None, None] / 127.5, -np.ones(3)])
    found = black_and_white(convnet_from_model(model, preparation=Preparation((9, 9))))
    np.testing.assert_allclose(found, [-1, 1], atol=1e-5)


def test_gray_images_for_a_base_of_colors_are_found(recipe, dataset):
    colors = replace(on("efficientnet-lite0", recipe), size=SIDE)
    assert kinds(colors, dataset) == ["colors"]
    assert "grayscale; they are repeated across 3 channels for efficientnet-lite0" in sentence(
        "colors", colors, dataset
    )


def test_colors_for_a_gray_model_are_found(recipe, dataset):
    assert "lenet5 has 1 input channel" in sentence("colors", recipe, replace(dataset, channels=3))


def test_images_much_smaller_than_the_input_are_found(recipe, dataset):
    assert "28 x 28 pixels are enlarged 3.0 times, to 84 x 84" in sentence(
        "enlarged", replace(recipe, size=3 * SIDE), dataset
    )
    assert kinds(replace(recipe, size=2 * SIDE), dataset) == []
    assert kinds(replace(recipe, size=3 * SIDE), replace(dataset, size=None)) == ["enlarged"]


def test_enlarging_to_the_size_that_a_base_was_trained_at_is_no_mistake(recipe, dataset):
    """efficientnet-lite0 saw 224 x 224: smaller, its filters meet other scales than they know."""
    assert "enlarged" not in kinds(on("efficientnet-lite0", recipe), dataset)
    assert "enlarged" not in kinds(on("efficientnet-lite0", recipe, size=224), dataset)
    found = sentence("enlarged", on("efficientnet-lite0", recipe, size=256), dataset)
    assert "under Settings on the page, or with --size" in found


def test_one_class_much_larger_is_found(recipe, dataset):
    labels = dataset.train.labels
    chosen = np.concatenate([np.flatnonzero(labels == 0), np.flatnonzero(labels > 0)[::7]])
    uneven = replace(dataset, train=subset(dataset.train, chosen))
    assert uneven.train.counts.min() > 0
    found = sentence("imbalance", replace(recipe, batch_size=8), uneven)
    assert f"'lying' has {uneven.train.counts[0]} training images" in found
    assert f"is {uneven.train.counts[0] / len(chosen):.0%} accurate" in found


def test_a_class_that_is_missing_from_a_part_is_found(recipe, dataset):
    known = subset(dataset.train, np.flatnonzero(dataset.train.labels != 2))
    found = sentence("missing", recipe, replace(dataset, train=known))
    total = int(dataset.validation.counts[2] + dataset.test.counts[2])
    assert found == f"Class 'upright' has {total} images, but no training ones."


def test_fewer_images_than_a_batch_are_found(recipe, dataset):
    count = len(dataset.train)
    assert kinds(replace(recipe, batch_size=count), dataset) == []
    large = replace(recipe, batch_size=count + 1)
    assert f"{count} training images, fewer than the batch size of {count + 1}" in sentence("small", large, dataset)


def test_fine_tuning_that_never_begins_is_found(recipe, dataset):
    tuning = replace(
        recipe, network="transfer", transfer=Transfer("lenet5", way="fine-tuning", head_epochs=5), epochs=5
    )
    assert "all 5 epochs" in sentence("no-fine-tuning", tuning, dataset)
    assert kinds(replace(tuning, epochs=6), dataset) == []


def test_augmentation_that_has_no_effect_is_found(recipe, dataset):
    once = replace(
        recipe, network="transfer", transfer=Transfer("lenet5"), augmentation=Augmentation(horizontal_flip=True)
    )
    assert kinds(once, dataset) == ["unvaried"]
    assert kinds(replace(once, transfer=Transfer("lenet5", way="frozen")), dataset) == []


def test_the_offline_demo_has_nothing_to_find():
    recipe = RECIPES["lenet5"].recipe
    assert audit(recipe, load_dataset(recipe.data)) == ()
