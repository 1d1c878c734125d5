"""Does one walk through the model in the browser, and see at once what a unit sees?"""

import pytest

from cnnviz.convnets import load_convnet
from cnnviz.convolution import reached_units, unit_box

COLUMN, ROW = 9, 20


@pytest.fixture(scope="module")
def lenet():
    return load_convnet("lenet5-mnist")


def told(page):
    return page.locator(".unit-view").evaluate("element => ({...element.dataset})")


def test_one_moves_over_the_map_and_walks_down_and_back(dashboard, lenet):
    dashboard.open(f"/convolution?view=inside&model=lenet5-mnist&layer=conv1&channel=2&unit={ROW},{COLUMN}")
    page, view = dashboard.page, dashboard.page.locator("canvas.map")
    before = told(page)
    assert before["field"] == " ".join(map(str, unit_box(lenet, layer="conv1", row=ROW, column=COLUMN)))

    view.press("ArrowRight")
    after = told(page)  # the neighbor's numbers came along: nothing was asked of the server
    assert page.locator(".sum.stale").count() == 0
    assert after["field"] == " ".join(map(str, unit_box(lenet, layer="conv1", row=ROW, column=COLUMN + 1)))
    assert float(after["own"]) == pytest.approx(float(after["value"]), rel=1e-4)
    assert after["own"] != before["own"]

    photo = page.locator("canvas.photo")
    box = photo.bounding_box()
    x, y = 5, 8
    photo.hover(position={"x": (x + 0.5) * box["width"] / 28, "y": (y + 0.5) * box["height"] / 28})
    reached = reached_units(lenet, layer="conv1", box=(x, y, x + 1, y + 1))
    assert 0 < reached.sum() < reached.size
    assert told(page)["reached"] == str(reached.sum())

    dashboard.settle()
    page.locator("button.down").click()
    page.locator(".map-title", has_text="scaling").wait_for()
    dashboard.settle()
    assert page.locator("button.down").is_disabled()  # below is the image itself
    page.get_by_role("button", name="Up to conv1").click()
    page.locator(".map-title", has_text="conv1").wait_for()
    dashboard.settle()
    assert (told(page)["row"], told(page)["column"]) == (str(ROW), str(COLUMN + 1))
