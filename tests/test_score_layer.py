"""Which layer's output are the class scores?"""

import keras
import pytest
from keras import layers as kl
from tiny_nets import flat, listed, nested

from cnnviz.convnets import Preparation, convnet_from_model
from cnnviz.layers import score_layer

SIZE = (9, 8)


def wrap(model, **options):
    return convnet_from_model(model, preparation=Preparation(SIZE), **options)


@pytest.mark.parametrize("build", [flat, nested], ids=lambda build: build.__name__)
def test_it_is_the_last_layer_of_a_chain(build):
    assert score_layer(wrap(build())) == "scores"


def test_of_a_nested_classifier_it_is_the_layer_inside():
    image = keras.Input((*SIZE, 3))
    assert score_layer(wrap(keras.Model(image, flat()(image)))) == "flat/scores"


def test_of_several_heads_it_is_the_chosen_ones():
    image = keras.Input((*SIZE, 3))
    x = kl.Flatten()(image)
    model = keras.Model(image, [kl.Dense(units, activation="softmax", name=f"head{units}")(x) for units in (2, 3)])
    assert [score_layer(wrap(model, head=head)) for head in (0, 1)] == ["head2", "head3"]


def test_scores_made_by_an_operation_are_no_layers():
    assert score_layer(wrap(listed())) is None


def test_a_model_without_scores_has_none():
    image = keras.Input((*SIZE, 3))
    convnet = wrap(keras.Model(image, kl.Conv2D(3, 1, name="last")(image)))
    assert convnet.outputs == "none"
    assert score_layer(convnet) is None
