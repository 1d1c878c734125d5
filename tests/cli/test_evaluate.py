"""Does `cnnviz evaluate` tell, write and judge what the library found?"""

import csv
import errno
import json

import numpy as np
import pytest
from PIL import Image

from cnnviz.mistakes import load


@pytest.fixture
def flags(tmp_path):
    """Six images of plain colors, one of them in the wrong folder, one broken; one class the model lacks."""
    colors = {"red": ["r1", "r2", "b1"], "blue": ["b2", "b3"], "plaid": ["p"]}
    for folder, names in colors.items():
        (tmp_path / "flags" / folder).mkdir(parents=True)
        for name in names:
            color = (250, 0, 0) if name.startswith("r") else (0, 0, 250)
            Image.new("RGB", (20, 16), color).save(tmp_path / "flags" / folder / f"{name}.png")
    (tmp_path / "flags" / "red" / "no.png").write_bytes(b"")
    return tmp_path / "flags"


def test_it_writes_the_table_the_page_and_the_arrays(cnnviz, network, flags, tmp_path):
    outcome = cnnviz("evaluate", network, flags, "--out", tmp_path / "made" / "here")
    assert outcome.code == 0, outcome.err
    assert outcome.out.startswith("Accuracy 80.0 %, 4 of 5 images (95 % confidence interval ")
    assert "1 image of 'plaid' left out: the model has no such class" in outcome.out
    assert "left out: red/no.png is empty. Choose another file." in outcome.out
    folder = tmp_path / "made" / "here"
    with (folder / "predictions.csv").open(newline="") as file:
        rows = {row["image"]: row for row in csv.DictReader(file)}
    assert rows["red/b1.png"]["predicted"] == "blue" and rows["red/no.png"]["problem"]
    assert "4 of 5 images" in (folder / "report.html").read_text()
    evaluation = load(folder / "evaluation.npz")
    assert evaluation.class_names == ("blue", "plaid", "red")  # both of the model's that end in red
    np.testing.assert_array_equal(evaluation.is_right.sum(), 4)


def test_programs_read_json_and_nothing_is_written(cnnviz, network, flags, tmp_path):
    outcome = cnnviz("evaluate", network, flags, "--json")
    told = json.loads(outcome.out)
    assert told["accuracy"] == 0.8 and told["images"] == 5 and told["unmapped"] == {"plaid": 1}
    assert told["confused"] == [{"label": "red", "predicted": "blue", "images": 1}]
    assert told["interval"][0] < 0.8 < told["interval"][1]
    assert told["files"] == [] and not list((tmp_path / "here").iterdir())


@pytest.mark.parametrize(("bar", "code"), [("0.8", 0), ("0.81", 1)])
def test_a_model_below_the_bar_ends_with_one(cnnviz, network, flags, bar, code):
    outcome = cnnviz("evaluate", network, flags, "--json", "--fail-under", bar)
    assert outcome.code == code
    assert json.loads(outcome.out)["accuracy"] == 0.8  # told all the same
    assert outcome.err == (
        "cnnviz: The accuracy is 80.0 %, below 81.0 %. See the confusion matrix in the report.\n" * code
    )


def test_a_mapping_can_be_said(cnnviz, network, flags):
    told = json.loads(cnnviz("evaluate", network, flags, "--json", "--map", "plaid=deep blue", "--map", "red=0,2").out)
    assert told["unmapped"] == {"blue": 2} and told["images"] == 4 and told["right"] == 3
    assert [entry["name"] for entry in told["classes"]] == ["blue", "plaid", "red"]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (
            ["--map", "pink=0"],
            "'pink=0' does not name a class of the dataset. Write CLASS=NAME; the dataset's classes: blue, plaid, red.",
        ),
        (["--map", "red=0", "--map", "blue=0"], "A model class is mapped twice. Use each only once."),
        (["--map", "red=mauve"], "mixer has no class 'mauve'. It has 3; name one or its index."),
        (
            ["--fail-under", "90"],
            "Argument --fail-under: expected a number from 0 to 1, not '90'. Try `cnnviz evaluate --help`.",
        ),
    ],
)
def test_mistakes_are_told_in_a_sentence(cnnviz, network, flags, words, sentence):
    outcome = cnnviz("evaluate", network, flags, *words)
    assert (outcome.code, outcome.out, outcome.err) == (2, "", f"cnnviz: {sentence}\n")


def test_files_are_replaced_only_when_asked(cnnviz, network, flags, tmp_path):
    assert cnnviz("evaluate", network, flags).code == 0
    assert (tmp_path / "here" / "mixer-flags" / "report.html").is_file()
    again = cnnviz("evaluate", network, flags)
    assert again.code == 2 and "already contains predictions.csv. Choose another --out, or add --force" in again.err
    assert cnnviz("evaluate", network, flags, "--force").code == 0
    (tmp_path / "here" / "file").write_text("")
    assert "'file' is a file. Choose a folder" in cnnviz("evaluate", network, flags, "--out", "file").err


def test_what_is_not_there_is_told_before_anything_starts(cnnviz):
    assert cnnviz("evaluate", "lenet5-mnist", "mnist-5").err.startswith(
        "cnnviz: There is no dataset, folder or zip archive 'mnist-5'. Did you mean mnist-5k"
    )


def test_a_file_that_cannot_be_replaced_leaves_the_others_as_they_were(cnnviz, network, flags, tmp_path, monkeypatch):
    assert cnnviz("evaluate", network, flags, "--out", "made").code == 0
    folder = tmp_path / "here" / "made"
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    (flags / "red" / "no.png").unlink()  # the files would say something else now

    def full(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("cnnviz.mistakes.store.write_arrays", full)
    outcome = cnnviz("evaluate", network, flags, "--out", "made", "--force")
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err.endswith("The evaluation cannot be written: No space left on device. Choose another file.\n")
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    monkeypatch.undo()
    monkeypatch.chdir(tmp_path / "here")
    assert cnnviz("evaluate", network, flags, "--out", "made", "--force").code == 0
    assert all(path.read_bytes() != before[path.name] for path in folder.iterdir())
