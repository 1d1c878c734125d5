"""Is said of a run's curves what holds of them, and nothing else?"""

import numpy as np
import pytest

from cnnviz.runs import History, remarks

LEARNING = {"loss": [2, 1, 0.5, 0.4], "val_loss": [2, 1, 0.6, 0.5], "accuracy": [0.3, 0.6, 0.8, 0.85],
            "val_accuracy": [0.3, 0.6, 0.78, 0.82]}  # fmt: skip
OVER_FITTED = {"loss": [2, 1, 0.5, 0.1], "val_loss": [2, 1, 1.1, 1.3]}


def said(chance=0.1, **columns):
    values = {name: np.array(column, float) for name, column in (LEARNING | columns).items()}
    return remarks(History(np.arange(1, len(values["loss"]) + 1), values), chance=chance)


def test_nothing_is_said_of_a_run_that_learns_as_it_should():
    assert said() == ()


def test_nothing_is_said_before_the_first_epoch_or_of_a_history_without_accuracy():
    assert remarks(History(np.zeros(0, int), {}), chance=0.5) == ()
    assert remarks(History(np.array([1]), {"loss": np.array([1.0])}), chance=0.5) == ()


def test_a_loss_that_rises_while_accuracy_improves_is_named():
    assert said(**OVER_FITTED, accuracy=[0.3, 0.6, 0.7, 0.7], val_accuracy=[0.3, 0.6, 0.58, 0.65]) == (
        "surer where wrong",
    )


def test_a_loss_that_rises_while_accuracy_falls_is_plain_over_fitting():
    assert said(**OVER_FITTED, accuracy=[0.3, 0.6, 0.6, 0.6], val_accuracy=[0.3, 0.6, 0.58, 0.55]) == ()


def test_accuracy_that_was_better_before_the_best_epoch_counts_as_no_improvement():
    assert said(**OVER_FITTED, accuracy=[0.7, 0.6, 0.6, 0.6], val_accuracy=[0.7, 0.6, 0.58, 0.55]) == ()


@pytest.mark.parametrize(("trained", "is_said"), [(0.92, True), (0.91, False)])
def test_a_gap_of_ten_points_between_training_and_validation_is_named(trained, is_said):
    assert (said(accuracy=[0.3, 0.6, 0.8, trained]) == ("by heart",)) is is_said


def test_who_knows_few_of_its_own_images_has_none_by_heart():
    for trained, expected in {0.48: (), 0.7: ("by heart",)}.items():
        history = {"accuracy": [0.4, 0.4, 0.4, trained], "val_accuracy": [0.33, 0.42, 0.33, 0.33]}
        assert said(1 / 3, **history) == expected


@pytest.mark.parametrize(
    ("accuracy", "chance", "is_said"),
    [(0.11, 0.1, True), (0.16, 0.1, False), (0.52, 0.5, True), (0.58, 0.5, False), (0.05, 0.01, False)],
)
def test_a_run_that_guesses_after_three_epochs_is_named(accuracy, chance, is_said):
    still = [accuracy] * 4
    assert (said(chance, accuracy=still, val_accuracy=still) == ("at chance",)) is is_said


def test_guessing_is_judged_neither_early_nor_where_it_once_did_better():
    assert said(0.5, **{name: column[:2] for name, column in LEARNING.items()} | {"accuracy": [0.5, 0.5],
                "val_accuracy": [0.5, 0.5]}) == ()  # fmt: skip
    assert said(0.5, accuracy=[0.7, 0.5, 0.5, 0.5], val_accuracy=[0.5] * 4) == ()
