"""Do the sizes of the convolution page agree with Keras?"""

import json
import re

import keras
import numpy as np
import pytest
from keras import layers as kl
from reading_pages import sentences

from cnnviz.convolution.notation import read_stack, write_stack
from cnnviz.convolution.stack import Block
from cnnviz.dashboard.convolution.layer_stack import PRESETS


@pytest.fixture
def opened(open_page):
    def run(**parameters):
        app = open_page("convolution", view="sizes", model="lenet5-mnist", **parameters)
        assert not app.exception, app.exception
        return app

    return run


def results(app):
    """What the formulas come to: name to number."""
    found = {}
    for element in app.get("latex"):
        name = re.search(r"\\text\{([\w ]+)\}", element.value)[1]
        found[name] = int(re.findall(r"\\mathbf\{((?:\d|\{,\})+)\}", element.value)[-1].replace("{,}", ""))
    return found


def component(app, name):
    """What a component was given."""
    proto = next(part.proto for part in app.get("bidi_component") if part.proto.component_name == name)
    if not proto.bytes:
        return json.loads(proto.json)
    length = int.from_bytes(proto.bytes[:4], "little")
    return json.loads(proto.bytes[4 : 4 + length])


def keras_layers(block):
    """The same layer in Keras; a number of zeros stands before it."""
    padding = block.padding
    if isinstance(padding, int):
        yield kl.ZeroPadding2D(padding)
        padding = "valid"
    window = {"strides": block.stride, "padding": padding}
    if block.kind == "convolution":
        yield kl.Conv2D(block.filters, block.kernel, dilation_rate=block.dilation, **window)
    elif block.kind == "depthwise":
        yield kl.DepthwiseConv2D(block.kernel, dilation_rate=block.dilation, **window)
    elif block.kind == "pooling":
        yield kl.MaxPooling2D(block.kernel, **window)
    elif block.kind == "dense":
        yield kl.Dense(block.filters)
    else:
        yield {"flatten": kl.Flatten, "global-pooling": kl.GlobalAveragePooling2D}[block.kind]()


@pytest.mark.parametrize("seed", range(8))
def test_a_window_gives_as_many_outputs_and_parameters_as_in_keras(opened, seed):
    rng = np.random.default_rng(seed)
    stride, dilation = (int(rng.integers(1, 4)), 1) if seed % 2 else (1, int(rng.integers(1, 4)))
    padding = ["valid", "same", 1, 2][seed % 4]
    side, channels = int(rng.integers(12, 40)), int(rng.integers(1, 5))
    block = Block("convolution", int(rng.integers(2, 5)), stride, padding, dilation, int(rng.integers(1, 9)))
    app = opened(window=write_stack((side, side, channels), [block]))
    model = keras.Sequential([keras.Input((side, side, channels)), *keras_layers(block)])
    numbers = results(app)
    assert numbers["output"] == model.output_shape[1] == component(app, "cnnviz_windows")["output"]
    assert numbers["parameters"] == model.count_params()
    assert numbers["effective kernel"] == dilation * (block.kernel - 1) + 1


def test_the_first_screen_shows_the_uneven_rule(opened):
    app = opened()
    assert results(app) == {"output": 5, "effective kernel": 3, "parameters": 168}
    assert "adds 0 before and 1 after" in sentences(app)
    drawn = component(app, "cnnviz_windows")
    assert drawn["padding"] == [0, 1]
    assert drawn["reads"][-1] == [8, 9, 10]  # the last one is the padding's zero


def test_what_the_controls_say_stands_in_the_link(opened):
    app = opened()
    app.number_input(key="window dilation").set_value(2).run()
    assert app.query_params["window"] == "10x10x3,conv3x6s2samed2"
    assert "Keras does not allow a stride above 1 together with a dilation above 1" in sentences(app)
    app.selectbox(key="window padding").select("valid").run()
    app.number_input(key="window input").set_value(14).run()
    assert app.query_params["window"] == "14x14x3,conv3x6s2d2"
    assert "1 cell at the end is not read by any window" in sentences(app)
    app.number_input(key="window kernel").set_value(9).run()
    assert "A window that spans 17 does not fit into 14" in sentences(app)
    assert not app.exception


def test_a_link_that_cannot_be_read_is_named_and_the_usual_shown(opened):
    app = opened(window="10x10x3,pool2")
    assert "10x10x3,pool2" in sentences(app)
    assert results(app)["output"] == 5


@pytest.mark.parametrize("name", sorted(set(PRESETS) - {"vgg16"}))
def test_every_line_of_a_stack_is_what_keras_makes_of_it(opened, name):
    app = opened(topic="stack", stack=PRESETS[name])
    shape, blocks = read_stack(PRESETS[name])
    model = keras.Sequential([keras.Input(shape), *(layer for block in blocks for layer in keras_layers(block))])
    shown = component(app, "cnnviz_stack")
    shapes = [" × ".join(str(side) for side in layer.output.shape[1:]) for layer in model.layers]
    assert [row["output"] for row in shown["rows"]] == shapes
    assert [row["parameters"] for row in shown["rows"]] == [f"{layer.count_params():,}" for layer in model.layers]
    assert shown["totals"]["parameters"] == f"{model.count_params():,}"


def test_vgg16_has_the_parameters_that_it_is_known_for(opened):
    shown = component(opened(topic="stack", stack=PRESETS["vgg16"]), "cnnviz_stack")
    assert shown["totals"]["parameters"] == "138,357,544"
    assert [row["field"] for row in shown["rows"] if row["field"]][-1] == 212


def test_three_small_windows_see_as_far_as_a_large_one_and_need_fewer_parameters(opened):
    three, seven = (
        component(opened(topic="stack", stack=PRESETS[name]), "cnnviz_stack") for name in ("three", "seven")
    )
    assert three["rows"][-1]["seen"] == seven["rows"][-1]["seen"] == "7 × 7"
    assert three["totals"]["parameters"] == f"{3 * (9 * 64 * 64 + 64):,}"
    assert seven["totals"]["parameters"] == f"{49 * 64 * 64 + 64:,}"


def test_a_layer_is_added_behind_the_picked_one(opened):
    app = opened(topic="stack", stack="28x28x1,conv5x6,flatten,dense10")
    assert component(app, "cnnviz_stack")["picked"] == 0  # the last one with a window
    app.selectbox(key="stack add kind").select("pooling").run()
    app.button(key="stack add").click().run()
    assert app.query_params["stack"] == "28x28x1,conv5x6,pool2,flatten,dense10"
    assert component(app, "cnnviz_stack")["picked"] == 1
    assert results(app)["receptive field"] == 6


def test_a_preset_replaces_the_stack(opened):
    app = opened(topic="stack")
    assert app.session_state["stack"] == PRESETS["lenet5"]
    app.button(key="stack seven").click().run()
    assert app.query_params["stack"] == PRESETS["seven"]


@pytest.mark.parametrize(
    ("stack", "text"),
    [
        ("28x28x1,conv5x6,dense10,pool2", "A dense layer needs a vector"),
        ("28x28x1,flatten,conv5x6", "This layer needs feature maps"),
        ("28x28x1,conv5x6,pool2,conv15x4", "A window that spans 15 does not fit into 12"),
    ],
)
def test_a_stack_that_breaks_says_where_and_keeps_its_lines(opened, stack, text):
    app = opened(topic="stack", stack=stack)
    assert text in sentences(app)
    shown = component(app, "cnnviz_stack")
    assert len(shown["rows"]) == stack.count(",")
    assert shown["rows"][-1]["output"] == "–"


def test_pools_save_what_keras_counts(opened):
    app = opened(topic="pooling")
    pooled, plain = (
        keras.Sequential(
            [
                keras.Input((28, 28, 1)),
                *(layer for block in blocks for layer in keras_layers(block)),
            ]
        ).count_params()
        for blocks in _with_and_without(PRESETS["lenet5"])
    )
    assert app.get("plotly_chart")[0].proto.alt == f"Two bars: {pooled:,} parameters with pooling, {plain:,} without."
    factor = plain / pooled
    assert 18 < factor < 19
    assert any(f"{factor:.3g} times" in element.value for element in app.subheader)


def _with_and_without(text):
    blocks = read_stack(text)[1]
    return blocks, [block for block in blocks if block.kind != "pooling"]


def test_a_stack_without_pools_is_replaced_and_it_is_said(opened):
    app = opened(topic="pooling", stack=PRESETS["seven"])
    assert "so LeNet-5 is shown" in sentences(app)
    assert "61,706" in app.get("plotly_chart")[0].proto.alt


def test_the_connection_costs_nothing_and_keeps_the_image(opened):
    app = opened(topic="skip", image="chelsea")
    likeness = [float(text) for text in re.findall(r"correlation with the image (-?[\d.]+)", sentences(app))]
    assert likeness[0] == 1
    assert likeness[2] > likeness[1] + 0.3
    app.select_slider(key="depth").set_value("2").run()
    parameters = keras.Sequential(
        [keras.Input((64, 64, 3)), *(kl.Conv2D(3, 3, padding="same", use_bias=False) for _ in range(4))]
    ).count_params()
    assert f"Both stacks have **{parameters}** parameters" in sentences(app)
