"Inside a unit, and shuffled weights: are the numbers that the page shows those of Keras?"

import json
import re
import struct

import keras
import numpy as np
import pytest
from reading_pages import sentences
from scipy.stats import spearmanr

from cnnviz.convnets import convnet_from_model, load_convnet
from cnnviz.convolution import explain_unit, randomized
from cnnviz.dashboard import cache, store
from cnnviz.dashboard.convolution.sums import SHOWN, Wording, told
from cnnviz.dashboard.jobs import jobs
from cnnviz.dashboard.texts import convolution as texts
from cnnviz.heatmaps import grad_cam


def shown(app, name):
    """What a component was sent: its header."""
    (element,) = [part for part in app.get("bidi_component") if part.proto.component_name == f"cnnviz_{name}"]
    data = element.proto.bytes
    (length,) = struct.unpack("<I", data[:4])
    return json.loads(data[4 : 4 + length])


def here(app):
    """What is told of the chosen unit."""
    header = shown(app, "unit_view")
    return header["units"]["{},{}".format(*header["at"])]


@pytest.fixture(scope="module")
def lenet():
    return load_convnet("lenet5-mnist")


@pytest.fixture(scope="module")
def cat_maps(lite0, cat):
    """Every layer's output for the cat, from a model that Keras builds itself."""
    outputs = {layer.name: layer.output for layer in lite0.model.layers[1:]}
    answers = keras.Model(lite0.model.input, outputs)(lite0.prepare([cat]), training=False)
    return {name: np.asarray(values)[0] for name, values in answers.items()}


PLACES = [
    ("stem_conv", 5, (111, 0)),  # in the padding's corner
    ("stem_bn", 7, (50, 60)),
    ("stem_relu", 21, (31, 31)),
    ("block0_dw_conv", 9, (0, 111)),
    ("block0_project_conv", 2, (40, 17)),
    ("block2_add", 20, (13, 55)),
]


@pytest.mark.parametrize(("layer", "channel", "place"), PLACES, ids=[layer for layer, _, _ in PLACES])
def test_the_sum_that_is_shown_is_the_value_of_keras(open_page, cat_maps, layer, channel, place):
    row, column = place
    app = open_page("convolution", view="inside", layer=layer, channel=channel, unit=f"{row},{column}")
    assert not app.exception
    unit = here(app)
    (block,) = unit["blocks"]
    own = float(cat_maps[layer][row, column, channel])
    assert own != 0
    size = sum(abs(term["product"]) for term in block["terms"]) + abs(block["bias"])
    assert unit["own"] == pytest.approx(own, rel=1e-5, abs=1e-5 * size)
    assert block["value"] == pytest.approx(own, rel=1e-5, abs=1e-5 * size)
    terms = sum(term["product"] for term in block["terms"]) + block["rest"]["sum"]
    assert terms == pytest.approx(block["total"], rel=1e-4, abs=1e-5 * size)
    assert block["total"] + block["bias"] == pytest.approx(block["before"], rel=1e-4, abs=1e-5 * size)


def test_batch_normalization_shows_its_formula_with_the_numbers_filled_in(open_page, cat_maps, lite0):
    app = open_page("convolution", view="inside", layer="stem_bn", channel=7, unit="50,60")
    said = here(app)["blocks"][0]["formula"].replace("−", "-")
    *numbers, value = (float(number) for number in re.findall(r"(?<!\d )-?[\d.]+(?:e-?\d+)?", said))
    x, mean, variance, epsilon, gamma, beta = numbers
    assert x == pytest.approx(float(cat_maps["stem_conv"][50, 60, 7]), rel=1e-2)
    assert epsilon == pytest.approx(lite0.model.get_layer("stem_bn").epsilon)
    assert (x - mean) / np.sqrt(variance + epsilon) * gamma + beta == pytest.approx(value, rel=2e-2)
    assert value == pytest.approx(float(cat_maps["stem_bn"][50, 60, 7]), rel=1e-2)


def test_a_class_score_is_a_sum_and_its_share_of_all_scores(open_page, cat_maps):
    app = open_page("convolution", view="inside", layer="predictions")
    score, share = here(app)["blocks"]
    best = int(cat_maps["predictions"].argmax())
    assert app.number_input(key="channel").value == best
    assert share["value"] == pytest.approx(float(cat_maps["predictions"][best]), rel=1e-4)
    assert share["own"] / share["total"] == pytest.approx(share["value"], rel=1e-4)
    assert [term["isOwn"] for term in share["terms"]] == [True, False, False, False]
    assert share["terms"][0]["label"] == "Egyptian cat"
    strongest = score["terms"][0]
    source, row, column, channel = strongest["target"]
    assert shown(app, "unit_view")["sources"][source] == "dropout"
    assert strongest["value"] == pytest.approx(float(cat_maps["dropout"][channel]), rel=1e-4)
    assert (row, column) == (0, 0)


def test_each_number_under_the_window_says_where_it_comes_from(open_page, cat_maps):
    app = open_page("convolution", view="inside", layer="block0_dw_conv", channel=9, unit="0,111")
    (term,) = here(app)["blocks"][0]["terms"]
    cells = term["cells"]
    assert (cells["rows"], cells["columns"], cells["channel"]) == ([-1, 0, 1], [110, 111, 112], 9)
    assert cells["padding"] == [1, 1, 1, 0, 0, 1, 0, 0, 1]
    inside = [cat_maps["stem_relu"][row, column, 9] for row in (0, 1) for column in (110, 111)]
    assert np.ptp(inside) > 0
    np.testing.assert_allclose([cells["patch"][k] for k in (3, 4, 6, 7)], inside, rtol=1e-4)
    products = np.multiply(cells["patch"], cells["kernel"])
    assert products.sum() == pytest.approx(term["product"], rel=1e-4)


def test_opens_on_the_first_convolution_of_a_digit(open_page, lenet):
    app = open_page("convolution", view="inside", model="lenet5-mnist")
    assert not app.exception
    header = shown(app, "unit_view")
    (block,) = here(app)["blocks"]
    assert header["title"].startswith("conv1 · channel")
    assert block["terms"][0]["label"] == texts.INSIDE_GRAY
    weights = lenet.model.get_layer("conv1").kernel.numpy()[..., 0, app.number_input(key="channel").value]
    np.testing.assert_allclose(block["terms"][0]["cells"]["kernel"], weights.ravel(), rtol=1e-4)
    assert len(header["units"]) > 1  # the neighbors come along


def test_a_unit_keeps_its_place_on_the_image_from_layer_to_layer(open_page):
    app = open_page("convolution", view="inside", model="lenet5-mnist", layer="conv1", channel=2, unit="20,9")
    assert shown(app, "unit_view")["at"] == [20, 9]
    app.button(key="next").click().run()
    assert app.session_state["layer"] == "pool1"
    assert shown(app, "unit_view")["at"] == [10, 4]
    app.button(key="previous").click().run()
    row, column = shown(app, "unit_view")["at"]
    assert (row // 2, column // 2) == (10, 4)


def test_a_unit_that_there_is_not_is_named_and_the_strongest_shown(open_page, cat_maps):
    app = open_page("convolution", view="inside", layer="stem_relu", channel=3, unit="500,2")
    assert not app.exception
    assert "500,2" in sentences(app)
    strongest = np.unravel_index(cat_maps["stem_relu"][..., 3].argmax(), (112, 112))
    assert tuple(shown(app, "unit_view")["at"]) == strongest


def test_the_walk_begins_at_the_class_score(open_page):
    app = open_page("convolution", view="inside", model="lenet5-mnist", layer="pool1", channel=2)
    app.button(key="score").click().run()
    assert not app.exception
    assert app.session_state["layer"] == "predictions"
    assert shown(app, "unit_view")["title"] == "predictions · 0"


def test_a_kernel_of_the_model_goes_to_the_image(open_page, lite0):
    app = open_page("convolution", view="inside", layer="stem_conv", channel=21)
    app.button(key="try_kernel").click().run()
    assert not app.exception
    weights = lite0.model.get_layer("stem_conv").kernel.numpy()[..., 21]
    assert np.abs(weights.sum(axis=2)).max() > 1
    np.testing.assert_allclose(shown(app, "playground")["kernel"], weights.sum(axis=2), rtol=1e-5, atol=1e-5)
    app.selectbox(key="filter").select("1").run()
    np.testing.assert_allclose(shown(app, "playground")["kernel"], weights[..., 1], rtol=1e-5)


def test_a_layer_that_is_not_taken_apart_says_so_beside_its_map(open_page, tmp_path):
    model = keras.Sequential([keras.Input((8, 8, 3)), keras.layers.LayerNormalization(name="odd")])
    model.add(keras.layers.GlobalAveragePooling2D())
    model.add(keras.layers.Dense(2, activation="softmax"))
    model.save(tmp_path / "odd.keras")
    name = store.put_model("odd.keras", (tmp_path / "odd.keras").read_bytes())
    app = open_page("convolution", view="inside", model=name, layer="odd")
    assert not app.exception
    header = shown(app, "unit_view")
    assert "cannot be shown step by step" in header["refusal"]
    assert not header["units"]
    assert header["rows"] == 8


def wording():
    return Wording(
        channel=lambda source, channel: f"channel {channel}",
        position=lambda row, column: f"{row}, {column}",
        sources=["left", "right"],
        unit=lambda unit: f"unit {unit}",
    )


def explained(*steps, size=(9, 9), **place):
    model = keras.Sequential([keras.Input((*size, 3)), *steps])
    rng = np.random.default_rng(0)
    for weight in model.weights:
        weight.assign(rng.normal(0, 0.5, weight.shape))
    inputs = rng.uniform(0, 1, (1, *size, 3)).astype(np.float32)
    return explain_unit(convnet_from_model(model), inputs, layer=model.layers[-1].name, **place)


def test_a_separable_unit_shows_each_window_and_how_it_is_weighed():
    unit = explained(keras.layers.SeparableConv2D(4, 3, depth_multiplier=2), channel=1, row=2, column=3)
    (block,) = told(unit, wording())
    assert block["rest"]["count"] == 6 - SHOWN
    for term in block["terms"]:
        assert np.dot(term["cells"]["patch"], term["cells"]["kernel"]) == pytest.approx(term["value"], rel=1e-4)
        assert term["value"] * term["weight"] == pytest.approx(term["product"], rel=1e-4)
    terms = sum(term["product"] for term in block["terms"]) + block["rest"]["sum"]
    assert terms + block["bias"] == pytest.approx(unit.value, rel=1e-4)


def test_of_a_large_window_the_strongest_numbers_are_listed():
    unit = explained(keras.layers.GlobalAveragePooling2D(), channel=1)
    (block,) = told(unit, wording())
    assert (len(block["terms"]), block["rest"]["count"]) == (SHOWN, 81 - SHOWN)
    products = [term["product"] for term in block["terms"]]
    assert products == sorted(products, reverse=True)
    assert sum(products) + block["rest"]["sum"] == pytest.approx(unit.value, rel=1e-4)
    source, row, column, channel = block["terms"][0]["target"]
    assert (source, channel) == (0, 1)
    assert block["terms"][0]["label"] == f"{row}, {column}"


def test_the_largest_terms_come_first_whatever_their_sign():
    unit = explained(keras.layers.Conv2D(2, 3), size=(5, 5), channel=1, row=1, column=2)
    (block,) = told(unit, wording())
    sizes = [abs(term["product"]) for term in block["terms"]]
    assert len(sizes) == 3
    assert sizes == sorted(sizes, reverse=True)
    assert block["rest"]["count"] == 0


def shuffled_page(open_page, **parameters):
    """Open the page and let its job end."""
    app = open_page("convolution", view="shuffled", model="lenet5-mnist", **parameters)
    jobs()._pool.submit(lambda: None).result()  # the worker does one thing after the other
    return app.run()


def test_the_rank_correlation_is_that_of_the_trained_and_the_shuffled_model(open_page, lenet):
    app = shuffled_page(open_page, shuffled="1")
    assert not app.exception
    photo = app.session_state["image"]
    inputs = lenet.prepare([cache.photo(photo).pixels])
    before, after = (grad_cam(randomized(lenet, from_top=count), inputs, class_index=0)[0] for count in (0, 1))
    assert before.max() > 0
    assert after.max() > 0
    assert app.metric[0].value == f"{spearmanr(before.ravel(), after.ravel()).statistic:.2f}".replace("-", "−")
    assert app.metric[1].value == "1.00"
    assert texts.RANDOMIZED_BELOW.format(layer="conv2") in sentences(app)


def test_a_map_is_not_said_to_be_safe_when_layers_below_it_are_shuffled(open_page):
    app = shuffled_page(open_page, layer="pool1", channel=2)
    assert float(app.metric[1].value.replace("−", "-")) < 0.99
    assert texts.RANDOMIZED_BELOW.format(layer="pool1") not in sentences(app)


def test_a_cascade_is_kept_and_the_slider_computes_nothing(open_page):
    app = shuffled_page(open_page)
    assert [slider.value for slider in app.select_slider] == ["5"]
    said = app.metric[0].value
    app.select_slider(key="shuffled").set_value("0").run()
    assert app.metric[0].value == "1.00"
    assert texts.RANDOMIZED_NOTHING in sentences(app)
    app.select_slider(key="shuffled").set_value("5").run()
    assert app.metric[0].value == said
    assert not app.get("progress")


def test_a_slow_method_is_estimated_before_it_starts(open_page):
    app = open_page("convolution", view="shuffled", model="lenet5-mnist", method="occlusion")
    assert not app.exception
    assert "forward passes" in sentences(app)
    assert texts.RANDOMIZED_START in [button.label for button in app.button]


def test_a_model_without_maps_is_explained(open_page):
    app = open_page("convolution", view="shuffled", model="mnist_dense")
    assert not app.exception
    assert "has no feature maps" in sentences(app)


@pytest.mark.parametrize("weight", [np.nan, 3e37], ids=["nan", "too large"])
def test_kernels_that_are_no_numbers_or_too_large_are_not_lent_and_sums_have_dashes(open_page, tmp_path, weight):
    """A message is JSON, which has neither NaN nor infinity; the browser's own numbers end at 1e38."""
    layers = [keras.layers.Conv2D(2, 3, name=name) for name in ("stem", "middle", "last")]
    model = keras.Sequential([keras.Input((12, 12, 3)), *layers])
    for layer in layers[:2]:
        layer.set_weights([np.full(layer.kernel.shape, weight), np.zeros(2)])
    path = tmp_path / "wild.keras"
    model.save(path)
    name = store.put_model("wild.keras", path.read_bytes())
    app = open_page("convolution", model=name, filter="gray", layer="stem", channel=0)
    assert not app.exception
    header = shown(app, "playground")
    assert header["kernel"] is None and header["filters"] is None
    assert "filter" not in app.query_params
    app = open_page("convolution", model=name, view="inside", layer="middle")
    assert not app.exception
    if np.isfinite(weight):
        assert here(app)["own"] is None
    else:
        assert "depends on weights of" in sentences(app)
