"""Does a recipe hold what a run needs, and refuse what cannot be carried out?"""

import json
import re
from dataclasses import fields, replace

import pytest

from cnnviz.errors import RunError
from cnnviz.training import RECIPES, Augmentation, Recipe, Transfer, edited, recipe_from_json

LENET = Recipe("lenet5", "mnist-5k", "lenet5", 12)


@pytest.mark.parametrize("name", RECIPES)
def test_a_recipe_is_read_back_as_it_was_written(name):
    recipe = RECIPES[name].recipe
    assert recipe_from_json(json.loads(json.dumps(recipe.to_json()))) == recipe


def test_a_recipe_of_an_older_version_has_the_usual_values_where_it_says_nothing():
    found = recipe_from_json({"name": "mine", "data": "photos", "network": "lenet5", "epochs": 3})
    assert found == Recipe("mine", "photos", "lenet5", 3)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"color": 1}, "There is no setting 'color'. There are: name, data, network"),
        ({"epochs": "many"}, "epochs must be of type integer. Received: 'many'."),
        ({"epochs": 2.5}, "epochs must be of type integer. Received: 2.5."),
        ({"data": 3}, "data must be of type string. Received: 3."),
        ({"snapshots": True}, "snapshots must be of type integer. Received: True."),
        ({"has_tensorboard": 1}, "has_tensorboard must be of type boolean. Received: 1."),
        ({"learning_rate": "nan"}, "learning_rate must be of type number or null. Received: 'nan'."),
        ({"augmentation": 3}, "Expected settings by name: rotation, .* Received: 3."),
        ({"augmentation": {"rotation": "nan"}}, "rotation must be of type number. Received: 'nan'."),
        ({"augmentation": {"spin": 1}}, "There is no setting 'spin'. There are: rotation"),
        ({"transfer": []}, r"Expected settings by name: base, .* Received: \[\]."),
        ({"transfer": {"dense": None}}, "dense must be of type integer. Received: None."),
    ],
)
def test_a_value_of_another_kind_is_refused_by_its_name(changes, sentence):
    with pytest.raises(RunError, match=sentence):
        recipe_from_json({**LENET.to_json(), **changes})


def test_a_recipe_without_a_setting_that_has_no_default_is_refused():
    with pytest.raises(RunError, match="The recipe has no data"):
        recipe_from_json({"name": "mine"})


def test_a_whole_number_is_a_number_too():
    assert recipe_from_json({**LENET.to_json(), "learning_rate": 1, "clip_norm": 2}).clip_norm == 2


def test_settings_are_changed_by_name_at_any_depth():
    before = RECIPES["fine-tuning"].recipe
    after = edited(before, {"epochs": 7, "augmentation.rotation": 5.0, "transfer.unfrozen": 1})
    assert (after.epochs, after.augmentation.rotation, after.transfer.unfrozen) == (7, 5.0, 1)
    same = {"epochs": before.epochs, "augmentation": before.augmentation, "transfer": before.transfer}
    assert replace(after, **same) == before
    assert before == RECIPES["fine-tuning"].recipe


@pytest.mark.parametrize("name", ["epoch", "augmentation.spin", "transfer.base", "epochs.last"])
def test_a_setting_that_is_not_there_is_refused_with_those_that_are(name):
    with pytest.raises(RunError, match=f"no setting '{name}' in lenet5. There are: "):
        edited(LENET, {name: 1})


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"epochs": 0}, "0 epochs are too few"),
        ({"batch_size": 0}, "batch size 0 is too small"),
        ({"optimizer": "sdg"}, "Unknown optimizer 'sdg'"),
        ({"schedule": "cosine"}, "Unknown schedule 'cosine'"),
        ({"learning_rate": 0.0}, "learning rate 0.0 is not positive"),
        ({"learning_rate": float("nan")}, "learning rate nan is not positive"),
        ({"patience": 0}, "patience 0 is too small"),
        ({"seed": -1}, "seed -1 is negative"),
        ({"dropout": 1.0}, "Dropout 1.0"),
        ({"l1": -0.1}, "l1 is -0.1"),
        ({"l2": float("inf")}, "l2 is inf"),
        ({"size": 0}, "size is 0"),
        ({"snapshots": -1}, "snapshots is -1"),
        ({"clip_norm": 0.0}, "clip_norm is 0.0"),
        ({"clip_norm": 1.0, "clip_value": 1.0}, "not by both"),
        ({"network": "transfer"}, "needs a base"),
        ({"transfer": Transfer()}, "needs a base"),
        ({"augmentation": {"rotation": 200.0}}, "rotation is 200.0"),
        ({"augmentation": {"fill": "blue"}}, "no fill mode 'blue'"),
    ],
)
def test_a_setting_that_cannot_be_is_refused_with_its_value(changes, sentence):
    with pytest.raises(RunError, match=sentence):
        if "augmentation" in changes:
            changes = {"augmentation": Augmentation(**changes["augmentation"])}
        replace(LENET, **changes)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"way": "freeze"}, "Unknown transfer.way 'freeze'"),
        ({"pooling": "max"}, "Unknown pooling 'max'"),
        ({"dense": -1}, "dense is -1"),
        ({"dropout": -0.5}, "Dropout -0.5"),
        ({"unfrozen": -1}, "unfrozen is -1"),
        ({"head_epochs": 0}, "head_epochs is 0"),
        ({"fine_rate": 0.0}, "learning rate 0.0 is not positive"),
    ],
)
def test_a_transfer_that_cannot_be_is_refused_with_its_value(changes, sentence):
    with pytest.raises(RunError, match=sentence):
        Transfer(**changes)


def test_all_settings_are_explained():
    for kind in (Recipe, Transfer, Augmentation):
        for part in fields(kind):
            assert re.search(rf"\n +{part.name}: ", kind.__doc__), part.name  # Python 3.13 takes the indent off
