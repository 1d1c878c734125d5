"""How does a person's picture become pixels, and how do numbers become a picture? No Keras here."""

from __future__ import annotations

import importlib.util
import io
from functools import lru_cache
from pathlib import Path
from typing import Literal

import numpy as np
from PIL import Image, ImageOps

from cnnviz.errors import PictureError

Fit = Literal["crop", "pad", "stretch"]

FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "GIF", "TIFF", "MPO")
MAX_BYTES = 20 * 2**20
MAX_PIXELS = 40_000_000
MAX_SIDE = 16_000


SAMPLES = {
    "chelsea": "chelsea.png",
    "coffee": "coffee.png",
    "motorcycle": "motorcycle_left.png",
    "rocket": "rocket.jpg",
    "astronaut": "astronaut.png",
}


@lru_cache(maxsize=1)
def sample_photos() -> dict[str, Path]:
    """Photographs that are there offline: name to file, from scikit-image's wheel."""
    spec = importlib.util.find_spec("skimage")  # importing it would take a second
    if spec is None or spec.origin is None:
        raise PictureError("The sample photographs are not installed. Install them: pip install scikit-image.")
    folder = Path(spec.origin).parent / "data"
    return {name: folder / file for name, file in SAMPLES.items()}


def read_photo(source: bytes | str | Path) -> np.ndarray:
    """Read a picture as a person sees it."""
    data = source if isinstance(source, bytes) else Path(source).read_bytes()
    return np.asarray(Image.open(io.BytesIO(data), formats=FORMATS).convert("RGB"))


def gray(photo: np.ndarray) -> np.ndarray:
    """Turn a photo gray, keeping three equal channels: ITU-R 601 luma, as Pillow and Keras do."""
    luma = np.asarray(Image.fromarray(photo).convert("L"))
    return np.repeat(luma[..., None], 3, axis=-1)


def fit(photo: np.ndarray, size: tuple[int, int], *, how: Fit = "crop") -> np.ndarray:
    """Bring a photo to a size.

    Args:
        photo: `(height, width, 3)` uint8.
        size: Height and width wanted, in pixels.
        how: `crop` keeps the centre, `pad` keeps all on black, `stretch` keeps all and bends the shape.

    Returns:
        `(*size, 3)` uint8, resized bicubically with antialiasing.
    """
    height, width = size
    image = Image.fromarray(photo)
    if how == "pad":
        return np.asarray(ImageOps.pad(image, (width, height), Image.Resampling.BICUBIC, color="black"))
    if how == "crop":
        image = image.crop(_centre_box(image, width / height))
    return np.asarray(image.resize((width, height), Image.Resampling.BICUBIC))


def _centre_box(image: Image.Image, aspect: float) -> tuple[int, int, int, int]:
    """Largest centred box of an aspect ratio, in whole pixels."""
    width = max(1, min(image.width, round(image.height * aspect)))
    height = max(1, min(image.height, round(image.width / aspect)))
    left, top = (image.width - width) // 2, (image.height - height) // 2
    return (left, top, left + width, top + height)
