"""What do the pages say of a person's own model: questions, units by name, weights that are no numbers?"""

import keras
import numpy as np
import pytest
from keras import layers
from reading_pages import sentences

from cnnviz.convnets import Answers, recall
from cnnviz.dashboard import store


def charts(app):
    return app.get("plotly_chart")


def small():
    """Hidden units as many as classes, so that only the last layer's may be called by class."""
    return keras.Sequential(
        [
            keras.Input((12, 12, 3)),
            layers.Conv2D(2, 3, name="stem"),
            layers.Conv2D(2, 3, name="middle"),
            layers.MaxPooling2D(name="pool"),
            layers.Flatten(name="flatten"),
            layers.Dense(6, name="hidden"),
            layers.Dense(6, name="logits"),
            layers.Softmax(name="softmax"),
        ]
    )


@pytest.fixture(autouse=True, scope="module")
def _own_folders(tmp_path_factory):
    """One folder for all tests here, so that each model is opened once."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CNNVIZ_CACHE_DIR", str(tmp_path_factory.mktemp("cache")))
        yield


def upload(model, folder):
    model.save(folder / "mine.keras")
    return store.put_model("mine.keras", (folder / "mine.keras").read_bytes())


@pytest.fixture(scope="module")
def sound(_own_folders, tmp_path_factory):
    return upload(small(), tmp_path_factory.mktemp("sound"))


@pytest.fixture(scope="module")
def broken(_own_folders, tmp_path_factory):
    model = small()
    model.get_layer("middle").set_weights([np.full((3, 3, 2, 2), np.nan), np.zeros(2)])
    return upload(model, tmp_path_factory.mktemp("broken"))


def remember(app):
    next(button for button in app.button if button.label == "Save").click().run()
    assert not app.exception


@pytest.mark.parametrize(
    ("names", "said"), [(["one", "two"], "2 names for 6 classes"), (["x" * 201, *"abcde"], "at most 200 characters")]
)
def test_names_that_do_not_fit_are_explained_and_not_remembered(open_page, sound, names, said):
    app = open_page("overview", model=sound)
    app.text_area[0].set_value("\n".join(names))
    remember(app)
    assert said in sentences(app)
    assert recall(store.model_path(sound)) is None


def test_models_of_the_catalog_are_not_asked_about(open_page):
    assert not open_page("overview").expander


@pytest.mark.parametrize(("layer", "word"), [("hidden", "unit"), ("logits", "class"), ("softmax", "class")])
def test_the_five_strongest_units_are_named_by_class_where_they_are_scores(open_page, sound, layer, word):
    app = open_page("activations", model=sound, layer=layer)
    rows = [row.value for row in app.markdown if row.value.startswith(f"{word} ")]
    values = [float(row.split("**")[1]) for row in rows]
    assert len(rows) == 5
    assert values == sorted(values, reverse=True)
    assert charts(app)


def test_the_unit_of_a_single_sigmoid_is_the_second_class(open_page, tmp_path):
    model = keras.Sequential(
        [keras.Input((8, 8, 3)), layers.Flatten(), layers.Dense(1, activation="sigmoid", name="scores")]
    )
    app = open_page("activations", model=upload(model, tmp_path), layer="scores")
    assert [row.value[:7] for row in app.markdown if row.value.startswith("class ")] == ["class 1"]


@pytest.mark.parametrize("layer", ["middle", "pool", "hidden", "softmax"])
def test_layers_at_or_behind_broken_weights_are_not_drawn(open_page, broken, layer):
    app = open_page("activations", model=broken, layer=layer)
    assert not app.exception
    assert f"The output of '{layer}' depends on weights of 'middle' that are NaN or infinite." in sentences(app)
    assert not charts(app)
    assert "silent on this image" not in sentences(app)


def test_layers_before_broken_weights_are_drawn_without_their_effect_on_the_answer(open_page, broken):
    app = open_page("activations", model=broken, layer="stem")
    assert not app.exception
    assert "2 channels" in sentences(app)
    assert "logit" not in sentences(app)


def test_no_answer_is_drawn_of_broken_weights(open_page, broken):
    app = open_page("overview", model=broken)
    assert not app.exception
    assert "The class scores depend on weights of 'middle' that are NaN or infinite." in sentences(app)
    assert "%" not in sentences(app)


def test_a_dense_layer_is_not_said_to_have_no_weights(open_page, sound):
    app = open_page("filters", model=sound, layer="hidden")
    assert "each unit has one weight for each of its 32 inputs" in sentences(app)
    assert "no kernel of its own" not in sentences(app)


def test_a_layer_without_weights_is_said_to_have_no_kernel(open_page, sound):
    app = open_page("filters", model=sound, layer="flatten")
    assert "This layer has no kernel." in sentences(app)


def test_what_the_file_cannot_tell_is_open_until_it_was_answered_once(open_page, sound):
    """The last test here: what it answers is remembered of the model that the others share."""
    app = open_page("overview", model=sound)
    questions = [box.label for box in app.selectbox]
    assert "Pixels are scaled to" in questions
    assert "0..255: " in sentences(app) and "imagenet-caffe: " in sentences(app)
    app.text_area[0].set_value("\n".join(f"kind {number}" for number in range(6)))
    app.selectbox[questions.index("Pixels are scaled to")].set_value("-1..1")
    remember(app)
    kinds = tuple(f"kind {i}" for i in range(6))
    assert recall(store.model_path(sound)) == Answers("-1..1", "stretch", kinds, 0, "softmax", "sorted")
    for again in (app, open_page("overview", model=sound)):
        assert "Pixels are scaled to" not in [box.label for box in again.selectbox]
        assert [box.label for box in again.expander] == [
            "Assumptions: pixels -1..1 · images stretched · 6 class names · probabilities that sum to one · **Change**"
        ]
