"""A folder of small pictures that a network can learn within seconds, and recipes for it."""

import numpy as np
import pytest
from PIL import Image

from cnnviz.training import Augmentation, Recipe

SIDE = 28


@pytest.fixture(scope="session")
def shapes(tmp_path_factory):
    """Forty pictures a class: upright bars, lying bars, and noise, in gray."""
    folder = tmp_path_factory.mktemp("shapes")
    rng = np.random.default_rng(0)
    for name in ("lying", "noise", "upright"):
        (folder / name).mkdir()
        for number in range(40):
            Image.fromarray(_picture(name, rng)).save(folder / name / f"{number}.png")
    return folder


def _picture(name, rng):
    pixels = rng.integers(0, 80, (SIDE, SIDE))
    start = rng.integers(4, SIDE - 8)
    if name == "lying":
        pixels[start : start + 4] += 150
    elif name == "upright":
        pixels[:, start : start + 4] += 150
    return pixels.astype(np.uint8)


@pytest.fixture
def recipe(shapes):
    """All that has a state of its own is in it: dropout, augmentation, a falling rate, patience."""
    return Recipe(
        "lenet5", str(shapes), "lenet5", 4, batch_size=16, learning_rate=0.003, schedule="plateau", patience=3,
        dropout=0.3, augmentation=Augmentation(rotation=10, contrast=0.2), has_tensorboard=False,
    )  # fmt: skip


@pytest.fixture
def runs(tmp_path, monkeypatch):
    """An empty folder for runs, and an empty cache."""
    monkeypatch.setenv("CNNVIZ_CACHE_DIR", str(tmp_path / "cache"))
    return tmp_path / "runs"
