"""Is a file that was damaged never taken for the one that was written?"""

import errno
import os
import subprocess
import sys
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cnnviz.kept_arrays import map_rows, read_arrays, read_sealed, seal, write_arrays, write_rows, write_sealed

ROWS = np.arange(60, dtype=np.float32).reshape(20, 3)
ARRAYS = {"facts": np.array('{"version": 2}'), "rows": ROWS, "counts": np.arange(7)}
WHOLE = {"shape": ROWS.shape, "dtype": np.float32}


def write_npz(path):
    write_arrays(path, ARRAYS)


def write_npz_compressed(path):
    write_arrays(path, ARRAYS, is_compressed=True)


def write_npy(path):
    write_rows(path, (ROWS[:9], ROWS[9:]), **WHOLE)


def write_json(path):
    write_sealed(path, b'{"versions": [1, 2, 3]}')


def read_npy(path):
    found = map_rows(path, **WHOLE)
    return None if found is None else {"rows": found}


def kept(read, path):
    """What is read, as arrays; None where it does not count as kept."""
    try:
        found = read(path)
    except (OSError, ValueError):
        return None
    return {"": np.frombuffer(found, np.uint8)} if isinstance(found, bytes) else found


def same(one, other):
    return one.keys() == other.keys() and all(np.array_equal(one[name], other[name]) for name in one)


KINDS = {
    "an archive": (write_npz, read_arrays),
    "a compressed archive": (write_npz_compressed, read_arrays),
    "an archive that need not be sealed": (write_npz, lambda path: read_arrays(path, is_sealed=False)),
    "mapped rows": (write_npy, read_npy),
    "a text": (write_json, read_sealed),
}


@pytest.fixture(scope="module", params=KINDS)
def written(request, tmp_path_factory):
    write, read = KINDS[request.param]
    path = tmp_path_factory.mktemp("kept") / "file.npz"
    write(path)
    return path, read, path.read_bytes(), kept(read, path)


def test_what_was_written_is_read(tmp_path):
    for write, read in KINDS.values():
        write(tmp_path / "file.npz")
        assert kept(read, tmp_path / "file.npz")
    write_npz(tmp_path / "file.npz")
    assert same(read_arrays(tmp_path / "file.npz"), ARRAYS)
    with np.load(tmp_path / "file.npz", allow_pickle=False) as file:  # as anybody reads it
        assert same(dict(file), ARRAYS)
    write_npy(tmp_path / "file.npy")
    np.testing.assert_array_equal(np.load(tmp_path / "file.npy"), ROWS)
    np.testing.assert_array_equal(map_rows(tmp_path / "file.npy", **WHOLE), ROWS)
    assert not map_rows(tmp_path / "file.npy", **WHOLE).flags.writeable


@settings(max_examples=150, deadline=None)
@given(place=st.floats(0, 1, exclude_max=True), bits=st.integers(1, 255))
def test_any_one_byte_that_changed_gives_the_same_values_or_counts_as_not_kept(written, place, bits):
    path, read, data, expected = written
    damaged = bytearray(data)
    damaged[int(place * len(data))] ^= bits
    path.write_bytes(damaged)
    found = kept(read, path)
    assert found is None or same(found, expected)


@settings(max_examples=50, deadline=None)
@given(share=st.floats(0, 1, exclude_max=True))
def test_what_was_cut_short_gives_the_same_values_or_counts_as_not_kept(written, share):
    path, read, data, expected = written
    path.write_bytes(data[: int(share * len(data))])
    found = kept(read, path)
    assert found is None or same(found, expected)


def test_numpy_alone_takes_half_of_the_rows_for_all(tmp_path):
    """Why there are seals: a flipped digit of a shape, which no checksum of the archive notices."""
    path, rows = tmp_path / "file.npz", np.zeros((2000, 3))
    np.savez(path, rows=rows)
    path.write_bytes(path.read_bytes().replace(b"(2000, 3)", b"(1000, 3)"))
    with np.load(path, allow_pickle=False) as file:
        assert file["rows"].shape == (1000, 3)
    write_arrays(path, {"rows": rows})
    path.write_bytes(path.read_bytes().replace(b"(2000, 3)", b"(1000, 3)"))
    for is_sealed in (True, False):
        with pytest.raises(ValueError, match="damaged"):
            read_arrays(path, is_sealed=is_sealed)


def test_without_a_seal_only_a_persons_own_file_is_read(tmp_path):
    np.savez(tmp_path / "old.npz", **ARRAYS)
    np.save(tmp_path / "old.npy", ROWS)
    with pytest.raises(ValueError, match="no seal"):
        read_arrays(tmp_path / "old.npz")
    assert map_rows(tmp_path / "old.npy", **WHOLE) is None
    assert same(read_arrays(tmp_path / "old.npz", is_sealed=False), ARRAYS)


def test_other_content_that_is_sealed_is_no_array(tmp_path):
    path = tmp_path / "file.npz"
    for content in (b"", b"text", b"PK\3\4"):
        path.write_bytes(content)
        seal(path)
        with pytest.raises(ValueError, match="no arrays"):
            read_arrays(path)
    np.savez(path, rows=np.array([{}], object))
    seal(path)
    with pytest.raises(ValueError, match="allow_pickle"):
        read_arrays(path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no pipes in folders")
def test_a_pipe_in_the_files_place_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe.npz")
    assert kept(read_arrays, tmp_path / "pipe.npz") is None
    assert map_rows(tmp_path / "pipe.npz", **WHOLE) is None


def test_rows_of_another_shape_or_kind_are_not_mapped(tmp_path):
    write_npy(tmp_path / "file.npy")
    assert map_rows(tmp_path / "file.npy", shape=(3, 20), dtype=np.float32) is None
    assert map_rows(tmp_path / "file.npy", shape=(20, 3), dtype=np.int32) is None


@pytest.mark.parametrize("rows", [ROWS[:19], np.concatenate([ROWS, ROWS])])
def test_fewer_rows_than_were_said_or_more_are_the_callers_bug(tmp_path, rows):
    with pytest.raises(ValueError, match="Expected rows of"):
        write_rows(tmp_path / "file.npy", [rows], **WHOLE)
    assert not list(tmp_path.iterdir())


def test_a_full_disk_is_told_before_a_row_is_computed(tmp_path, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "posix_fallocate", full, raising=False)
    computed = []
    with pytest.raises(OSError, match="No space left"):
        write_rows(tmp_path / "file.npy", (computed.append(row) or row for row in ROWS), **WHOLE)
    assert not computed and not list(tmp_path.iterdir())


def test_a_file_system_that_cannot_take_room_is_written_to_all_the_same(tmp_path, monkeypatch):
    def unable(*_):
        raise OSError(errno.EOPNOTSUPP, "Operation not supported")

    monkeypatch.setattr(os, "posix_fallocate", unable, raising=False)
    write_npy(tmp_path / "file.npy")
    np.testing.assert_array_equal(map_rows(tmp_path / "file.npy", **WHOLE), ROWS)


@pytest.fixture
def small_disk(tmp_path):
    """A disk of one megabyte."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(disk)]
    if sys.platform != "linux" or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("no small disk can be mounted here")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


@pytest.mark.parametrize("takes_room", [True, False])
def test_rows_that_a_disk_has_no_room_for_are_an_error_and_leave_nothing(small_disk, monkeypatch, takes_room):
    if not takes_room:
        monkeypatch.delattr(os, "posix_fallocate")
    rows = np.zeros((1000, 1000), np.float32)
    with pytest.raises(OSError, match="No space left"):
        write_rows(small_disk / "file.npy", iter(rows), shape=rows.shape, dtype=rows.dtype)
    assert not list(small_disk.iterdir())


def test_what_a_killed_writer_left_goes_at_the_next_writing_a_day_later(tmp_path):
    code = (
        "import os, sys, signal, numpy; from pathlib import Path; from cnnviz.kept_arrays import write_rows;"
        "rows = (os.kill(os.getpid(), signal.SIGKILL) for _ in range(9));"
        "write_rows(Path(sys.argv[1]) / 'file.npy', rows, shape=(9, 9), dtype=numpy.float32)"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=False)
    (left,) = tmp_path.iterdir()
    write_npy(tmp_path / "other.npy")
    assert left.exists()  # somebody may still write to it
    os.utime(left, (time.time() - 90_000,) * 2)
    write_npy(tmp_path / "other.npy")
    assert [path.name for path in tmp_path.iterdir()] == ["other.npy"]
