"""Progress bar and notes on standard error, where that is a terminal."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator
from typing import Any

from tqdm import tqdm

OnStep = Callable[[int, int, Any], None]


@contextlib.contextmanager
def note(text: str) -> Iterator[None]:
    """Show a line on standard error while something takes its time, if that is a terminal, and wipe it away."""
    if not sys.stderr.isatty():
        yield
        return
    sys.stderr.write(text)
    sys.stderr.flush()
    try:
        yield
    finally:
        sys.stderr.write("\r" + " " * len(text) + "\r")


@contextlib.contextmanager
def bar(title: str, unit: str) -> Iterator[OnStep]:
    """Draw a bar while the library works, then wipe it away; gives the library's `on_step`."""
    with tqdm(desc=title, unit=unit, disable=None, leave=False, dynamic_ncols=True) as drawn:

        def on_step(done: int, total: int, _: Any) -> None:
            drawn.total = total
            drawn.update(done - drawn.n)

        yield on_step
