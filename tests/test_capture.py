import threading

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers
from tiny_nets import backbone, flat, listed, nested, state

from cnnviz.capture import capture, find, walk, without_call_number
from cnnviz.errors import LayerError

IMAGE = np.ones((1, 9, 8, 3), np.float32)


class Twins(keras.Model):
    def __init__(self):
        super().__init__()
        self.left = layers.Conv2D(2, 1, name="conv")
        self.right = layers.Conv2D(2, 1, name="conv")

    def call(self, x):
        return self.left(x) + self.right(x)


def test_addresses_join_the_names_of_nested_models():
    addresses = list(walk(nested()))
    assert [a for a in addresses if "conv" in a] == ["encoder/backbone/conv1", "encoder/backbone/conv2"]
    assert addresses.index("encoder") < addresses.index("encoder/backbone") < addresses.index("encoder/backbone/conv1")


def test_siblings_of_one_name_are_numbered():
    model = Twins()
    model(IMAGE)
    assert list(walk(model)) == ["conv", "conv#2"]
    assert walk(model)["conv#2"] is model.right


def test_a_layer_that_refers_to_its_owner_is_walked_once():
    model = Twins()
    model.left.owner = model
    assert list(walk(model)) == ["conv", "conv#2"]


def test_a_layer_held_in_two_places_has_one_address_and_is_noted_once():
    class Borrower(keras.Model):
        def __init__(self):
            super().__init__()
            self.backbone = backbone()
            self.again = self.backbone.get_layer("conv1")

        def call(self, x):
            return self.backbone(x)

    model = Borrower()
    with capture(model) as calls:
        model(IMAGE)
    assert [call.address for call in calls] == ["backbone/conv1", "backbone/bn", "backbone/conv2", "backbone"]


def test_calls_come_in_order_with_what_each_layer_got_and_gave():
    model = nested()
    with capture(model) as calls:
        result = model(IMAGE)
    by_address = {call.address: call for call in calls}
    assert list(by_address) == [
        "encoder/backbone/conv1",
        "encoder/backbone/bn",
        "encoder/backbone/conv2",
        "encoder/backbone",
        "encoder/pool",
        "encoder",
        "scores",
    ]
    assert by_address["scores"].outputs[0] is result
    assert by_address["encoder/backbone/bn"].inputs[0] is by_address["encoder/backbone/conv1"].outputs[0]


def test_before_activation_is_what_the_activation_was_given():
    model = flat()
    model.get_layer("conv1").set_weights([np.full((3, 3, 3, 4), -1.0), np.zeros(4)])
    with capture(model, ["conv1", "conv2"]) as calls:
        model(IMAGE)
    conv1, conv2 = calls
    np.testing.assert_allclose(conv1.before_activation, np.full((1, 7, 6, 4), -27.0))
    assert np.max(conv1.outputs[0]) == 0
    assert conv2.before_activation is conv2.outputs[0]


def test_before_an_activation_that_is_a_layer():
    image = keras.Input((4, 4, 1))
    model = keras.Model(image, layers.Conv2D(1, 1, activation=layers.LeakyReLU(0.5), name="conv")(image))
    model.get_layer("conv").set_weights([np.full((1, 1, 1, 1), -2.0), np.zeros(1)])
    with capture(model, ["conv"]) as calls:
        model(np.ones((1, 4, 4, 1), np.float32))
    assert float(calls[0].before_activation[0, 0, 0, 0]) == -2
    assert float(calls[0].outputs[0][0, 0, 0, 0]) == -1


def test_a_second_call_is_numbered():
    image = keras.Input((9, 8, 3))
    shared = layers.Conv2D(3, 3, padding="same", name="shared")
    model = keras.Model(image, shared(shared(image)))
    with capture(model, ["shared"]) as calls:
        model(IMAGE)
    assert [call.address for call in calls] == ["shared", "shared@1"]
    assert calls[1].inputs[0] is calls[0].outputs[0]


def test_asking_for_a_second_call_notes_the_layer():
    image = keras.Input((9, 8, 3))
    shared = layers.Conv2D(3, 3, padding="same", name="shared")
    with capture(keras.Model(image, shared(shared(image))), ["shared@1"]) as calls:
        pass
    assert calls == []
    assert [without_call_number(a) for a in ("conv@1", "conv@x", "a@2/conv@12")] == ["conv", "conv@x", "a@2/conv"]


def test_a_call_decorated_with_tf_function_is_seen_through():
    class Decorated(keras.Model):
        def __init__(self):
            super().__init__()
            self.conv = layers.Conv2D(2, 3, name="conv")

        @tf.function
        def call(self, x):
            return self.conv(x)

    model = Decorated()
    model(IMAGE)
    model(IMAGE)  # from here on the inner graph is kept, and no Python runs
    before = state(model)
    with capture(model) as calls:
        model(IMAGE)
    assert [call.address for call in calls] == ["conv"]
    assert state(model) == before


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # Keras quantizing its weights
def test_an_int8_layer_is_noted():
    model = keras.Sequential([keras.Input((4,)), layers.Dense(3, name="dense")])
    model.get_layer("dense").quantize("int8")
    with capture(model) as calls:
        model(np.ones((1, 4), np.float32))
    assert [call.address for call in calls] == ["dense"]


@pytest.mark.parametrize("build", [flat, nested, listed])
def test_leaves_the_model_as_found_also_after_an_exception(build):
    model = build()
    before = state(model)
    with capture(model) as calls:
        model(IMAGE)
        assert state(model) != before  # else nothing was replaced, and the next lines say nothing
    assert state(model) == before
    assert calls
    with pytest.raises(RuntimeError, match="on purpose"), capture(model):
        raise RuntimeError("on purpose")
    assert state(model) == before


def test_calls_from_another_thread_pass_through_unnoticed():
    model = flat()
    with capture(model) as calls:
        other = threading.Thread(target=model, args=(IMAGE,))
        other.start()
        other.join()
    assert calls == []


def test_two_models_that_share_a_layer_do_not_capture_at_once():
    shared = backbone()
    one, two = (keras.Sequential([keras.Input((9, 8, 3)), shared]) for _ in range(2))
    before = state(shared)
    started, entered, noted = threading.Event(), threading.Event(), []

    def capture_two():
        started.set()
        with capture(two) as calls:
            entered.set()
            two(IMAGE)
        noted.extend(calls)

    thread = threading.Thread(target=capture_two)
    with capture(one) as calls:
        thread.start()
        started.wait()
        assert not entered.wait(0.05)
        one(IMAGE)
    thread.join()
    assert len(calls) == len(noted) == 4
    assert state(shared) == before


def test_an_unknown_address_names_those_with_the_same_name():
    with pytest.raises(LayerError, match=r"no layer 'conv1'. Layers: encoder/backbone/conv1\."):
        find(walk(nested()), "conv1")
    with pytest.raises(LayerError, match=r"Layers: image, encoder, "), capture(nested(), ["nothing"]):
        pass
