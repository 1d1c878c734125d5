"""Is a planted label error the first suspect?"""

import numpy as np
from mistake_nets import answers, color_net, one_hot, plain_part

from cnnviz.mistakes import evaluate, find_label_issues


def test_a_planted_label_error_is_the_first_suspect(rng):
    labels = np.arange(60) % 3
    colors = np.full((60, 3), 60)
    colors[np.arange(60), labels] = rng.integers(120, 250, 60)
    colors[30] = (250, 40, 40)
    planted = labels.copy()
    planted[30] = 2  # a bright red one
    suspects = find_label_issues(evaluate(color_net(), plain_part(colors, planted)))
    assert suspects.rows[0] == 30 and suspects.suggested[0] == labels[30] == 0
    assert not len(find_label_issues(evaluate(color_net(), plain_part(colors, labels))).rows)


def test_the_bar_is_each_class_mean_probability():
    """Class 0 is always given 0.9; class 1 0.55: the same answers mean different things."""
    probabilities = [[0.9, 0.1]] * 4 + [[0.45, 0.55]] * 4 + [[0.8, 0.2], [0.42, 0.58]]
    labels = [0] * 4 + [1] * 4 + [1, 0]
    # thresholds: class 0 (4 * 0.9 + 0.42) / 5 = 0.804, class 1 (4 * 0.55 + 0.2) / 5 = 0.48
    suspects = find_label_issues(answers(labels, probabilities))
    assert suspects.rows.tolist() == [9]  # row 8 is wrong as well, but 0.8 is below the bar of class 0
    np.testing.assert_allclose(suspects.margin, [0.42 - 0.58], rtol=1e-5)


def test_the_most_doubtful_come_first(rng):
    sure = np.array([0.7, 0.99, 0.8])
    probabilities = np.concatenate([one_hot([0] * 6 + [1] * 6, 2, sure=0.65), np.stack([sure, 1 - sure], axis=1)])
    suspects = find_label_issues(answers([0] * 6 + [1] * 6 + [1] * 3, probabilities))
    assert suspects.rows.tolist() == [13, 14, 12]
    assert (np.diff(suspects.margin) > 0).all()
