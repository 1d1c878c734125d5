"""Does a series differ in one choice only, and do its runs wait for each other?"""

from dataclasses import asdict, replace

import pytest

from cnnviz.errors import RunError
from cnnviz.runs import list_runs, open_run
from cnnviz.training import stop
from cnnviz.training.recipe import OPTIMIZERS
from cnnviz.training.series import SERIES, carry_out_in_turn, create_series, series_recipes

CHOICES = {
    "optimizers": {"optimizer", "learning_rate"},
    "regularization": {"patience", "l1", "l2", "dropout", "has_batch_norm"},
}


@pytest.mark.parametrize("name", SERIES)
def test_all_runs_of_a_series_have_the_same_data_and_seed_and_say_where_they_belong(name):
    recipes = series_recipes(name, data="mnist-5k", changes={"seed": 3})
    assert {(recipe.data, recipe.seed, recipe.series) for recipe in recipes} == {("mnist-5k", 3, name)}
    assert len({recipe.name for recipe in recipes}) == len(recipes) > 3
    assert all(recipe.name.startswith(f"{name}-") for recipe in recipes)


@pytest.mark.parametrize(("name", "choices"), CHOICES.items())
def test_a_series_differs_in_its_choice_and_nothing_else(name, choices):
    settings = [asdict(recipe) for recipe in SERIES[name].recipes]
    differing = {key for key in settings[0] if len({str(one[key]) for one in settings}) > 1}
    assert differing == choices | {"name"}
    assert len({str([one[choice] for choice in choices]) for one in settings}) == len(settings)


def test_each_series_has_what_it_promises():
    assert [recipe.optimizer for recipe in SERIES["optimizers"].recipes] == list(OPTIMIZERS)
    assert len(SERIES["regularization"].recipes) == 6
    names = [recipe.name.removeprefix("ladder-") for recipe in SERIES["ladder"].recipes]
    assert names == ["scratch", "scratch-augmented", "feature-extraction", "fine-tuning"]
    assert len({recipe.size for recipe in SERIES["ladder"].recipes}) == 1  # else size would be compared as well


def test_a_change_reaches_every_run_that_can_have_it():
    recipes = series_recipes("ladder", changes={"epochs": 2, "transfer.base": "lenet5", "augmentation.zoom": 0.5})
    assert {recipe.epochs for recipe in recipes} == {2}
    assert {recipe.augmentation.zoom for recipe in recipes} == {0.5}
    assert [recipe.transfer and recipe.transfer.base for recipe in recipes] == [None, None, "lenet5", "lenet5"]


def test_what_there_is_not_is_told(tmp_path):
    with pytest.raises(RunError, match=r"There is no series 'networks'\. There are: optimizers, regularization"):
        create_series("networks", folder=tmp_path)
    with pytest.raises(RunError, match="no setting 'epoch'"):
        create_series("optimizers", folder=tmp_path, changes={"epoch": 3})
    assert list_runs(tmp_path) == []


@pytest.fixture
def small(shapes, monkeypatch):
    """A series of three runs of one epoch."""
    recipes = tuple(replace(recipe, epochs=1, snapshots=0) for recipe in SERIES["optimizers"].recipes[:3])
    monkeypatch.setitem(SERIES, "optimizers", replace(SERIES["optimizers"], recipes=recipes))
    return {"data": str(shapes), "changes": {"batch_size": 16, "has_tensorboard": False}}


def test_runs_are_trained_in_their_order_and_those_that_wait_are_alive(runs, small):
    paths = create_series("optimizers", folder=runs, **small)
    states = []
    ended = list(
        carry_out_in_turn(paths, on_epoch=lambda *_: states.append([open_run(path).status.state for path in paths]))
    )
    assert states == [
        ["running", "queued", "queued"],
        ["finished", "running", "queued"],
        ["finished", "finished", "running"],
    ]
    assert [run.path for run in ended] == list(paths)
    splits = {str(run.environment["data"]["fingerprint"]) for run in ended}
    assert len(splits) == 1


def test_one_that_waits_can_be_stopped_without_the_others(runs, small):
    paths = create_series("optimizers", folder=runs, **small)
    stop(paths[1])
    assert [run.status.state for run in carry_out_in_turn(paths)] == ["finished", "stopped", "finished"]


def test_where_the_caller_goes_no_further_the_rest_ends_as_stopped(runs, small):
    paths = create_series("optimizers", folder=runs, **small)
    stop(paths[0])
    turns = carry_out_in_turn(paths)
    assert next(turns).status.state == "stopped"
    with pytest.raises(RunError, match="being trained already"):
        next(carry_out_in_turn(paths[2:]))  # it is held
    turns.close()
    assert [open_run(path).status.state for path in paths] == ["stopped"] * 3
    assert "before it started" in open_run(paths[2]).status.reason
