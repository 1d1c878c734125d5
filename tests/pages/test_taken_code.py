"""Does the code that a view offers compute what the view shows?"""

import io

import keras
import numpy as np
import pytest
import tifffile
from reading_pages import finished

import cnnviz
from cnnviz import convolution, images
from cnnviz.convolution import PRESETS
from cnnviz.dashboard import store
from cnnviz.dashboard.components.playground import gray
from cnnviz.dashboard.convolution.playground import read

LENET5 = {"model": "lenet5-mnist", "image": "mnist-5k:82"}
STACK = {name: np.stack([PRESETS[name]], axis=-1) for name in ("identity", "edges")} | {
    "strength": np.stack([PRESETS["sobel-x"], PRESETS["sobel-y"]], axis=-1)
}


@pytest.fixture
def offered(open_page):
    """Gives the code that a view offers, and the page."""

    def run(**link):
        app = finished(open_page("convolution", **link))
        app.session_state["export"] = True
        app.run()
        assert not app.exception, app.exception
        (code,) = [block.value for block in app.code]
        return code, app

    return run


@pytest.fixture
def taken(offered):
    """Runs what a view offers; returns its variables, and the page."""

    def run(**link):
        code, app = offered(**link)
        variables = {}
        exec(code, variables)
        return variables, app

    return run


@pytest.mark.parametrize(
    ("play", "expected"),
    [
        ("", lambda maps: convolution.cross_correlate(maps, PRESETS["edges"][:, :, None, None])),
        ("vedges~s2~psame~b-20~r", lambda maps: np.maximum(
            0, convolution.cross_correlate(maps, PRESETS["edges"][:, :, None, None], stride=2, padding="same") - 20)),
        ("vstrength~mmax_2_2", lambda maps: convolution.max_pool(np.hypot(*(
            convolution.cross_correlate(maps, PRESETS[name][:, :, None, None]) for name in ("sobel-x", "sobel-y"))),
            size=2)),
        ("k2_2_1_1_1_0_0_-1~f~p1~d2", lambda maps: convolution.cross_correlate(
            maps, np.float32([[-1, 0], [0, 1]])[:, :, None, None], padding=1, dilation=2)),
    ],
)  # fmt: skip
def test_the_playgrounds_code_computes_what_the_link_says(taken, cat, play, expected):
    variables, _ = taken(detail="32", play=play)
    wanted = expected(gray(images.fit(cat, (32, 32)))[:, :, None])
    assert np.ptp(wanted) > 10
    np.testing.assert_allclose(variables["maps"], wanted, rtol=1e-4, atol=1e-2)


def test_the_playgrounds_code_holds_typed_numbers(taken):
    variables, _ = taken(play="t3_1_2_3_4_5_6_7_8_9~k2_2_1_1_1_0_0_-1")
    np.testing.assert_array_equal(variables["maps"][..., 0], np.full((2, 2), -4))


def test_filters_read_colors_or_their_sum_a_gray_image(rng):
    filters = rng.normal(size=(3, 3, 3, 4)).astype(np.float32)
    colors = rng.integers(0, 255, (8, 9, 3)).astype(np.uint8)
    color, plain = (read(f"n2{more}", presets=STACK, filters=filters, lent=None) for more in ("~c", ""))
    expected = convolution.cross_correlate(colors.astype(np.float32), filters[..., [2]])
    np.testing.assert_allclose(color.result(color.maps(colors)), expected, rtol=1e-5, atol=1e-3)
    np.testing.assert_allclose(plain.kernels[..., 0, 0], filters[..., 2].sum(axis=2), rtol=1e-5)


@pytest.mark.parametrize(
    "link",
    [
        "s9",
        "pbad",
        "d0",
        "k9_9_1_1_1",
        "k1_1_1_1_1e9",
        "t4_1",
        "mmax",
        "mmin_2_2",
        "vnone",
        "n99",
        "bx",
        "cyes",
        "s" + 5000 * "9",
    ],
)
def test_what_is_no_setting_is_passed_over(link):
    found = read(link, presets=STACK, filters=np.zeros((3, 3, 1, 2), np.float32), lent=None)
    np.testing.assert_array_equal(found.kernels, PRESETS["identity"][:, :, None, None])
    assert (found.stride, found.padding, found.dilation, found.bias, found.pool) == (1, 0, 1, 0.0, None)
    assert found.typed is None


def test_a_lent_kernel_stands_until_a_link_says_otherwise():
    lent = np.float32([[1, 2], [3, 4]])
    for link, expected in {"": lent, "vedges": PRESETS["edges"]}.items():
        found = read(link, presets=STACK, filters=None, lent=lent)
        np.testing.assert_array_equal(found.kernels[..., 0, 0], expected)


def test_a_unit_is_the_one_that_is_looked_at(taken):
    variables, _ = taken(view="inside", layer="conv1", channel="2", unit="20,9", **LENET5)
    unit, convnet = variables["unit"], variables["convnet"]
    maps = cnnviz.feature_maps(convnet, variables["inputs"], layers=["conv1"])["conv1"][0]
    assert (unit.row, unit.column, unit.channel) == (20, 9, 2)
    assert unit.value == pytest.approx(float(maps[20, 9, 2]), rel=1e-5)


def test_moved_maps_are_compared_as_on_the_page(taken):
    variables, app = taken(view="moved", layer="conv1", move="3,0,0,1", **LENET5)
    assert variables["by"] == convolution.Move(right=3)
    share = convolution.relative_difference(variables["after"], variables["before"], where=variables["where"])
    assert share > 0.1
    assert app.metric[0].value == f"{share:.0%}".replace("%", " %")


def test_shuffled_heatmaps_follow_the_pages_stops(taken):
    variables, app = taken(view="shuffled", method="grad_cam", **LENET5)
    assert variables["counts"][-1] == len(convolution.weighted_layers(variables["convnet"]))
    found = convolution.rank_correlation(variables["heats"][0], variables["heats"][-1])
    assert app.metric[0].value == f"{found:.2f}".replace("-", "−")


@pytest.mark.parametrize("topic", ["window", "stack", "pooling"])
def test_sizes_are_those_of_keras(taken, topic):
    variables, _ = taken(view="sizes", topic=topic, stack="12x12x2,conv3x4s2same,pool2,flatten,dense5")
    found = convolution.stack(variables["shape"], variables["blocks"])
    if topic == "window":
        convolution_layer = keras.layers.Conv2D(6, 3, strides=2, padding="same")
        assert found[0].output_shape == convolution_layer.compute_output_shape((1, 10, 10, 3))[1:]
        return
    image = keras.Input((12, 12, 2))
    maps = keras.layers.MaxPooling2D()(keras.layers.Conv2D(4, 3, strides=2, padding="same")(image))
    model = keras.Model(image, keras.layers.Dense(5)(keras.layers.Flatten()(maps)))
    if topic == "pooling":  # the last stack is the one without pools
        assert sum(layer.parameters for layer in found) > model.count_params()
    else:
        assert sum(layer.parameters for layer in found) == model.count_params()


def test_of_what_is_not_taken_apart_the_map_is_offered(offered, tmp_path):
    image = keras.Input((8, 8, 1))
    maps = keras.layers.LayerNormalization(name="norm")(keras.layers.Conv2D(3, 3)(image))
    keras.Model(image, maps).save(tmp_path / "m.keras")
    name = store.put_model("m.keras", (tmp_path / "m.keras").read_bytes())
    code, _ = offered(view="inside", model=name, layer="norm")
    assert "feature_maps" in code and "explain_unit" not in code


def test_skips_keep_the_image(taken):
    variables, _ = taken(view="sizes", topic="skip")
    likeness = [convolution.likeness(variables["maps"], variables[name][-1]) for name in ("plain", "skip")]
    assert likeness[1] > likeness[0] + 0.1


@pytest.fixture(scope="module")
def own(tmp_path_factory):
    """An uploaded model and an uploaded scan of 16 bits, in one folder for all tests that take them."""
    folder = str(tmp_path_factory.mktemp("cache"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CNNVIZ_CACHE_DIR", folder)
        file = tmp_path_factory.mktemp("own") / "mine.keras"
        keras.utils.set_random_seed(0)
        keras.Sequential(
            [
                keras.Input((24, 24, 3)),
                keras.layers.Conv2D(4, 3, activation="relu", name="conv"),
                keras.layers.GlobalAveragePooling2D(name="pool"),
                keras.layers.Dense(3, activation="softmax", name="scores"),
            ]
        ).save(file)
        scan = np.random.default_rng(0).integers(0, 2**12, (40, 30, 3), np.uint16)
        buffer = io.BytesIO()
        tifffile.imwrite(buffer, scan, photometric="rgb")
        link = {
            "model": store.put_model("mine.keras", file.read_bytes()),
            "image": store.put("pictures", buffer.getvalue()) + ":stretched",
        }
    return link, scan, folder


@pytest.fixture
def taken_of_own(own, open_page, monkeypatch, tmp_path):
    """Runs what a page offers of them, in an empty folder; returns its variables and the page."""

    def run(page, **link):
        app = finished(open_page(page, **own[0], **link))
        app.session_state["export"] = True
        app.run()
        assert not app.exception, app.exception
        (code,) = [block.value for block in app.code]
        monkeypatch.chdir(tmp_path)
        variables = {}
        exec(code, variables)
        return variables, app

    monkeypatch.setenv("CNNVIZ_CACHE_DIR", own[2])
    return run


def test_the_code_of_every_page_runs_with_an_uploaded_model_and_image(taken_of_own, own):
    link_to_own, scan, _ = own
    shown = np.rint((scan - float(scan.min())) / (float(scan.max()) - scan.min()) * 255).astype(np.uint8)
    for page, link, name in (
        ("overview", {}, "probabilities"),
        ("activations", {"layer": "conv"}, "output"),
        ("heatmaps", {"method": "grad_cam", "class": "class 1"}, "heat"),
        ("convolution", {"view": "inside", "layer": "conv", "channel": "1", "unit": "3,4"}, "unit"),
        ("convolution", {"view": "moved", "layer": "conv", "move": "2,0,0,1"}, "after"),
        ("convolution", {"detail": "24", "play": "vedges"}, "maps"),
    ):
        variables, _ = taken_of_own(page, **link)
        # The model is shown the image stretched, the playground its middle.
        fitted = [images.fit(image, (24, 24), how="stretch" if "convnet" in variables else "crop").astype(int)
                  for image in (variables["photo"], shown)]  # fmt: skip
        assert np.abs(fitted[0] - fitted[1]).max() <= 1
        if "convnet" in variables:
            assert variables["convnet"].model.get_layer("conv").filters == 4
            assert variables["convnet"].name == link_to_own["model"]
        assert variables[name] is not None, page
