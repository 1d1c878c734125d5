"""What `cnnviz app` checks before the server starts, and what it hands on."""

import shutil
import socket
from argparse import Namespace
from pathlib import Path

import pytest

from cnnviz.cli import app
from cnnviz.convnets import Answers, recall, remember
from cnnviz.errors import CnnvizError
from cnnviz.server import url_of

FOLDERS = Path(__file__).parents[1] / "cases" / "folders"


def given(*, model=None, labels=None, data=None):
    return Namespace(model=model, labels=labels, data=data)


@pytest.fixture
def model(tmp_path):
    return shutil.copy(FOLDERS / "colours_3.keras", tmp_path / "colors.keras")


@pytest.fixture
def labels(tmp_path):
    (tmp_path / "labels.txt").write_text("0 red\n1 green\n2 blue\n")
    return tmp_path / "labels.txt"


def test_the_next_free_port_is_taken_and_said(monkeypatch, capsys):
    with socket.create_server(("127.0.0.1", 0)) as held:
        usual = held.getsockname()[1]
        monkeypatch.setattr(app, "_PORT", usual)
        port = app._free_port("127.0.0.1")
    assert usual < port < usual + 100
    assert capsys.readouterr().err == f"cnnviz: Port {usual} is in use, so the dashboard is on port {port}.\n"
    monkeypatch.setattr(app, "_PORT", port)
    assert app._free_port("127.0.0.1") == port
    assert not capsys.readouterr().err


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:8501"),
        ("0.0.0.0", "http://localhost:8501"),
        ("::", "http://localhost:8501"),
        ("::1", "http://[::1]:8501"),
        ("viz.school.example", "http://viz.school.example:8501"),
    ],
)
def test_it_is_said_where_a_browser_finds_the_dashboard(host, url):
    assert url_of(host, 8501) == url


def test_files_and_folders_are_handed_on_by_their_whole_path(model, monkeypatch):
    monkeypatch.chdir(model.parent)
    named = app._start_with(given(model="colors.keras", data=str(FOLDERS / "class_from_1")))
    assert named == {"CNNVIZ_MODEL": str(model), "CNNVIZ_DATA": str(FOLDERS / "class_from_1")}
    names = given(model="lenet5-mnist", data="mnist-5k")
    assert app._start_with(names) == {"CNNVIZ_MODEL": "lenet5-mnist", "CNNVIZ_DATA": "mnist-5k"}
    assert app._start_with(given()) == {}


def test_labels_are_remembered_beside_the_model_with_what_was_known(model, labels):
    remember(model, Answers(scaling="0..1"))
    app._start_with(given(model=str(model), labels=str(labels)))
    assert recall(model) == Answers(scaling="0..1", class_names=("red", "green", "blue"))
    assert model.with_name("colors.keras.cnnviz.json").is_file()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ({"model": "no.keras"}, "There is no model 'no.keras'"),
        ({"data": "no-folder"}, "no-folder"),
        ({"labels": "labels.txt"}, "Give one with --model"),
        ({"labels": "labels.txt", "model": "lenet5-mnist"}, "Give one with --model"),
    ],
)
def test_what_is_not_there_is_told_before_the_server_starts(words, said, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(CnnvizError, match=said):
        app._start_with(given(**words))


def test_names_that_cannot_be_used_are_told(model, tmp_path):
    (tmp_path / "labels.txt").write_text("a" * 201)
    with pytest.raises(CnnvizError, match="200 characters"):
        app._start_with(given(model=str(model), labels=str(tmp_path / "labels.txt")))
