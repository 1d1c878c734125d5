import dataclasses
import threading

import keras
import numpy as np
import pytest
from tiny_nets import Listed, flat, pooled, randomize

from cnnviz.convnets import SCALINGS, Convnet, Preparation, convnet_from_model
from cnnviz.errors import ClassError

PETS = ("tabby cat", "tiger cat", "tiger", "dog", "10")


def convnet(class_names=PETS, **options):
    return convnet_from_model(randomize(pooled(units=len(class_names))), class_names=class_names, **options)


@pytest.mark.parametrize(
    ("text", "index"), [(3, 3), ("3", 3), (" dog ", 3), ("DOG", 3), ("tiger", 2), ("tabby", 0), ("10", 4)]
)
def test_a_class_is_found_by_index_name_or_the_only_match(text, index):
    assert convnet().class_index(text) == index


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("cat", "2 classes match 'cat'. Name one of them: tabby cat, tiger cat."),
        ("horse", "pooled has no class 'horse'. It has 5; name one or its index."),
        ("77", "pooled has no class '77'. It has 5; name one or its index."),
        ("-1", "pooled has no class '-1'. It has 5; name one or its index."),
        ("", "pooled has no class ''. It has 5; name one or its index."),
    ],
)
def test_a_class_that_is_not_there_is_told_in_a_sentence(text, message):
    with pytest.raises(ClassError) as caught:
        convnet().class_index(text)
    assert str(caught.value) == message


def test_the_same_model_has_the_same_fingerprint_whatever_its_name():
    one, other = convnet(name="one"), convnet(name="other")
    assert one is not other
    assert one == other
    assert hash(one) == hash(other)
    assert len(one.fingerprint) == 16
    assert one != "one"


def test_the_fingerprint_depends_on_weights_architecture_and_meaning():
    base = convnet()
    lighter = randomize(pooled(units=5), seed=1)
    changed = [
        convnet_from_model(lighter, class_names=PETS),
        convnet_from_model(randomize(pooled("sigmoid", units=5)), class_names=PETS),
        convnet(preparation=Preparation((6, 6), fit="pad")),
        convnet(preparation=Preparation((6, 6), scaling=SCALINGS["-1..1"])),
        convnet(("a", "b", "c", "d", "e")),
        dataclasses.replace(base, outputs="independent"),
    ]
    fingerprints = {other.fingerprint for other in (base, *changed)}
    assert len(fingerprints) == 1 + len(changed)


def test_one_changed_number_changes_the_fingerprint():
    model = randomize(pooled())
    before = convnet_from_model(model).fingerprint
    kernel = model.weights[0].numpy()
    kernel[0, 0, 0, 0] += 1e-6
    model.weights[0].assign(kernel)
    assert convnet_from_model(model).fingerprint != before


def test_subclassed_models_differ_by_what_their_layers_do():
    def fingerprint(activation):
        model = Listed()
        model.steps[0].activation = activation
        model(np.zeros((1, 9, 8, 3), np.float32))
        return convnet_from_model(randomize(model), preparation=Preparation((9, 8))).fingerprint

    assert fingerprint(keras.activations.relu) == fingerprint(keras.activations.relu)
    assert fingerprint(keras.activations.relu) != fingerprint(keras.activations.tanh)


class Outlier(keras.layers.Layer):
    """A layer whose configuration holds a function, or cannot be had."""

    is_broken = False

    def call(self, x):
        return x

    def get_config(self):
        if self.is_broken:
            raise TypeError("no configuration")
        return {"function": lambda x: x}


def with_an_odd_layer():
    model = Listed()
    model.steps.insert(0, Outlier(name="odd"))
    model(np.zeros((1, 9, 8, 3), np.float32))
    return convnet_from_model(randomize(model), preparation=Preparation((9, 8)))


def test_where_a_function_lies_in_memory_does_not_change_the_fingerprint():
    held = [with_an_odd_layer(), with_an_odd_layer()]  # both live, at different places
    assert held[0].fingerprint == held[1].fingerprint


def test_a_layer_without_a_configuration_has_a_fingerprint(monkeypatch):
    whole = with_an_odd_layer().fingerprint
    monkeypatch.setattr(Outlier, "is_broken", True)
    assert len(with_an_odd_layer().fingerprint) == 16
    assert with_an_odd_layer().fingerprint != whole


def prepared(rng, photo=None, **preparation):
    options = {"size": (6, 6)} | preparation
    model = flat(options["size"], options.get("channels", 3))
    ours = convnet_from_model(model, preparation=Preparation(**options))
    return ours, ours.prepare([photo])


@pytest.mark.parametrize("name", SCALINGS)
@pytest.mark.parametrize("fit", ["crop", "pad", "stretch"])
def test_inputs_have_the_shape_and_scale_of_the_model(rng, name, fit):
    photo = np.full((30, 50, 3), 200, np.uint8)
    ours, inputs = prepared(rng, photo, size=(6, 8), fit=fit, scaling=SCALINGS[name])
    assert (inputs.shape, inputs.dtype) == ((1, 6, 8, 3), np.float32)
    np.testing.assert_allclose(inputs[0, 3, 4], SCALINGS[name](np.full(3, 200, np.float32)), rtol=1e-6)
    assert ours.fit(photo).shape == (6, 8, 3)


def test_cropping_keeps_the_center_padding_adds_black_stretching_keeps_all(rng):
    photo = np.full((10, 30, 3), 255, np.uint8)
    photo[:, :10] = photo[:, 20:] = 128
    crop, pad, stretch = (
        prepared(rng, photo, size=(9, 9), fit=fit)[1][0, ..., 0] for fit in ("crop", "pad", "stretch")
    )
    assert crop.min() > 250
    assert pad[0].max() == pad[-1].max() == 0 < pad[4].min()
    assert stretch[:, 0].max() < 150 < 250 < stretch[:, 4].min()


def test_gray_models_get_one_channel_of_luma(rng):
    photo = np.zeros((6, 6, 3), np.uint8)
    photo[..., 0] = 255
    ours, inputs = prepared(rng, photo, channels=1)
    assert inputs.shape == (1, 6, 6, 1)
    np.testing.assert_allclose(inputs, round(0.299 * 255))  # ITU-R 601
    assert (ours.fit(photo) == round(0.299 * 255)).all()


def test_models_with_alpha_get_an_opaque_one(rng):
    _, inputs = prepared(rng, np.full((6, 6, 3), 7, np.uint8), channels=4, scaling=SCALINGS["0..1"])
    np.testing.assert_allclose(inputs[0, 0, 0], [7 / 255, 7 / 255, 7 / 255, 1], rtol=1e-6)


def test_caffe_wants_blue_first():
    red = np.array([255, 0, 0], np.float32)
    np.testing.assert_allclose(SCALINGS["imagenet-caffe"](red), [-103.939, -116.779, 255 - 123.68], rtol=1e-6)


def test_a_batch_is_its_images_and_they_are_not_changed(rng):
    photos = [rng.integers(0, 256, (7, 9, 3), dtype=np.uint8) for _ in range(2)]
    copies = [photo.copy() for photo in photos]
    ours = convnet()
    np.testing.assert_array_equal(ours.prepare(photos), np.concatenate([ours.prepare([photo]) for photo in photos]))
    np.testing.assert_array_equal(photos, copies)


def test_what_is_kept_is_made_once_and_the_least_used_goes_first():
    ours, made = convnet(), []

    def keep(key):
        return ours.keep(("letter", key), lambda: made.append(key) or f"{key}!", at_most=2)

    ours.keep(("number", 1), lambda: made.append(1))  # another kind takes no place from these
    made.clear()
    assert [keep("a"), keep("b"), keep("a"), keep("c"), keep("a"), keep("b")] == ["a!", "b!", "a!", "c!", "a!", "b!"]
    assert made == ["a", "b", "c", "b"]
    ours.keep(("number", 1), lambda: made.append(1))
    assert made[-1] != 1
    assert Convnet.keep(convnet(), ("a",), lambda: "another convnet's") == "another convnet's"


def test_two_threads_that_make_the_same_thing_get_one():
    ours, gate, results = convnet(), threading.Barrier(2), []

    def make():
        gate.wait()  # both are making it now
        return object()

    threads = [threading.Thread(target=lambda: results.append(ours.keep(("thing",), make))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results[0] is results[1]
