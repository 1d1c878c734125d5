"""Preset kernels: blur, sharpen, edges, Sobel, emboss, Laplacian."""

from __future__ import annotations

from types import MappingProxyType

import numpy as np

_BINOMIAL = (1, 4, 6, 4, 1)  # as good as a Gaussian with a variance of 1, and exact in binary


def _kernel(*rows: tuple[float, ...], divided_by: float = 1) -> np.ndarray:
    kernel = np.array(rows, np.float32) / np.float32(divided_by)
    kernel.flags.writeable = False
    return kernel


PRESETS = MappingProxyType(
    {
        "identity": _kernel((0, 0, 0), (0, 1, 0), (0, 0, 0)),
        "box-blur": _kernel((1, 1, 1), (1, 1, 1), (1, 1, 1), divided_by=9),
        "gaussian-blur": _kernel(*(tuple(a * b for b in _BINOMIAL) for a in _BINOMIAL), divided_by=256),
        "sharpen": _kernel((0, -1, 0), (-1, 5, -1), (0, -1, 0)),
        "edges": _kernel((-1, -1, -1), (-1, 8, -1), (-1, -1, -1)),
        "sobel-x": _kernel((-1, 0, 1), (-2, 0, 2), (-1, 0, 1)),
        "sobel-y": _kernel((-1, -2, -1), (0, 0, 0), (1, 2, 1)),
        "edges-4-rows": _kernel((-1, -1), (-1, -1), (1, 1), (1, 1)),
        "edges-5-columns": _kernel((-1, -1, 0, 1, 1), (-1, -1, 0, 1, 1)),
        "emboss": _kernel((-2, -1, 0), (-1, 1, 1), (0, 1, 2)),
        "laplacian": _kernel((0, 1, 0), (1, -4, 1), (0, 1, 0)),
    }
)
"""Name to `(rows, columns)` float32, to be cross-correlated; read-only.

Blurs and `identity`, `sharpen` and `emboss` sum to one and keep a plain area as it is; all others sum to zero and
make it zero. `sobel-x` answers where it gets brighter to the right, `sobel-y` and `edges-4-rows` where downwards.
"""


def for_each_channel(kernel: np.ndarray, channels: int) -> np.ndarray:
    """Give every channel the same kernel, for `depthwise`: a blurred color image stays in colors.

    Args:
        kernel: `(rows, columns)`.
        channels: Channels of the maps.

    Returns:
        `(rows, columns, channels, 1)` float32.
    """
    return np.repeat(kernel[:, :, None, None], channels, axis=2).astype(np.float32)


def combine_edges(horizontal: np.ndarray, vertical: np.ndarray) -> np.ndarray:
    """Make one image of two that answer to edges across each other: how steep it is, whichever way.

        strength = sqrt(horizontal ** 2 + vertical ** 2)

    Args:
        horizontal: Maps of one kernel, any shape.
        vertical: Maps of the other, same shape.

    Returns:
        Same shape, float32, >= 0, in the units of both. Zero: a plain area.

    Raises:
        ValueError: If the shapes differ: kernels of different size without padding.
    """
    if horizontal.shape != vertical.shape:
        raise ValueError(f"Expected maps of one shape. Received: {horizontal.shape} and {vertical.shape}.")
    return np.hypot(horizontal, vertical).astype(np.float32)
