"""Timing on a noisy machine: medians of interleaved repetitions, printed as ratios to a floor."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import Any


def interleaved(ways: dict[str, Callable[[], Any]], *, repetitions: int = 9) -> dict[str, float]:
    """Time several ways in turn, after one warm-up of each; return the median seconds of each."""
    for way in ways.values():
        way()
    times: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(repetitions):
        for name, way in ways.items():
            start = time.perf_counter()
            way()
            times[name].append(time.perf_counter() - start)
    return {name: statistics.median(taken) for name, taken in times.items()}


def row(what: str, seconds: float, floor: float, target: float | None) -> None:
    """Print one line: the ratio, its target, and the floor it is measured against."""
    ratio = seconds / floor
    said = "" if target is None else f"   target {target:.2f}   {'reached' if ratio <= target else 'MISSED'}"
    print(f"{what:<62}{ratio:8.2f} x   (floor {1000 * floor:.1f} ms){said}", flush=True)
