"""Does a trained model become the base of a new one, and stay what it was where it should?"""

import errno
import os
from dataclasses import replace

import keras
import numpy as np
import pytest
from keras import layers

from cnnviz.activations import feature_maps
from cnnviz.convnets import Answers, convnet_from_model, load_convnet, remember
from cnnviz.datasets import load_dataset, photos
from cnnviz.errors import RunError
from cnnviz.training import Recipe, Transfer, carry_out, create_run, reopen, stop
from cnnviz.training.cutting import base_of, cut
from cnnviz.training.plans import make_plan
from cnnviz.training.transfer import assemble, features_of, unfreeze

SIDE = 20


def convolutions(image, *, count=3):
    x = image
    for number in range(1, count + 1):
        x = layers.Conv2D(6, 3, padding="same", use_bias=False, kernel_regularizer="l2", name=f"conv{number}")(x)
        x = layers.BatchNormalization(name=f"bn{number}")(x)
        x = layers.ReLU(name=f"relu{number}")(x)
    return layers.Dropout(0.3, name="forget")(layers.MaxPooling2D(name="pool")(x))


def classifier(maps):
    vector = layers.GlobalAveragePooling2D(name="average")(maps)
    return layers.Dense(4, activation="softmax", name="scores")(vector)


def randomized(model, seed=0):
    """Statistics of batch normalization that are neither those of fresh layers nor those of any batch."""
    rng = np.random.default_rng(seed)
    for layer in model._flatten_layers():
        if isinstance(layer, layers.BatchNormalization):
            layer.set_weights([rng.uniform(0.5, 1.5, weight.shape) for weight in layer.get_weights()])
    return model


def straight():
    image = keras.Input((SIDE, SIDE, 3), name="picture")
    return randomized(keras.Model(image, classifier(convolutions(image)), name="straight"))


def branching():
    """A block inside, in front of which the graph is no chain."""
    inner = keras.Input((SIDE, SIDE, 5))
    block = keras.Model(inner, convolutions(inner), name="block")
    image = keras.Input((SIDE, SIDE, 3), name="picture")
    left, right = (layers.Conv2D(2, 3, padding="same", name=name)(image) for name in ("left", "right"))
    joined = layers.Concatenate(name="joined")([left, right, layers.Conv2D(1, 1, name="middle")(image)])
    return randomized(keras.Model(image, classifier(block(joined)), name="branching"))


def stacked():
    """A Sequential that grew layer by layer, so that its layers were called more than once."""
    model = keras.Sequential([keras.Input((SIDE, SIDE, 3))], name="stacked")
    for number in (1, 2):
        model.add(layers.Conv2D(5, 3, activation="relu", name=f"conv{number}"))
    model.add(layers.GlobalAveragePooling2D(name="average"))
    model.add(layers.Dense(4, activation="softmax", name="scores"))
    return model


def wrapped():
    image = keras.Input((SIDE, SIDE, 3), name="picture")
    return keras.Model(image, stacked()(image), name="wrapped")


@pytest.fixture(scope="session")
def base_file(tmp_path_factory):
    """A base with regularizers, dropout and batch normalization that wants pixels -1..1."""
    keras.utils.set_random_seed(1)
    path = tmp_path_factory.mktemp("bases") / "own base.keras"
    straight().save(path)
    remember(path, Answers(scaling="-1..1"))
    return path


@pytest.fixture(scope="session")
def recipe(shapes, base_file):
    transfer = Transfer(
        str(base_file), cut="forget", way="frozen", dense=8, unfrozen=2, head_epochs=2, fine_rate=1e-3
    )  # fmt: skip
    return Recipe(
        "own", str(shapes), "transfer", 4, batch_size=16, learning_rate=0.01, snapshots=0, has_tensorboard=False,
        transfer=transfer,
    )  # fmt: skip


def by(recipe, way, **changes):
    return replace(recipe, transfer=replace(recipe.transfer, way=way, **changes))


def parts_of(recipe, classes=3):
    return assemble(recipe, recipe.transfer, base_of(recipe.transfer.base), classes=classes)


def base_weights(model):
    """Weights by name of the one layer that is a model."""
    (base,) = (layer for layer in model.layers if isinstance(layer, keras.Model))
    return {"/".join(weight.path.split("/")[-2:]): weight.numpy() for weight in base.weights}


def saved_base(path):
    return base_weights(keras.saving.load_model(path, compile=False))


def original(base_file):
    model = keras.saving.load_model(base_file, compile=False)
    return {weight.path: weight.numpy() for weight in model.weights if not weight.path.startswith("scores")}


CUTS = [
    (straight, "conv1"),
    (straight, "relu2"),
    (straight, "pool"),
    (branching, "joined"),
    (branching, "block/relu1"),
    (branching, "block/pool"),
    (stacked, "conv1"),
    (stacked, "conv2"),
    (wrapped, "stacked/conv1"),
]


@pytest.mark.parametrize(("build", "address"), CUTS, ids=[f"{build.__name__} {address}" for build, address in CUTS])
def test_a_base_gives_the_maps_of_the_layer_that_it_is_cut_behind(build, address, rng):
    convnet = convnet_from_model(build(), name="any")
    inputs = rng.uniform(0, 1, (2, SIDE, SIDE, 3)).astype(np.float32)
    expected = feature_maps(convnet, inputs, layers=[address])[address]
    assert expected.std() > 1e-3
    base = cut(convnet, address, size=(SIDE, SIDE))
    np.testing.assert_allclose(base(inputs, training=False), expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(("build", "address"), CUTS, ids=[f"{build.__name__} {address}" for build, address in CUTS])
def test_a_base_of_another_size_has_the_same_weights_and_larger_maps(build, address, rng):
    convnet = convnet_from_model(build(), name="any")
    small, large = (cut(convnet, address, size=(side, side)) for side in (SIDE, SIDE + 8))
    pixels = rng.uniform(0, 1, (1, SIDE + 8, SIDE + 8, 3)).astype(np.float32)
    corner = np.asarray(small(pixels[:, :SIDE, :SIDE], training=False))
    found = np.asarray(large(pixels, training=False))
    assert found.shape[1] > corner.shape[1] and corner[:, :4, :4].std() > 1e-3
    np.testing.assert_allclose(found[:, :4, :4], corner[:, :4, :4], rtol=1e-4, atol=1e-5)


def test_what_the_base_is_cut_off_behind_is_gone():
    base = cut(convnet_from_model(straight()), "relu2", size=(SIDE, SIDE))
    assert [layer.name for layer in base.layers[1:]] == ["conv1", "bn1", "relu1", "conv2", "bn2", "relu2"]


def test_where_a_base_cannot_be_cut_it_says_so():
    convnet = convnet_from_model(straight(), name="mine")
    with pytest.raises(
        RunError, match=r"'average' has no feature maps\. Cut the base model after a layer that has them"
    ):
        cut(convnet, "average", size=(SIDE, SIDE))
    with pytest.raises(RunError, match="mine does not accept images of 1 pixels"):
        cut(convnet, "pool", size=(1, 1))
    subclassed = load_convnet("lenet5_subclassed")
    with pytest.raises(RunError, match="not a functional model"):
        cut(subclassed, "conv1", size=(28, 28))


def test_a_base_for_four_channels_is_refused_in_words(tmp_path):
    image = keras.Input((SIDE, SIDE, 4))
    keras.Model(image, classifier(layers.Conv2D(2, 3)(image))).save(tmp_path / "four.keras")
    with pytest.raises(RunError, match="images of 4 channels"):
        base_of(str(tmp_path / "four.keras"))


@pytest.mark.parametrize("pooling", ["average", "flatten"])
@pytest.mark.parametrize("dense", [0, 8])
def test_the_product_is_the_head_on_the_body_on_scaled_pixels(recipe, rng, pooling, dense):
    parts = parts_of(by(recipe, "features", pooling=pooling, dense=dense))
    pixels = rng.uniform(0, 255, (3, SIDE, SIDE, 3)).astype(np.float32)
    convnet = base_of(recipe.transfer.base)
    maps = feature_maps(convnet, pixels / 127.5 - 1, layers=["pool"])["pool"]
    vector = maps.mean(axis=(1, 2)) if pooling == "average" else maps.reshape(3, -1)
    assert vector.std() > 1e-3
    np.testing.assert_allclose(parts.body(pixels), vector, rtol=1e-3, atol=1e-5)
    np.testing.assert_allclose(parts.product(pixels), parts.head(vector), rtol=1e-3, atol=1e-5)
    hidden = [layer.units for layer in parts.head.layers if isinstance(layer, layers.Dense)]
    assert hidden == ([dense, 3] if dense else [3])


@pytest.mark.parametrize(("own", "expected"), [(None, [0.5]), (0.2, [0.2]), (0.0, [])])
def test_the_recipes_dropout_goes_before_the_transfers(recipe, own, expected):
    head = parts_of(replace(recipe, dropout=own)).head
    assert [layer.rate for layer in head.layers if isinstance(layer, layers.Dropout)] == expected


def test_penalties_of_the_bases_own_training_do_not_enter_the_loss(recipe):
    """Neither while it is frozen, nor when it learns; the recipe's own stand."""
    assert keras.saving.load_model(recipe.transfer.base, compile=False).losses
    parts = parts_of(recipe)
    unfreeze(parts.base, 0)
    assert parts.product.losses == []
    assert len(parts_of(replace(recipe, l2=0.1)).product.losses) == 2


@pytest.mark.parametrize(
    ("count", "names"), [(1, {"conv3"}), (2, {"conv2", "conv3"}), (0, {"conv1", "conv2", "conv3"})]
)
def test_the_last_convolutions_are_unfrozen_and_batch_normalization_never(recipe, count, names):
    parts = parts_of(recipe)
    assert not parts.base.trainable_variables
    unfreeze(parts.base, count)
    assert {variable.path.split("/")[-2] for variable in parts.base.trainable_variables} == names


class Counting(layers.Layer):
    """Passes images on and counts them."""

    def build(self, shape):
        self.count = self.add_weight(name="count", shape=(), dtype="int32", initializer="zeros", trainable=False)

    def call(self, images):
        self.count.assign_add(keras.ops.shape(images)[0])
        return images


def test_each_image_goes_through_the_body_exactly_once(shapes, runs):
    part = load_dataset(str(shapes)).train
    counting = Counting()
    image = keras.Input((8, 8, 1))
    body = keras.Model(image, layers.Flatten()(layers.Conv2D(2, 3)(counting(image))))
    first = features_of(body, part, key="counted")
    assert int(counting.count.numpy()) == len(part) > 64
    again = features_of(body, part, key="counted")
    assert int(counting.count.numpy()) == len(part)
    np.testing.assert_array_equal(first, again)
    features_of(body, part, key="another")
    assert int(counting.count.numpy()) == 2 * len(part)
    pixels = photos(part, size=(8, 8), channels=1).astype(np.float32)
    np.testing.assert_allclose(first, body(pixels), rtol=1e-4, atol=1e-3)


def test_features_that_are_damaged_are_computed_again(shapes, runs):
    part = load_dataset(str(shapes)).test
    image = keras.Input((8, 8, 1))
    body = keras.Model(image, layers.Flatten()(image))
    first = np.array(features_of(body, part, key="any"))
    (path,) = (runs.parent / "cache" / "features").iterdir()
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 64
    for damaged in (data[:200], data):
        path.write_bytes(damaged)
        np.testing.assert_array_equal(features_of(body, part, key="any"), first)


def test_a_disk_without_room_for_features_is_one_sentence_before_a_image_is_read(shapes, runs, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    part = load_dataset(str(shapes)).test
    image = keras.Input((8, 8, 1))
    monkeypatch.setattr(os, "posix_fallocate", full, raising=False)
    said = r"^The features of 24 images take 0\.0 GB and cannot be kept: No space left on device\. Free space or set"
    with pytest.raises(RunError, match=said):
        features_of(keras.Model(image, layers.Flatten()(image)), part, key="any")
    assert not list((runs.parent / "cache" / "features").iterdir())


def test_features_that_were_longest_unused_make_room(shapes, runs, monkeypatch):
    part = load_dataset(str(shapes)).test
    image = keras.Input((8, 8, 1))
    body = keras.Model(image, layers.Flatten()(image))
    one = features_of(body, part, key="first").nbytes + 140  # the header of the file, and its seal
    monkeypatch.setattr("cnnviz.training.transfer.MAX_BYTES", 2 * one)
    (first,) = (runs.parent / "cache" / "features").iterdir()
    features_of(body, part, key="second")
    (second,) = {*first.parent.iterdir()} - {first}
    for age, path in enumerate((first, second), start=1):
        os.utime(path, (1000 + age, 1000 + age))
    features_of(body, part, key="first")  # used just now
    features_of(body, part, key="third")
    assert first.exists() and not second.exists() and len(list(first.parent.iterdir())) == 2
    monkeypatch.setattr("cnnviz.training.transfer.MAX_BYTES", one // 2)
    with pytest.raises(RunError, match=r"24 images of 64 features each take 0\.0 GB; .* Choose average pooling"):
        features_of(body, part, key="fourth")


def test_training_on_features_is_training_the_whole_with_a_frozen_base(recipe, runs):
    """The same losses, epoch by epoch, and what comes out answers images as the head answered features."""
    still = replace(by(recipe, "features", dense=0, dropout=0.0, pooling="flatten"), epochs=6)
    on_features = carry_out(create_run(still, folder=runs))
    frozen = carry_out(create_run(by(still, "frozen"), folder=runs))
    losses = on_features.history.columns
    assert losses["loss"][-1] < 0.9 * losses["loss"][0]
    for name in ("loss", "val_loss", "accuracy"):
        np.testing.assert_allclose(losses[name], frozen.history.columns[name], rtol=1e-3)
    product = keras.saving.load_model(on_features.path / "last.keras", compile=False)
    part = load_dataset(still.data).validation
    pixels = photos(part, size=(SIDE, SIDE), channels=3).astype(np.float32)
    right = np.asarray(product(pixels, training=False))[np.arange(len(part)), part.labels]
    assert -np.log(right).mean() == pytest.approx(losses["val_loss"][-1], rel=1e-3)


def test_a_second_run_reads_the_features_of_the_first(recipe, runs):
    recipe = by(recipe, "features")
    dataset = load_dataset(recipe.data)
    make_plan(recipe, dataset)
    kept = {path: path.stat().st_ino for path in (runs.parent / "cache" / "features").iterdir()}
    assert len(kept) == 2  # training and validation
    plan = make_plan(replace(recipe, seed=0, epochs=2), dataset)
    assert {path: path.stat().st_ino for path in kept} == kept
    assert not any(isinstance(layer, layers.Conv2D) for layer in plan.model._flatten_layers())
    make_plan(replace(recipe, size=SIDE + 4), dataset)
    assert len(list((runs.parent / "cache" / "features").iterdir())) == 4


@pytest.mark.parametrize("way", ["features", "frozen"])
@pytest.mark.parametrize("is_one_hot", [False, True])
def test_a_frozen_base_is_bit_identical_afterwards(recipe, runs, base_file, way, is_one_hot):
    run = carry_out(create_run(replace(by(recipe, way), is_one_hot=is_one_hot, epochs=2), folder=runs))
    assert run.status.state == "finished", run.status.reason
    before, after = original(base_file), saved_base(run.path / "last.keras")
    assert set(before) == set(after) and len(before) == 15  # three kernels, three times four of batch normalization
    for name, values in before.items():
        np.testing.assert_array_equal(after[name], values, err_msg=name)


@pytest.fixture(scope="session")
def fine_tuned(recipe, tmp_path_factory):
    folder = tmp_path_factory.mktemp("fine-tuned")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CNNVIZ_CACHE_DIR", str(folder / "cache"))
        return carry_out(create_run(by(recipe, "fine-tuning"), folder=folder))


def test_fine_tuning_changes_the_last_convolutions_and_the_head_alone(fine_tuned, base_file):
    before, after = original(base_file), saved_base(fine_tuned.path / "last.keras")
    changed = {name for name, values in before.items() if not np.array_equal(after[name], values)}
    assert changed == {"conv2/kernel", "conv3/kernel"}


def test_batch_normalization_and_dropout_of_the_base_stay_in_inference(fine_tuned, base_file, rng):
    pixels = rng.uniform(0, 255, (4, SIDE, SIDE, 3)).astype(np.float32)
    base = keras.saving.load_model(base_file, compile=False)
    assert np.abs(np.asarray(base(pixels, training=True)) - base(pixels, training=False)).max() > 1e-2
    product = keras.saving.load_model(fine_tuned.path / "last.keras", compile=False)
    vector = keras.Model(product.inputs[0], product.get_layer("pooling").output)
    np.testing.assert_array_equal(vector(pixels, training=True), vector(pixels, training=False))


def test_what_a_base_does_to_images_while_it_is_trained_is_left_out_at_any_depth(rng):
    """The textbooks' first layer is often a block that turns and mirrors images."""
    image = keras.Input((SIDE, SIDE, 3))
    varied = keras.Sequential([layers.RandomFlip(), layers.Rescaling(1 / 255), layers.RandomRotation(0.1)], name="vary")
    maps = layers.Conv2D(4, 3, name="conv")(layers.GaussianNoise(0.2)(varied(image)))
    convnet = convnet_from_model(keras.Model(image, classifier(maps)), name="varying")
    base = cut(convnet, "conv", size=(SIDE, SIDE))
    pixels = rng.uniform(0, 255, (2, SIDE, SIDE, 3)).astype(np.float32)
    np.testing.assert_array_equal(base(pixels, training=True), base(pixels, training=False))
    np.testing.assert_allclose(base(pixels), convnet.model.get_layer("conv")(pixels / 255), rtol=1e-4, atol=1e-5)


def test_the_two_phases_are_one_history(fine_tuned):
    history = fine_tuned.history
    assert list(history.epochs) == [1, 2, 3, 4]
    assert list(history.columns["phase"]) == [0, 0, 1, 1]
    np.testing.assert_allclose(history.columns["learning_rate"], [0.01, 0.01, 0.001, 0.001], rtol=1e-5)


def stop_after(epoch, path):
    def on_epoch(number, values):
        if number == epoch:
            stop(path)

    return on_epoch


@pytest.mark.parametrize("epoch", [1, 2, 3])
def test_fine_tuning_that_is_stopped_and_resumed_equals_an_undisturbed_one(fine_tuned, recipe, runs, epoch):
    """Within the first phase, at the boundary, and within the second."""
    path = create_run(by(recipe, "fine-tuning"), folder=runs)
    stopped = carry_out(path, on_epoch=stop_after(epoch, path))
    assert (stopped.status.state, stopped.status.epoch) == ("stopped", epoch)
    reopen(path)
    resumed = carry_out(path)
    assert resumed.status.state == "finished"
    for name in ("loss", "val_loss", "accuracy", "learning_rate", "phase"):
        np.testing.assert_allclose(resumed.history.columns[name], fine_tuned.history.columns[name], rtol=1e-4)
    mine, theirs = (keras.saving.load_model(run / "last.keras", compile=False) for run in (path, fine_tuned.path))
    for one, other in zip(mine.get_weights(), theirs.get_weights(), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-3, atol=1e-5)


def test_a_head_that_stops_early_leaves_the_rest_to_fine_tuning(recipe, runs):
    """With a rate of nearly nothing val_loss stands still, and patience 1 ends the head's five epochs after two."""
    still = replace(by(recipe, "fine-tuning", head_epochs=5, dropout=0.0), epochs=6, patience=1, learning_rate=1e-9)
    run = carry_out(create_run(still, folder=runs))
    phases = list(run.history.columns["phase"])
    assert phases[:2] == [0, 0] and phases.count(0) < 5 and phases[-1] == 1


def test_a_run_becomes_the_base_of_the_next_at_another_size(recipe, runs, base_file):
    first = carry_out(create_run(replace(recipe, epochs=1), folder=runs))
    again = Transfer(str(first.path), way="frozen", dense=0, cut="own_base/relu2")
    second = carry_out(create_run(replace(recipe, epochs=1, size=SIDE + 4, transfer=again), folder=runs))
    assert second.status.state == "finished", second.status.reason
    convnet = load_convnet(second.model)
    assert convnet.preparation.size == (SIDE + 4, SIDE + 4)
    kept = {weight.path.rsplit("/", 2)[-2]: weight.numpy() for weight in convnet.model.weights if "conv" in weight.path}
    assert sorted(kept) == ["conv1", "conv2"]
    for name, values in kept.items():
        np.testing.assert_array_equal(values, original(base_file)[f"{name}/kernel"])
