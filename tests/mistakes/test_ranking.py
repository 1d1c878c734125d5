"""Do the most instructive mistakes come first?"""

import numpy as np
import pytest
from mistake_nets import answers

from cnnviz.mistakes import mistakes, ordered

# Label 0 everywhere; rows 1 to 4 are wrong.
PROBABILITIES = [
    [0.90, 0.05, 0.05],
    [0.30, 0.36, 0.34],
    [0.40, 0.60, 0.00],
    [0.02, 0.49, 0.49],
    [0.10, 0.80, 0.10],
]


@pytest.fixture
def wrong():
    return answers([0] * 5, PROBABILITIES)


def test_each_order_is_its_own(wrong):
    expected = {}
    p = np.array(PROBABILITIES)
    loss = -np.log(p[:, 0])
    entropy = -np.where(p > 0, p * np.log(np.maximum(p, 1e-9)), 0).sum(axis=1)
    keys = {"confidence": p.max(axis=1), "loss": loss, "surprise": loss - entropy,
            "margin": np.log(p[:, 1:].max(axis=1) / p[:, 0])}  # fmt: skip
    for name, key in keys.items():
        expected[name] = (1 + np.argsort(-key[1:])).tolist()
        assert mistakes(wrong, order=name).tolist() == expected[name]
    assert len({tuple(rows) for rows in expected.values()}) >= 3  # else one order could stand for another


def test_a_cell_holds_its_own_images_only(wrong):
    assert mistakes(wrong, of=(0, 1)).tolist() == [4, 2, 3, 1]
    assert mistakes(wrong, of=(0, 2)).tolist() == []
    assert mistakes(wrong, of=(0, 0)).tolist() == [0]  # the diagonal holds right answers


def test_shuffling_hangs_on_the_seed_alone(wrong):
    rows = [tuple(mistakes(wrong, order="shuffle", seed=seed)) for seed in range(6)]
    assert all(sorted(row) == [1, 2, 3, 4] for row in rows) and len(set(rows)) > 1
    assert rows[3] == tuple(mistakes(wrong, order="shuffle", seed=3))


def test_any_rows_can_be_ordered(wrong):
    assert ordered(wrong, np.array([0, 1]), order="confidence").tolist() == [0, 1]
    assert ordered(wrong, np.array([0, 1]), order="loss").tolist() == [1, 0]


def test_unsure_means_two_classes_close_together(wrong):
    assert wrong.is_unsure.tolist() == [False, True, False, True, False]
    assert wrong.is_right.tolist() == [True, False, False, False, False]
