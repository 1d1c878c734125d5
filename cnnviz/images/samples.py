"""Sample photographs from scikit-image, available offline."""

from __future__ import annotations

import importlib.util
from functools import lru_cache
from pathlib import Path

from cnnviz.errors import ImageError

# Those of the wheel that the default model names, or has a hard time with; one of them is gray.
SAMPLES = {
    "chelsea": "chelsea.png",
    "coffee": "coffee.png",
    "motorcycle": "motorcycle_left.png",
    "rocket": "rocket.jpg",
    "astronaut": "astronaut.png",
    "camera": "camera.png",
}


@lru_cache(maxsize=1)
def sample_photos() -> dict[str, Path]:
    """Photographs that are there offline: name to file, from scikit-image's wheel.

    Raises:
        ImageError: If scikit-image is not installed.
    """
    spec = importlib.util.find_spec("skimage")  # importing it would take a second
    if spec is None or spec.origin is None:
        raise ImageError("The sample photographs are not installed. Install them: pip install scikit-image.")
    folder = Path(spec.origin).parent / "data"
    return {name: folder / file for name, file in SAMPLES.items()}
