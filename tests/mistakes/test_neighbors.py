"""Are the nearest images the nearest, and the sentence's numbers right?"""

import numpy as np
import pytest
from mistake_nets import answers, one_hot

from cnnviz.mistakes import embed, facts, nearest, nearest_to, ninths


@pytest.fixture
def scattered(rng):
    labels = rng.integers(0, 3, 40)
    return answers(labels, one_hot(labels, 3, sure=0.7), features=rng.normal(size=(40, 6)))


def distances_by_hand(features, point):
    return np.array([1 - row @ point / np.sqrt((row @ row) * (point @ point)) for row in features])


@pytest.mark.parametrize("label", [None, 1])
def test_nearest_is_brute_force(scattered, label):
    distances = distances_by_hand(scattered.features, scattered.features[3])
    distances[3] = np.inf
    if label is not None:
        distances[scattered.labels != label] = np.inf
    found = nearest(scattered, 3, label=label)
    np.testing.assert_array_equal(found.rows, np.argsort(distances)[:5])
    np.testing.assert_allclose(found.distances, np.sort(distances)[:5], rtol=1e-4)
    by_length = np.linalg.norm(scattered.features - scattered.features[3], axis=1)
    assert np.argsort(by_length)[1:6].tolist() != found.rows.tolist()  # the metric matters here


def test_images_elsewhere_include_the_image_itself(scattered):
    found = nearest(scattered, 3, among=scattered)
    assert found.rows[0] == 3 and found.distances[0] == pytest.approx(0, abs=1e-6)


def test_fewer_images_give_fewer_neighbors(scattered):
    assert len(nearest(scattered, 0, count=100).rows) == 39
    assert len(nearest(scattered, 0, label=7).rows) == 0
    assert nearest_to(scattered, scattered.features[9], count=1).rows.tolist() == [9]


def test_answers_of_another_model_do_not_compare(scattered):
    import dataclasses

    other = dataclasses.replace(scattered, network_fingerprint="other")
    with pytest.raises(ValueError, match="Expected answers of hand-made"):
        nearest(scattered, 0, among=other)


def test_facts_count_the_labels_around(rng):
    angles = np.array([0, 0.1, -0.1, 0.2, 3, 3.1])
    evaluation = answers([0, 1, 1, 0, 2, 2], one_hot([1, 1, 1, 0, 2, 2], 3, sure=0.8),
                         features=np.stack([np.cos(angles), np.sin(angles)], axis=1))  # fmt: skip
    heat = np.zeros((6, 6), np.float32)
    heat[4:, :2] = 3
    heat[0, 0] = -9
    found = facts(evaluation, 0, heat=heat, count=3)
    assert (found.label, found.predicted) == (0, 1)
    assert (found.confidence, found.true_probability) == pytest.approx((0.8, 0.1))
    assert found.neighbors == ((1, 2), (0, 1)) and found.neighbor_count == 3
    assert found.hottest == (2, 0)
    assert facts(evaluation, 0, heat=-heat * (heat > 0)).hottest is None


def test_ninths_share_out_the_evidence():
    heat = np.arange(9, dtype=np.float32).reshape(3, 3).repeat(20, axis=0).repeat(20, axis=1)
    np.testing.assert_allclose(ninths(heat), np.arange(9).reshape(3, 3) / 36, atol=1e-6)
    assert ninths(np.ones((7, 7), np.float32)).sum() == pytest.approx(1)
    assert not ninths(np.full((4, 4), np.nan, np.float32)).any()


@pytest.mark.parametrize("how", ["pca", "tsne"])
def test_an_embedding_keeps_clumps_apart_and_hangs_on_the_seed(rng, how):
    centers = 20 * rng.normal(size=(3, 8))
    labels = np.arange(60) % 3
    evaluation = answers(labels, one_hot(labels, 3), features=centers[labels] + rng.normal(size=(60, 8)))
    plane = embed(evaluation, how=how)
    assert plane.shape == (60, 2) and plane.dtype == np.float32
    np.testing.assert_array_equal(plane, embed(evaluation, how=how))
    means = np.stack([plane[labels == label].mean(axis=0) for label in range(3)])
    assert (np.linalg.norm(plane[:, None] - means[None], axis=2).argmin(axis=1) == labels).all()


def test_pca_keeps_as_much_variance_as_two_directions_can(scattered):
    plane = embed(scattered)
    centered = scattered.features - scattered.features.mean(axis=0)
    singular = np.linalg.svd(centered, compute_uv=False)
    np.testing.assert_allclose((plane**2).sum(axis=0), singular[:2] ** 2, rtol=1e-4)


@pytest.mark.parametrize("how", ["pca", "tsne"])
@pytest.mark.parametrize("count", [1, 2, 3])
def test_few_images_have_a_plane_too(how, count):
    evaluation = answers([0] * count, one_hot([0] * count, 2), features=np.arange(count)[:, None])
    assert embed(evaluation, how=how).shape == (count, 2)
