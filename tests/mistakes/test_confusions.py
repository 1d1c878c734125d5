"""Are confusions counted, ordered and listed, and two models compared, as by hand?"""

from math import comb

import numpy as np
import pytest
from mistake_nets import answers, one_hot

from cnnviz.errors import DataError
from cnnviz.mistakes import agreement, cell, confused_order, confused_pairs, confusion


def test_confusion_counts_labels_in_rows_and_answers_in_columns():
    evaluation = answers([0, 0, 0, 1, 2, 2], one_hot([0, 1, 1, 1, 0, 2], 4, sure=0.7))
    expected = np.array([[1, 2, 0, 0], [0, 1, 0, 0], [1, 0, 1, 0], [0, 0, 0, 0]])
    np.testing.assert_array_equal(confusion(evaluation), expected)
    shares = confusion(evaluation, normalize="label")
    np.testing.assert_allclose(shares[:3], expected[:3] / expected[:3].sum(axis=1, keepdims=True))
    np.testing.assert_array_equal(shares[3], 0)
    assert cell(evaluation, 0, 1).tolist() == [1, 2]


def test_classes_taken_for_each_other_stand_together(rng):
    groups = rng.permutation(np.repeat([0, 1, 2], 3))
    counts = np.where(groups[:, None] == groups[None], 30, 1)
    np.fill_diagonal(counts, 200)
    order = confused_order(counts)
    assert sorted(order.tolist()) == list(range(9))
    assert (np.diff(groups) != 0).sum() > 2  # not together before
    assert (np.diff(groups[order]) != 0).sum() == 2


@pytest.mark.parametrize("classes", [1, 2, 3])
def test_few_classes_and_empty_ones_have_an_order(classes):
    assert sorted(confused_order(np.zeros((classes, classes), int)).tolist()) == list(range(classes))


def test_confused_pairs_come_with_the_fullest_first():
    evaluation = answers([0, 0, 0, 1, 2, 2], one_hot([0, 1, 1, 1, 0, 2], 3, sure=0.7))
    pairs = confused_pairs(evaluation)
    assert [(pair.label, pair.predicted, pair.count) for pair in pairs] == [(0, 1, 2), (2, 0, 1)]
    assert [pair.share for pair in pairs] == pytest.approx([2 / 3, 1 / 2])
    assert len(confused_pairs(evaluation, most=1)) == 1


def test_mcnemars_exact_test_is_the_binomial_tail():
    labels = [0] * 20
    before = answers(labels, one_hot([1] * 10 + [0] * 10, 2, sure=0.7))
    now = answers(labels, one_hot([0] * 8 + [1] * 2 + [1] + [0] * 9, 2, sure=0.7))
    found = agreement(before, now)
    assert found.fixed.tolist() == list(range(8)) and found.new.tolist() == [10]
    assert found.both_wrong.tolist() == [8, 9] and len(found.both_right) == 9
    np.testing.assert_array_equal(found.table, [[9, 1], [8, 2]])
    assert found.p_value == pytest.approx(2 * sum(comb(9, k) for k in (0, 1)) / 2**9)


def test_images_that_one_of_them_did_not_answer_are_left_aside():
    before = answers([0, 0, 0], one_hot([0, 1, 1], 2, sure=0.7), indices=[2, 5, 7])
    now = answers([0, 0, 0], one_hot([1, 0, 0], 2, sure=0.7), indices=[5, 7, 9])
    found = agreement(before, now)
    assert found.both_wrong.tolist() == [1] and found.fixed.tolist() == [2]
    assert agreement(before, before).p_value == 1


def test_other_images_do_not_compare():
    one = answers([0], one_hot([0], 2), data="one")
    with pytest.raises(DataError, match=r"of different images\. Evaluate both"):
        agreement(one, answers([0], one_hot([0], 2), data="other"))
    with pytest.raises(DataError, match=r"^No image was classified by both"):
        agreement(one, answers([0], one_hot([0], 2), data="one", indices=[4]))
