"""Does a file appear whole or not at all, and does what was longest unused make room?"""

import io
import os
import zipfile

import numpy as np
import pytest

from cnnviz.folders import (
    DAMAGED,
    cache_folder,
    drop_parts,
    make_room,
    map_array,
    open_ordinary,
    written_whole,
)


def test_the_environment_moves_the_cache(monkeypatch, tmp_path):
    monkeypatch.setenv("CNNVIZ_CACHE_DIR", str(tmp_path))
    assert cache_folder("patterns") == tmp_path / "patterns"


def test_a_file_is_replaced_as_a_whole_and_keeps_its_ending(tmp_path):
    path = tmp_path / "best.keras"
    path.write_text("old")
    with written_whole(path) as part:
        part.write_text("new")
        assert part.suffix == ".keras"
        assert path.read_text() == "old"  # until the new one is complete
    assert path.read_text() == "new"
    assert list(tmp_path.iterdir()) == [path]


def test_a_failure_leaves_the_old_file_and_nothing_else(tmp_path):
    path = tmp_path / "status.json"
    path.write_text("old")
    with pytest.raises(ZeroDivisionError), written_whole(path) as part:
        part.write_text("half")
        raise ZeroDivisionError
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.fixture
def mixed(tmp_path):
    """Files and folders of ten bytes each, the first the longest unused; and one that is being written."""
    paths = [tmp_path / name for name in ("old file", "old folder", "file", "folder")]
    for age, path in enumerate(paths):
        if "folder" in path.name:
            (path / "deep").mkdir(parents=True)
            (path / "deep" / "part").write_bytes(bytes(10))
        else:
            path.write_bytes(bytes(10))
        os.utime(path, (1000 + age, 1000 + age))
    (tmp_path / ".part").write_bytes(bytes(100))
    return paths


@pytest.mark.parametrize(("room", "left"), [(40, 4), (39, 3), (20, 2), (19, 1), (0, 1)])
def test_what_was_longest_unused_goes_first_files_and_folders_alike(mixed, room, left):
    make_room(keep=mixed[-1], max_bytes=room)
    assert [path.exists() for path in mixed] == [False] * (4 - left) + [True] * left
    assert (mixed[0].parent / ".part").exists()


def test_what_was_just_kept_stays_however_old_and_large_it_is(mixed):
    make_room(keep=mixed[0], max_bytes=25)
    assert [path.exists() for path in mixed] == [True, False, False, True]


def test_what_a_killed_process_had_begun_goes_and_what_is_being_written_stays(tmp_path):
    old, young, other = (tmp_path / name for name in (f".{'a' * 32}.zip", f".{'b' * 32}", ".gitignore"))
    for path in (old, young, other):
        path.touch()
    for path in (old, other):
        os.utime(path, (1000, 1000))
    (tmp_path / "kept").touch()
    make_room(keep=tmp_path / "kept", max_bytes=10)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([young.name, other.name, "kept"])
    drop_parts(tmp_path, older_than=-1)
    assert not young.exists() and other.exists()


def not_ordinary():
    return [os.mkdir, lambda path: path.symlink_to("/dev/zero"), *([os.mkfifo] if hasattr(os, "mkfifo") else [])]


@pytest.mark.timeout(20)
@pytest.mark.parametrize("make", not_ordinary())
@pytest.mark.parametrize("read", [open_ordinary, map_array])
def test_what_is_no_ordinary_file_is_neither_waited_for_nor_read(tmp_path, make, read):
    make(tmp_path / "x")
    with pytest.raises(OSError, match=r"ordinary|directory|denied"):
        read(tmp_path / "x")


def test_whatever_bit_is_flipped_arrays_raise_only_what_their_readers_expect(tmp_path):
    path, raised = tmp_path / "x.npz", set()
    np.savez(path, a=np.arange(3), b=np.array("text"))
    whole = path.read_bytes()
    for place in range(8 * len(whole)):
        spoiled = bytearray(whole)
        spoiled[place // 8] ^= 1 << place % 8
        try:
            with np.load(io.BytesIO(spoiled), allow_pickle=False) as file:
                assert [file[name] is not None for name in ("a", "b")]
        except DAMAGED as error:
            raised.add(type(error))
    assert {zipfile.BadZipFile, NotImplementedError, KeyError} <= raised


def test_a_mapped_array_is_one_or_damaged(tmp_path):
    path = tmp_path / "x.npy"
    np.save(path, np.arange(3))
    np.testing.assert_array_equal(map_array(path), [0, 1, 2])
    path.write_bytes(path.read_bytes().replace(b", }", b", ("))
    with pytest.raises(DAMAGED):
        map_array(path)
    np.savez(tmp_path / "y.npz", a=np.arange(3))
    (tmp_path / "y.npz").replace(path)
    with pytest.raises(ValueError, match="not an array"):
        map_array(path)
