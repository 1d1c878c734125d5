"""A cache of its own for each test, and answers whose every number is known."""

import pytest
from mistake_nets import color_net, plain_part, random_colors

from cnnviz.mistakes import evaluate


@pytest.fixture(autouse=True)
def cache_folder(monkeypatch, tmp_path_factory):
    folder = tmp_path_factory.mktemp("cache")
    monkeypatch.setenv("CNNVIZ_CACHE_DIR", str(folder))
    return folder


@pytest.fixture(scope="session")
def net():
    return color_net()


@pytest.fixture(scope="session")
def part():
    colors = random_colors(50)
    labels = colors.argmax(axis=1)
    labels[::5] = (labels[::5] + 1) % 3
    return plain_part(colors, labels)


@pytest.fixture(scope="session")
def evaluation(net, part):
    return evaluate(net, part, batch_size=16)
