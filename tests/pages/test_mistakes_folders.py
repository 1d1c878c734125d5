"""Does the mistakes page say what it assumes of a person's folders, and does its code hold for uploads?"""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from reading_pages import finished, sentences

from cnnviz.dashboard import store
from cnnviz.datasets import load_dataset

CASES = Path(__file__).parents[1] / "cases" / "folders"


@pytest.fixture
def opened(open_page):
    return lambda **parameters: finished(open_page("mistakes", **parameters))


@pytest.fixture
def data(tmp_path):
    (tmp_path / "data").mkdir()
    return tmp_path / "data"


def upload(name):
    return store.put_model(name, (CASES / name).read_bytes())


def taken_code(app, capsys):
    """What the code for the view prints."""
    app.session_state["export"] = True
    app.run()
    assert not app.exception, app.exception
    (code,) = [block.value for block in app.code if block.language == "python"]
    capsys.readouterr()
    exec(compile(code, "view.py", "exec"), {})
    return capsys.readouterr().out


def test_folders_of_a_model_without_names_are_assumed_in_sorted_order(opened, data, capsys):
    shutil.copytree(CASES / "unpadded_numbers", data / "numbers")
    app = opened(model=upload("colours_12.keras"), data="numbers")
    said = sentences(app)
    assert "Accuracy **100 %**" in said
    assert "Assumed, since no class names match" in said and "0, 1, 10, 11, 2" in said
    assert "class 2 is '10' or '2'" in said.replace("\\", "")
    app.segmented_control(key="class_order").set_value("natural").run()
    app = finished(app)
    assert "Accuracy **17 %**" in sentences(app)
    assert len(taken_code(app, capsys).splitlines()) == 1  # of the one image on the card
    assert not [control for control in app.segmented_control if control.key == "part"]


def test_where_both_orders_agree_there_is_nothing_to_choose(opened, data, capsys):
    shutil.copytree(CASES / "class_from_1", data / "mine")
    app = opened(model=upload("colours_3.keras"), data="mine")
    assert "Accuracy **100 %**" in sentences(app) and "Assumed" in sentences(app)
    assert not [control for control in app.segmented_control if control.key == "class_order"]


def test_a_count_of_classes_that_differs_is_told_before_anything_runs(opened, data):
    shutil.copytree(CASES / "class_from_1", data / "mine")
    app = opened(model=upload("colours_12.keras"), data="mine")
    assert "12 classes without names, and the images have 3" in sentences(app)
    assert not any(button.label.startswith("Ask about") for button in app.button)


def test_two_classes_of_imagenet_have_two_accuracies(opened, data, capsys, cat):
    for name, count in (("tabby", 2), ("espresso", 1)):
        (data / "subset" / name).mkdir(parents=True)
        for number in range(count):
            Image.fromarray(cat[number * 9 :]).save(data / "subset" / name / f"{number}.png")
    app = opened(model="efficientnet-lite0", data="subset", cell="all")
    said = sentences(app)
    assert "Accuracy (all 1,000 classes): **" in said
    assert "Top-5 accuracy: **" in said and "Accuracy among the 2 mapped classes: **" in said
    assert float(taken_code(app, capsys).split()[2]) > 0


def test_a_run_is_evaluated_on_what_it_held_out(opened, data, monkeypatch, tmp_path):
    rng = np.random.default_rng(0)
    for name in ("class_1", "class_2", "class_3"):
        (data / "mine" / name).mkdir(parents=True)
        for number in range(20):
            Image.fromarray(rng.integers(0, 256, (9, 9, 3), np.uint8)).save(data / "mine" / name / f"{number}.png")
    run = tmp_path / "runs" / "trained"
    run.mkdir(parents=True)
    monkeypatch.setenv("CNNVIZ_RUNS_DIR", str(run.parent))
    shutil.copy(CASES / "colours_3.keras", run / "best.keras")
    fingerprint = load_dataset(data / "mine", seed=3).fingerprint
    for name, told in (
        ("recipe", {"data": str(data / "mine"), "seed": 3}),
        ("status", {"state": "finished"}),
        ("environment", {"data": {"fingerprint": fingerprint}}),
    ):
        (run / f"{name}.json").write_text(json.dumps(told))
    app = opened(model="trained", data="mine")
    assert ", 12 images" in sentences(app) and "only the 12 test images of 60" in sentences(app)
    app.segmented_control(key="part").set_value("all").run()
    app = finished(app)
    assert ", 60 images" in sentences(app) and "trained on 42 of these 60" in sentences(app)
