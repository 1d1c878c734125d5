"""Ordered map over items in a thread pool, with progress and cancellation."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from cnnviz.datasets.dataset import OnStep

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")
BLOCK = 64  # as many are under way, or wait to be taken, at most


def in_threads(
    work: Callable[[_Item], _Result],
    items: Sequence[_Item],
    *,
    threads: int | None = None,
    on_step: OnStep | None = None,
) -> Iterator[_Result]:
    """Yield `work(item)` for every item, in their order.

    Args:
        work: Called in several threads.
        items: What it is called with.
        threads: How many; one for each processor if not given.
        on_step: Called with the items done and their number; what it raises ends the work.
    """
    with ThreadPoolExecutor(threads or os.cpu_count() or 1) as pool:
        for start in range(0, len(items), BLOCK):
            for index, result in enumerate(pool.map(work, items[start : start + BLOCK])):
                yield result
                if on_step:
                    on_step(start + index + 1, len(items))
