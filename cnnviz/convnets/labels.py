"""Class names from a labels file: one name a line, Teachable Machine's numbered lines, or JSON."""

from __future__ import annotations

import errno
import json
import re
from pathlib import Path
from typing import Any

from cnnviz.convnets.config_rules import shown
from cnnviz.errors import ModelFileError
from cnnviz.folders import read_bounded

_MAX_BYTES = 4 * 2**20
_NUMBERED = re.compile(r"(\d+)[\s:,]+(\S.*)")


def read_labels(path: Path) -> tuple[str, ...]:
    """Read class names in the model's order.

    Takes one name a line; lines `0 cat`, as Teachable Machine writes, where all lines are numbered; a JSON list; a JSON
    dict of names to indices, as `class_indices` of Keras's generators, or of indices to names.

    Args:
        path: The file, UTF-8.

    Raises:
        ModelFileError: If it cannot be read, or its indices are not 0, 1, 2, ...
    """
    try:
        text = read_bounded(path, max_bytes=_MAX_BYTES).decode("utf-8-sig")
    except OSError as error:
        if error.errno == errno.EFBIG:
            raise ModelFileError("{name} is too large for a list of class names.", name=shown(path.name)) from error
        raise ModelFileError("The class names in {name} cannot be read.", name=shown(path.name)) from error
    except ValueError as error:
        raise ModelFileError("{name} is not UTF-8 text. Save it as UTF-8.", name=shown(path.name)) from error
    names = parse_labels(text)
    if not names:
        raise ModelFileError("There are no class names in {name}. Write one name per line.", name=shown(path.name))
    return names


def parse_labels(text: str) -> tuple[str, ...]:
    """Read class names from a text, see `read_labels`."""
    if text.lstrip()[:1] in ("[", "{"):
        try:
            names = _from_json(json.loads(text))
            "".join(names).encode()  # half of a pair of UTF-16 is no character
            return names
        except (ValueError, RecursionError) as error:
            raise ModelFileError(
                "The class names look like JSON but are not valid JSON. Write one name per line."
            ) from error
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    numbered = [_NUMBERED.fullmatch(line) for line in lines]
    if lines and all(numbered):
        return _in_order({int(found[1]): found[2] for found in numbered if found}, len(lines))
    return tuple(lines)


def _from_json(found: Any) -> tuple[str, ...]:
    if isinstance(found, list) and all(isinstance(name, str) for name in found):
        return tuple(found)
    if isinstance(found, dict) and all(isinstance(value, int) for value in found.values()):
        return _in_order({index: name for name, index in found.items()}, len(found))
    if isinstance(found, dict) and all(str(key).isdecimal() for key in found):
        return _in_order({int(key): _name(value) for key, value in found.items()}, len(found))
    raise ModelFileError("The class names must be a JSON list of names, or a dict of names and indices.")


def _name(value: Any) -> str:
    """Name of a class in the dict of `imagenet_class_index.json` too: `["n02123045", "tabby"]`."""
    return str(value[-1]) if isinstance(value, list) and value else str(value)


def _in_order(by_index: dict[int, str], count: int) -> tuple[str, ...]:
    if sorted(by_index) != list(range(count)):
        raise ModelFileError("The indices of the class names must be 0 to {last}, each once.", last=count - 1)
    return tuple(by_index[index] for index in range(count))
