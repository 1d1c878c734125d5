"""Class names from the files that people have."""

import json
import os
from pathlib import Path

import pytest

from cnnviz.convnets.labels import read_labels
from cnnviz.errors import ModelFileError

NAMES = ("cat", "dog 2", "새")


@pytest.mark.parametrize(
    "text",
    [
        "cat\ndog 2\n새\n",
        "\ufeffcat\r\n\r\n  dog 2  \r\n새",
        "0 cat\n1 dog 2\n2 새\n",
        "2: 새\n0: cat\n1: dog 2\n",
        json.dumps(NAMES),
        json.dumps({"2": "새", "0": "cat", "1": "dog 2"}),
        json.dumps({"새": 2, "cat": 0, "dog 2": 1}),
    ],
    ids=["lines", "windows", "teachable machine", "numbered", "list", "by index", "class_indices"],
)
def test_names_come_in_the_order_of_the_outputs(tmp_path, text):
    (tmp_path / "labels").write_text(text, encoding="utf-8", newline="")
    assert read_labels(tmp_path / "labels") == NAMES


@pytest.mark.parametrize(
    "data", [b"", b" \n", b"[", b"{}", b'["a", 1]', b'{"a": 0, "b": 2}', b"[" * 9000, b"\xff\xfe\x00", b'["\\ud800"]']
)
def test_anything_else_is_refused(tmp_path, data):
    (tmp_path / "labels.json").write_bytes(data)
    with pytest.raises(ModelFileError):
        read_labels(tmp_path / "labels.json")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="pipes in folders are POSIX's")
@pytest.mark.timeout(20)
def test_a_pipe_and_a_file_without_an_end_are_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", Path("/dev/zero")):
        with pytest.raises(ModelFileError, match="cannot be read"):
            read_labels(path)


def test_a_file_that_is_not_there_and_one_too_large_are_refused(tmp_path):
    with pytest.raises(ModelFileError, match="cannot be read"):
        read_labels(tmp_path / "none.txt")
    (tmp_path / "large.txt").write_bytes(b"a\n" * 3 * 2**20)
    with pytest.raises(ModelFileError, match="too large"):
        read_labels(tmp_path / "large.txt")
