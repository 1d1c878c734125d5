"""Tiny models with known weights, shared by the tests."""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ["CUDA_VISIBLE_DEVICES"] = "-1"
if "PYTEST_XDIST_WORKER" in os.environ:  # several workers share the cores: threads of one would wait for the other's
    os.environ.setdefault("TF_NUM_INTRAOP_THREADS", "1")

import numpy as np
import pytest

from cnnviz.convnets import Convnet, files, load_convnet
from cnnviz.images import read_photo, sample_photos


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.fixture(autouse=True)
def _nothing_passed_yet(monkeypatch):
    """Each test tries out the files that it opens."""
    monkeypatch.setattr(files, "_PASSED", {})


@pytest.fixture(scope="session")
def lite0() -> Convnet:
    """The offline ImageNet model; read-only."""
    return load_convnet()


@pytest.fixture(scope="session")
def cat() -> np.ndarray:
    return read_photo(sample_photos()["chelsea"])


def pytest_collection_modifyitems(items):
    """Deal the files of the browser's tests, which mostly wait, among the others, so that no core is idle meanwhile."""
    files = dict.fromkeys(item.path for item in items)
    groups = [[path for path in files if ("browser" in path.parts) is waits] for waits in (True, False)]
    place = {path: (index + 0.5) / len(group) for group in groups for index, path in enumerate(group)}
    items.sort(key=lambda item: (place[item.path], item.path))  # stable: the order within a file stays
