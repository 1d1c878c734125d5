"""Does a file appear whole or not at all, and does what was longest unused make room?"""

import os

import pytest

from cnnviz.folders import cache_folder, make_room, written_whole


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


def test_a_half_written_file_stays_for_a_day_and_what_is_somebody_elses_for_ever(tmp_path):
    def write():
        with written_whole(tmp_path / "file") as part:
            part.write_text("new")
            return part

    left, young, foreign = write(), write(), tmp_path / ".cnnvizrc"
    for path in (left, young, foreign):
        path.write_text("half")
    for path in (left, foreign):
        os.utime(path, (1000, 1000))
    write()
    assert sorted(tmp_path.iterdir()) == sorted([young, foreign, tmp_path / "file"])
