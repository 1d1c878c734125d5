"""Is what a person uploads refused, kept or deleted in words, and where is the host's path shown?"""

import errno
import io
import json
import os
import shutil
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from reading_pages import finished, sentences, zipped

from cnnviz.dashboard import store, uploads
from cnnviz.runs import Status
from cnnviz.training import RECIPES
from cnnviz.training.record import write_json

FOLDERS = Path(__file__).parents[1] / "cases" / "folders"
UPLOADERS = {
    "pictures": ("overview", "upload"),
    "models": ("overview", "model_upload"),
    "uploads": ("training", "data_upload"),
}
CHOICES = {"pictures": "image", "models": "model", "uploads": "data lenet5"}


def png():
    buffer = io.BytesIO()
    Image.fromarray(np.full((8, 8, 3), 200, np.uint8)).save(buffer, "PNG")
    return buffer.getvalue()


FILES = {
    "pictures": lambda: ("mine.png", png()),
    "models": lambda: ("mine.keras", (FOLDERS / "colours_3.keras").read_bytes()),
    "uploads": lambda: ("mine.zip", zipped(FOLDERS / "class_from_1")),
}


def opened(open_page, kind):
    page, _ = UPLOADERS[kind]
    return open_page(page, **({"view": "new"} if page == "training" else {}))


def upload(app, kind, data=None):
    name, content = FILES[kind]()
    app.file_uploader(key=UPLOADERS[kind][1]).upload(name, content if data is None else data).run()
    assert not app.exception, app.exception
    return app.session_state[CHOICES[kind]]


@pytest.mark.parametrize("kind", CHOICES)
def test_where_the_disk_is_full_it_is_said_and_the_choice_stays(open_page, monkeypatch, kind):
    def fill(_):
        raise OSError(errno.ENOSPC, "No space left on device")

    app = opened(open_page, kind)
    before = app.session_state[CHOICES[kind]]
    with monkeypatch.context() as full:
        full.setattr(os, "fsync", fill)
        assert upload(app, kind) == before
    assert [error.value.count("No space left on device") for error in app.error] == [1, 1]
    assert upload(app, kind) != before
    assert not app.error


@pytest.mark.parametrize("kind", CHOICES)
def test_the_server_refuses_what_is_too_large_too(open_page, monkeypatch, tmp_path, kind):
    if kind != "pictures":
        monkeypatch.setitem(uploads.MEGABYTES, kind, 1)
    app = opened(open_page, kind)
    before, most = app.session_state[CHOICES[kind]], uploads.MEGABYTES[kind]
    assert upload(app, kind, bytes(most * 2**20 + 1)) == before
    assert f"is larger than {most} MB" in app.error[0].value
    assert not list(tmp_path.rglob("mine*"))


@pytest.mark.parametrize("kind", CHOICES)
def test_an_upload_is_deleted_after_one_was_asked_and_the_choice_is_the_pages_own_again(open_page, kind):
    app = opened(open_page, kind)
    before = app.session_state[CHOICES[kind]]
    key = f"delete {kind}"
    assert key not in [button.key for button in app.button]
    name = upload(app, kind)
    app.button(key=key).click().run()
    assert not app.exception and not app.error
    assert store.get(kind, name) is None
    assert app.session_state[CHOICES[kind]] == before
    assert name not in [option for box in app.selectbox for option in box.options]
    assert key not in [button.key for button in app.button]


@pytest.mark.usefixtures("_of_a_class")
def test_in_a_class_everybody_deletes_their_own(open_page):
    other = store.put("pictures", png())
    app = open_page("overview", image=other)
    assert app.session_state["image"] == other
    assert "delete pictures" not in [button.key for button in app.button]
    upload(app, "models")
    assert "delete models" in [button.key for button in app.button]


@pytest.mark.usefixtures("_of_a_class")
@pytest.mark.parametrize("is_first_here", [True, False])
def test_what_somebody_else_uploaded_too_stays_while_they_are_here(open_page, monkeypatch, is_first_here):
    monkeypatch.setattr(uploads, "is_active_session", lambda session: session == "first" and is_first_here)
    apps = {}
    for session in ("first", "second"):
        monkeypatch.setattr(uploads, "session_id", lambda session=session: session)
        apps[session] = open_page("overview")
        name = upload(apps[session], "pictures")
    apps["second"].button(key="delete pictures").click().run()
    assert apps["second"].session_state["image"] == "chelsea"
    assert (store.get("pictures", name) is not None) == is_first_here
    monkeypatch.setattr(uploads, "session_id", lambda: "first")
    apps["first"].run()
    assert apps["first"].session_state["image"] == (name if is_first_here else "chelsea")
    assert ("The image in this link is no longer on this server." in sentences(apps["first"])) != is_first_here
    if is_first_here:
        apps["first"].button(key="delete pictures").click().run()
        assert store.get("pictures", name) is None


def test_a_set_of_the_data_folder_is_offered_and_not_deleted(open_page, tmp_path):
    name = store.put_data(*FILES["uploads"]()).name
    (tmp_path / "data").mkdir()
    shutil.move(tmp_path / "uploads" / name, tmp_path / "data" / name)
    app = opened(open_page, "uploads")
    app.selectbox(key="data lenet5").set_value(name).run()
    assert app.selectbox(key="data lenet5").value == name
    assert "delete uploads" not in [button.key for button in app.button]


@pytest.mark.parametrize("page", ["overview", "activations", "filters", "training", "convolution"])
def test_reading_a_page_makes_no_folder(open_page, monkeypatch, tmp_path, page):
    for name in ("CNNVIZ_CACHE_DIR", "CNNVIZ_RUNS_DIR", "CNNVIZ_DATA_DIR"):
        monkeypatch.setenv(name, str(tmp_path / name))
    app = finished(open_page(page))
    assert not app.exception and not app.error
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("page", ["overview", "activations", "filters", "training", "convolution"])
def test_a_page_shows_the_example_where_the_cache_is_out_of_reach(open_page, monkeypatch, tmp_path, page):
    (tmp_path / "file").write_bytes(b"in the way")
    for name in ("CNNVIZ_CACHE_DIR", "CNNVIZ_RUNS_DIR", "CNNVIZ_DATA_DIR"):
        monkeypatch.setenv(name, str(tmp_path / "file"))
    app = finished(open_page(page))
    assert not app.exception and not app.error
    assert "in the way" not in sentences(app) and "cannot" not in sentences(app)


def everything(app):
    """All that the server sent to the browser."""
    return "\n".join(str(node.proto) for node in nodes(app._tree))


def nodes(block):
    yield from [block] if hasattr(block, "proto") else []
    for child in getattr(block, "children", {}).values():
        yield from nodes(child)


@pytest.fixture
def trained(tmp_path):
    """A run that learned from a folder in the data folder, and whose log tells paths."""
    data = shutil.copytree(FOLDERS / "class_from_1", tmp_path / "data" / "mine")
    run = tmp_path / "runs" / "a-run"
    run.mkdir(parents=True)
    recipe = RECIPES["lenet5"].recipe.to_json() | {"data": str(data)}
    for name, said in (
        ("recipe", recipe),
        ("environment", {}),
        ("status", asdict(Status(state="failed", reason=f"{data} is gone."))),
    ):
        write_json(run / f"{name}.json", said)
    (run / "train.log").write_text(f'File "{run}/train.py", line 1: {data} is gone.')
    return tmp_path


LINKS = [("training", {}), ("training", {"view": "new"}), ("mistakes", {"data": "mine"})]


def asked(app):
    app.session_state["export"] = True
    return finished(app.run())


@pytest.mark.usefixtures("_of_a_class")
@pytest.mark.parametrize(("page", "link"), LINKS)
def test_in_a_class_no_page_tells_where_the_hosts_folders_are(open_page, trained, page, link):
    if page == "mistakes":
        link = link | {"model": store.put_model(*FILES["models"]())}
    app = asked(finished(open_page(page, **link)))
    assert str(trained) not in everything(app)
    names = {"mistakes": f"{link.get('model')}.keras", "training": "`data`" if link else "mine is gone."}
    assert names[page] in everything(app)


@pytest.mark.parametrize(("page", "link"), LINKS)
def test_alone_the_path_stands_behind_a_click_and_in_code(open_page, trained, page, link):
    app = asked(finished(open_page(page, **link)))
    assert str(trained) not in sentences(app)
    folder = trained / ("data" if link else "runs")
    assert str(folder) in [block.value for block in app.code]
    (place,) = [expander for expander in app.expander if expander.label == "Where is it?"]
    assert place.code[0].value == str(folder) and not place.proto.expanded


def test_the_settings_of_runs_on_other_data_are_told_by_name(open_page, trained):
    other = trained / "runs" / "b-run"
    shutil.copytree(trained / "runs" / "a-run", other)
    recipe = json.loads((other / "recipe.json").read_text())
    write_json(other / "recipe.json", recipe | {"data": str(trained / "data" / "my other images")})
    app = open_page("training", run="a-run")
    app.multiselect(key="compared_runs").set_value(["b-run"]).run()
    assert not app.exception
    assert list(app.dataframe[0].value["Dataset"]) == ["mine", "my other images"]
