"""From a click on the matrix to the reason of one mistake, to what changes it, to evidence that opens anywhere."""

import re
import zipfile

import numpy as np
import pytest

from cnnviz import mistakes
from cnnviz.convnets import load_convnet
from cnnviz.datasets import load_dataset

PULLOVER, COAT = 2, 4


@pytest.fixture(scope="module")
def fashion():
    dataset = load_dataset("fashion-sample")
    return mistakes.evaluate(load_convnet("fashion-cnn"), dataset.test, class_names=dataset.class_names)


def shares(page):
    """Name of each class to what its bar on the card says."""
    rows = [row.inner_text().split("\n") for row in page.locator(".bars button").all()]
    return {row[0]: row[-1] for row in rows}


def summary(evaluation):
    """What the page says first of an evaluation."""
    accuracy = 100 * np.mean(evaluation.predicted == evaluation.labels)
    return f"Accuracy {accuracy:.0f} %"


def click_cell(page, fashion, label, said):
    order = mistakes.confused_order(mistakes.confusion(fashion)).tolist()
    place = order.index(label) * len(order) + order.index(said)
    point = page.get_by_test_id("stPlotlyChart").first.locator(".scatterlayer .point").nth(place)
    point.scroll_into_view_if_needed()
    box = point.bounding_box()
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)


def test_a_cell_leads_to_a_card_where_hiding_the_hottest_region_changes_the_answer(
    dashboard, fashion, chromium, tmp_path
):
    page = dashboard.open("/mistakes").page
    page.get_by_text(summary(fashion)).wait_for()
    dashboard.settle()
    count = len(mistakes.cell(fashion, COAT, PULLOVER))
    assert count > 1
    click_cell(page, fashion, COAT, PULLOVER)
    page.get_by_text(f"Coat → Pullover: {count}", exact=True).wait_for()
    page.wait_for_url(re.compile("cell=4(%3A|:)2"))
    dashboard.settle()
    gallery = dashboard.canvas("Coat → Pullover").first
    gallery.focus()
    page.keyboard.press("ArrowRight")
    row = mistakes.mistakes(fashion, of=(COAT, PULLOVER))[1]
    page.wait_for_url(re.compile(f"item={fashion.indices[row]}(&|$)"))
    dashboard.settle()
    before = shares(page)
    assert before["Pullover"] == f"{100 * fashion.confidence[row]:.0f} %"
    page.get_by_role("button", name="Mask the hottest region").click()
    page.get_by_role("button", name="hottest region masked").wait_for()
    dashboard.settle()
    assert shares(page) != before
    page.get_by_role("button", name="Undo").click()
    page.get_by_role("button", name="hottest region masked").wait_for(state="detached")
    dashboard.settle()
    assert shares(page) == before
    page.get_by_test_id("stPopover").get_by_role("button", name="Export").click()
    with page.expect_download() as download:
        page.get_by_role("button", name="Export this image").click()
    download.value.save_as(tmp_path / "evidence.zip")
    with zipfile.ZipFile(tmp_path / "evidence.zip") as archive:
        (tmp_path / "index.html").write_bytes(archive.read("index.html"))
        assert np.load(archive.open("numbers.npz"))["indices"] == [fashion.indices[row]]
    context = chromium.new_context(offline=True)
    opened = context.new_page()
    opened.goto((tmp_path / "index.html").as_uri())
    assert opened.locator("img").count() == 3
    assert all(opened.locator("img").nth(place).evaluate("image => image.naturalWidth") > 0 for place in range(3))
    context.close()


def test_on_the_map_a_point_opens_its_card_and_a_lasso_a_gallery_and_the_brush_covers_a_part(dashboard):
    page = dashboard.open("/mistakes?model=fashion-cnn&show=map").page
    points = page.get_by_test_id("stPlotlyChart").first.locator(".scatterlayer .point")
    points.first.wait_for()
    dashboard.settle()
    box = points.nth(3).bounding_box()
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.wait_for_url(re.compile(r"item=\d+"))
    page.get_by_role("heading", name="Why?").wait_for()
    dashboard.settle()

    page.get_by_text("lasso selection", exact=True).click()
    dashboard.settle()
    drawn = page.get_by_test_id("stPlotlyChart").first.locator(".nsewdrag").first
    drawn.hover()  # waits until the chart is drawn anew and stays where it is
    plane = drawn.bounding_box()
    corners = [(0.02, 0.02), (0.98, 0.02), (0.98, 0.98), (0.02, 0.98), (0.02, 0.05)]
    for place, (x, y) in enumerate(corners):
        page.mouse.move(plane["x"] + x * plane["width"], plane["y"] + y * plane["height"], steps=5)
        if not place:
            page.mouse.down()
    page.mouse.up()
    page.get_by_text(re.compile(r"^selected with the lasso: (\d{3}|1,000)$")).wait_for()
    dashboard.settle()

    page.get_by_role("radio", name="brush").or_(page.get_by_role("button", name="brush")).first.click()
    canvas = dashboard.canvas("Paint over")
    canvas.scroll_into_view_if_needed()
    dashboard.settle()
    before = shares(page)
    box = canvas.bounding_box()
    page.mouse.move(box["x"] + 0.2 * box["width"], box["y"] + 0.4 * box["height"])
    page.mouse.down()
    page.mouse.move(box["x"] + 0.8 * box["width"], box["y"] + 0.6 * box["height"], steps=8)
    dashboard.settle()
    assert not page.get_by_role("button", name="painted over").count()  # nothing is sent while the pen is down
    page.mouse.up()
    page.get_by_role("button", name="painted over").wait_for()
    dashboard.settle()
    assert shares(page) != before
    canvas.focus()
    page.keyboard.press("Control+z")
    page.get_by_role("button", name="painted over").wait_for(state="detached")
    dashboard.settle()
    assert shares(page) == before


def test_on_a_phone_nothing_is_wider_than_the_page(phone, fashion):
    page = phone.open("/mistakes").page
    page.get_by_text(summary(fashion)).wait_for()
    phone.settle()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.evaluate("document.querySelector('[data-testid=stMain]').scrollWidth <= innerWidth")


def test_before_a_class_the_matrix_is_whole_and_a_click_still_finds_its_cell(dashboard, fashion):
    page = dashboard.open("/mistakes?present=1").page
    page.get_by_text(summary(fashion)).wait_for()
    dashboard.settle()
    place, drawn = (
        page.locator(name).first.bounding_box()
        for name in (".stElementContainer:has(> [data-testid=stFullScreenFrame] > .stPlotlyChart)", "svg.main-svg")
    )
    assert place["width"] > 500
    assert [drawn[key] for key in ("x", "y", "width", "height")] == pytest.approx(
        [place[key] for key in ("x", "y", "width", "height")], abs=2
    )
    click_cell(page, fashion, COAT, PULLOVER)
    page.wait_for_url(re.compile("cell=4(%3A|:)2"))
