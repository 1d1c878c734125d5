"""Does an image go through fresh blocks as it would in Keras?"""

import keras
import numpy as np
import pytest
from keras import layers as kl

from cnnviz.convolution.skips import block_weights, likeness, through_blocks


def keras_blocks(shape, weights, has_skip):
    maps = inputs = keras.Input(shape)
    for first, second in weights:
        inner = kl.Conv2D(shape[2], 3, padding="same", use_bias=False, activation="relu")
        outer = kl.Conv2D(shape[2], 3, padding="same", use_bias=False)
        added = outer(inner(maps))
        inner.set_weights([first])
        outer.set_weights([second])
        maps = kl.Add()([added, maps]) if has_skip else added
    return keras.Model(inputs, maps)


@pytest.mark.parametrize("has_skip", [False, True])
def test_the_maps_and_the_parameters_are_those_of_keras(rng, has_skip):
    maps, weights = rng.normal(size=(7, 8, 3)).astype(np.float32), block_weights(3, blocks=3, seed=1)
    model = keras_blocks(maps.shape, weights, has_skip)
    passed = through_blocks(maps, weights, has_skip=has_skip)
    assert passed.shape == (4, 7, 8, 3)
    np.testing.assert_allclose(passed[-1], model(maps[None])[0], rtol=1e-4, atol=1e-5)
    assert np.abs(passed[-1]).max() > 1e-3
    assert model.count_params() == weights.size == 3 * 2 * 9 * 3 * 3


def test_weights_spread_as_keras_spreads_them():
    own = block_weights(16, blocks=2)
    theirs = np.asarray(keras.initializers.GlorotUniform(seed=0)((3, 3, 16, 16)))
    assert own.std() == pytest.approx(theirs.std(), rel=0.05)
    assert np.abs(own).max() <= np.sqrt(6 / (2 * 9 * 16))
    assert np.array_equal(own, block_weights(16, blocks=2))
    assert not np.array_equal(own, block_weights(16, blocks=2, seed=1))


def test_with_weights_of_zero_only_the_connection_lets_the_image_through(rng):
    maps, weights = rng.normal(size=(5, 5, 2)), np.zeros((4, 2, 3, 3, 2, 2), np.float32)
    np.testing.assert_allclose(through_blocks(maps, weights, has_skip=True)[-1], maps, rtol=1e-6)
    assert not through_blocks(maps, weights, has_skip=False)[-1].any()


@pytest.mark.parametrize("seed", range(4))
def test_fresh_blocks_lose_the_image_sooner_without_the_connection(cat, seed):
    maps = cat[:64, :64].astype(np.float32) / 255 - 0.5
    weights = block_weights(3, blocks=3, seed=seed)
    plain, skip = (likeness(maps, through_blocks(maps, weights, has_skip=has)[-1]) for has in (False, True))
    assert abs(plain) + 0.2 < skip


def test_likeness_is_a_correlation(rng):
    maps, other = rng.normal(size=(2, 6, 6, 1))
    assert likeness(maps, 3 * maps + 1) == pytest.approx(1)
    assert likeness(maps, -maps) == pytest.approx(-1)
    assert likeness(maps, other) == pytest.approx(np.corrcoef(maps.ravel(), other.ravel())[0, 1])
    assert likeness(maps, np.ones_like(maps)) == 0
