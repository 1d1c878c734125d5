"""Messages to browser components: a JSON header, then arrays as raw bytes; scripts and styles."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

import numpy as np

_FOLDER = Path(__file__).parent
_SHARED = ("message.js", "canvas.js", "words.js")


def pack(header: dict[str, Any], *arrays: np.ndarray) -> bytes:
    """Join a header and arrays: uint32 length of the header, the header, each array little-endian.

    The header is padded so that the arrays start at a multiple of four bytes; `sizes` in it tells their bytes.
    """
    blobs = [np.ascontiguousarray(array).tobytes() for array in arrays]
    blobs = [blob + b"\0" * (-len(blob) % 4) for blob in blobs]
    text = json.dumps(header | {"sizes": [len(blob) for blob in blobs]}, allow_nan=False).encode()
    text += b" " * (-len(text) % 4)
    return struct.pack("<I", len(text)) + text + b"".join(blobs)


def position(found: Any, count: int) -> int | None:
    """Read the place of what was picked; None if it is none of `count`: anybody can send anything over the socket."""
    is_place = isinstance(found, int | float) and not isinstance(found, bool) and found in range(count)
    return int(found) if is_place else None


def script(*names: str) -> str:
    """Read a component's scripts, with what all of them share before them."""
    return "".join(text(name) for name in (*_SHARED, *names))


def text(name: str) -> str:
    """Read a component's markup, style, or script that needs nothing of the others."""
    return (_FOLDER / name).read_text()
