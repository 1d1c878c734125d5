"""Can a newcomer do the main things in a real browser?"""

import io
import re

import numpy as np
import pytest
from PIL import Image

from cnnviz.convnets import load_convnet
from cnnviz.images import read_photo, sample_photos
from cnnviz.probes import predict

PAGES = ("/", "/activations", "/filters", "/heatmaps")


def value(canvas):
    return int(canvas.get_attribute("aria-valuenow"))


@pytest.mark.parametrize("path", PAGES)
def test_each_page_opens_as_a_deep_link_on_the_default(dashboard, path):
    dashboard.open(path)
    assert dashboard.page.get_by_test_id("stMain").get_by_role("heading", level=1).is_visible()


def test_the_default_model_names_the_cat(dashboard):
    dashboard.open()
    first = dashboard.page.locator(".bars button").first
    assert "Egyptian cat" in first.inner_text()
    convnet = load_convnet("efficientnet-lite0")
    answer = predict(convnet, convnet.prepare([read_photo(sample_photos()["chelsea"])]))
    assert f"{100 * answer.max():.0f} %" in first.inner_text()


def test_an_uploaded_photo_drives_every_page_and_its_link_holds(dashboard):
    coffee = Image.fromarray(read_photo(sample_photos()["coffee"]))
    buffer = io.BytesIO()
    coffee.save(buffer, "JPEG", quality=95)
    dashboard.open()
    dashboard.page.get_by_role("button", name="Upload an image").click()
    dashboard.page.locator("input[type=file]").first.set_input_files(
        {"name": "mine.jpg", "mimeType": "image/jpeg", "buffer": buffer.getvalue()}
    )
    first = dashboard.page.locator(".bars button").first
    first.filter(has_text="espresso").wait_for()
    dashboard.page.wait_for_url(re.compile(r"image=[0-9a-f]{64}"))
    link = dashboard.page.url
    dashboard.settle().page.goto(link)
    dashboard.page.locator(".bars button").first.filter(has_text="espresso").wait_for()


def test_a_broken_image_is_explained_and_changes_nothing(dashboard):
    dashboard.open()
    dashboard.page.get_by_role("button", name="Upload an image").click()
    dashboard.page.locator("input[type=file]").first.set_input_files(
        {"name": "broken.jpg", "mimeType": "image/jpeg", "buffer": b"not an image"}
    )
    dashboard.page.get_by_test_id("stAlert").first.wait_for()  # in the open popover, and below it
    assert "image=" not in dashboard.settle().page.url
    assert "Egyptian cat" in dashboard.page.locator(".bars button").first.inner_text()


def test_arrow_keys_step_through_the_layers_and_back_restores(dashboard):
    dashboard.open("/activations?layer=stem_relu")
    dashboard.page.keyboard.press("ArrowRight")
    dashboard.page.wait_for_url(re.compile("layer=block0_dw_conv"))
    dashboard.settle().page.go_back()
    dashboard.page.wait_for_url(re.compile("layer=stem_relu"))
    dashboard.canvas("All 32 channels of stem_relu").wait_for()


def test_a_click_on_a_channel_opens_its_card_and_arrows_move_on(dashboard):
    dashboard.open("/activations?layer=stem_relu")
    sheet = dashboard.canvas("All 32 channels")
    sheet.click(position={"x": 20, "y": 20})
    dashboard.page.locator("figcaption.title", has_text=sheet.get_attribute("aria-valuetext")).wait_for()
    assert value(dashboard.settle().canvas("All 32 channels")) == 0
    sheet.press("ArrowRight")
    dashboard.page.locator("figcaption.title", has_text=sheet.get_attribute("aria-valuetext")).wait_for()
    assert value(dashboard.settle().canvas("All 32 channels")) == 1
    assert "layer=stem_relu" in dashboard.page.url  # the sheet had the focus: the layer stays


def test_a_pattern_forms_is_cancelled_and_resumes(dashboard):
    dashboard.open("/filters?layer=block1_expand_conv&style=textbook")
    dashboard.page.get_by_role("button", name="Generate 16 patterns").click()
    cancel = dashboard.page.get_by_role("button", name="Cancel")
    cancel.wait_for()
    dashboard.page.get_by_text("steps").first.wait_for()
    cancel.click()
    dashboard.page.get_by_role("button", name=re.compile("Generate")).wait_for()
    dashboard.page.get_by_role("button", name=re.compile("Generate")).click()
    cancel.wait_for()
    cancel.wait_for(state="detached")
    dashboard.settle()
    assert dashboard.page.get_by_role("button", name=re.compile("Generate")).count() == 0


def test_two_classes_stand_side_by_side_on_one_scale(dashboard):
    dashboard.open("/heatmaps?class=Egyptian cat&against=tiger cat")
    titles = dashboard.page.locator("figcaption.title").all_inner_texts()
    assert [title.split(" · ")[0] for title in titles] == [
        "Image",
        "Egyptian cat",
        "tiger cat",
        "Egyptian cat minus tiger cat",
    ]
    tops = dashboard.page.locator(".scale .high").all_inner_texts()
    assert tops[1] == tops[2] != ""


def test_the_pointer_reads_the_exact_value(dashboard, lite0, cat):
    from cnnviz.heatmaps import grad_cam

    dashboard.open("/heatmaps")
    view = dashboard.canvas("Grad-CAM for")
    view.focus()
    view.press("ArrowRight")
    said = dashboard.page.locator(".value").nth(1).inner_text()
    shown, row, column = re.match(r"(\S+) logit · (\d+), (\d+)", said).groups()
    heat = grad_cam(lite0, lite0.prepare([cat]))[0]
    assert float(shown) == pytest.approx(heat[int(row), int(column)], rel=6e-3, abs=1e-6)


@pytest.mark.parametrize("path", PAGES)
def test_a_phone_shows_each_page_without_scrolling_sideways(phone, path):
    phone.open(path)
    width = phone.page.evaluate("document.querySelector('[data-testid=stMain]').scrollWidth")
    assert width <= 420
    shot = np.asarray(Image.open(io.BytesIO(phone.page.screenshot())).convert("L"))
    assert shot.mean() < 110  # the dark theme is followed


def test_a_phone_shows_every_method_at_once(phone):
    phone.open("/heatmaps")
    pills = phone.page.locator(".st-key-method").get_by_role("radio")
    pills.nth(8).wait_for()
    boxes = [pill.bounding_box() for pill in pills.all()]
    assert len(boxes) == 9
    assert all(box["x"] >= 0 and box["x"] + box["width"] <= 420 for box in boxes)
    assert len({box["y"] for box in boxes}) > 1
