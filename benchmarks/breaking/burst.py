"""Stress test: bursts of page changes beside an upload, a training run and a slow model."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from benchmarks.breaking.health import watched
from benchmarks.breaking.outcome import Outcome
from benchmarks.breaking.sessions import settle, turn_to
from benchmarks.breaking.writers import use_folder
from benchmarks.browser import TIMEOUT, browser
from cnnviz.dashboard import store
from cnnviz.dashboard.texts import shared
from tests.browser.running import running_app

_BURSTS, _CHANGES = 30, 6  # page changes within a second or so, of which only the last is waited for
_PAGES = ("Activations", "Heatmaps", "Filters", "Overview")
_HEALTH_SECONDS, _SETTLE_SECONDS = 0.5, 3.0
_SLOW_SIDE = 512


def run(scale: float) -> Iterator[Outcome]:
    """Click through the pages without waiting, while three other things go on."""
    settled, answered = Outcome("Bursts of page changes settled within 3 s"), Outcome("Health within 0.5 s meanwhile")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        use_folder(folder)
        slow, image = _slow_model(folder), _image(folder)
        variables = {key: os.environ[key] for key in ("CNNVIZ_CACHE_DIR", "CNNVIZ_RUNS_DIR")}
        with running_app(folder, folder / "log.txt", **variables) as port, browser() as running, _training():
            url = f"http://127.0.0.1:{port}"
            pages = [_opened(running, url), _opened(running, url), _opened(running, f"{url}/activations?model={slow}")]
            for page in pages[:2]:
                settle(page, "Overview")  # the slow model is still being opened
            for name in _PAGES:  # what is compiled once for a server is there
                turn_to(pages[0], name)
                settle(pages[0], name)
            with watched(url) as health:
                taken = [_burst(pages, image, turn) for turn in range(max(2, round(scale * _BURSTS)))]
    for seconds in taken:
        settled.check(seconds <= _SETTLE_SECONDS, f"settled after {seconds:.1f} s")
    for seconds in health.seconds:
        answered.check(seconds <= _HEALTH_SECONDS, f"answered after {seconds:.2f} s")
    settled.note = f"slowest {max(taken):.1f} s, median {np.median(taken):.1f} s"
    answered.note = f"slowest {health.worst:.2f} s, median {np.median(health.seconds):.3f} s"
    yield settled
    yield answered


def _opened(running: Any, url: str) -> Any:
    page = running.new_context().new_page()
    page.set_default_timeout(TIMEOUT)
    page.goto(url)
    page.get_by_role("heading", level=1).first.wait_for()
    return page


def _burst(pages: list[Any], image: Path, turn: int) -> float:
    """Seconds from the last click until that page is drawn; the other two sessions upload, and ask the slow model."""
    clicked, uploading, slow = pages
    uploading.get_by_text(shared.OWN_IMAGE, exact=True).click()
    uploading.locator("input[type=file]").first.set_input_files(image)
    uploading.keyboard.press("Escape")
    turn_to(slow, ("Heatmaps", "Activations")[turn % 2])
    names = [_PAGES[(turn + place) % len(_PAGES)] for place in range(_CHANGES)]
    for name in names:
        turn_to(clicked, name)
        time.sleep(0.1)
    start = time.perf_counter()
    settle(clicked, names[-1])
    return time.perf_counter() - start


@contextlib.contextmanager
def _training() -> Iterator[None]:
    """Train in a process of its own, as the page launches it."""
    command = [sys.executable, "-m", "cnnviz", "train", "fashion-cnn", "--epochs", "1000", "--patience", "1000"]
    process = subprocess.Popen(command, env=os.environ | {"CNNVIZ_NICE": "5"}, stdout=subprocess.DEVNULL)
    try:
        yield
        if process.poll() is not None:
            raise RuntimeError("the training was over before the bursts were")
    finally:
        process.kill()
        process.wait()


def _slow_model(folder: Path) -> str:
    """Upload a model whose every answer takes a while; written elsewhere: this process needs no Keras."""
    path = folder / "slow.keras"
    code = f"""
import keras
from keras import layers
image = x = keras.Input(({_SLOW_SIDE}, {_SLOW_SIDE}, 3))
for number in range(4):
    x = layers.Conv2D(24, 3, padding="same", activation="relu", name=f"conv{{number}}")(x)
x = layers.Dense(5, activation="softmax")(layers.GlobalAveragePooling2D()(x))
keras.Model(image, x).save({str(path)!r})
"""
    subprocess.run([sys.executable, "-c", code], check=True)
    return store.put_model(path.name, path.read_bytes())


def _image(folder: Path) -> Path:
    pixels = np.random.default_rng(0).integers(0, 256, (1500, 1500, 3), np.uint8)
    Image.fromarray(pixels).save(folder / "large.png", compress_level=1)
    return folder / "large.png"
