"""Do figures show the numbers they are given, and name them?"""

import keras
import numpy as np
import pytest
from keras import layers as kl
from tiny_nets import nested

from cnnviz import figures
from cnnviz.convnets import Preparation, convnet_from_model
from cnnviz.layers import layers


def test_every_bar_of_a_vector_has_its_value_and_is_named_wherever_one_points(rng):
    values = rng.normal(size=7)
    figure = figures.vector(values, [f"kind {index}" for index in range(7)])
    [bars] = figure.data
    np.testing.assert_array_equal(bars.y, values)
    assert list(bars.text) == [f"kind {index}" for index in range(7)]
    assert "%{text}" in bars.hovertemplate
    assert figure.layout.hovermode == "x"  # a thousand bars are thinner than a pixel
    assert bars.textposition == "none"


def test_histograms_share_their_bins_and_stand_at_the_bins_centers():
    figure = figures.histograms(np.array([0.0, 1, 3]), {"trained": np.array([5, 2]), "fresh": np.array([1, 7])})
    assert [trace.name for trace in figure.data] == ["trained", "fresh"]
    for trace, counts in zip(figure.data, ([5, 2], [1, 7]), strict=True):
        np.testing.assert_array_equal(trace.x, [0.5, 2])
        np.testing.assert_array_equal(trace.y, counts)


@pytest.mark.parametrize(("shape", "text"), [((56, 48, 144), "56 × 48 × 144"), ((10,), "10"), ((), "")])
def test_shapes_are_written_with_times_signs(shape, text):
    assert figures.shape_text(shape) == text


def test_the_graph_has_every_layer_once_at_its_place_and_a_ring_around_the_selected_one():
    infos = layers(convnet_from_model(nested(), preparation=Preparation((9, 8))))
    figure = figures.architecture(infos, "encoder/backbone/bn")
    drawn = [
        (x, address)
        for trace in figure.data
        if trace.customdata is not None
        for x, address in zip(trace.x, trace.customdata, strict=True)
    ]
    assert sorted(drawn) == [(i, info.address) for i, info in enumerate(infos) if not info.is_container]
    ring = figure.data[-1]
    assert infos[ring.x[0]].address == "encoder/backbone/bn"
    assert len(figures.architecture(infos, None).data) == len(figure.data) - 1


def test_sizes_are_named_once_and_never_over_each_other():
    image = keras.Input((32, 32, 3))
    x = kl.Conv2D(2, 3)(kl.Conv2D(2, 3)(image))  # 30 and 28 rows: a tenth of a line apart
    x = kl.Flatten()(kl.MaxPooling2D(2)(x))
    axis = figures.architecture(layers(convnet_from_model(keras.Model(image, x))), None).layout.yaxis
    assert list(axis.ticktext) == ["30 px", "14 px", "flat"]
    np.testing.assert_allclose(axis.tickvals, [np.log2(30), np.log2(14), -1])


def test_the_graph_of_a_dense_model_has_one_height():
    image = keras.Input((4, 4, 3))
    infos = layers(convnet_from_model(keras.Model(image, kl.Dense(2)(kl.Flatten()(image)))))
    assert list(figures.architecture(infos, None).layout.yaxis.ticktext) == ["flat"]
