"""What do the pages say of models that people bring: one number, a raw score, two heads, Teachable Machine's zip?"""

import io
import re
import zipfile
from pathlib import Path

import pytest
from reading_pages import sentences

from cnnviz.convnets import recall
from cnnviz.dashboard import store

MODELS = Path(__file__).parents[1] / "cases" / "models"


@pytest.fixture(autouse=True, scope="module")
def _own_folders(tmp_path_factory):
    """One folder for all tests here, so that each model is opened once."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CNNVIZ_CACHE_DIR", str(tmp_path_factory.mktemp("cache")))
        yield


def brought(name):
    return store.put_model(name, (MODELS / name).read_bytes())


def save(app):
    next(button for button in app.button if button.label == "Save").click().run()
    assert not app.exception


def box(app, label):
    return next(one for one in app.selectbox if one.label == label)


@pytest.mark.parametrize("name", ["age_regression.keras", "tanh_bright.keras"])
@pytest.mark.parametrize("page", ["overview", "heatmaps", "activations", "mistakes"])
def test_one_number_is_neither_a_share_nor_a_class_to_choose(open_page, name, page):
    app = open_page(page, model=brought(name))
    assert not app.exception
    said = sentences(app).replace("top 10 % of pixels", "")
    said = re.sub(r"sparsity \*\*[^*]*%\*\*", "", said)  # of a channel's positions
    assert "%" not in said
    assert not {"Class", "Value", "Compare with"} & {one.label for one in app.selectbox}


def test_the_deletion_test_of_a_number_tells_its_values_apart(open_page):
    said = sentences(open_page("heatmaps", model=brought("age_regression.keras")))
    before, after = re.search(r"changes \*\*value\*\* from ([\d.]+) to \*\*([\d.]+)\*\*", said).groups()
    assert before != after
    assert float(before) == pytest.approx(37, abs=0.1)


def test_outputs_beyond_one_cannot_be_called_probabilities(open_page):
    model = brought("tanh_bright.keras")
    app = open_page("overview", model=model)
    box(app, "The outputs are").set_value("sigmoid")
    save(app)
    assert "The outputs are not between 0 and 1" in sentences(app)
    assert recall(store.model_path(model)) is None


def test_the_head_is_said_and_can_be_changed(open_page):
    app = open_page("overview", model=brought("auxiliary.keras"))
    assert "output “main”" in app.expander[0].label
    box(app, "Output used").set_value("aux")
    save(app)
    assert "output “aux”" in app.expander[0].label
    assert "Output “aux”, one of 2." in sentences(open_page("activations", model=brought("auxiliary.keras")))


def test_a_distribution_without_logits_has_none_after_its_kind_was_confirmed(open_page):
    model = brought("weighted_ensemble.keras")
    app = open_page("overview", model=model)
    save(app)
    assert recall(store.model_path(model)).outputs == "softmax"
    assert "output “" not in app.expander[0].label  # its only one
    assert " log p" in sentences(open_page("activations", model=model))


def test_teachable_machines_zip_shows_its_classes(open_page):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.write(MODELS / "keras2" / "keras_model.h5", "keras_model.h5")
        archive.write(MODELS / "keras2" / "labels.txt", "labels.txt")
    app = open_page("overview", model=store.put_model("converted_keras.zip", packed.getvalue()))
    assert not app.exception
    names = [line.split(" ", 1)[1] for line in (MODELS / "keras2" / "labels.txt").read_text().split("\n") if line]
    assert box(app, "Class").options == names
    assert not app.text_area  # nothing of it is a guess: the line is enough
    assert "pixels -1..1 · images cropped to the center · 3 class names" in app.expander[0].label
