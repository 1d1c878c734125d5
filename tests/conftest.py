"""Tiny networks with known weights, shared by the tests."""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ["CUDA_VISIBLE_DEVICES"] = "-1"
if "PYTEST_XDIST_WORKER" in os.environ:  # several workers share the cores: threads of one would wait for the other's
    os.environ.setdefault("TF_NUM_INTRAOP_THREADS", "1")

import numpy as np
import pytest

from cnnviz.convnets import Convnet, load_convnet
from cnnviz.images import read_photo, sample_photos


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.fixture(scope="session")
def lite0() -> Convnet:
    """The offline ImageNet network; read-only."""
    return load_convnet()


@pytest.fixture(scope="session")
def cat() -> np.ndarray:
    return read_photo(sample_photos()["chelsea"])
