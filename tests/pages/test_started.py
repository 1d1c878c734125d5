"""The dashboard on the model and the labeled images that the server was started with."""

import shutil
from pathlib import Path

import pytest
from reading_pages import finished, sentences

from cnnviz.convnets import Answers, remember
from cnnviz.dashboard import started

FOLDERS = Path(__file__).parents[1] / "cases" / "folders"
NAMES = ("class_1", "class_2", "class_3")


@pytest.fixture
def model(tmp_path, monkeypatch):
    path = shutil.copy(FOLDERS / "colours_3.keras", tmp_path / "my colors.keras")
    monkeypatch.setenv("CNNVIZ_MODEL", str(path))
    return path


@pytest.fixture
def data(monkeypatch):
    monkeypatch.setenv("CNNVIZ_DATA", str(FOLDERS / "class_from_1"))


def box(app, key):
    return next(box for box in app.selectbox if box.key == key)


def test_the_model_is_selected_in_place_and_stays_out_of_the_link(open_page, model):
    remember(model, Answers(class_names=("red", "green", "blue")))
    app = open_page("overview")
    assert not app.exception
    assert box(app, "model").value == started.model()
    assert started.model().startswith("my-colors-")
    assert "model" not in app.query_params
    assert {"red", "green", "blue"} <= set(box(app, "class").options)
    assert model.is_file() and not (model.parent / "models").exists()


def test_another_model_can_be_chosen_and_a_link_keeps_the_choice(open_page, model):
    app = open_page("overview", model="lenet5-mnist")
    assert box(app, "model").value == "lenet5-mnist"
    assert app.query_params["model"] == "lenet5-mnist"


def test_names_that_are_not_those_of_the_model_are_explained_and_the_file_stays(open_page, model):
    remember(model, Answers(class_names=("red", "green")))
    app = open_page("overview")
    assert not app.exception
    assert "has 3 classes, and 2 names are remembered for it" in sentences(app)
    assert box(app, "model").value == "efficientnet-lite0"
    assert model.is_file()


def test_the_images_are_the_ones_that_mistakes_evaluates_and_training_offers(open_page, model, data):
    remember(model, Answers(class_names=NAMES))
    app = finished(open_page("mistakes"))
    assert box(app, "data").value == "class_from_1"
    assert "12 images" in sentences(app)
    app = open_page("training", view="new")
    assert not app.exception
    assert any("class_from_1" in box.options for box in app.selectbox if box.key != "data")


def test_a_folder_with_the_name_of_a_data_set_is_offered_beside_it(tmp_path, monkeypatch, open_page):
    folder = shutil.copytree(FOLDERS / "class_from_1", tmp_path / "mnist-5k")
    monkeypatch.setenv("CNNVIZ_DATA", str(folder))
    offered = box(finished(open_page("mistakes")), "data")
    assert offered.value == "own mnist-5k"
    assert len(set(offered.options)) == len(offered.options)
