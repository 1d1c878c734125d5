"""Can a newcomer train LeNet-5 in a real browser, stop it, resume it, and look inside what came out?"""

import re
import threading

import pytest

from cnnviz.runs import list_runs
from cnnviz.training import stop

SECONDS = 30


@pytest.fixture
def no_run_left(runs_folder):
    """Ends what a failed test would leave running."""
    yield
    for run in list_runs(runs_folder):
        if run.status.is_active:
            stop(run.path)
    for _ in range(20 * SECONDS):
        if not any(run.status.is_active for run in list_runs(runs_folder)):
            return
        threading.Event().wait(0.05)
    pytest.fail(f"A run goes on {SECONDS} s after it was asked to stop.")


def later_than(epoch):
    """What the page says of any later epoch of the twelve."""
    return re.compile(rf"epoch ({'|'.join(map(str, range(epoch + 1, 13)))}) of 12")


def wait_for_later(page, epoch):
    """Wait for a later epoch; gives its number."""
    said = page.get_by_text(later_than(epoch))
    said.wait_for()
    return int(re.search(r"epoch (\d+) of", said.inner_text())[1])


def stop_it(page):
    page.get_by_role("button", name="Stop", exact=True).click()
    page.get_by_text("Stopped", exact=True).wait_for()


def test_the_demo_is_launched_stopped_resumed_and_looked_into(dashboard, no_run_left):
    page = dashboard.open("/training").page
    page.get_by_role("button", name="Train LeNet-5 now").click()
    epoch = wait_for_later(page, 1)
    chart = page.get_by_test_id("stVegaLiteChart").first
    drawing = chart.locator("svg.marks")
    drawing.evaluate("svg => { svg.isTheFirst = true }")
    before = drawing.inner_html()
    epoch = wait_for_later(page, epoch + 1)
    dashboard.settle()
    assert drawing.inner_html() != before  # the curve grows by itself, in its place
    assert drawing.evaluate("svg => svg.isTheFirst === true")
    stop_it(page)
    page.get_by_role("button", name="Resume").click()
    wait_for_later(page, epoch)
    stop_it(page)
    dashboard.settle()
    name = page.get_by_role("combobox", name="Run").input_value()
    page.get_by_role("button", name="Open the model").click()
    page.get_by_role("heading", level=1, name="Overview").wait_for()
    dashboard.settle()
    side = page.get_by_test_id("stSidebar")
    assert side.get_by_role("combobox", name="Model").input_value() == name
    assert re.search(r"image=[0-9a-f]{64}", page.url)  # a digit, no photo of a cat
    first = page.locator(".bars button").first.inner_text()
    assert re.match(r"\d\s", first) and int(re.search(r"(\d+) %", first)[1]) > 50
    page.get_by_test_id("stSidebarNav").get_by_text("Activations", exact=True).click()
    page.get_by_role("heading", level=1, name="Activations").wait_for()
    dashboard.settle()
    dashboard.canvas("channels of conv").wait_for()
    page.get_by_test_id("stSidebarNav").get_by_text("Filters", exact=True).click()
    page.get_by_role("heading", level=1, name="Filters").wait_for()
    dashboard.settle()
    assert side.get_by_role("combobox", name="Model").input_value() == name
