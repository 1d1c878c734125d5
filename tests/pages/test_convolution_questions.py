"""Is the answer hidden until it is asked for, and is it the one that Keras gives?"""

import re

import keras
import numpy as np
import pytest

from cnnviz.convnets import load_convnet
from cnnviz.convolution.presets import PRESETS
from cnnviz.datasets import load_dataset
from cnnviz.images import fit, gray, rgb


@pytest.fixture
def opened(open_page):
    def run(**parameters):
        app = open_page("convolution", view="questions", **({"model": "lenet5-mnist"} | parameters))
        assert not app.exception, app.exception
        return app

    return run


def question(app):
    return app.header[0].value


def choices(app):
    return next(group for group in app.get("button_group") if group.label == "Answers")


def words(app):
    kinds = (app.info, app.success, app.warning, app.markdown)
    return "\n".join(element.value for kind in kinds for element in kind)


def reveal(app, chosen=None):
    """Choose an answer by what it says, if any, and ask for the right one."""
    if chosen is not None:
        group = choices(app)
        group.set_value(group.options.index(chosen)).run()
    app.button(key="reveal").click().run()
    assert not app.exception, app.exception
    return app


def answer(app):
    return re.search(r"(?:Answer|Correct): \*\*(.+?)\*\*", words(app))[1]


def settings(app):
    text = next(element.value for element in app.markdown if element.value.startswith("Input "))
    found = re.fullmatch(
        r"Input (\d+) × (\d+) × (\d+) · kernel (\d+) × \d+ · stride (\d+) · padding (.+?) · dilation (\d+) · "
        r"(\d+) filters",
        text,
    ).groups()
    rows, columns, channels, kernel, stride, dilation, filters = (int(found[place]) for place in (0, 1, 2, 3, 4, 6, 7))
    return (rows, columns, channels), (kernel, stride, found[5], dilation, filters)


def keras_model(shape, window, depth=1):
    kernel, stride, padding, dilation, filters = window
    layers = []
    for _ in range(depth):
        if padding[0].isdigit():
            layers.append(keras.layers.ZeroPadding2D(int(padding[0])))
        name = "same" if padding == "same" else "valid"
        layers.append(keras.layers.Conv2D(filters, kernel, strides=stride, padding=name, dilation_rate=dilation))
    return keras.Sequential([keras.Input(shape), *layers])


@pytest.mark.parametrize("seed", [1, 7, 13, 19, 25, 31])
def test_the_size_is_the_one_of_keras(opened, seed):
    app = reveal(opened(seed=seed))
    assert question(app) == "How many rows and columns does the output have?"
    assert answer(app) == "{} × {}".format(*keras_model(*settings(app)).output_shape[1:3])


@pytest.mark.parametrize("seed", [2, 8, 14, 20])
def test_the_parameters_are_those_of_keras(opened, seed):
    app = reveal(opened(seed=seed))
    assert question(app) == "How many parameters does this layer have, biases included?"
    assert answer(app) == f"{keras_model(*settings(app)).count_params():,}"
    assert answer(app).replace(",", "{,}") in app.get("latex")[-1].value


@pytest.mark.parametrize("seed", [3, 9, 15])
def test_the_receptive_field_is_as_wide_as_a_changed_pixel_is_seen(opened, seed):
    """Of a stack in Keras with weights of one, the gradient of one output says which pixels it sees."""
    import tensorflow as tf

    app = reveal(opened(seed=seed))
    depth = int(re.match(r"(\d) of these layers", question(app))[1])
    _, (kernel, stride, _, dilation, _) = settings(app)
    layers = [
        keras.layers.Conv1D(1, kernel, strides=stride, dilation_rate=dilation, kernel_initializer="ones")
        for _ in range(depth)
    ]
    pixels = tf.Variable(np.ones((1, 600, 1), np.float32))
    with tf.GradientTape() as tape:
        values = pixels
        for layer in layers:
            values = layer(values)
        first = values[0, 0, 0]
    seen = np.flatnonzero(tape.gradient(first, pixels).numpy())
    assert int(answer(app)) == seen[-1] + 1


@pytest.mark.parametrize("seed", [4, 10, 16, 22])
def test_the_changed_size_is_the_one_of_keras(opened, seed):
    app = reveal(opened(seed=seed))
    name, now = re.match(r"With a (?:(stride|dilation) of )?(\d+)", question(app)).groups()
    shape, window = settings(app)
    window = list(window)
    window[{None: 0, "stride": 1, "dilation": 3}[name]] = int(now)
    if window[1] > 1 and window[3] > 1:
        pytest.skip("Keras refuses a stride together with a dilation.")
    assert answer(app) == "{} × {}".format(*keras_model(shape, window).output_shape[1:3])


@pytest.mark.parametrize("seed", [5, 11, 17])
def test_the_brightest_place_is_that_of_keras(opened, cat, seed):
    app = reveal(opened(seed=seed, image="chelsea"))
    rows = re.search(r"begin\{bmatrix\} (.*?) \\end", app.get("latex")[0].value)[1]
    kernel = np.array([[float(value) for value in row.split("&")] for row in rows.split(r"\\")], np.float32)
    assert any(np.array_equal(kernel, preset) for preset in PRESETS.values())
    small = gray(fit(cat, (10, 10)))[..., :1].astype(np.float32)
    layer = keras.layers.Conv2D(1, 3, padding="same", use_bias=False)
    layer.build((None, 10, 10, 1))
    layer.set_weights([kernel[..., None, None]])
    output = np.asarray(layer((small - small.mean())[None]))[0, ..., 0]
    row, column = np.unravel_index(output.argmax(), output.shape)
    spec = app.get("plotly_chart")[0].proto.spec
    assert re.search(rf'"text":"\\u003cb\\u003e{answer(app)}\\u003c\\u002fb\\u003e","x":{column},"y":{row}', spec)


def test_the_class_is_the_one_that_the_model_answers(opened):
    app = reveal(opened(seed=6, image="mnist-5k:82"))
    convnet = load_convnet("lenet5-mnist")
    shares = np.asarray(convnet.model(convnet.prepare([rgb(load_dataset("mnist-5k").test.photo(82))])))[0]
    assert answer(app) == str(shares.argmax()) == "0"


def test_the_first_question_is_about_the_settings_of_the_sizes(opened):
    app = opened(window="28x28x3,conv5x6s2same")
    assert "Input 28 × 28 × 3 · kernel 5 × 5 · stride 2 · padding same" in words(app)
    assert answer(reveal(app)) == "14 × 14"


def test_nothing_is_said_before_it_is_asked_for(opened):
    app = opened()
    assert not (app.info or app.success or app.warning or app.get("latex"))


def test_the_same_link_asks_the_same_and_the_next_one_something_else(opened):
    one, same = opened(seed=9), opened(seed=9)
    assert (question(one), choices(one).options) == (question(same), choices(same).options)
    one.button(key="next").click().run()
    assert one.query_params["seed"] == "10"
    assert question(one) != question(same)
    one.button(key="previous").click().run()
    assert question(one) == question(same)


def test_right_and_wrong_answers_are_told_and_counted(opened):
    app = reveal(opened(), "5 × 5")
    assert "Correct: **5 × 5**" in words(app)
    assert "1 of 1 answer correct" in words(app)
    app.button(key="next").click().run()
    wrong = next(option for option in choices(app).options if option != "168")
    reveal(app, wrong)
    assert f"Not {wrong}: the answer is **168**" in words(app)
    assert "1 of 2 answers correct" in words(app)
    app.button(key="next").click().run()
    assert "1 of 2 answers correct" in words(reveal(app))  # without a guess nothing counts
