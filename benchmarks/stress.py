"""Hundreds of random models, hundreds of views, several people at once. Run before a release."""

from __future__ import annotations

import os
import statistics
import time
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")

from benchmarks import memory, random_models
from benchmarks.browser import TIMEOUT, browser, serve

_SESSIONS, _ROUNDS = 8, 4
_PAGES = ("Activations", "Heatmaps", "Filters", "Overview")
_IS_IDLE = "() => document.querySelector('[data-testid=stApp]')?.dataset.testScriptState === 'notRunning'"


def _turn(page: Any, name: str) -> None:
    page.get_by_test_id("stSidebarNav").get_by_text(name, exact=True).click()


def _settle(page: Any, name: str) -> None:
    page.get_by_role("heading", level=1, name=name).wait_for()
    page.wait_for_function(_IS_IDLE)


def main() -> None:
    random_models.main()
    memory.main()
    with serve() as url, browser() as running:
        pages = [running.new_context().new_page() for _ in range(_SESSIONS)]
        errors: list[str] = []
        for page in pages:
            page.set_default_timeout(TIMEOUT)
            page.on("pageerror", lambda error: errors.append(str(error)))
            page.goto(url)
        for page in pages:
            _settle(page, "Overview")
        taken = []
        for turn in range(_ROUNDS * len(_PAGES)):
            name = _PAGES[turn % len(_PAGES)]
            start = time.perf_counter()
            for page in pages:
                _turn(page, name)
            for page in pages:
                _settle(page, name)
                taken.append(time.perf_counter() - start)
        shown = sum(page.get_by_test_id("stException").count() for page in pages)
    taken.sort()
    p95 = taken[int(0.95 * len(taken))]
    median = statistics.median(taken)
    print(f"{_SESSIONS} sessions at once, {len(taken)} page changes: median {median:.1f} s, p95 {p95:.1f} s")
    print(f"errors in the browser {len(errors)}, exceptions on pages {shown}", flush=True)


if __name__ == "__main__":
    main()
