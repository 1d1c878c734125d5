import keras
import pytest
from keras import layers as kl

from cnnviz.convnets import convnet_from_model
from cnnviz.convolution.sizes import FieldFormula
from cnnviz.convolution.stack import Block, stack
from cnnviz.errors import LayerError
from cnnviz.layers import layers

BLOCKS = (
    Block("convolution", 5, padding="same", filters=6),
    Block("pooling", 2, 2),
    Block("depthwise", 3, dilation=2),
    Block("convolution", 1, filters=10, has_bias=False),
    Block("pooling", 3, 2, "same"),
    Block("flatten"),
    Block("dense", filters=7),
)


def test_shapes_parameters_and_fields_are_those_of_keras():
    steps = [
        kl.Conv2D(6, 5, padding="same"),
        kl.MaxPooling2D(2),
        kl.DepthwiseConv2D(3, dilation_rate=2),
        kl.Conv2D(10, 1, use_bias=False),
        kl.AveragePooling2D(3, 2, "same"),
        kl.Flatten(),
        kl.Dense(7),
    ]
    infos = layers(convnet_from_model(keras.Sequential([keras.Input((27, 30, 3)), *steps])))
    found = stack((27, 30, 3), BLOCKS)
    assert [layer.output_shape for layer in found] == [info.output_shape for info in infos]
    assert [layer.parameters for layer in found] == [info.parameters for info in infos]
    sliding = [(layer, info) for layer, info in zip(found, infos, strict=True) if layer.field]
    assert len(sliding) == 5
    assert [layer.field.field for layer, _ in sliding] == [info.receptive_field[0] for _, info in sliding]
    assert [layer.field.step for layer, _ in sliding] == [info.stride[0] for _, info in sliding]


def test_without_pooling_the_same_dense_layer_needs_many_times_the_parameters():
    """28 x 28, padded, ten units: 7 * 7 * 64 inputs with two pools, 28 * 28 * 64 without."""
    convolutions = [Block("convolution", 3, padding="same", filters=count) for count in (32, 64)]
    pool, head = Block("pooling", 2, 2), [Block("flatten"), Block("dense", filters=10)]
    pooled = stack((28, 28, 1), [convolutions[0], pool, convolutions[1], pool, *head])
    plain = stack((28, 28, 1), [*convolutions, *head])
    assert pooled[-1].parameters == 7 * 7 * 64 * 10 + 10
    assert plain[-1].parameters == 28 * 28 * 64 * 10 + 10
    assert pooled[0].parameters == plain[0].parameters == 3 * 3 * 32 + 32


def test_the_formulas_are_filled_in_with_what_the_layers_before_made():
    layer = stack((27, 30, 3), BLOCKS)[2]
    assert [sizes.input for sizes in layer.sizes] == [13, 15]
    assert layer.field == FieldFormula(6, 2, 3, 1, 2)
    assert layer.field.field == 6 + 2 * 2 * 2


def test_global_pooling_leaves_one_value_a_channel():
    assert stack((9, 8, 5), [Block("global-pooling")])[0].output_shape == (5,)


def test_stacks_that_cannot_be_are_refused():
    with pytest.raises(LayerError, match="spans 5 does not fit into 4"):
        stack((9, 9, 1), [Block("pooling", 2, 2), Block("convolution", 5)])
    with pytest.raises(ValueError, match="Expected units for dense"):
        stack((9, 9, 1), [Block("dense")])
    with pytest.raises(ValueError, match="Expected maps for pooling"):
        stack((9, 9, 1), [Block("flatten"), Block("pooling")])


def test_multiplications_are_those_of_keras():
    steps = [
        kl.Conv2D(6, 5, strides=2),
        kl.DepthwiseConv2D(3, dilation_rate=2),
        kl.MaxPooling2D(2),
        kl.Flatten(),
        kl.Dense(7, use_bias=False),
    ]
    infos = layers(convnet_from_model(keras.Sequential([keras.Input((27, 30, 3)), *steps])))
    blocks = (
        Block("convolution", 5, 2, filters=6),
        Block("depthwise", 3, dilation=2),
        Block("pooling", 2, 2),
        Block("flatten"),
        Block("dense", filters=7, has_bias=False),
    )
    found = [layer.multiplications for layer in stack((27, 30, 3), blocks)]
    assert found == [info.macs for info in infos]
    assert found[0] == 5 * 5 * 3 * 6 * 12 * 13
