"""Pages under Streamlit's own test runner."""

from pathlib import Path

import pytest
from streamlit import config
from streamlit.testing.v1 import AppTest

from cnnviz.convnets import files
from cnnviz.dashboard import sidebar

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def _own_folders(tmp_path, monkeypatch):
    monkeypatch.setenv("CNNVIZ_CACHE_DIR", str(tmp_path))
    monkeypatch.setenv("CNNVIZ_RUNS_DIR", str(tmp_path / "runs"))
    monkeypatch.setenv("CNNVIZ_DATA_DIR", str(tmp_path / "data"))


@pytest.fixture(autouse=True)
def _opened_at_once(monkeypatch):
    """Uploads are not tried out in a process of their own, which takes seconds each; the browser tests' are."""
    monkeypatch.setattr(files, "rehearse", lambda *_, **__: None)
    monkeypatch.setattr(sidebar, "check_harmless", lambda data: False)


@pytest.fixture
def _of_a_class(monkeypatch):
    """The server listens on all addresses."""
    options, usual = {"server.address": "0.0.0.0", "server.allowedHosts": ["*"]}, config.get_option
    monkeypatch.setattr(config, "get_option", lambda name: options[name] if name in options else usual(name))


@pytest.fixture
def open_page():
    """Open a page with query parameters, through app.py."""

    def opened(name, **parameters):
        app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=120)
        for key, value in parameters.items():
            app.query_params[key] = str(value)
        app.switch_page(str(ROOT / "pages" / f"{name}.py"))
        return app.run()

    return opened
