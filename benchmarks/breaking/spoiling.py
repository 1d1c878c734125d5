"""Ways to corrupt a file: flipped bits, truncation, holes, random bytes, deep nesting, pickles and more."""

from __future__ import annotations

import contextlib
import io
import os
import pickle
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np


class Canary:
    """Makes a file where it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[str, int]]:
        return os.open, (str(self.path), os.O_CREAT | os.O_WRONLY)


def _flipped(path: Path, rng: random.Random, _: Path) -> None:
    data = bytearray(path.read_bytes())
    for _ in range(rng.choice((1, 1, 2, 8, 64))):
        data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
    path.write_bytes(data)


def _flipped_at_its_ends(path: Path, rng: random.Random, _: Path) -> None:
    """Where formats keep their headers and directories."""
    data = bytearray(path.read_bytes())
    for _ in range(4):
        place = rng.randrange(min(120, len(data)))
        data[place if rng.random() < 0.5 else -1 - place] = rng.randrange(256)
    path.write_bytes(data)


def _cut(path: Path, rng: random.Random, _: Path) -> None:
    data = path.read_bytes()
    path.write_bytes(data[: rng.randrange(len(data))])


def _with_a_hole(path: Path, rng: random.Random, _: Path) -> None:
    data = path.read_bytes()
    start = rng.randrange(len(data))
    path.write_bytes(data[:start] + data[start + rng.randrange(1, 100) :])


def _random(path: Path, rng: random.Random, _: Path) -> None:
    path.write_bytes(rng.randbytes(rng.randrange(2000)))


def _nested(path: Path, rng: random.Random, _: Path) -> None:
    path.write_bytes(rng.choice((b"[", b'{"a":')) * 100_000)


def _pickle(path: Path, _: random.Random, canary: Path) -> None:
    path.write_bytes(pickle.dumps(Canary(canary)))


def _array_of_objects(path: Path, _: random.Random, canary: Path) -> None:
    _keep(path, np.array([Canary(canary)], dtype=object))


def _archive_of_objects(path: Path, _: random.Random, canary: Path) -> None:
    """Every array that was in it is one of objects now, if it was such an archive."""
    objects, names = np.array([Canary(canary)], dtype=object), ["photo", "facts", "meta", "labels", "config.json"]
    with contextlib.suppress(ValueError, OSError, AttributeError, TypeError), np.load(path, allow_pickle=False) as file:
        names = list(file.files)
    buffer = io.BytesIO()
    np.savez(buffer, **dict.fromkeys(names, objects))
    path.write_bytes(buffer.getvalue())


def _keep(path: Path, value: np.ndarray) -> None:
    buffer = io.BytesIO()
    np.save(buffer, value, allow_pickle=True)
    path.write_bytes(buffer.getvalue())


def _replaced(make: Callable[[Path], object]) -> Callable[[Path, random.Random, Path], None]:
    def replace(path: Path, _rng: random.Random, _canary: Path) -> None:
        path.unlink()
        make(path)

    return replace


def _secret(path: Path) -> None:
    path.symlink_to("/proc/self/status")  # which nobody can delete, should anybody try


def _endless(path: Path) -> None:
    path.symlink_to("/dev/zero")


def _loop(path: Path) -> None:
    path.symlink_to(path)


WAYS: dict[str, Callable[[Path, random.Random, Path], None]] = {
    "flipped bits": _flipped,
    "other bytes at its ends": _flipped_at_its_ends,
    "cut": _cut,
    "a hole": _with_a_hole,
    "random bytes": _random,
    "deeply nested": _nested,
    "a pickle": _pickle,
    "an array of objects": _array_of_objects,
    "an archive of objects": _archive_of_objects,
    "a pipe": _replaced(os.mkfifo),
    "a folder": _replaced(os.mkdir),
    "a link to a device": _replaced(_endless),
    "a link to itself": _replaced(_loop),
    "a link to another file": _replaced(_secret),
    "gone": _replaced(lambda path: None),
}
CHANCES = ("flipped bits", "other bytes at its ends", "cut", "a hole", "random bytes")
"""Those that hang on chance, and are tried more often."""
