"""From which layer on is a model with broken weights not to be believed?"""

import keras
import numpy as np
import pytest
from keras import layers as kl
from tiny_nets import flat, listed, nested, randomize

from cnnviz.activations import feature_maps
from cnnviz.capture import walk
from cnnviz.convnets import Preparation, convnet_from_model
from cnnviz.errors import LayerError
from cnnviz.finite_check import first_not_finite, is_sound, require_sound
from cnnviz.layers import layers

SIZE = (9, 8)


def wrap(model):
    return convnet_from_model(model, preparation=Preparation(SIZE))


def spoil(layer, bad=np.nan):
    """Make one weight of a layer's last array no number."""
    weights = layer.get_weights()
    weights[-1].flat[-1] = bad
    layer.set_weights(weights)


@pytest.mark.parametrize("build", [flat, nested, listed], ids=lambda build: build.__name__)
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_the_first_broken_layer_in_the_order_of_calls_is_named(build, bad):
    model = randomize(build())
    by_name = {layer.name: (address, layer) for address, layer in walk(model).items()}
    spoil(by_name["scores"][1], bad)
    assert first_not_finite(wrap(model)) == by_name["scores"][0]
    spoil(by_name["bn"][1], bad)
    assert first_not_finite(wrap(model)) == by_name["bn"][0]


@pytest.mark.parametrize("build", [flat, nested, listed], ids=lambda build: build.__name__)
def test_a_sound_model_has_none_and_all_its_layers_are_sound(build):
    convnet = wrap(build())
    assert first_not_finite(convnet) is None
    assert all(is_sound(convnet, info.address) for info in layers(convnet))


def deep():
    image = keras.Input((*SIZE, 3))
    x = kl.Conv2D(4, 3, activation="relu", name="before")(image)
    x = kl.Conv2D(4, 3, name="broken")(x)
    x = kl.MaxPooling2D(2, name="pool")(x)
    x = kl.Flatten(name="flatten")(x)
    return randomize(keras.Model(image, kl.Dense(2, activation="softmax", name="scores")(x)))


def test_sound_layers_return_what_they_would_in_a_mended_model_and_no_others_do(rng):
    mended, model = wrap(deep()), deep()
    model.get_layer("broken").set_weights([np.full((3, 3, 4, 4), np.nan), np.zeros(4)])
    convnet = wrap(model)
    names = [info.address for info in layers(convnet)]
    inputs = rng.random((1, *SIZE, 3), np.float32)
    ours, expected = feature_maps(convnet, inputs, layers=names), feature_maps(mended, inputs, layers=names)
    same = {name: np.array_equal(ours[name], expected[name]) for name in names}
    assert same == {name: is_sound(convnet, name) for name in names}
    assert [name for name in names if same[name]] == ["before"]


def test_of_branches_those_that_run_later_are_not_believed():
    image = keras.Input((*SIZE, 3))
    one, two = (kl.Conv2D(2, 3, padding="same", name=name)(image) for name in ("one", "two"))
    convnet = wrap(keras.Model(image, kl.Add(name="sum")([one, two])))
    spoil(convnet.model.get_layer("one"))
    order = [info.address for info in layers(convnet)]
    assert [is_sound(convnet, address) for address in order] == [False] * 3
    convnet = wrap(keras.Model(image, kl.Add(name="sum")([one, two])))
    convnet.model.get_layer("one").set_weights([np.ones((3, 3, 3, 2)), np.zeros(2)])
    spoil(convnet.model.get_layer("two"))
    assert {address: is_sound(convnet, address) for address in order} == {"one": True, "two": False, "sum": False}


def test_a_shared_layer_is_broken_from_its_first_call_on():
    image = keras.Input((*SIZE, 3))
    shared = kl.Conv2D(3, 3, padding="same", name="shared")
    convnet = wrap(keras.Model(image, shared(kl.ReLU(name="between")(shared(image)))))
    spoil(shared)
    assert first_not_finite(convnet) == "shared"
    assert not is_sound(convnet, "shared@1")


class Gain(kl.Layer):
    """A layer that multiplies by a weight of its own, then convolves."""

    def __init__(self, **options):
        super().__init__(**options)
        self.one, self.two = kl.Conv2D(3, 1, name="one"), kl.Conv2D(3, 1, name="two")

    def build(self, shape):
        self.gain = self.add_weight(shape=(), name="gain")
        self.one.build(shape)
        self.two.build(shape)

    def call(self, x):
        return self.two(self.one(x * self.gain))


def test_a_weight_of_a_container_counts_for_all_that_it_holds():
    image = keras.Input((*SIZE, 3))
    x = kl.Conv2D(3, 1, name="stem")(image)
    convnet = wrap(keras.Model(image, kl.Conv2D(2, 1, name="end")(Gain(name="block")(x))))
    convnet.model.get_layer("block").gain.assign(np.nan)
    assert first_not_finite(convnet) == "block/one"
    spoil(convnet.model.get_layer("end"))
    assert is_sound(convnet, "stem")


def test_a_weight_that_no_listed_layer_holds_leaves_nothing_to_believe():
    class Own(keras.Model):
        def __init__(self):
            super().__init__()
            self.gain = self.add_weight(shape=(), name="gain")
            self.stem, self.end = kl.Conv2D(3, 1, name="stem"), kl.Conv2D(2, 1, name="end")

        def call(self, x):
            return self.end(self.stem(x) * self.gain)

    model = Own()
    model(np.zeros((1, *SIZE, 3), np.float32))
    model.gain.assign(np.inf)
    assert first_not_finite(wrap(model)) == "stem"


def test_what_depends_on_broken_weights_is_refused_by_name():
    model = flat()
    require_sound(wrap(model))
    require_sound(wrap(model), "scores")
    spoil(model.get_layer("conv2"))
    convnet = wrap(model)
    require_sound(convnet, "bn")
    advice = "Look at the layers that run before 'conv2', or choose another model."
    with pytest.raises(LayerError) as refused:
        require_sound(convnet, "pool")
    assert (
        str(refused.value) == f"The output of 'pool' depends on weights of 'conv2' that are NaN or infinite. {advice}"
    )
    with pytest.raises(LayerError, match="The class scores depend on weights of 'conv2'"):
        require_sound(convnet)


def test_a_layer_that_does_not_exist_is_named():
    model = flat()
    spoil(model.get_layer("scores"))
    with pytest.raises(LayerError, match="has no layer 'nowhere'"):
        is_sound(wrap(model), "nowhere")
