"""Does the browser compute what the library computes, wherever the window stands, and does the link say so?"""

import re
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pytest

from cnnviz import convolution, images
from cnnviz.convolution import PRESETS, combine_edges, convolve, cross_correlate
from cnnviz.dashboard.components.playground import gray
from cnnviz.dashboard.convolution.playground import read

SIDE = 64
SETTINGS = [
    ("edges", 1, "0", 1),
    ("gaussian-blur", 2, "same", 1),
    ("edges-4-rows", 3, "same", 1),
    ("edges-5-columns", 2, "2", 1),
    ("sobel-x", 1, "same", 3),
]


def chosen(page, name, value):
    page.locator(f"select[name={name}]").select_option(value)


def opened(dashboard, link=""):
    dashboard.open(f"/convolution{link}")
    drawn = dashboard.page.locator(".playground[data-size]")
    drawn.wait_for()
    return drawn


@pytest.fixture
def playground(dashboard):
    return opened(dashboard)


def photo(cat, side=SIDE):
    return images.fit(cat, (side, side))


def said(playground, name):
    return float(playground.get_attribute(f"data-{name}"))


def place(playground):
    return int(said(playground, "row")), int(said(playground, "column"))


def point(page, name, cell, size):
    view = page.locator(f"canvas.{name}")
    box = view.bounding_box()
    x, y = (cell[1] + 0.5) * box["width"] / size[1], (cell[0] + 0.5) * box["height"] / size[0]
    view.click(position={"x": x, "y": y})


def test_each_cell_is_the_librarys(dashboard, playground, cat):
    page, image = dashboard.page, gray(photo(cat))
    for preset, stride, padding, dilation in SETTINGS:
        chosen(page, "preset", preset)
        chosen(page, "stride", str(stride))
        chosen(page, "padding", padding)
        chosen(page, "dilation", str(dilation))
        expected = cross_correlate(
            image[:, :, None], PRESETS[preset][:, :, None, None], stride=stride, dilation=dilation,
            padding=padding if padding == "same" else int(padding),
        )[:, :, 0]  # fmt: skip
        assert playground.get_attribute("data-size") == f"{expected.shape[0]} {expected.shape[1]}"
        for row, column in [(0, 0), (expected.shape[0] // 2, 1), (expected.shape[0] - 1, expected.shape[1] - 1)]:
            point(page, "output", (row, column), expected.shape)
            assert place(playground) == (row, column)
            assert said(playground, "value") == pytest.approx(float(expected[row, column]), rel=1e-5, abs=1e-2)
    assert np.ptp(expected) > 10  # not the same number everywhere


def test_colors_flips_biases_and_edges_all_round_are_the_librarys(dashboard, playground, cat):
    page, colors = dashboard.page, photo(cat).astype(np.float32)
    chosen(page, "preset", "emboss")
    page.get_by_role("checkbox", name="RGB").check()
    page.get_by_label("Flip the kernel").check()
    page.get_by_label("Bias").fill("-40.5")
    point(page, "output", (20, 33), (62, 62))
    kernel = np.repeat(PRESETS["emboss"][:, :, None, None], 3, axis=2)
    flipped, straight = (how(colors, kernel)[20, 33, 0] - 40.5 for how in (convolve, cross_correlate))
    assert abs(flipped - straight) > 1
    assert said(playground, "value") == pytest.approx(flipped, rel=1e-5)

    page.get_by_role("checkbox", name="RGB").uncheck()
    page.get_by_label("Bias").fill("0")
    chosen(page, "preset", "strength")
    across, down = (cross_correlate(gray(photo(cat))[:, :, None], PRESETS[name][:, :, None, None])
                    for name in ("sobel-x", "sobel-y"))  # fmt: skip
    assert said(playground, "value") == pytest.approx(combine_edges(across, down)[20, 33, 0], rel=1e-5)
    page.wait_for_url("**vstrength**")
    (link,) = parse_qs(urlsplit(page.url).query)["play"]
    presets = {"strength": np.stack([PRESETS[name] for name in ("sobel-x", "sobel-y")], axis=-1)}
    played = read(link, presets=presets, filters=None, lent=None)
    assert said(playground, "value") == pytest.approx(played.result(played.maps(photo(cat)))[20, 33, 0], rel=1e-5)


def test_keys_move_the_window_and_an_own_kernel_is_taken_at_once(dashboard, playground, cat):
    page, image = dashboard.page, gray(photo(cat))
    view = page.locator("canvas.output")
    point(page, "output", (20, 30), (62, 62))
    view.press("ArrowRight")
    view.press("ArrowDown")
    row, column = place(playground)
    assert (row, column) == (21, 31)
    page.locator(".kernel input").nth(4).fill("9")  # eight becomes nine: edges and the image itself
    kernel = PRESETS["edges"].copy()
    kernel[1, 1] = 9
    expected = float((image[row : row + 3, column : column + 3] * kernel).sum())
    assert said(playground, "value") == pytest.approx(expected)
    page.get_by_label("ReLU").check()
    assert said(playground, "value") == pytest.approx(max(0.0, expected))
    chosen(page, "pool", "max")
    assert "31 × 31" in page.locator(".pooled-caption").inner_text()
    chosen(page, "window", "3")
    chosen(page, "hop", "2")
    assert "30 × 30" in page.locator(".pooled-caption").inner_text()
    maps = np.maximum(cross_correlate(image[:, :, None], kernel[:, :, None, None]), 0)
    assert expected > 0
    largest = convolution.max_pool(maps, size=3, stride=2)[row // 2, column // 2, 0]
    assert f"maximum of 9 values, {largest:.4g}" in page.locator(".sum").inner_text()


def test_a_link_keeps_settings_and_place_and_back_undoes_the_last(dashboard):
    page = dashboard.page
    playground = opened(dashboard, "?detail=16&play=vsobel-x~s2~psame~b3~a1_2")
    assert place(playground) == (1, 2)
    before = said(playground, "value")
    assert playground.get_attribute("data-size") == "8 8"
    page.locator("canvas.output").press("ArrowRight")
    page.locator("canvas.output").press("ArrowDown")
    page.wait_for_url("**~a2_3")  # once for both steps, when the hand rests
    dashboard.settle()
    assert page.evaluate("history.length") == 3  # an empty page, the link, and where the hand rested
    assert place(playground) == (2, 3) and said(playground, "value") != before
    page.go_back()
    page.locator(".playground[data-row='1'][data-column='2']").wait_for()
    assert said(playground, "value") == before


def test_numbers_that_are_typed_are_convolved(dashboard):
    playground = opened(dashboard, "?play=t3_1_2_3_4_5_6_7_8_9~k2_2_1_1_1_0_0_-1~a1_0")
    cells = dashboard.page.locator(".typed input")
    assert cells.count() == 9
    assert said(playground, "value") == 4 - 8
    cells.nth(7).fill("3")  # the eight
    assert said(playground, "value") == 4 - 3
    chosen(dashboard.page, "wide", "3")  # a column of zeros beside the kernel
    assert playground.get_attribute("data-size") == "2 1"


def test_a_class_sees_one_view_at_a_time_by_keys_and_takes_it_home_on_one_page(dashboard):
    page = dashboard.page
    opened(dashboard)
    page.get_by_role("button", name="Present").click()
    page.wait_for_url("**/convolution?present=1")
    dashboard.settle()
    assert not page.get_by_test_id("stSidebar").is_visible() and not page.get_by_role("heading", level=1).is_visible()
    figcaption = page.locator(".input-caption")
    assert figcaption.evaluate("e => parseFloat(getComputedStyle(e).fontSize) * e.currentCSSZoom") >= 28  # twice 14
    assert len(re.findall(rb"/Type /Page\b", page.pdf(prefer_css_page_size=True))) == 1
    assert figcaption.is_visible()  # the screen is as it was
    page.keyboard.press("PageDown")
    page.wait_for_url("**view=sizes")
    dashboard.settle()
    formulas = page.locator(".katex-display")
    formulas.first.wait_for()
    assert max(formulas.evaluate_all("all => all.map((e) => e.scrollWidth - e.clientWidth)")) <= 2  # nothing is cut off
    page.keyboard.press("ArrowLeft")
    page.wait_for_url("**/convolution?present=1")
    dashboard.settle()
    page.keyboard.press("Escape")
    page.wait_for_url("**/convolution")
    page.get_by_role("heading", level=1).wait_for()


@pytest.mark.parametrize("query", ["", "&present=1"])
def test_a_chart_is_whole_on_paper(dashboard, query):
    page = dashboard.open(f"/convolution?view=sizes&topic=pooling{query}").page
    page.locator("svg.main-svg").first.wait_for()
    dashboard.settle()
    page.set_viewport_size({"width": 1440, "height": 900})
    dashboard.settle()
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    chart = page.locator(".js-plotly-plot").first
    overhang = "plot => plot.querySelector('svg').getBoundingClientRect().right - plot.getBoundingClientRect().right"
    assert chart.evaluate(overhang) <= 1
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert len(re.findall(rb"/Type /Page\b", page.pdf(prefer_css_page_size=True))) == 1


def test_a_window_that_does_not_fit_is_said_in_words(dashboard):
    opened(dashboard)
    dashboard.page.get_by_role("slider", name="Resolution").press("Home")
    dashboard.page.wait_for_url("**detail=8")
    dashboard.page.locator(".playground[data-size='6 6']").wait_for()
    chosen(dashboard.page, "preset", "gaussian-blur")
    chosen(dashboard.page, "dilation", "4")
    assert "does not fit" in dashboard.page.locator(".note").inner_text()
    dashboard.page.locator("canvas.input").click()  # there is no place to go to
    assert min(place(dashboard.page.locator(".playground"))) >= 0
