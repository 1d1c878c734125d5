"""Settings of the kernel playground, read from the link that the browser writes."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from cnnviz import convolution
from cnnviz.dashboard.components.playground import gray

_SIDES, _COUNTS, _WINDOWS = (3, 4, 5, 6, 7, 8, 10, 12), range(1, 5), range(2, 9)
_PADDINGS = ("0", "1", "2", "3")
_MOST, _LARGEST = 1e6, 16
_DIGITS = 6  # after the point: weights of a model as the browser is given them
_NUMBER, _COUNT = re.compile(r"-?\d{1,9}(\.\d{1,9})?(e-?\d{1,2})?", re.ASCII), re.compile(r"\d{1,5}", re.ASCII)


@dataclass(frozen=True, eq=False)
class Played:
    """All that decides which numbers the playground shows.

    Attributes:
        kernels: `(rows, columns, channels, groups)` float32; two groups make one strength of edges.
        typed: Numbers of one's own in place of the image, `(side, side)` float32.
        stride: Steps between windows.
        padding: `same`, or zeros on each side.
        dilation: Steps between the values of a window.
        is_flipped: Whether the kernel is turned first, as mathematics has it.
        bias: Added to each sum.
        has_relu: Whether negative values become zero.
        pool: `max` or `average`, its window and its stride; None without pooling.
    """

    kernels: np.ndarray
    typed: np.ndarray | None
    stride: int
    padding: convolution.Padding
    dilation: int
    is_flipped: bool
    bias: float
    has_relu: bool
    pool: tuple[str, int, int] | None

    def maps(self, photo: np.ndarray) -> np.ndarray:
        """What the window slides over: `(rows, columns, channels)` float32, from `(rows, columns, 3)` uint8."""
        if self.typed is not None:
            return self.typed[:, :, None]
        return photo.astype(np.float32) if self.kernels.shape[2] == 3 else gray(photo)[:, :, None]

    def result(self, maps: np.ndarray) -> np.ndarray:
        """What comes out in the end: `(rows, columns, 1)` float32."""
        slide = convolution.convolve if self.is_flipped else convolution.cross_correlate
        found = slide(maps, self.kernels, stride=self.stride, padding=self.padding, dilation=self.dilation)
        if found.shape[2] == 2:
            found = convolution.combine_edges(found[..., :1], found[..., 1:])
        found = found + np.float32(self.bias)
        found = convolution.relu(found) if self.has_relu else found
        if self.pool is None:
            return found
        kind, size, stride = self.pool
        pool = convolution.max_pool if kind == "max" else convolution.average_pool
        return pool(found, size=size, stride=stride)

    def code(self) -> str:
        """Write the Python of `result`, from `maps` on."""
        slide = "convolve" if self.is_flipped else "cross_correlate"
        lines = [
            f"kernels = np.float32({self.kernels.astype(str).astype(float).tolist()})  # {self.kernels.shape}",
            f"maps = convolution.{slide}(\n    maps, kernels, stride={self.stride}, padding={self.padding!r}, "
            f"dilation={self.dilation}\n)",
        ]
        if self.kernels.shape[3] == 2:
            lines.append("maps = convolution.combine_edges(maps[..., :1], maps[..., 1:])")
        if self.bias:
            lines.append(f"maps = maps + np.float32({self.bias!r})")
        if self.has_relu:
            lines.append("maps = convolution.relu(maps)")
        if self.pool is not None:
            kind, size, stride = self.pool
            lines.append(f"maps = convolution.{kind}_pool(maps, size={size}, stride={stride})")
        return "\n".join([*lines, "print(maps.shape, maps.min(), maps.max())\n"])


def read(
    link: str, *, presets: Mapping[str, np.ndarray], filters: np.ndarray | None, lent: np.ndarray | None
) -> Played:
    """Read what the browser wrote; what is no setting is passed over, as there, and the last of several counts.

    Args:
        link: Such as `vsobel-x~s2~psame`.
        presets: Name to `(rows, columns, groups)`; the first one is usual.
        filters: A model's own `(rows, columns, 1 or 3, filters)` weights, if they are offered.
        lent: `(rows, columns)` weights that the page lends, which a link without settings begins with.
    """
    usual = next(iter(presets.values()))[:, :, None] if lent is None or link else lent[:, :, None, None]
    found: dict[str, Any] = {"kernel": np.round(usual, _DIGITS)}
    for part in link.split("~"):
        name, value = _setting(part[:1], part[1:], presets, filters)
        if value is not None:
            found[name] = value
    typed = found.get("typed")
    return Played(
        _for_channels(found["kernel"], 3 if "color" in found and typed is None else 1),
        typed,
        stride=found.get("stride", 1),
        padding=found.get("padding", 0),
        dilation=found.get("dilation", 1),
        is_flipped="flip" in found,
        bias=found.get("bias", 0.0),
        has_relu="relu" in found,
        pool=found.get("pool"),
    )


def _setting(letter: str, text: str, presets: Mapping[str, np.ndarray], filters: np.ndarray | None) -> tuple[str, Any]:
    """What one part of a link sets, and to what; None if it is no setting."""
    match letter:
        case "c" | "f" | "r":
            return {"c": "color", "f": "flip", "r": "relu"}[letter], True if text == "" else None
        case "s" | "d":
            return {"s": "stride", "d": "dilation"}[letter], _counted(text, _COUNTS)
        case "p":
            return "padding", "same" if text == "same" else int(text) if text in _PADDINGS else None
        case "b":
            return "bias", next(iter(_numbers(text)), None)
        case "m":
            return "pool", _pool(text)
        case "t":
            return "typed", _typed(text)
        case "k":
            return "kernel", _own(text)
        case "v":
            return "kernel", presets[text][:, :, None] if text in presets else None
        case "n":
            number = None if filters is None else _counted(text, range(filters.shape[3]))
            return "kernel", None if filters is None or number is None else np.round(filters[..., [number]], _DIGITS)
    return "", None


def _counted(text: str, options: Collection[int]) -> int | None:
    return int(text) if _COUNT.fullmatch(text) and int(text) in options else None


def _numbers(text: str) -> list[float]:
    """Take `1_2.5_-3` apart; empty if it is anything else."""
    parts = text.split("_")
    found = [float(part) for part in parts if _NUMBER.fullmatch(part)]
    return found if len(found) == len(parts) and np.all(np.abs(found) <= _MOST) else []


def _typed(text: str) -> np.ndarray | None:
    side, *values = _numbers(text) or [0.0]
    if side not in _SIDES or len(values) != side * side:
        return None
    return np.array(values, np.float32).reshape(int(side), -1)


def _pool(text: str) -> tuple[str, int, int] | None:
    kind, size, stride = [*text.split("_"), "", ""][:3]
    window, hop = _counted(size, _WINDOWS), _counted(stride, (1, *_WINDOWS))
    return (kind, window, hop) if kind in ("max", "average") and window and hop else None


def _own(text: str) -> np.ndarray | None:
    """Weights of one's own: rows, columns, groups and channels, then all of them."""
    numbers = _numbers(text)
    shape, values = numbers[:4], numbers[4:]
    sizes = [range(1, _LARGEST + 1), range(1, _LARGEST + 1), (1, 2), (1, 3)]
    if len(shape) < 4 or any(size not in allowed for size, allowed in zip(shape, sizes, strict=True)):
        return None
    rows, columns, groups, channels = map(int, shape)
    if len(values) != rows * columns * groups * channels:
        return None
    return np.array(values, np.float32).reshape(groups, channels, rows, columns).transpose(2, 3, 1, 0)


def _for_channels(kernels: np.ndarray, channels: int) -> np.ndarray:
    """Give each channel its kernel; a gray image is the same in all, so that their sum does what they did apart."""
    kernels = kernels.astype(np.float32)
    if kernels.shape[2] == channels:
        return kernels
    if channels > 1:
        return kernels[:, :, :1].repeat(channels, axis=2)
    is_same = (kernels == kernels[:, :, :1]).all(axis=(0, 1, 2), keepdims=True)
    return np.where(is_same, kernels[:, :, :1], kernels.sum(axis=2, keepdims=True))
