"""Are uploads found by what they hold, kept within bounds, deleted on request, and nothing else reached?"""

import errno
import os
from pathlib import Path

import pytest

from cnnviz.dashboard import store
from cnnviz.errors import UploadError

KINDS = {"pictures": lambda data: store.put("pictures", data), "models": lambda data: store.put_model("m.keras", data),
         "uploads": lambda data: store.put_data("d.zip", data).name}  # fmt: skip


@pytest.fixture(autouse=True)
def root(tmp_path, monkeypatch):
    monkeypatch.setenv("CNNVIZ_CACHE_DIR", str(tmp_path))
    monkeypatch.setenv("CNNVIZ_DATA_DIR", str(tmp_path / "data"))
    return tmp_path


def refuse(*_, **__):
    raise OSError(errno.EROFS, "Read-only file system")


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


@pytest.mark.parametrize("is_in_the_way", [False, True], ids=["missing", "a file"])
def test_reading_makes_nothing_and_finds_nothing(root, monkeypatch, is_in_the_way):
    cache = root / "cache"
    if is_in_the_way:
        cache.write_bytes(b"no folder")
    monkeypatch.setenv("CNNVIZ_CACHE_DIR", str(cache))
    monkeypatch.setenv("CNNVIZ_DATA_DIR", str(cache / "data"))
    assert store.get("pictures", "0" * 64) is None
    assert store.model_path("cats-3fa9c1e2") is None
    assert store.own_data() == []
    store.drop_model("cats-3fa9c1e2")
    store.remove("pictures", "0" * 64)
    assert list(root.iterdir()) == ([cache] if is_in_the_way else [])


def test_a_cache_folder_that_leads_round_in_a_circle_is_said_where_something_is_kept(root, monkeypatch):
    (root / "cache").symlink_to(root / "cache")
    monkeypatch.setenv("CNNVIZ_CACHE_DIR", str(root / "cache"))
    assert store.get("pictures", "0" * 64) is None
    with pytest.raises(UploadError, match="cannot be kept in the cache folder"):
        store.put("pictures", b"cat")


@pytest.mark.parametrize("kind", KINDS)
def test_what_cannot_be_kept_is_said_without_the_hosts_path(root, monkeypatch, kind):
    monkeypatch.setenv("CNNVIZ_CACHE_DIR", str(root / "file"))
    (root / "file").write_bytes(b"in the way")
    with pytest.raises(UploadError, match="CNNVIZ_CACHE_DIR") as caught:
        KINDS[kind](b"data")
    assert str(root) not in str(caught.value)


@pytest.mark.parametrize("kind", KINDS)
def test_of_an_upload_for_which_the_disk_is_full_nothing_is_left_and_another_try_works(root, monkeypatch, kind):
    def fill(_):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as full:
        full.setattr(os, "fsync", fill)
        with pytest.raises(UploadError, match="No space left on device"):
            KINDS[kind](b"data")
    assert not [path for path in root.rglob("*") if path.is_file() or path.parent.name == kind]  # no empty folder
    assert store.get(kind, KINDS[kind](b"data")) is not None


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_there_already_is_taken_again_though_nothing_can_be_written(monkeypatch, kind):
    name = KINDS[kind](b"data")
    monkeypatch.setattr(os, "utime", refuse)
    monkeypatch.setattr(os, "fsync", refuse)
    assert KINDS[kind](b"data") == name


def test_own_sets_are_all_listed_the_newest_first(root):
    expected = []
    for number in range(301):
        if number % 30:
            path = root / "data" / f"folder {number:03}"
            path.mkdir(parents=True)
        else:
            path = store.put_data(f"archive {number:03}.zip", bytes([number % 256, number // 256]))
        os.utime(path, (number, number))
        expected.insert(0, path)
    (root / "data" / "notes.txt").write_text("no set")
    (root / "uploads" / ".half.zip").write_bytes(b"being written")
    (root / "data" / "loop").symlink_to(root / "data" / "loop")
    assert store.own_data() == expected


@pytest.mark.parametrize("kind", KINDS)
def test_an_upload_is_deleted_alone(root, kind):
    first, second = KINDS[kind](b"first"), KINDS[kind](b"second")
    store.remove(kind, first)
    assert store.get(kind, first) is None and store.get(kind, second) is not None
    assert [path.name for path in (root / kind).iterdir()] == [second]
    store.remove(kind, first)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", ["", ".", "..", "../data/mine-3fa9c1e2.zip", "*", "/whole", "mine.zip", "\0"])
def test_nothing_that_is_no_upload_is_deleted(root, kind, name):
    (root / "data").mkdir()
    (root / "data" / "mine-3fa9c1e2.zip").write_bytes(b"mine")
    KINDS[kind](b"data")
    (root / kind / "mine.zip").write_bytes(b"put there by hand")
    before = sorted(root.rglob("*"))
    store.remove(kind, str(root / "data" / "mine-3fa9c1e2.zip") if name == "/whole" else name)
    assert sorted(root.rglob("*")) == before


def test_nothing_is_deleted_in_a_persons_own_folder(root, monkeypatch):
    path = store.put_data("mine.zip", b"mine")
    monkeypatch.setenv("CNNVIZ_DATA_DIR", str(root / "uploads"))
    store.remove("uploads", path.name)
    assert path.read_bytes() == b"mine" and store.own_data() == [path]


def test_what_cannot_be_deleted_is_said(monkeypatch):
    name = store.put("pictures", b"cat")
    monkeypatch.setattr(Path, "unlink", refuse)
    with pytest.raises(UploadError, match=r"^The upload cannot be deleted: Read-only file system"):
        store.remove("pictures", name)
