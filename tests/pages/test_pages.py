"""Does every page show what is selected, explain what cannot be shown, and lose nothing?"""

import io
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from pydicom.data import get_testdata_file
from reading_pages import sentences

from cnnviz.convnets import load_convnet
from cnnviz.dashboard import samples, store
from cnnviz.dashboard.cache import models
from cnnviz.errors import ModelFileError, RefusedFileError
from cnnviz.images import read_photo

ROOT = Path(__file__).parents[2]
PAGES = ("overview", "activations", "filters", "heatmaps")


@pytest.mark.parametrize("name", PAGES)
def test_opens_on_the_default_with_its_title_and_question(open_page, name):
    app = open_page(name)
    assert not app.exception
    assert app.title[0].value == name.title()
    assert app.caption[0].value.endswith("?")
    assert app.selectbox(key="model").value == "efficientnet-lite0"


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("model", ["mnist_dense", "lenet5", "small_data_convnet"])
def test_opens_on_models_without_maps_gray_ones_and_a_single_sigmoid(open_page, name, model):
    app = open_page(name, model=model)
    assert not app.exception
    assert app.selectbox(key="model").value == model
    assert "random weights" in sentences(app)


def test_heatmaps_of_a_dense_model_are_those_of_its_pixels(open_page):
    app = open_page("heatmaps", model="mnist_dense")
    assert "Saliency." in sentences(app) and "has no feature maps" not in sentences(app)


def test_a_map_of_a_dense_model_is_refused_in_a_sentence(open_page):
    app = open_page("heatmaps", model="mnist_dense", method="grad_cam")
    assert "has no feature maps" in sentences(app)


def test_a_dense_layer_is_shown_as_bars(open_page):
    app = open_page("activations", layer="predictions")
    assert not app.exception
    assert "1000 values" in sentences(app)
    assert app.get("plotly_chart")[0].proto.alt


def test_the_selection_of_a_link_is_followed(open_page):
    app = open_page("activations", layer="block4_add", channel=7, image="coffee")
    assert app.selectbox(key="layer").value == "block4_add"
    assert app.number_input(key="channel").value == 7
    assert app.session_state["image"] == "coffee"
    app = open_page("heatmaps", **{"class": "espresso", "image": "coffee"})
    assert app.selectbox(key="class").value == "espresso"
    assert "espresso" in sentences(app)


def test_an_unknown_image_in_a_link_is_explained(open_page):
    app = open_page("overview", image="0" * 64)
    assert not app.exception
    assert "no longer on this server" in sentences(app)
    assert app.session_state["image"] == "chelsea"


def test_stepping_goes_through_the_layers_in_order_and_stops_at_the_ends(open_page):
    app = open_page("activations", layer="normalize")
    app.button(key="next").click().run()
    assert app.selectbox(key="layer").value == "stem_conv"
    app.button(key="previous").click().run()
    assert app.selectbox(key="layer").value == "normalize"
    assert app.button(key="previous").disabled and not app.button(key="next").disabled
    assert open_page("activations", layer="predictions").button(key="next").disabled


def test_the_channel_survives_a_visit_to_another_page_and_a_smaller_layer(open_page):
    app = open_page("activations", layer="stem_relu", channel=31)
    assert app.number_input(key="channel").value == 31
    for name, title in (("overview", "Overview"), ("activations", "Activations")):
        app.switch_page(str(ROOT / "pages" / f"{name}.py")).run()
        assert app.title[0].value == title
    assert app.number_input(key="channel").value == 31
    app.session_state["layer"] = "block0_project_bn"  # 16 channels
    app.run()
    assert not app.exception
    assert 0 <= app.number_input(key="channel").value < 16


def test_a_slow_method_is_estimated_before_it_starts(open_page):
    app = open_page("heatmaps", method="occlusion")
    assert not app.exception
    assert re.search(r"Occlusion needs [\d,]+ forward passes, about [\d.,]+ s\.", sentences(app))


def test_a_scan_of_more_than_eight_bits_can_be_stretched(open_page):
    scan = np.random.default_rng(0).integers(0, 4096, (30, 40), np.uint16)
    buffer = io.BytesIO()
    Image.fromarray(scan).save(buffer, "TIFF")
    app = open_page("overview")
    assert "Stretch contrast" not in [toggle.label for toggle in app.toggle]
    app.file_uploader(key="upload").upload("scan.tif", buffer.getvalue(), "image/tiff").run()
    assert not app.exception
    dark = app.session_state["image"]
    (toggle,) = [toggle for toggle in app.toggle if toggle.label == "Stretch contrast"]
    toggle.set_value(True).run()
    assert not app.exception
    bright = app.session_state["image"]
    assert bright == f"{dark}:stretched"
    assert samples.read(dark).pixels.max() == 16 and samples.read(bright).pixels.max() == 255
    (toggle,) = [toggle for toggle in app.toggle if toggle.label == "Stretch contrast"]
    assert toggle.value
    toggle.set_value(False).run()
    assert app.session_state["image"] == dark


def test_of_an_uploaded_medical_image_no_patient_is_kept(open_page):
    data = Path(get_testdata_file("CT_small.dcm", download=False)).read_bytes()
    app = open_page("overview")
    app.file_uploader(key="upload").upload("scan.dcm", data, "application/dicom").run()
    assert not app.exception
    kept = store.get("pictures", app.session_state["image"]).read_bytes()
    assert b"CompressedSamples" in data and b"CompressedSamples" not in kept
    np.testing.assert_array_equal(samples.read(app.session_state["image"]).pixels, read_photo(data))


def test_an_upload_is_selected_and_a_broken_one_changes_nothing(open_page):
    app = open_page("overview")
    app.file_uploader(key="upload").upload("broken.png", b"no image", "image/png").run()
    assert not app.exception
    assert app.error[0].value
    assert app.session_state["image"] in ("", None, "chelsea")
    buffer = io.BytesIO()
    Image.fromarray(np.full((40, 50, 3), 200, np.uint8)).save(buffer, "PNG")
    app.file_uploader(key="upload").upload("gray.png", buffer.getvalue(), "image/png").run()
    assert not app.exception
    assert len(app.session_state["image"]) == 64


def test_a_broken_model_is_explained_and_the_model_before_it_stays(open_page):
    app = open_page("overview")
    app.file_uploader(key="model_upload").upload("evil.keras", b"PK\x03\x04 nonsense", "application/zip").run()
    assert not app.exception
    assert app.error[0].value
    assert app.selectbox(key="model").value == "efficientnet-lite0"


@pytest.mark.parametrize(("failure", "is_kept"), [(ModelFileError, True), (RefusedFileError, False)])
def test_a_model_that_cannot_be_opened_now_stays_for_others(open_page, monkeypatch, tmp_path, failure, is_kept):
    def fail(*_, **__):
        raise failure("No space left.")

    load_convnet("lenet5").model.save(tmp_path / "mine.keras")
    name = store.put_model("mine.keras", (tmp_path / "mine.keras").read_bytes())
    monkeypatch.setattr(models, "load_convnet", fail)
    app = open_page("overview", model=name)
    assert [error.value for error in app.error] == ["No space left."] * 2
    assert app.selectbox(key="model").value == "efficientnet-lite0"
    assert (store.model_path(name) is not None) is is_kept


def test_grown_patterns_are_found_again(open_page):
    from cnnviz.convnets import load_convnet
    from cnnviz.filters import PatternStore, find_patterns

    convnet = load_convnet()
    app = open_page("filters", layer="stem_conv", style="textbook", which="one")
    assert app.button(key="grow").label == "Generate this pattern"
    find_patterns(
        convnet, layer="stem_conv", filters=[0], style="textbook", size=128, steps=30, seed=0, store=PatternStore()
    )
    app.run()
    assert not app.exception
    assert not [button for button in app.button if button.key == "grow"]
    assert "activation" in sentences(app)


def test_a_model_with_nan_weights_is_named_and_shows_no_number_as_data(open_page, tmp_path):
    import keras

    from cnnviz.dashboard import store

    model = keras.Sequential([keras.Input((8, 8, 3)), keras.layers.Conv2D(2, 3), keras.layers.GlobalAveragePooling2D()])
    model.add(keras.layers.Dense(2, activation="softmax"))
    model.layers[0].set_weights([np.full((3, 3, 3, 2), np.nan), np.zeros(2)])
    model.save(tmp_path / "nan.keras")
    name = store.put_model("nan.keras", (tmp_path / "nan.keras").read_bytes())
    for page in PAGES:
        app = open_page(page, model=name)
        assert not app.exception
        assert "54 of this model's weights are NaN" in app.warning[0].value


def test_a_share_that_is_no_number_is_a_dash():
    from cnnviz.dashboard.components import percent

    assert [percent(share) for share in (float("nan"), 0.0, 0.0042, 0.87)] == ["–", "< 0.1 %", "0.4 %", "87 %"]
