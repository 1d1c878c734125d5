"""Are uploads found by what they hold, kept within bounds, and nothing else reached?"""

import errno
import os
from pathlib import Path

import pytest

from cnnviz.dashboard import store
from cnnviz.errors import DataError


@pytest.fixture(autouse=True)
def root(tmp_path, monkeypatch):
    monkeypatch.setenv("CNNVIZ_CACHE_DIR", str(tmp_path))
    return tmp_path


def test_bytes_come_back_by_their_sha256_and_twice_is_once(root):
    name = store.put("pictures", b"cat")
    assert len(name) == 64
    assert store.put("pictures", b"cat") == name
    assert store.get("pictures", name).read_bytes() == b"cat"
    assert len(list((root / "pictures").iterdir())) == 1


@pytest.mark.parametrize("name", ["", "../secret", "0" * 64, "A" * 64, "../" + "0" * 61, "*" * 64])
def test_nothing_else_is_reached(root, name):
    (root / "secret").write_bytes(b"secret")
    assert store.get("pictures", name) is None
    assert store.model_path(name) is None


def test_the_oldest_make_room(root, monkeypatch):
    monkeypatch.setitem(store._MAX_BYTES, "pictures", 25)
    names = []
    for number in range(4):
        names.append(store.put("pictures", bytes([number]) * 10))
        os.utime(store.get("pictures", names[-1]), (number, number))
    assert [store.get("pictures", name) is not None for name in names] == [False, False, True, True]


@pytest.mark.parametrize(
    ("file_name", "stem"),
    [("Cats & dögs.keras", "Cats-d-gs"), ("../../x.h5", "x"), ("漢字.keras", "model"), ("a" * 90 + ".keras", "a" * 40)],
)
def test_a_model_goes_by_a_plain_name_and_keeps_its_suffix(file_name, stem):
    name = store.put_model(file_name, b"model")
    assert name.rsplit("-", 1)[0] == stem
    path = store.model_path(name)
    assert path.read_bytes() == b"model"
    assert path.suffix == "." + file_name.rsplit(".", 1)[1]


def test_answers_beside_a_model_are_not_taken_for_it():
    name = store.put_model("cats.weights.h5", b"model")
    path = store.model_path(name)
    path.with_name(path.name + ".cnnviz.json").write_text("{}")
    assert store.model_path(name) == path
    store.drop_model(name)
    assert store.model_path(name) is None


def test_other_bytes_never_answer_to_the_name_of_an_upload():
    """Eight digits of a hash can be met on purpose."""
    model, data = store.put_model("cats.keras", b"model"), store.put_data("cats.zip", b"images")
    assert (store.put_model("cats.keras", b"model"), store.put_data("cats.zip", b"images")) == (model, data)
    store.model_path(model).write_bytes(b"of somebody else")
    data.write_bytes(b"of somebody else")
    again, more = store.put_model("cats.keras", b"model"), store.put_data("cats.zip", b"images")
    assert again.startswith(model) and len(again) == len("cats-") + 32
    assert store.model_path(again).read_bytes() == b"model" and store.put_model("cats.keras", b"model") == again
    assert more.stem.startswith(data.stem) and more.read_bytes() == b"images"


def test_what_is_being_uploaded_or_was_cut_off_is_not_offered(root):
    path = store.put_data("cats.zip", b"cats")
    (path.parent / f".{'a' * 32}.zip").write_bytes(b"ca")
    assert store.own_data() == [path]


@pytest.mark.parametrize(
    ("what", "put"),
    [
        ("image", lambda data: store.put("pictures", data)),
        ("model", lambda data: store.put_model("net.keras", data)),
        ("archive", lambda data: store.put_data("cats.zip", data)),
    ],
)
def test_an_upload_that_finds_no_room_is_one_sentence_and_leaves_nothing(root, monkeypatch, what, put):
    put(b"before")
    before = sorted(path for path in root.rglob("*") if path.is_file())

    def refuse(path, data):
        path.touch()
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Path, "write_bytes", refuse)
    with pytest.raises(DataError, match=f"^The {what} cannot be kept: No space left on device. Free space"):
        put(b"after")
    assert sorted(path for path in root.rglob("*") if path.is_file()) == before
