"""Are the images that a run learned from kept out of its test, or else counted aloud?"""

import json
from pathlib import Path

import numpy as np
import pytest
from mistake_nets import SIZE, color_net
from PIL import Image

from cnnviz.cli import main
from cnnviz.convnets.overrides import Answers, remember
from cnnviz.datasets import load_dataset
from cnnviz.errors import DataError
from cnnviz.mistakes import evaluate, names_of, open_labeled, open_unseen, run_of, splits_for, splits_of, trained_on
from cnnviz.runs import BEST

SEED = 5


@pytest.fixture
def pets(tmp_path):
    """150 images of three classes, each of one color of its own."""
    rng = np.random.default_rng(1)
    for place, name in enumerate(("blue", "green", "red")):
        (tmp_path / "pets" / name).mkdir(parents=True)
        for number in range(50):
            color = rng.integers(0, 120, 3)
            color[2 - place] += 100
            Image.new("RGB", SIZE, tuple(color.tolist())).save(tmp_path / "pets" / name / f"{number}.png")
    return tmp_path / "pets"


@pytest.fixture
def run(tmp_path, pets, monkeypatch):
    """A run that was trained on these images, as its folder tells."""
    monkeypatch.setenv("CNNVIZ_RUNS_DIR", str(tmp_path / "runs"))
    folder = tmp_path / "runs" / "mine"
    folder.mkdir(parents=True)
    data = load_dataset(pets, seed=SEED)
    (folder / "recipe.json").write_text(json.dumps({"data": str(pets), "seed": SEED, "name": "mine"}))
    (folder / "status.json").write_text(json.dumps({"state": "finished"}))
    (folder / "environment.json").write_text(json.dumps({"data": {"fingerprint": data.fingerprint}}))
    color_net().model.save(folder / BEST)
    remember(folder / BEST, Answers(scaling="0..1", class_names=("red", "green", "blue")))
    found = run_of("mine")
    assert found is not None and trained_on(found, pets)
    return found


def test_the_test_images_of_its_run_are_evaluated_and_said_to_be(run, pets):
    data = load_dataset(pets, seed=SEED)
    found = open_unseen(pets, run=run)
    assert names_of(found.part) == names_of(data.test) and len(found.part) == 30
    assert not set(names_of(found.part)) & set(names_of(data.train))
    assert found.notes == (
        "Run mine was trained on images of this dataset: only the 30 test images of 150, which it held out, are "
        "evaluated.",
    )
    assert splits_for(pets, run=run) == ("test", "validation", "train", "all")


@pytest.mark.parametrize(("part", "count", "learned"), [("all", 150, 108), ("train", 108, 108), ("validation", 12, 0)])
def test_images_that_it_learned_from_are_counted_aloud(run, pets, part, count, learned):
    found = open_unseen(pets, run=run, part=part)
    assert (len(found.part), found.learned_count) == (count, learned)
    said = "the accuracy is overly optimistic" if learned else "selected its best epoch on these 12 images"
    assert said in found.notes[0] and str(count) in found.notes[0]


def test_after_a_change_of_the_folder_nobody_knows_what_it_learned_from(run, pets):
    Image.new("RGB", SIZE, (9, 9, 200)).save(pets / "blue" / "another.png")
    found = open_unseen(pets, run=run)
    assert len(found.part) == 151 and "its split cannot be restored" in found.notes[0]


def test_another_folder_and_another_model_have_nothing_held_out(run, pets, tmp_path):
    assert not open_unseen(pets, run=None).notes and len(open_unseen(pets, run=None).part) == 150
    pets.rename(tmp_path / "others")
    assert not open_unseen(tmp_path / "others", run=run).notes
    for other in ("efficientnet-lite0", "none", str(tmp_path)):
        assert run_of(other) is None
    assert run_of(run.path / BEST).name == run_of(run.path).name == "mine"


def test_a_split_that_there_is_not_is_not_offered(pets):
    assert splits_of(pets) == () and splits_of("fashion-sample") == ("test", "validation", "train")
    with pytest.raises(DataError, match=r"^'pets' has no split 'train': there is no folder train"):
        open_labeled(pets, part="train")
    with pytest.raises(DataError, match="comes in splits"):
        open_labeled("fashion-sample", part="all")


def test_splits_of_folders_are_found_and_all_of_them_is_all(pets, tmp_path):
    (tmp_path / "set").mkdir()
    pets.rename(tmp_path / "set" / "Test")
    (tmp_path / "set" / "train" / "red").mkdir(parents=True)
    Image.new("RGB", SIZE).save(tmp_path / "set" / "train" / "red" / "1.png")
    assert splits_of(tmp_path / "set") == ("test", "train")
    sizes = {part: len(open_labeled(tmp_path / "set", part=part).part) for part in (None, "test", "train", "all")}
    assert sizes == {None: 150, "test": 150, "train": 1, "all": 151}


def test_the_command_says_which_images_they_are(run, pets, capsys, monkeypatch, tmp_path):
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    whole = evaluate(color_net(), pets)
    for words, count, said in (
        (["mine", str(pets)], 30, "only the 30 test images of 150"),
        (["mine", str(pets), "--part", "all"], 150, "trained on 108 of these 150 images"),
        ([str(run.path / BEST), str(pets)], 30, "only the 30 test images"),
    ):
        assert main(["evaluate", *words, "--json"]) == 0
        out, err = capsys.readouterr()
        told = json.loads(out)
        assert told["images"] == count and said in err and any(said in note for note in told["notes"])
    assert whole.is_right.mean() > 0.5
    assert not list(Path().iterdir())
