"""Stress test: eight browser sessions that change pages at the same moment."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator
from typing import Any

from benchmarks.breaking.outcome import Outcome
from benchmarks.browser import TIMEOUT, browser, serve

_SESSIONS, _ROUNDS = 8, 4
_PAGES = ("Activations", "Heatmaps", "Filters", "Overview")
IS_IDLE = "() => document.querySelector('[data-testid=stApp]')?.dataset.testScriptState === 'notRunning'"


def turn_to(page: Any, name: str) -> None:
    """Click on a page's name in the navigation."""
    page.get_by_test_id("stSidebarNav").get_by_text(name, exact=True).click()


def settle(page: Any, name: str) -> None:
    """Wait until a page is drawn."""
    page.get_by_role("heading", level=1, name=name).wait_for()
    page.wait_for_function(IS_IDLE)


def run(scale: float) -> Iterator[Outcome]:
    """Let all sessions change the page at the same moment, again and again."""
    sessions = max(2, round(scale * _SESSIONS))
    outcome = Outcome(f"Page changes of {sessions} sessions at once")
    with serve() as url, browser() as running:
        pages = [running.new_context().new_page() for _ in range(sessions)]
        for page in pages:
            page.set_default_timeout(TIMEOUT)
            page.on("pageerror", lambda error: outcome.losses.append(f"in the browser: {error}"))
            page.goto(url)
        for page in pages:
            settle(page, "Overview")
        taken = [second for turn in range(_ROUNDS * len(_PAGES)) for second in _all_turn(pages, turn, outcome)]
    taken.sort()
    p95 = taken[int(0.95 * len(taken))]
    outcome.note = f"median {statistics.median(taken):.1f} s, p95 {p95:.1f} s"
    yield outcome


def _all_turn(pages: list[Any], turn: int, outcome: Outcome) -> Iterator[float]:
    name, start = _PAGES[turn % len(_PAGES)], time.perf_counter()
    for page in pages:
        turn_to(page, name)
    for page in pages:
        settle(page, name)
        outcome.check(not page.get_by_test_id("stException").count(), f"an exception is shown on {name}")
        yield time.perf_counter() - start
