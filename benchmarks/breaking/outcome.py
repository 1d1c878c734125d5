"""Outcome of a stress test: tries, losses (broken promises), and the table of all outcomes."""

from __future__ import annotations

import contextlib
import signal
import traceback
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from types import FrameType

from cnnviz.errors import CnnvizError

_SHOWN = 5


@dataclass
class Outcome:
    """One line of the table.

    Attributes:
        what: What was done.
        tries: How often.
        losses: One line for each broken promise.
        note: A figure that belongs to it.
        skipped: Why it could not be done here, if so.
    """

    what: str
    tries: int = 0
    losses: list[str] = field(default_factory=list)
    note: str = ""
    skipped: str = ""

    def check(self, holds: bool, promise: str) -> None:
        """Count a try, and a loss where the promise does not hold."""
        self.count([] if holds else [promise])

    def count(self, broken: Sequence[str]) -> None:
        """Count a try, and a loss where anything is broken."""
        self.tries += 1
        if broken:
            self.losses.append("; ".join(broken))

    def line(self) -> str:
        """What is printed when it is done."""
        if self.skipped:
            return f"{self.what}: skipped, {self.skipped}"
        note = f"  ({self.note})" if self.note else ""
        lost = [f"    lost: {loss}" for loss in self.losses[:_SHOWN]]
        return "\n".join([f"{self.what}: {self.tries} tries, {len(self.losses)} losses{note}", *lost])


def table(outcomes: Sequence[Outcome]) -> str:
    """Write a summary in Markdown."""
    rows = [
        f"| {one.what} | {'skipped' if one.skipped else f'{one.tries:,}'} | "
        f"{'' if one.skipped else len(one.losses)} | {one.skipped or one.note} |"
        for one in outcomes
    ]
    return "\n".join(["| What | Tries | Losses | Measured |", "|---|---:|---:|---|", *rows])


class HungError(Exception):
    """Something that did not come back in time."""


def broken_by(error: BaseException) -> list[str]:
    """Whether what was raised is one sentence for a person; else what it is instead."""
    if isinstance(error, CnnvizError):
        text = str(error)
        return [] if text and "\n" not in text and "Traceback" not in text else [f"not one sentence: {text!r}"]
    where = traceback.extract_tb(error.__traceback__)[-1]
    return [f"{type(error).__name__}: {str(error)[:120]} ({where.filename.rpartition('/')[2]}:{where.lineno})"]


@contextlib.contextmanager
def in_time(seconds: int) -> Iterator[None]:
    """Interrupt what does not come back, such as the opening of a pipe; in the main thread."""

    def give_up(_number: int, _frame: FrameType | None) -> None:
        raise HungError(f"nothing for {seconds} s")

    before = signal.signal(signal.SIGALRM, give_up)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)
