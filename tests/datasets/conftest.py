"""A cache of its own for each test, and a folder of images."""

import os
from pathlib import Path

import pytest
from labeled_images import images_of, write_folder

DEBIAN = Path("/usr/share/datasets/fashion-mnist")


@pytest.fixture(autouse=True)
def cache_folder(monkeypatch, tmp_path_factory):
    folder = tmp_path_factory.mktemp("cache")
    monkeypatch.setenv("CNNVIZ_CACHE_DIR", str(folder))
    monkeypatch.delenv("CNNVIZ_DATA_DIR", raising=False)
    monkeypatch.delenv("CNNVIZ_FASHION_MNIST", raising=False)
    return folder / "datasets"


@pytest.fixture
def debian_fashion():
    if not DEBIAN.is_dir():
        reason = "Fashion-MNIST is not installed: apt-get install dataset-fashion-mnist"
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(reason)
    return DEBIAN


@pytest.fixture
def pets(tmp_path):
    return write_folder(tmp_path / "pets", images_of("dogs", "cats"))
