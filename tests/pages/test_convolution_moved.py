"""Does the convolution page move an image, and say what the model makes of it?"""

import re

import keras
import numpy as np
import pytest
from reading_pages import finished, sentences

from cnnviz.convnets import load_convnet
from cnnviz.convolution.translation import Move, move
from cnnviz.dashboard import store
from cnnviz.datasets import load_dataset
from cnnviz.images import rgb

DIGIT = 82  # a zero among the held-out digits


@pytest.fixture
def opened(open_page):
    def run(**parameters):
        return finished(open_page("convolution", view="moved", **parameters))

    return run


@pytest.fixture(scope="module")
def lenet5():
    return load_convnet("lenet5-mnist")


def digit():
    return rgb(load_dataset("mnist-5k").test.photo(DIGIT))


def numbers(app):
    return {metric.label: metric.value for metric in app.metric}


def keras_answer(convnet, photo):
    return np.asarray(convnet.model(convnet.prepare([photo]), training=False))[0]


def percent_of(share):
    return f"{100 * share:.0f} %"


def test_the_answer_is_what_keras_says_of_the_shifted_pixels(opened, lenet5):
    app = opened(model="lenet5-mnist", image=f"mnist-5k:{DIGIT}", move="3,2,0,1")
    photo = digit()
    shifted = np.zeros_like(photo)  # the digit's border is black
    shifted[2:, 3:] = photo[:-2, :-3]
    before, after = keras_answer(lenet5, photo), keras_answer(lenet5, shifted)
    assert before.argmax() == 0 != after.argmax()
    text = f"From **0** ({percent_of(before[0])}) to **{after.argmax()}** ({percent_of(after.max())})"
    assert text in sentences(app)


def test_a_map_follows_a_shift_by_its_own_steps(opened, lenet5):
    app = opened(model="lenet5-mnist", image=f"mnist-5k:{DIGIT}", layer="pool1", move="4,-2,0,1")
    assert numbers(app)["Difference from the translated map"] == "< 0.1 %"
    maps = keras.Model(lenet5.model.inputs[0], lenet5.model.get_layer("pool1").output)
    photo = digit()
    moved = move(photo, Move(4, -2)).astype(np.uint8)
    own, old = (np.asarray(maps(lenet5.prepare([one])))[0] for one in (moved, photo))
    own, old = own[:-1, 2:], old[:-1, 2:]  # what came into sight does not count
    changed = np.linalg.norm(own - old) / np.sqrt((np.square(own).sum() + np.square(old).sum()) / 2)
    assert 0.5 < changed < 1.5
    assert numbers(app)["Difference from the original map"] == percent_of(changed)
    assert "2 cells in x and -1 in y" in sentences(app)


def test_a_turn_is_not_followed(opened):
    app = opened(model="lenet5-mnist", image=f"mnist-5k:{DIGIT}", layer="conv1", move="0,0,90,1")
    assert float(numbers(app)["Difference from the translated map"].rstrip(" %")) > 10


def test_the_first_screen_shows_a_shifted_cat(opened):
    app = opened()
    assert app.slider(key="move right").value == 16
    assert re.search(r"(Still|From) \*\*Egyptian cat\*\*", sentences(app))
    alts = [chart.proto.alt for chart in app.get("plotly_chart")]
    assert alts == [
        "Probabilities of the top classes, before and after the transformation.",
        "Probability of Egyptian cat over the translation in x.",
    ]


def test_sliders_stand_in_the_link_and_no_move_is_no_change(opened):
    app = opened(model="lenet5-mnist")
    app.slider(key="move right").set_value(0).run()
    assert app.query_params["move"] == "0,0,0,1"
    assert numbers(app) == {
        "Difference from the original map": "< 0.1 %",
        "Difference from the translated map": "< 0.1 %",
    }
    app.slider(key="move factor").set_value(1.25).run()
    assert app.query_params["move"] == "0,0,0,1.25"


@pytest.mark.parametrize("link", ["x", "1,2,3,4,5", "nan,0,0,1", "0,0,0,0", "15,0,0,1", "0,2.5,0,1", "0,0,1e300,1"])
def test_a_link_that_is_no_move_is_named(opened, link):
    app = opened(model="lenet5-mnist", move=link)
    assert link in sentences(app)
    assert app.slider(key="move right").value == 2
    assert "move" not in app.query_params


def test_a_model_without_classes_shows_its_maps_and_is_asked_no_class(opened, tmp_path):
    model = keras.Sequential([keras.Input((16, 16, 3)), keras.layers.Conv2D(3, 3, padding="same", name="only")])
    path = tmp_path / "maps.keras"
    model.save(path)
    app = opened(model=store.put_model("maps.keras", path.read_bytes()), move="2,0,0,1")
    assert "Difference from the original map" in numbers(app)
    assert not app.get("plotly_chart")
    app.session_state["view"], app.session_state["seed"] = "questions", "6"
    app.run()
    assert not app.exception
    assert app.header[0].value == "How many rows and columns does the output have?"


@pytest.mark.parametrize("topic", ["maps", "layers"])
def test_a_model_without_maps_is_explained_before_anything_is_moved(opened, topic):
    app = opened(model="mnist_dense", topic=topic)
    assert "mnist_dense has no feature maps" in sentences(app)
    assert not app.slider


def test_layers_notice_a_shift_in_place_and_follow_it(opened):
    app = opened(model="lenet5-mnist", topic="layers", image=f"mnist-5k:{DIGIT}", move="4,0,0,1")
    spec = app.get("plotly_chart")[0].proto.spec
    assert all(f'"{name}"' in spec for name in ("conv1", "pool1", "conv2", "pool2"))
    assert "From the original maps" in sentences(app)


def test_only_pooled_maps_stand_a_shift(opened, lenet5):
    app = opened(topic="rivals", image=f"mnist-5k:{DIGIT}")
    sentence = re.search(r"With the digits translated by 3 pixels.*", sentences(app))[0]
    convolutional, dense, pooled = (int(text) for text in re.findall(r"\*\*(\d+) %\*\*", sentence))
    assert dense < convolutional < pooled
    test = load_dataset("mnist-5k").test
    photos = [rgb(test.photo(index)) for index in range(0, 1000, 4)]
    inputs = lenet5.prepare([np.roll(np.pad(one, ((0, 0), (0, 3), (0, 0))), 3, axis=1)[:, :28] for one in photos])
    right = np.asarray(lenet5.model(inputs, training=False)).argmax(axis=1) == test.labels[::4]
    assert convolutional == pytest.approx(100 * right.mean(), abs=1)  # a digit may touch the border
    assert f"{lenet5.model.count_params():,} parameters" in sentences(app)
