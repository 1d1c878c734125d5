"""Stress test: SIGKILL of a server during uploads, with a training run that must survive it."""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import signal
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import numpy as np
from PIL import Image

from benchmarks.breaking.outcome import Outcome
from benchmarks.breaking.writers import WRITERS, use_folder
from benchmarks.browser import TIMEOUT, browser
from cnnviz.dashboard import store
from cnnviz.dashboard.texts import shared
from cnnviz.runs import Run, list_runs
from cnnviz.training import stop
from tests.browser.running import running_app

_LONGEST = 2.0  # seconds from an upload to the kill
_ENDS_WITHIN = 15.0  # seconds: what a server started for itself notices that it is gone
_VARIABLES = ("CNNVIZ_CACHE_DIR", "CNNVIZ_RUNS_DIR", "CNNVIZ_DATA_DIR")
_SIDE = 300


def run(kills: int) -> Iterator[Outcome]:
    """Upload images, and kill the server while it is at it; a training that a page launched goes on all the time."""
    outcome, rng = Outcome("SIGKILL of a server"), random.Random()
    with tempfile.TemporaryDirectory() as name, browser() as running:
        folder = Path(name)
        use_folder(folder)
        try:
            confirmed = _kill_all(running, folder, rng, kills, outcome)
        finally:
            for found in list_runs():
                if found.status.is_active:
                    stop(found.path)
            _gone(lambda: _processes(folder))
    outcome.note = f"{confirmed} uploads had been confirmed, all were there; the training went on"
    yield outcome


def _kill_all(running: Any, folder: Path, rng: random.Random, kills: int, outcome: Outcome) -> int:
    confirmed: set[str] = set()
    for turn in range(kills):
        with _page(running, folder) as page:
            if not list_runs() or _run().status.state == "finished":
                _launch(page, folder / "runs")
            trained = _epochs()
            page.get_by_text(shared.OWN_IMAGE, exact=True).click()
            page.locator("input[type=file]").first.set_input_files(_image(folder, turn))
            if turn % 2:
                page.wait_for_url("**image=*")
            time.sleep(rng.uniform(0, _LONGEST))
            _kill(folder)
            confirmed |= set(parse_qs(urlsplit(page.url).query).get("image", []))
        outcome.count(WRITERS["an uploaded image"].broken())
        outcome.check(all(store.get("pictures", digest) for digest in confirmed), "a confirmed upload is lost")
        outcome.check(_gone(lambda: _processes(folder, but=("cnnviz.training", "train"))), _left(folder))
        state = _run().status.state
        outcome.check(state in ("running", "finished"), f"the training is {state}")
        outcome.check(_epochs() >= trained, "the training has lost epochs")
    return len(confirmed)


@contextlib.contextmanager
def _page(running: Any, folder: Path) -> Iterator[Any]:
    """A page of a new server, whose log shows no traceback."""
    variables, log = {name: os.environ[name] for name in _VARIABLES}, folder / "log.txt"
    with running_app(folder, log, **variables) as port:
        context = running.new_context()
        page = context.new_page()
        page.set_default_timeout(TIMEOUT)
        page.goto(f"http://127.0.0.1:{port}")
        page.get_by_role("heading", level=1).first.wait_for()
        yield page
        context.close()
    if "Traceback" in log.read_text(errors="replace"):
        raise RuntimeError(log.read_text(errors="replace")[-2000:])


def _launch(page: Any, runs: Path) -> None:
    """Train the demo, which is offered where there are no runs."""
    shutil.rmtree(runs, ignore_errors=True)
    page.goto(page.url.rstrip("/") + "/training")
    page.get_by_role("button", name="Train LeNet-5 now").click()
    while not list_runs() or not _epochs():
        time.sleep(0.2)
    page.goto(page.url.split("/training")[0])
    page.get_by_role("heading", level=1).first.wait_for()


def _run() -> Run:
    return list_runs()[0]


def _epochs() -> int:
    return len(_run().history)


def _image(folder: Path, number: int) -> Path:
    pixels = np.random.default_rng(number).integers(0, 256, (_SIDE, _SIDE, 3), np.uint8)
    Image.fromarray(pixels).save(folder / f"{number}.png")
    return folder / f"{number}.png"


def _processes(folder: Path, but: tuple[str, ...] = ()) -> dict[int, str]:
    """Number and command of every process that was started with this folder."""
    mark, found = f"={folder}/cache".encode(), {}
    for place in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            command = (place / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            if int(place.name) != os.getpid() and mark in (place / "environ").read_bytes():
                found[int(place.name)] = command
    return {number: command for number, command in found.items() if not any(word in command for word in but)}


def _kill(folder: Path) -> None:
    for number, command in _processes(folder).items():
        if " -m cnnviz app " in command:
            os.kill(number, signal.SIGKILL)


def _gone(left: Any) -> bool:
    deadline = time.monotonic() + _ENDS_WITHIN
    while left() and time.monotonic() < deadline:
        time.sleep(0.1)
    return not left()


def _left(folder: Path) -> str:
    return f"still there: {list(_processes(folder).values())}"
