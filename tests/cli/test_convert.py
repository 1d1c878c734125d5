"""Does a converted file keep what was known of the old one?"""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from cnnviz.convnets import Answers, load_convnet, recall, remember

OLD = Path(__file__).parents[1] / "cases" / "models" / "keras2"


@pytest.fixture
def old(tmp_path):
    for name in ("keras_model.h5", "labels.txt"):
        shutil.copy(OLD / name, tmp_path / name)
    return tmp_path / "keras_model.h5"


def test_class_names_and_scaling_of_teachable_machine_are_carried_over(cnnviz, old):
    done = cnnviz("convert", old, old.with_name("new.keras"))
    assert done.code == 0 and "such as class names, were saved next to the new one" in done.out
    before, after = load_convnet(old), load_convnet(old.with_name("new.keras"))
    assert after.class_names == before.class_names == ("Rock", "Paper", "Scissors")
    assert after.preparation == before.preparation


def test_what_a_person_said_goes_before_what_the_file_tells(cnnviz, old):
    said = Answers(scaling="0..1", class_names=("a", "b", "c"))
    remember(old, said)
    assert cnnviz("convert", old, old.with_name("new.keras")).code == 0
    assert recall(old.with_name("new.keras")) == replace(said, fit="crop")  # which nobody spoke of


def test_of_a_file_that_tells_nothing_nothing_is_written(cnnviz, tmp_path):
    done = cnnviz("convert", OLD / "half_frozen.h5", tmp_path / "new.keras")
    assert done.out.endswith(f"Wrote {tmp_path / 'new.keras'}.\n")
    assert sorted(path.name for path in tmp_path.glob("new*")) == ["new.keras"]
