"""Reader for idx files, the format of MNIST and Fashion-MNIST."""

from __future__ import annotations

import gzip
import math
import struct
import zlib
from pathlib import Path

import numpy as np

from cnnviz.errors import DataError

_UINT8 = 0x08
_MAX_BYTES = 2**30  # Fashion-MNIST has 47 million


def read_idx(path: Path) -> np.ndarray:
    """Read a gzipped idx file of bytes: two zeros, type, number of axes, length of each (big-endian), values.

    Args:
        path: A file such as `train-images-idx3-ubyte.gz`.

    Returns:
        uint8 of the shape that the file states, read-only.

    Raises:
        DataError: If it is missing, damaged, or no such file.

    Reference:
        http://yann.lecun.com/exdb/mnist/, "the IDX file format".
    """
    try:
        with gzip.open(path) as file:
            zeros, kind, axes = struct.unpack(">HBB", file.read(4))
            shape = struct.unpack(f">{axes}I", file.read(4 * axes))
            expected = math.prod(shape)
            if zeros or kind != _UINT8 or expected > _MAX_BYTES:
                raise DataError("{name} is no idx file of bytes. Download or install it again.", name=path.name)
            values = np.frombuffer(file.read(expected + 1), np.uint8)
    except FileNotFoundError as error:
        raise DataError(
            "There is no file {name} in {folder!r}. Download or install it again.",
            name=path.name,
            folder=path.parent.name,
        ) from error
    except (OSError, EOFError, struct.error, zlib.error) as error:
        raise DataError("{name} is damaged or cut short. Download or install it again.", name=path.name) from error
    if len(values) != expected:
        raise DataError("{name} is damaged or cut short. Download or install it again.", name=path.name)
    return values.reshape(shape)
