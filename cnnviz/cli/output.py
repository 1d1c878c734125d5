"""Output of commands: text tables, JSON, PNG and .npz files."""

from __future__ import annotations

import contextlib
import json
import math
import re
from argparse import Namespace
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from cnnviz.cli.errors import CommandError
from cnnviz.convnets import Convnet
from cnnviz.folders import written_whole
from cnnviz.images import npz_bytes, png_bytes

_LONGEST_PART = 80  # of a default name, in characters


def table(header: Sequence[str], rows: Sequence[Sequence[str]], *, align: str) -> str:
    """Set rows in columns.

    Args:
        header: One title a column.
        rows: One text a cell.
        align: `<` (left) or `>` (right), once a column.
    """
    lines = [[_printable(cell) for cell in line] for line in (header, *rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(header))]
    return "\n".join(
        "  ".join(f"{cell:{side}{width}}" for cell, side, width in zip(line, align, widths, strict=True)).rstrip()
        for line in lines
    )


def _printable(text: str) -> str:
    """Names come from files of others: what would move the cursor or turn the line around is a question mark."""
    return "".join(sign if sign.isprintable() else "?" for sign in text)


def to_json(value: Any) -> str:
    """Write JSON; a number that is not finite becomes null, for JSON has no word for it."""
    return json.dumps(_plain(value), indent=2, ensure_ascii=False, allow_nan=False)


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(part) for key, part in value.items()}
    if isinstance(value, np.ndarray | np.generic):
        return _plain(value.tolist())
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def percent(share: float) -> str:
    """Write a share 0..1 for people: `38.5 %`."""
    if not math.isfinite(share):
        return "not a number"
    return "< 0.1 %" if share < 0.001 else f"{100 * share:.1f} %"


def score(convnet: Convnet, value: float) -> str:
    """Write a probability as a percentage, and a raw score or number as it is."""
    return percent(value) if convnet.has_probabilities else f"{value:.4g}"


def assumed(convnet: Convnet) -> dict[str, np.ndarray]:
    """What was assumed of a model, as JSON, to lie among the arrays of a file."""
    return {"assumptions": np.array(to_json(convnet.assumptions.record))}


def numbers(indices: Sequence[int], limit: int = 12) -> str:
    """List indices for people, the first few of many."""
    some = ", ".join(str(index) for index in indices[:limit])
    return f"{some}, ... ({len(indices)} in all)" if len(indices) > limit else some


def target(options: Namespace, *parts: str | None) -> Path | None:
    """Decide where a file will be written, before the work of making it.

    Args:
        options: With `out`, `force` and `json`.
        parts: Of the default name, `<part>-<part>.png`; those that are None are left out.

    Returns:
        The file; None where a program reads the answer and asked for no file.

    Raises:
        CommandError: If it cannot be written there, exists, or is no .png or .npz.
    """
    if options.json and not options.out:
        return None
    default = "-".join(re.sub(r"[^\w.-]+", "-", part)[:_LONGEST_PART] for part in parts if part) + ".png"
    path = Path(options.out or default)
    with _told(path):
        path = path / default if path.is_dir() else path
        if path.suffix.lower() not in (".png", ".npz"):
            raise CommandError(f"{str(path)!r} is neither a folder nor a .png or .npz file. Choose another --out.")
        if not path.parent.is_dir():
            raise CommandError(f"There is no folder {str(path.parent)!r}. Create it, or choose another --out.")
        if path.is_dir() or (path.exists() and not options.force):
            raise CommandError(f"{str(path)!r} already exists. Choose another --out, or add --force to replace it.")
    return path


def save(path: Path | None, image: Callable[[], np.ndarray], arrays: Mapping[str, Any]) -> None:
    """Write an image as .png, or arrays as .npz, by the name's ending; the file appears whole or not at all.

    Raises:
        CommandError: If it cannot be written.
    """
    if path is None:
        return
    data = npz_bytes(arrays) if path.suffix.lower() == ".npz" else png_bytes(image())
    with _told(path), written_whole(path) as part:
        part.write_bytes(data)


@contextlib.contextmanager
def _told(path: Path) -> Iterator[None]:
    """Say in one sentence why a file cannot be written."""
    try:
        yield
    except OSError as error:
        name = f"{str(path)[:_LONGEST_PART]!r}"
        raise CommandError(f"{name} cannot be written ({error.strerror}). Choose another --out.") from error
