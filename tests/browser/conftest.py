"""A real server and Debian's Chromium; a test fails on any page error, foreign request or traceback in the log."""

import os
import re

import pytest
from running import CHROMIUM, FLAGS, TIMEOUT, running_app

_WARNS = re.compile(r"warn|deprecat|traceback|error|exception|critical|fatal|retrac|^[WEF]\d{4} ", re.IGNORECASE)
_OF_TENSORFLOW = "WARNING: All log messages before absl::InitializeLog() is called"  # at its import, whatever is set


def pytest_collection_modifyitems(items):
    for item in items:
        if "browser" in item.path.parts:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def chromium():
    if not CHROMIUM:
        reason = "Chromium is not installed: apt-get install chromium"
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(reason)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def runs_folder(tmp_path_factory):
    """Where the server keeps its training runs."""
    return tmp_path_factory.mktemp("runs")


class ServerLog:
    """What the server wrote."""

    def __init__(self, path):
        self.path = path

    def warnings(self):
        """Lines that warn of something, or tell of an error."""
        text = self.path.read_text(errors="replace")
        return [line for line in text.splitlines() if _WARNS.search(line) and _OF_TENSORFLOW not in line]


@pytest.fixture(scope="session")
def server_log(tmp_path_factory):
    """The log of the session's server."""
    return ServerLog(tmp_path_factory.mktemp("log") / "log.txt")


@pytest.fixture(scope="session")
def server(tmp_path_factory, runs_folder, server_log):
    folder, log = tmp_path_factory.mktemp("server"), server_log.path
    folders = {"CNNVIZ_CACHE_DIR": str(folder / "cache"), "CNNVIZ_RUNS_DIR": str(runs_folder)}
    with running_app(folder, log, **folders) as port:
        yield f"http://127.0.0.1:{port}"
    assert not server_log.warnings(), log.read_text(errors="replace")[-4000:]


class Dashboard:
    """A page of the dashboard, and the few gestures that the tests make."""

    def __init__(self, page, url):
        self.page, self.url, self.problems = page, url, []
        page.set_default_timeout(TIMEOUT)
        page.on("pageerror", lambda error: self.problems.append(str(error)))
        page.on("request", self._check_host)

    def _check_host(self, request):
        allowed = (self.url, self.url.replace("http", "ws"), "data:", "blob:")
        if not request.url.startswith(allowed):
            self.problems.append(f"foreign request: {request.url}")

    def open(self, path="/"):
        self.page.goto(self.url + path)
        self.page.locator("h1").first.wait_for(state="attached")
        return self.settle()

    def settle(self):
        """Wait until the script has run, every part is drawn and listens, and every image is there."""
        self.page.evaluate("window.quietSince = 0")
        self.page.wait_for_function(
            """() => {
                const app = document.querySelector('[data-testid=stApp]');
                const images = [...document.querySelectorAll('[data-testid=stMain] img')];
                const isDrawn = app && !app.querySelector('[data-testid=stSkeleton]') && images.every(i => i.complete);
                const quiet = isDrawn && app.dataset.testScriptState === 'notRunning';
                window.quietSince = quiet ? (window.quietSince || performance.now()) : 0;
                return quiet && performance.now() - window.quietSince > 400;
            }""",
            timeout=TIMEOUT,
        )
        assert self.page.get_by_test_id("stException").count() == 0
        return self

    def canvas(self, label):
        return self.page.locator(f"canvas[aria-label*='{label}']")


@pytest.fixture
def dashboard(chromium, server):
    context = chromium.new_context(viewport={"width": 1440, "height": 1000}, reduced_motion="reduce")
    opened = Dashboard(context.new_page(), server)
    yield opened
    context.close()
    assert not opened.problems


@pytest.fixture
def phone(chromium, server):
    context = chromium.new_context(viewport={"width": 420, "height": 860}, color_scheme="dark", reduced_motion="reduce")
    opened = Dashboard(context.new_page(), server)
    yield opened
    context.close()
    assert not opened.problems
