"""Does a file appear whole or not at all?"""

import pytest

from cnnviz.folders import cache_folder, written_whole


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
