"""Does the URL say what is shown, and nothing else?"""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
NOWHERE = {
    "model": "no-such-network",
    "image": "0" * 64,
    "layer": "nowhere",
    "class": "unicorn",
    "channel": "4096",
    "method": "magic",
    "against": "unicorn",
}


def said(app):
    return "\n".join(element.value for element in app.text)


def test_what_a_page_chooses_itself_is_not_in_its_link(open_page):
    for name in ("overview", "activations", "filters", "heatmaps"):
        app = open_page(name)
        assert app.session_state["model"] == "efficientnet-lite0"
        assert app.query_params == {}


def test_what_a_link_asks_for_is_kept_in_the_order_of_the_link(open_page):
    asked = {"channel": "7", "layer": "stem_relu", "image": "coffee", "method": "hires_cam"}
    app = open_page("activations", **asked)
    assert app.number_input(key="channel").value == 7
    assert list(app.query_params.items()) == list(asked.items())


@pytest.mark.parametrize("key", NOWHERE)
def test_what_is_not_there_is_said_once_and_leaves_the_link(open_page, key):
    page = "heatmaps" if key in ("method", "against") else "activations"
    app = open_page(page, **{key: NOWHERE[key], "scale": "kept by nobody"})
    assert not app.exception
    assert len(re.findall("Shown instead", said(app))) == 1
    assert "Shown instead" in said(app)
    assert app.query_params == {}
    app.run()
    assert "Shown instead" not in said(app)


@pytest.mark.parametrize("channel", ["-1", "5.5", "many", ""])
def test_a_channel_that_is_no_number_is_none(open_page, channel):
    app = open_page("activations", layer="stem_relu", channel=channel)
    assert not app.exception
    assert 0 <= app.number_input(key="channel").value < 32
    assert app.query_params == {"layer": "stem_relu"}


def test_what_a_link_says_is_shown_as_it_is_written(open_page):
    app = open_page("overview", model="![x](http://elsewhere/x.png)")
    assert "![x](http://elsewhere/x.png)" in said(app)
    assert not [element for element in app.markdown if "elsewhere" in element.value]


def test_another_model_drops_a_layer_it_does_not_have_without_a_word(open_page):
    app = open_page("activations", layer="stem_relu")
    app.selectbox(key="model").select("lenet5").run()
    assert app.query_params == {"model": "lenet5"}
    assert "Shown instead" not in said(app)


def test_a_choice_stands_in_the_link_until_it_is_taken_back(open_page):
    app = open_page("heatmaps", image="coffee")
    app.selectbox(key="class").select("tabby").run()
    assert app.query_params == {"image": "coffee", "class": "tabby"}
    app.selectbox(key="class").set_value(None).run()
    assert app.query_params == {"image": "coffee"}


def test_a_page_shows_the_same_with_and_without_a_way_to_it(open_page):
    """A channel that one page chose itself is not a choice on the next one, whose link would not say it."""
    app = open_page("activations", layer="stem_relu")
    assert app.number_input(key="channel").value != 0
    app.switch_page(str(ROOT / "pages" / "filters.py")).run()
    direct = open_page("filters", layer="stem_relu")
    assert app.number_input(key="channel").value == direct.number_input(key="channel").value
    assert app.query_params == direct.query_params == {"layer": "stem_relu"}


def test_a_chosen_channel_comes_along(open_page):
    app = open_page("activations", layer="stem_relu")
    app.number_input(key="channel").set_value(31).run()
    app.switch_page(str(ROOT / "pages" / "filters.py")).run()
    assert app.number_input(key="channel").value == 31
    assert app.query_params == {"layer": "stem_relu", "channel": "31"}


@pytest.mark.parametrize("call", ["bind=", "st.stop()"])
def test_nothing_keeps_the_one_writer_of_the_url_from_its_work(call):
    """Streamlit's binding of widgets refuses a second writer; after `st.stop` nothing more reaches the browser."""
    for path in [*(ROOT / "cnnviz").rglob("*.py"), *(ROOT / "pages").glob("*.py")]:
        assert call not in path.read_text(), path


def test_a_page_that_ends_early_still_writes_its_url(open_page):
    app = open_page("heatmaps", model="mnist_dense", method="grad_cam", layer="nowhere")
    assert "has no feature maps" in said(app)
    assert "Shown instead" in said(app)
    assert app.query_params == {"model": "mnist_dense", "method": "grad_cam"}


def test_a_heatmap_at_an_early_layer_offers_the_usual_one(open_page):
    app = open_page("heatmaps", layer="stem_relu")
    app.button(key="usual_layer").click().run()
    assert not app.exception
    assert app.session_state["layer"] is None
    assert not [button for button in app.button if button.key == "usual_layer"]


@pytest.mark.parametrize("key", ["data", "part", "show"])
def test_what_the_mistakes_page_cannot_show_is_said(open_page, key):
    app = open_page("mistakes", **{"model": "fashion-cnn", "data": "fashion-sample", key: "nowhere"})
    assert not app.exception
    assert f"This link asks for {key} 'nowhere', which does not exist." in said(app)


CONVOLUTION = {
    "play": ("kernel", "garbage"),
    "detail": ("kernel", "99999"),
    "filter": ("kernel", "gray"),
    "window": ("sizes", "8x8"),
    "move": ("moved", "1e300,0,0,1"),
    "unit": ("inside", "999,999"),
    "draw": ("drawn", "cat"),
    "fitted": ("drawn", "never"),
    "shuffled": ("shuffled", "4096"),
    "seed": ("questions", "-1"),
    "view": ("kernel", "nonsense"),
    "topic": ("sizes", "nonsense"),
    "present": ("kernel", "2"),
    "lang": ("kernel", "xx"),
}


@pytest.mark.parametrize("key", CONVOLUTION)
def test_what_the_convolution_page_cannot_show_is_said_and_leaves_the_link(open_page, key):
    view, nowhere = CONVOLUTION[key]
    app = open_page("convolution", **{"model": "lenet5-mnist", "view": view, key: nowhere})
    assert not app.exception
    assert f"This link asks for {key} {nowhere!r}, which does not exist." in said(app)
    assert app.query_params == {"model": "lenet5-mnist"} | ({"view": view} if view != "kernel" else {})


def test_a_long_stack_of_large_layers_is_refused_before_it_is_built(open_page):
    for stack in ("28x28x1" + ",conv3x8same" * 100, "28x28x1,conv99x99999", "99999x99999x3"):
        app = open_page("convolution", view="sizes", topic="stack", stack=stack)
        assert "This link asks for stack" in said(app)
        assert app.query_params == {"view": "sizes", "topic": "stack"}


def test_what_was_set_on_the_convolution_page_is_kept_as_it_was_linked(open_page):
    asked = {"play": "k3_1_1_1_0_-1.5e-7_2~s2~mmax_2_2~a1_2", "detail": "16", "topic": "layers", "view": "kernel"}
    app = open_page("convolution", **asked)
    assert app.query_params == {key: asked[key] for key in ("play", "detail", "topic")}
