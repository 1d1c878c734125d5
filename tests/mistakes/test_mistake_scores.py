"""Are accuracy, class scores, calibration and ROC what their definitions say?"""

import numpy as np
import pytest
from mistake_nets import answers, one_hot

from cnnviz.errors import ClassError
from cnnviz.mistakes import accuracy, calibration, class_scores, roc


def test_accuracy_and_its_interval_are_wilsons_formula():
    found = accuracy(answers([0] * 50, one_hot([0] * 45 + [1] * 5, 2, sure=0.8)))
    z, n, p = 1.959964, 50, 0.9
    middle = (p + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * np.sqrt(p * (1 - p) / n + z**2 / (4 * n**2))
    assert (found.value, found.right, found.total) == (0.9, 45, 50)
    np.testing.assert_allclose([found.low, found.high], [middle - half, middle + half], rtol=1e-6)
    assert found.high - found.low > 0.1


def test_the_interval_of_all_right_is_not_a_point():
    found = accuracy(answers([0] * 10, one_hot([0] * 10, 2)))
    assert found.high == 1 and 0.6 < found.low < 0.8


def test_top_counts_labels_among_the_most_probable():
    probabilities = np.tile([0.3, 0.25, 0.2, 0.15, 0.06, 0.04], (6, 1))
    evaluation = answers(np.arange(6), probabilities)
    assert [accuracy(evaluation, top=top).right for top in range(1, 7)] == [1, 2, 3, 4, 5, 6]
    with pytest.raises(ValueError, match="from 1 to 6"):
        accuracy(evaluation, top=7)


def test_class_scores_are_counted_by_hand():
    evaluation = answers([0, 0, 0, 1, 1, 2], one_hot([0, 0, 1, 1, 0, 1], 4, sure=0.7))
    found = class_scores(evaluation)
    np.testing.assert_allclose(found.precision, [2 / 3, 1 / 3, 0, 0])
    np.testing.assert_allclose(found.recall, [2 / 3, 1 / 2, 0, 0])
    np.testing.assert_allclose(found.f1, [2 / 3, 2 / 5, 0, 0])
    np.testing.assert_array_equal(found.support, [3, 2, 1, 0])


def test_calibration_weighs_the_gap_of_each_bin_by_its_images():
    sure = np.array([0.95, 0.95, 0.95, 0.95, 0.55, 0.55])
    probabilities = np.stack([sure, 1 - sure], axis=1)
    found = calibration(answers([0, 0, 1, 1, 0, 1], probabilities), bins=10)
    assert found.counts.tolist() == [0, 0, 0, 0, 0, 2, 0, 0, 0, 4]
    np.testing.assert_allclose(found.ece, (4 * abs(0.5 - 0.95) + 2 * abs(0.5 - 0.55)) / 6, rtol=1e-5)
    np.testing.assert_allclose([found.confidence[9], found.accuracy[9]], [0.95, 0.5], rtol=1e-6)
    assert np.isnan(found.accuracy[0])


def test_a_bin_holds_its_upper_border():
    assert calibration(answers([0, 0], [[0.5, 0.5], [0.75, 0.25]]), bins=4).counts.tolist() == [0, 1, 1, 0]


def test_a_model_that_is_as_often_right_as_it_says_is_calibrated(rng):
    sure = rng.uniform(0.5, 1, 20_000)
    labels = (rng.random(20_000) > sure).astype(int)
    assert calibration(answers(labels, np.stack([sure, 1 - sure], axis=1))).ece < 0.02
    assert calibration(answers(1 - labels, np.stack([sure, 1 - sure], axis=1))).ece > 0.4


def test_the_area_under_the_roc_is_how_often_a_pair_is_in_order(rng):
    second, labels = rng.random(60), rng.integers(0, 2, 60)
    second = (second + 0.3 * labels) / 1.3
    found = roc(answers(labels, np.stack([1 - second, second], axis=1)))
    second = second.astype(np.float32)
    pairs = second[labels == 1][:, None] > second[labels == 0][None]
    assert 0.55 < pairs.mean() < 0.95
    assert found.area == pytest.approx(pairs.mean())
    assert (np.diff(found.false_positives) >= 0).all() and found.true_positives[-1] == 1


def test_a_roc_wants_two_classes_with_images():
    with pytest.raises(ClassError, match=r"two classes that both have images\. Here 1 of 2 classes have images\.$"):
        roc(answers([0, 0], one_hot([0, 1], 2, sure=0.7)))
    with pytest.raises(ClassError, match=r"Here 2 of 3 classes have images\.$"):
        roc(answers([0, 1], one_hot([0, 1], 3, sure=0.7)))
