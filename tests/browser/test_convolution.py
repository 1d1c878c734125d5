"""Does the browser compute what the library computes, wherever the window stands?"""

import numpy as np
import pytest

from cnnviz import images
from cnnviz.convolution import PRESETS, cross_correlate
from cnnviz.dashboard.convolution.kernel import _LUMINANCE

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


@pytest.fixture
def playground(dashboard):
    dashboard.open("/convolution")
    return dashboard.page.locator(".playground")


def gray(cat):
    return np.round(images.fit(cat, (SIDE, SIDE)).astype(np.float32) @ _LUMINANCE)


def test_each_cell_is_the_librarys(dashboard, playground, cat):
    page, picture = dashboard.page, gray(cat)
    for preset, stride, padding, dilation in SETTINGS:
        chosen(page, "preset", preset)
        chosen(page, "stride", str(stride))
        chosen(page, "padding", padding)
        chosen(page, "dilation", str(dilation))
        expected = cross_correlate(
            picture[:, :, None], PRESETS[preset][:, :, None, None], stride=stride, dilation=dilation,
            padding=padding if padding == "same" else int(padding),
        )[:, :, 0]  # fmt: skip
        assert playground.get_attribute("data-size") == f"{expected.shape[0]} {expected.shape[1]}"
        view = page.locator("canvas.output")
        box = view.bounding_box()
        for row, column in [(0, 0), (expected.shape[0] // 2, 1), (expected.shape[0] - 1, expected.shape[1] - 1)]:
            view.click(
                position={
                    "x": (column + 0.5) * box["width"] / expected.shape[1],
                    "y": (row + 0.5) * box["height"] / expected.shape[0],
                }
            )
            assert (playground.get_attribute("data-row"), playground.get_attribute("data-column")) == (
                str(row),
                str(column),
            )
            value = float(playground.get_attribute("data-value"))
            assert value == pytest.approx(float(expected[row, column]), rel=1e-5, abs=1e-2)
    assert np.ptp(expected) > 10  # not the same number everywhere


def test_keys_move_the_window_and_an_own_kernel_is_taken_at_once(dashboard, playground, cat):
    page, picture = dashboard.page, gray(cat)
    view = page.locator("canvas.output")
    view.click(position={"x": 5, "y": 5})
    view.press("ArrowRight")
    view.press("ArrowDown")
    row, column = (int(playground.get_attribute(f"data-{name}")) for name in ("row", "column"))
    assert row >= 1 and column >= 1
    page.locator(".kernel input").nth(4).fill("9")  # eight becomes nine: edges and the picture itself
    kernel = PRESETS["edges"].copy()
    kernel[1, 1] = 9
    expected = float((picture[row : row + 3, column : column + 3] * kernel).sum())
    assert float(playground.get_attribute("data-value")) == pytest.approx(expected)
    page.get_by_label("ReLU").check()
    assert float(playground.get_attribute("data-value")) == pytest.approx(max(0.0, expected))
    chosen(page, "pool", "max")
    assert "31 × 31" in page.locator(".pooled-caption").inner_text()


def test_a_window_that_does_not_fit_is_said_in_words(dashboard):
    dashboard.open("/convolution")
    dashboard.page.get_by_role("slider").first.press("Home")
    dashboard.settle()
    chosen(dashboard.page, "preset", "gaussian-blur")
    chosen(dashboard.page, "dilation", "4")
    assert "does not fit" in dashboard.page.locator(".note").inner_text()
