"""The server's log after a walk through every page: it holds what a server says of itself, and no warning.

The same is asked of the log of each session when its server ends, after all that the other tests do.
"""

import io
import re

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

from cnnviz.convnets import load_convnet

PAGES = ("Activations", "Filters", "Heatmaps", "Mistakes", "Training", "Convolution", "Overview")


@pytest.fixture
def uploads(tmp_path, rng):
    """An image and a model of one's own."""
    image, model = io.BytesIO(), tmp_path / "mine.keras"
    Image.fromarray(rng.integers(0, 255, (60, 80, 3), np.uint8)).save(image, "PNG")
    load_convnet("fashion-cnn").model.save(model)
    return {"name": "mine.png", "mimeType": "image/png", "buffer": image.getvalue()}, model


def walk(dashboard, pages=PAGES):
    """Change from page to page as people do."""
    for title in pages:
        dashboard.page.get_by_test_id("stSidebarNav").get_by_text(title, exact=True).click()
        dashboard.page.get_by_role("heading", level=1, name=title).wait_for()
        dashboard.settle()


def upload(dashboard, popover, file):
    dashboard.page.get_by_role("button", name=popover).click()
    dashboard.page.locator("input[type=file]").first.set_input_files(file)


@pytest.mark.timeout(900)
def test_the_log_holds_no_warning_after_a_walk_through_every_page(dashboard, server_log, uploads):
    image, model = uploads
    page = dashboard.open().page
    upload(dashboard, "Upload an image", image)
    page.wait_for_url(re.compile(r"image=[0-9a-f]{64}"))
    upload(dashboard.open(), "Upload a model", str(model))
    page.wait_for_url(re.compile(r"model=mine-[0-9a-f]{8}"))
    walk(dashboard.settle())
    # TensorFlow warns of a function that is traced for one model after the other.
    for name in ("lenet5-mnist", "lenet5", "cifar10_cnn", "mnist_convnet"):
        for path in ("activations", "heatmaps"):
            dashboard.open(f"/{path}?model={name}")
    assert server_log.warnings() == []


@pytest.mark.timeout(900)
def test_the_log_holds_no_warning_after_a_look_at_every_view(dashboard, server_log):
    page = dashboard.open("/mistakes?cell=all").page  # the example is evaluated at once, however slow the machine is
    dashboard.canvas("all mistakes").first.wait_for()
    before = dashboard.canvas("all mistakes").first.get_attribute("aria-valuetext")
    page.get_by_role("button", name="Page 2", exact=True).click()
    expect(dashboard.canvas("all mistakes").first).not_to_have_attribute("aria-valuetext", before)
    for show in ("mean", "suspects", "compare"):
        dashboard.open(f"/mistakes?show={show}")
    for view in ("new", "series"):
        dashboard.open(f"/training?view={view}")
    assert server_log.warnings() == []
