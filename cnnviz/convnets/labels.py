"""Class names from a labels file: plain lines, `0 name` lines, JSON lists and dictionaries."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from cnnviz.errors import ModelFileError

_MAX_BYTES = 4 * 2**20
_MAX_NAME = 200
_NUMBERED = re.compile(r"(\d+)[\s:,;]+(.+)")


def read_labels(path: Path) -> tuple[str, ...]:
    """Read class names in the order of the model's outputs.

    Args:
        path: A text file with a name a line, or with `0 name` lines numbered from 0 (Teachable Machine); or JSON: a
            list of names, `{name: index}`, or `{index: name}`.

    Returns:
        One name a class.

    Raises:
        ModelFileError: If it cannot be read, is empty, or its numbers leave one out or name one twice.

    Example:
        >>> read_labels(Path("labels.txt"))
        ('cat', 'dog')
    """
    try:
        with path.open("rb") as file:
            data = file.read(_MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        raise ModelFileError("The labels file cannot be read. Check its name and that you may open it.") from error
    return parse_labels(data)


def parse_labels(data: bytes) -> tuple[str, ...]:
    """Read class names from a labels file's bytes, as `read_labels` does."""
    if len(data) > _MAX_BYTES:
        raise ModelFileError("The labels file has more than 4 MB. Give one name a line.")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ModelFileError("The labels file is not UTF-8 text. Save it as UTF-8, one name a line.") from error
    names = _from_json(text) if text.lstrip().startswith(("[", "{")) else _from_lines(text)
    if not names or not all(0 < len(name) <= _MAX_NAME for name in names):
        raise ModelFileError("The labels file holds no class names. Give one name a line.")
    return names


def _from_lines(text: str) -> tuple[str, ...]:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    numbered = [_NUMBERED.fullmatch(line) for line in lines]
    if all(numbered):
        by_index = {int(match[1]): match[2].strip() for match in numbered if match}
        if len(by_index) == len(lines) and min(by_index, default=0) == 0:
            return _in_order(by_index)
    return tuple(lines)


def _from_json(text: str) -> tuple[str, ...]:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ModelFileError("The labels file is damaged JSON. Give one name a line instead.") from error
    if isinstance(value, list) and all(isinstance(name, str) for name in value):
        return tuple(value)
    if isinstance(value, dict) and value:
        if all(_is_index(index) for index in value.values()):
            if len(set(value.values())) == len(value):
                return _in_order({index: name for name, index in value.items()})
        elif all(name.isdecimal() for name in value) and all(isinstance(name, str) for name in value.values()):
            return _in_order({int(index): name for index, name in value.items()})
    raise ModelFileError(
        "The labels file is JSON of another kind. Give a list of names, or a dictionary of names and numbers from 0."
    )


def _is_index(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _in_order(by_index: dict[int, str]) -> tuple[str, ...]:
    if sorted(by_index) != list(range(len(by_index))):
        raise ModelFileError("The labels file leaves a number out. Number the classes from 0, without gaps.")
    return tuple(by_index[index] for index in range(len(by_index)))
