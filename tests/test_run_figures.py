"""Do the charts of a run show its numbers, all of them, and nothing that is no number?"""

import numpy as np
import pytest

from cnnviz import figures
from cnnviz.runs import History

CALLED = {"training": "seen", "validation": "unseen"}


@pytest.fixture
def history():
    columns = {
        "loss": [3, 2, 1],
        "val_loss": [4, np.nan, 2],
        "accuracy": [0.1, 0.5, 0.9],
        "val_accuracy": [0.1, 0.4, 0.6],
    }
    return History(np.array([1, 2, 3]), {name: np.array(column, float) for name, column in columns.items()})


def points(rows):
    return {(row["run"], row["what"], row["epoch"]): row["value"] for row in rows if "value" in row}


def test_every_number_of_a_history_is_a_point_and_what_is_none_is_left_out(history):
    assert points(figures.learning_curves({"one": history}, "loss", **CALLED)) == {
        ("one", "unseen", 1): 4, ("one", "unseen", 3): 2,
        ("one", "seen", 1): 3, ("one", "seen", 2): 2, ("one", "seen", 3): 1,
    }  # fmt: skip
    assert points(figures.learning_curves({"one": history}, "accuracy", **CALLED))["one", "unseen", 3] == 0.6


def test_runs_stand_beside_each_other_and_one_without_validation_has_its_training_only(history):
    bare = History(np.array([1]), {"loss": np.array([7.0])})
    found = points(figures.learning_curves({"one": history, "two": bare}, "loss", **CALLED))
    assert {key: value for key, value in found.items() if key[0] == "two"} == {("two", "seen", 1): 7}
    assert len(found) == 6


def test_marks_and_the_shade_are_rows_of_their_own(history):
    rows = figures.learning_curves(
        {"one": history}, "loss", **CALLED, marks=[(2, "best"), (2.5, "then")], over_fits_from=2
    )
    assert [(row["mark"], row["label"], row["line"]) for row in rows if "mark" in row] == [
        (2, "best", 0), (2.5, "then", 1)]  # fmt: skip
    assert [(row["start"], row["end"]) for row in rows if "start" in row] == [(2, 3)]


def test_the_drawing_does_not_hang_on_the_epochs_so_that_a_zoom_survives_the_next_one():
    spec = figures.curves_spec(["one"], "loss", title="Loss", epoch="epoch", **CALLED)
    assert spec == figures.curves_spec(["one"], "loss", title="Loss", epoch="epoch", **CALLED)
    curve = spec["layer"][-1]["layer"][0]
    assert curve["encoding"]["strokeDash"]["scale"]["domain"] == ["unseen", "seen"]
    assert curve["encoding"]["color"]["legend"] is None  # one run needs no name
    two = figures.curves_spec(["one", "two"], "accuracy", title="Accuracy", epoch="epoch", **CALLED)["layer"][-1][
        "layer"
    ][0]
    assert two["encoding"]["color"]["scale"]["domain"] == ["one", "two"]
    assert two["encoding"]["color"]["legend"] is not None
    assert two["encoding"]["y"]["axis"]["format"] == ".0%"


def test_a_confusion_is_colored_by_the_share_of_its_row_and_an_empty_row_is_no_error():
    counts = np.array([[3, 1], [0, 0]])
    figure = figures.confusion(counts, ["a", "b"], true="true", said="said", hover="{true}>{said}: {count}")
    np.testing.assert_allclose(figure.data[0].z, [[0.75, 0.25], [0, 0]])
    assert figure.data[0].customdata[0][1] == "a>b: 1"


def test_the_balance_names_each_class_with_its_images():
    [bars] = figures.balance(np.array([40, 7]), ["lying", "upright"], images="images").data
    assert dict(zip(bars.y, bars.x, strict=True)) == {"lying": 40, "upright": 7}
