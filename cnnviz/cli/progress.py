"""How far is long work? A bar on standard error, where that is a terminal."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

from tqdm import tqdm

OnStep = Callable[[int, int, Any], None]


@contextlib.contextmanager
def bar(title: str, unit: str) -> Iterator[OnStep]:
    """Draw a bar while the library works; gives the library's `on_step`."""
    with tqdm(desc=title, unit=unit, disable=None, dynamic_ncols=True) as drawn:

        def on_step(done: int, total: int, _: Any) -> None:
            drawn.total = total
            drawn.update(done - drawn.n)

        yield on_step
