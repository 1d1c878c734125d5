"""Inspection of image files: which can be read, and what they are like; each is looked at once."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import astuple
from functools import partial
from pathlib import Path

from cnnviz.datasets.cache import MAX_BYTES, cached
from cnnviz.datasets.dataset import OnStep
from cnnviz.datasets.looking import Finding, look_at, look_confined
from cnnviz.datasets.sources import Source
from cnnviz.datasets.threads import in_threads
from cnnviz.folders import make_room, read_bounded, written_whole

_VERSION = 1
_MOST_BYTES = 2**28  # a finding for each of a million files


def inspect(source: Source, keys: Sequence[str], *, on_step: OnStep | None = None) -> dict[str, Finding]:
    """Look at files, in threads, an archive's in a process of its own; those that were looked at before are looked up.

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
        known.update(zip(missing, _look(source, missing, on_step), strict=True))
    finally:  # also when it was stopped
        if missing:
            _remember(path, known)
    return {key: known[key] for key in keys}


def _look(source: Source, keys: Sequence[str], on_step: OnStep | None) -> Iterator[Finding]:
    if source.budget is None:
        yield from in_threads(partial(look_at, source), keys, on_step=on_step)
        return
    with contextlib.closing(look_confined(source.path, keys)) as findings:
        for done, finding in enumerate(findings, 1):
            yield finding
            if on_step:
                on_step(done, len(keys))


def _recall(path: Path) -> dict[str, Finding]:
    """Read what was kept; nothing if it is missing, damaged or of another version."""
    try:
        found = json.loads(read_bounded(path, max_bytes=_MOST_BYTES))
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
