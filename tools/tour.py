"""The README's moving image, made from the real app: `python -m tools.tour` writes docs/tour.webp.

A model is picked, an image uploaded, a heatmap drawn, and a mistake explained.
"""

from __future__ import annotations

import io
import time
from pathlib import Path
from typing import Any

from PIL import Image

from benchmarks.browser import TIMEOUT, browser, serve
from cnnviz.images import png_bytes, read_photo, sample_photos

_TARGET = Path(__file__).parents[1] / "docs" / "tour.webp"
_WIDTH, _HEIGHT, _SCALE = 1280, 800, 0.75
_QUALITY, _MOST_BYTES = 55, 3 * 2**20
_BRIEF, _LONG = 900, 2200  # milliseconds that an image stays


class _Tour:
    """The images so far, and how long each stays."""

    def __init__(self, page: Any) -> None:
        self.page = page
        self.images: list[Image.Image] = []
        self.durations: list[int] = []

    def look(self, duration: int = _LONG) -> None:
        """Take an image once nothing on the page changes any more."""
        before = b""
        for _ in range(60):
            time.sleep(0.4)
            now = self.page.screenshot()
            if now == before and not self.page.query_selector("[data-testid=stSkeleton]"):
                break
            before = now
        image = Image.open(io.BytesIO(now)).convert("RGB")
        self.images.append(image.resize((round(_WIDTH * _SCALE), round(_HEIGHT * _SCALE)), Image.Resampling.LANCZOS))
        self.durations.append(duration)


def _walk(tour: _Tour, url: str) -> None:
    page = tour.page
    page.goto(url)
    page.get_by_text("Architecture").wait_for()
    tour.look()
    page.get_by_role("button", name="Upload an image").click()
    tour.look(_BRIEF)
    photo = png_bytes(read_photo(sample_photos()["coffee"]))
    page.locator("input[type=file]").first.set_input_files(
        {"name": "my photo.png", "mimeType": "image/png", "buffer": photo}
    )
    page.get_by_text("espresso").first.wait_for()
    page.keyboard.press("Escape")
    tour.look()
    page.get_by_role("link", name="Heatmaps").click()
    page.get_by_text("Deletion test").first.wait_for()
    tour.look()
    page.get_by_role("link", name="Mistakes").click()
    page.get_by_text("Confusion matrix").first.wait_for()
    page.get_by_text("Why?", exact=True).wait_for()
    tour.look()
    page.get_by_text("Counterfactual edits").scroll_into_view_if_needed()
    tour.look(2 * _LONG)


def main() -> None:
    """Walk through the app, and write what was seen."""
    with serve() as url, browser() as running:
        page = running.new_page(viewport={"width": _WIDTH, "height": _HEIGHT}, reduced_motion="reduce", locale="en-US")
        page.set_default_timeout(TIMEOUT)
        tour = _Tour(page)
        _walk(tour, url)
    tour.images[0].save(
        _TARGET,
        save_all=True,
        append_images=tour.images[1:],
        duration=tour.durations,
        loop=0,
        quality=_QUALITY,
        method=6,
    )
    size = _TARGET.stat().st_size
    print(f"{_TARGET.name}: {len(tour.images)} images, {size / 2**20:.2f} MB")
    if size > _MOST_BYTES:
        raise SystemExit("It is larger than 3 MB.")


if __name__ == "__main__":
    main()
