import errno
import os
from dataclasses import replace

import numpy as np
import pytest

from cnnviz.filters import Pattern, PatternStore, Request

REQUEST = Request("0123456789abcdef", "backbone/conv", "natural", 16, 128, 0)


@pytest.fixture
def pattern(rng) -> Pattern:
    return Pattern(3, rng.integers(0, 256, (16, 16, 3), np.uint8), -0.5, 7.25, "rescued", (28, 28))


def test_what_was_kept_is_found_again_unchanged(tmp_path, pattern):
    store = PatternStore(tmp_path / "not there yet")
    store.keep(REQUEST, [pattern])
    found = PatternStore(store.root).find(REQUEST, [3, 4])
    assert list(found) == [3]
    np.testing.assert_array_equal(found[3].photo, pattern.photo)
    rest = ("filter", "before", "after", "status", "ascent_size")
    assert [getattr(found[3], name) for name in rest] == [getattr(pattern, name) for name in rest]


@pytest.mark.parametrize(
    "change", [{"fingerprint": "f" * 16}, {"layer": "conv"}, {"style": "textbook"}, {"steps": 64}, {"seed": 1}]
)
def test_another_request_finds_nothing(tmp_path, pattern, change):
    store = PatternStore(tmp_path)
    store.keep(REQUEST, [pattern])
    assert not store.find(replace(REQUEST, **change), [3])


def test_damaged_files_count_as_missing_and_are_replaced(tmp_path, pattern):
    store = PatternStore(tmp_path)
    store.keep(REQUEST, [pattern])
    [file] = tmp_path.iterdir()
    whole = file.read_bytes()
    middle = len(whole) // 2
    for damaged in (b"", b"no archive", whole[:middle], whole[: middle - 9] + b"\xff" * 9 + whole[middle:]):
        file.write_bytes(damaged)
        assert not store.find(REQUEST, [3])
    store.keep(REQUEST, [pattern])
    assert store.find(REQUEST, [3])


def test_a_photo_of_another_size_counts_as_missing(tmp_path, pattern):
    store = PatternStore(tmp_path)
    store.keep(REQUEST, [replace(pattern, photo=np.zeros((8, 8, 3), np.uint8))])
    assert not store.find(REQUEST, [3])


@pytest.mark.parametrize(
    "change",
    [
        {"status": "optimizing"},
        {"status": "great"},
        {"before": np.nan},
        {"after": np.inf},
        {"ascent_size": (0, 28)},
        {"ascent_size": (28,)},
        {"photo": np.zeros((16, 16, 3), np.float32)},
    ],
)
def test_values_that_no_ascent_gives_count_as_missing(tmp_path, pattern, change):
    store = PatternStore(tmp_path)
    store.keep(REQUEST, [replace(pattern, **change)])
    assert not store.find(REQUEST, [3])


def test_of_a_model_that_is_not_finite_the_values_may_be_anything(tmp_path, pattern):
    store = PatternStore(tmp_path)
    store.keep(REQUEST, [replace(pattern, status="not finite", before=np.nan)])
    assert store.find(REQUEST, [3])[3].status == "not finite"


def test_the_longest_unused_go_when_there_are_too_many(tmp_path, pattern):
    roomy = PatternStore(tmp_path)
    roomy.keep(REQUEST, [replace(pattern, filter=index) for index in range(4)])
    for index in range(4):
        os.utime(roomy._path(REQUEST, index), ns=(index, index))
    roomy.find(REQUEST, [0])  # now the youngest
    one = roomy._path(REQUEST, 0).stat().st_size
    PatternStore(tmp_path, max_bytes=3 * one + one // 2).keep(REQUEST, [replace(pattern, filter=9)])
    assert sorted(roomy.find(REQUEST, range(10))) == [0, 3, 9]


def test_no_half_written_files_stay(tmp_path, pattern):
    store = PatternStore(tmp_path)
    store.keep(REQUEST, [pattern, replace(pattern, filter=4)])
    assert {file.suffix for file in tmp_path.iterdir()} == {".npz"}


def test_a_folder_that_cannot_be_written_keeps_nothing_and_says_nothing(tmp_path, pattern):
    (tmp_path / "file").write_text("in the way")
    store = PatternStore(tmp_path / "file")
    store.keep(REQUEST, [pattern])
    assert not store.find(REQUEST, [3])


def test_the_folder_follows_the_environment(tmp_path, monkeypatch):
    monkeypatch.setenv("CNNVIZ_CACHE_DIR", str(tmp_path))
    assert PatternStore().root == tmp_path / "patterns"
    monkeypatch.delenv("CNNVIZ_CACHE_DIR")
    assert PatternStore().root.parts[-2:] == ("cnnviz", "patterns")


def test_patterns_are_found_in_a_folder_that_is_read_only(tmp_path, pattern, monkeypatch):
    store = PatternStore(tmp_path)
    store.keep(REQUEST, [pattern])

    def refuse(*_, **__):
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(os, "utime", refuse)
    assert list(store.find(REQUEST, [3])) == [3]
