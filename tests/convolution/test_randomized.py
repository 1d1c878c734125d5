"""Is it the uppermost weights that are lost, and only their places?"""

import numpy as np
import pytest
from tiny_nets import flat, listed, nested, randomize, state

from cnnviz.capture import walk
from cnnviz.convnets import convnet_from_model
from cnnviz.convolution.weight_randomization import cascade, randomized, rank_correlation, weighted_layers
from cnnviz.errors import ModelError
from cnnviz.probes import predict


def wrapped(build):
    model = build()
    randomize(model)
    return convnet_from_model(model)


@pytest.fixture(params=[flat, nested])
def convnet(request):
    return wrapped(request.param)


def weights_by_layer(convnet):
    return {address: walk(convnet.model)[address].get_weights() for address in weighted_layers(convnet)}


def changed(one, other):
    """Addresses of the layers that differ."""
    before, after = weights_by_layer(one), weights_by_layer(other)
    return [key for key in before if any((a != b).any() for a, b in zip(before[key], after[key], strict=True))]


def test_a_copy_with_nothing_shuffled_answers_alike(convnet, rng):
    inputs = rng.uniform(0, 1, (2, 9, 8, 3)).astype(np.float32)
    copy = randomized(convnet, from_top=0)
    assert copy.model is not convnet.model
    assert predict(convnet, inputs).std() > 0.01
    np.testing.assert_allclose(predict(copy, inputs), predict(convnet, inputs), rtol=1e-6)


def test_layers_lose_their_weights_from_the_top_down(convnet):
    order = weighted_layers(convnet)
    assert order[0] == "scores"
    assert order[-1].endswith("conv1")
    for count in range(len(order) + 1):
        assert changed(convnet, randomized(convnet, from_top=count)) == list(order[:count])


def test_values_stay_and_only_their_places_are_lost(convnet):
    before, after = (weights_by_layer(net) for net in (convnet, randomized(convnet, from_top=4)))
    for address, arrays in before.items():
        for one, other in zip(arrays, after[address], strict=True):
            np.testing.assert_array_equal(np.sort(one, axis=None), np.sort(other, axis=None))


def test_the_steps_of_a_cascade_differ_by_one_layer(convnet):
    assert changed(randomized(convnet, from_top=2), randomized(convnet, from_top=3)) == [weighted_layers(convnet)[2]]


def test_the_seed_alone_decides(convnet):
    assert randomized(convnet, from_top=4, seed=1) == randomized(convnet, from_top=4, seed=1)
    assert randomized(convnet, from_top=4, seed=1) != randomized(convnet, from_top=4, seed=2)


def test_the_original_is_left_as_it_was(convnet):
    before = state(convnet.model)
    randomized(convnet, from_top=4)
    assert state(convnet.model) == before


def test_shuffling_changes_the_answer(convnet, rng):
    inputs = rng.uniform(0, 1, (1, 9, 8, 3)).astype(np.float32)
    shuffled = randomized(convnet, from_top=4)
    assert np.abs(predict(shuffled, inputs) - predict(convnet, inputs)).max() > 0.01
    assert (shuffled.name, shuffled.class_names) == (convnet.name, convnet.class_names)


def test_models_that_cannot_be_copied_and_layers_that_are_not_there_are_refused(convnet):
    subclassed = convnet_from_model(listed())
    with pytest.raises(ModelError, match="listed cannot be cloned: Keras cannot rebuild it from its config"):
        randomized(subclassed, from_top=1)
    with pytest.raises(ValueError, match=r"Expected 0 to 4 layers from the top\. Received: 5"):
        randomized(convnet, from_top=5)


def test_a_cascade_passes_through_the_models_that_are_shuffled_one_by_one(convnet):
    shuffled = cascade(convnet, counts=(0, 1, 3), seed=2)
    networks = []
    for count in (0, 1, 3):
        networks.append(next(shuffled))
        expected = weights_by_layer(randomized(convnet, from_top=count, seed=2))
        assert all(
            (one == other).all()
            for address, arrays in weights_by_layer(networks[-1]).items()
            for one, other in zip(arrays, expected[address], strict=True)
        )
    assert networks[0] is networks[2]  # what was compiled for it stays
    with pytest.raises(StopIteration):
        next(shuffled)


def test_a_cascade_cannot_remember_what_it_forgot(convnet):
    with pytest.raises(ValueError, match=r"Expected counts that ascend\. Received: \(2, 1\)\."):
        next(cascade(convnet, counts=(2, 1)))


def test_rank_correlation_asks_for_the_order_alone():
    grid = np.array([[1.0, 2, 3], [4, 5, 7]])
    assert rank_correlation(grid, np.exp(grid)) == pytest.approx(1)
    assert rank_correlation(grid, -grid) == pytest.approx(-1)
    # ranks 1 2 3 4 5 6 and 2 1 4 3 6 5: 1 - 6 * sum(d^2) / (n (n^2 - 1)) = 1 - 36 / 210
    swapped = np.array([[2.0, 1, 4], [3, 70, 5]])
    assert rank_correlation(grid, swapped) == pytest.approx(1 - 36 / 210)


def test_maps_of_one_value_have_no_order():
    grid = np.arange(6.0).reshape(2, 3)
    assert np.isnan(rank_correlation(grid, np.zeros((2, 3))))
    assert np.isnan(rank_correlation(np.zeros((0, 3)), np.zeros((0, 3))))
    with pytest.raises(ValueError, match="two maps of one shape"):
        rank_correlation(grid, grid.T)
