"""Do the rivals learn, and say what the same layers say in Keras?"""

import keras
import numpy as np
import pytest
from keras import layers as kl

from cnnviz.convnets import load_convnet
from cnnviz.convolution.baselines import fit_dense_baseline, fit_pooled
from cnnviz.datasets import load_dataset, photos
from cnnviz.images import rgb
from cnnviz.probes import forward


@pytest.fixture(scope="module")
def digits():
    train = load_dataset("mnist-5k").train
    return photos(train, size=(28, 28), channels=1)[::6], train.labels[::6]


@pytest.fixture(scope="module")
def lenet5():
    return load_convnet("lenet5-mnist")


def test_a_dense_model_learns_and_says_what_it_says_in_keras(digits):
    pixels, labels = digits
    steps = []
    dense = fit_dense_baseline(
        pixels[::2], labels[::2], epochs=20, on_step=lambda done, total: steps.append((done, total))
    )
    assert steps == [(number, 20) for number in range(20)]
    shares = dense.predict(pixels[1::2])
    assert (shares.argmax(axis=1) == labels[1::2]).mean() > 0.6  # a tenth by chance
    model = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            kl.Rescaling(1 / 255),
            kl.Flatten(),
            kl.Dense(64, activation="relu"),
            kl.Dense(10, activation="softmax"),
        ]
    )
    model.set_weights([dense.weights[0], dense.biases[0], dense.weights[1], dense.biases[1]])
    np.testing.assert_allclose(shares[:20], model(pixels[1:40:2].astype(np.float32)), atol=1e-5)
    assert dense.parameters == model.count_params()


def test_the_same_seed_gives_the_same_model(digits):
    pixels, labels = digits[0][::6], digits[1][::6]
    one, same, other = (fit_dense_baseline(pixels, labels, epochs=1, seed=seed) for seed in (0, 0, 1))
    assert np.array_equal(one.weights[0], same.weights[0])
    assert not np.array_equal(one.weights[0], other.weights[0])


def test_a_pooled_head_is_a_dense_layer_on_the_largest_values_and_the_means(lenet5, digits):
    pixels, labels = digits
    inputs = lenet5.prepare([rgb(photo) for photo in pixels])
    head = fit_pooled(lenet5, inputs[::2], labels[::2], layer="conv2")
    shares = head.predict(lenet5, inputs[1::2])
    assert (shares.argmax(axis=1) == labels[1::2]).mean() > 0.7
    maps = forward(lenet5, inputs[1:20:2], layers=["conv2"]).maps["conv2"]
    given = keras.Input(maps.shape[1:])
    pooled = kl.Concatenate()([kl.GlobalMaxPooling2D()(given), kl.GlobalAveragePooling2D()(given)])
    dense = kl.Dense(10, activation="softmax")
    model = keras.Model(given, dense(pooled))
    dense.set_weights([head.weights, head.biases])
    np.testing.assert_allclose(shares[:10], model(maps), atol=1e-4)


def test_pooled_maps_forget_where_a_thing_is(lenet5, digits):
    """So small that no window is cut off, and moved by the layer's stride, a digit gives the same values elsewhere."""
    pixels, labels = digits
    head = fit_pooled(lenet5, lenet5.prepare([rgb(photo) for photo in pixels]), labels, layer="conv2")
    small = np.pad(pixels[:30, 4:28:4, 4:28:4], ((0, 0), (10, 12), (10, 12), (0, 0)))
    moved = np.roll(small, (2, 2), axis=(1, 2))
    answers = [head.predict(lenet5, lenet5.prepare([rgb(photo) for photo in part])) for part in (small, moved)]
    np.testing.assert_allclose(*answers, atol=1e-3)
    assert answers[0].std(axis=0).max() > 0.05
