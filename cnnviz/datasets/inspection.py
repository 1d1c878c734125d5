"""Which files are pictures that can be read, and what are they like? Each is looked at once; answers are kept."""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Sequence
from dataclasses import astuple, dataclass
from functools import partial
from pathlib import Path

from cnnviz.datasets.cache import MAX_BYTES, cached
from cnnviz.datasets.dataset import OnStep
from cnnviz.datasets.sources import Source
from cnnviz.datasets.threads import in_threads
from cnnviz.errors import PictureError
from cnnviz.folders import make_room, written_whole

_VERSION = 1
_GRAY_MODES = ("1", "L", "LA", "I", "F", "I;16", "I;16B", "I;16L", "MONOCHROME1", "MONOCHROME2")


@dataclass(frozen=True)
class Finding:
    """What a file is.

    Attributes:
        problem: Why it cannot be read, with its name; empty if it can.
        size: Rows and columns as a person sees it.
        is_gray: Whether the file stores gray.
        digest: Equal for equal pixels.
    """

    problem: str = ""
    size: tuple[int, int] = (0, 0)
    is_gray: bool = False
    digest: str = ""


def inspect(source: Source, keys: Sequence[str], *, on_step: OnStep | None = None) -> dict[str, Finding]:
    """Look at files, in threads; those that were looked at before are looked up.

    Args:
        source: Where the files are.
        keys: Their paths in it.
        on_step: Called with the files done and their number.

    Returns:
        A finding for each key, in their order.
    """
    path = cached(f"{source.fingerprint}.json")
    known = _recall(path)
    missing = [key for key in keys if key not in known]
    try:
        findings = in_threads(partial(_look_at, source), missing, on_step=on_step)
        known.update(zip(missing, findings, strict=True))
    finally:  # also when it was stopped
        if missing:
            _remember(path, known)
    return {key: known[key] for key in keys}


def _look_at(source: Source, key: str) -> Finding:
    try:
        photo = source.open_photo(key)
    except PictureError as error:
        return Finding(str(error).rpartition(". ")[0])
    rows, columns, _ = photo.pixels.shape
    same = hashlib.sha256(f"{rows} {columns} ".encode() + photo.pixels.tobytes()).hexdigest()[:32]
    return Finding("", (rows, columns), photo.mode in _GRAY_MODES, same)


def _recall(path: Path) -> dict[str, Finding]:
    """Read what was kept; nothing if it is missing, damaged or of another version."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        if found["version"] != _VERSION:
            return {}
        return {
            key: Finding(str(problem), (int(rows), int(columns)), bool(is_gray), str(same))
            for key, (problem, (rows, columns), is_gray, same) in found["files"].items()
        }
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return {}


def _remember(path: Path, known: dict[str, Finding]) -> None:
    """Keep findings; a full or read-only disk keeps nothing."""
    text = json.dumps({"version": _VERSION, "files": {key: astuple(finding) for key, finding in known.items()}})
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        with written_whole(path) as part:
            part.write_text(text, encoding="utf-8")
        make_room(keep=path, max_bytes=MAX_BYTES)
