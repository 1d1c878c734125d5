"""Does a drawing reach the model as its training images did, and every layer answer it?"""

import numpy as np
import pytest

from cnnviz import load_convnet, load_dataset, predict
from cnnviz.dashboard.components import Stroke, painted
from cnnviz.dashboard.convolution import drawing, ink
from cnnviz.images import drawings, rgb, scale_up

CANVAS = 140
MARGIN = 0.02  # a drawing of a digit of 20 x 20 that is scaled to 20 x 20 again loses a little sharpness


@pytest.fixture(scope="module")
def digits():
    """Held-out digits, their labels, and the model that never saw them."""
    test = load_dataset("mnist-5k").test
    chosen = np.arange(0, len(test), 2)
    return np.stack([test.photo(index)[:, :, 0] for index in chosen]), test.labels[chosen], load_convnet("lenet5-mnist")


def accuracy(convnet, images, labels):
    photos = [rgb(np.rint(255 * image).astype(np.uint8)[:, :, None]) for image in images]
    return float((predict(convnet, convnet.prepare(photos)).argmax(axis=1) == labels).mean())


def in_a_corner(digit):
    """The digit on a larger canvas, at four fifths of its size, in the upper left."""
    ink = np.zeros((CANVAS, CANVAS), np.float32)
    ink[:112, :112] = scale_up(digit.astype(np.float32) / 255, 4)
    return ink


def test_held_out_digits_are_read_as_well_from_the_canvas_wherever_they_stand(digits):
    images, labels, convnet = digits
    plain = accuracy(convnet, images / 255, labels)
    assert plain > 0.9
    centered = [drawings.as_digit(scale_up(image.astype(np.float32) / 255, 5)) for image in images]
    assert accuracy(convnet, centered, labels) >= plain - MARGIN
    corners = [in_a_corner(image) for image in images]
    assert accuracy(convnet, [drawings.as_digit(ink) for ink in corners], labels) >= plain - MARGIN
    assert accuracy(convnet, [drawings.as_it_is(ink) for ink in corners], labels) < plain - 0.2  # why it matters


def test_a_digit_fills_a_box_of_20_and_its_mass_is_in_the_middle():
    ink = np.zeros((CANVAS, CANVAS), np.float32)
    ink[10:70, 90:100] = 1  # tall
    ink[60:70, 60:100] = 1  # and heavy at the lower left
    image = drawings.as_digit(ink)
    rows, columns = (np.flatnonzero(image.max(axis=axis) > 0.5) for axis in (1, 0))
    assert len(rows) == 20 and abs(len(columns) - 40 / 3) <= 1
    center = np.array([(image.sum(axis=1 - axis) * np.arange(28)).sum() for axis in (0, 1)]) / image.sum()
    np.testing.assert_allclose(center, 13.5, atol=0.55)  # moved by whole pixels
    box = [(rows[0] + rows[-1]) / 2, (columns[0] + columns[-1]) / 2]
    assert max(np.abs(np.array(box) - 13.5)) > 1  # so the box is not: it is the mass that counts


def test_a_garment_fills_the_image_and_stands_in_the_middle():
    ink = np.zeros((CANVAS, CANVAS), np.float32)
    ink[5:45, 5:25] = 1
    image = drawings.as_garment(ink)
    expected = np.zeros((28, 28), np.float32)
    expected[:, 7:21] = 1
    np.testing.assert_allclose(image, expected, atol=1e-6)


@pytest.mark.parametrize("fit", [drawings.as_digit, drawings.as_garment, drawings.as_it_is])
def test_nothing_drawn_is_nothing(fit):
    assert not fit(np.zeros((CANVAS, CANVAS), np.float32)).any()
    dot = fit(painted([Stroke(2, False, ((1, 1),))], CANVAS, CANVAS))
    assert dot.shape == (28, 28) and dot.dtype == np.float32 and dot.min() >= 0 and 0 < dot.max() <= 1


@pytest.mark.parametrize(("kind", "name"), [("digit", "2"), ("garment", "trouser")])
def test_an_example_is_offered_and_known_and_every_layer_answers(open_page, kind, name):
    app = open_page("convolution", view="drawn", draw=kind)
    assert not app.exception
    [example] = [button for button in app.button if button.label == "Start with an example"]
    example.click().run()
    assert not app.exception
    said = "\n".join(element.value for element in app.markdown)
    assert "**conv1** · 28 × 28" in said and "**conv2**" in said and "flatten" not in said
    subject = drawing._SUBJECTS[kind]
    convnet = load_convnet(subject.network)
    image = subject.fit(painted(subject.example, CANVAS, CANVAS))
    [shares] = predict(convnet, convnet.prepare([rgb(np.rint(255 * image).astype(np.uint8)[:, :, None])]))
    assert convnet.class_names[shares.argmax()].lower() == name and shares.max() > 0.5


def test_a_drawing_can_become_the_image_of_all_pages(open_page):
    app = open_page("convolution", view="drawn")
    next(button for button in app.button if button.label == "Start with an example").click().run()
    next(button for button in app.button if button.label == "Inspect on all pages").click().run()
    assert not app.exception
    assert app.session_state["model"] == "lenet5-mnist" and app.query_params["view"] == "inside"
    assert len(app.session_state["image"]) == 64


def test_a_link_holds_the_drawing(open_page):
    app = open_page("convolution", view="drawn")
    next(button for button in app.button if button.label == "Start with an example").click().run()
    link = app.query_params["ink"]
    assert ink.read("digit", link) == drawing._SUBJECTS["digit"].example
    other = open_page("convolution", view="drawn", ink=link)
    bars = [[element.value for element in page.markdown] for page in (app, other)]
    assert bars[0] == bars[1] and "**conv1** · 28 × 28" in "\n".join(bars[1])
    garment = open_page("convolution", view="drawn", draw="garment", ink=link)  # another model's drawing is none
    assert any(button.label == "Start with an example" for button in garment.button)


@pytest.mark.parametrize("text", ["", "d", "x1100_1.1", "d1100", "d1100_1.1~", "d1_1.1_" + 9 * "9", "d" + 30_000 * "1"])
def test_what_is_no_drawing_is_an_empty_canvas(text):
    assert ink.read("digit", text) == ()


def test_a_drawing_is_read_as_it_was_drawn():
    strokes = (Stroke(15.56, False, ((3.07, 140.0), (-0.29, 12.5))), Stroke(9.0, True, ((70.01, 0.0),)))
    assert ink.read("garment", ink.write("garment", strokes)) == strokes
    assert ink.write("garment", ()) is None
