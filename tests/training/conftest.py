"""A folder of small images that a model can learn within seconds, and recipes for it."""

import pytest
from shape_images import draw_shapes

from cnnviz.training import Augmentation, Recipe


@pytest.fixture(scope="session")
def shapes(tmp_path_factory):
    """Forty images a class: upright bars, lying bars, and noise, in gray."""
    return draw_shapes(tmp_path_factory.mktemp("shapes") / "shapes", count=40)


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
