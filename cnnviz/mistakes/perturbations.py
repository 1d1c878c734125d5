"""Image perturbations: mask, crop, blur, brightness, contrast, rotation, noise, JPEG and desaturation.

Every edit takes a photo `(height, width, 3)` uint8 and gives a new one of the same kind.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageEnhance, ImageFilter

from cnnviz import images

Box = tuple[int, int, int, int]
"""Top, left, bottom, right, in pixels; bottom and right are the first outside."""

Edit = Callable[[np.ndarray, float], np.ndarray]
"""From a photo and a strength to an edited photo."""


@dataclass(frozen=True)
class Slider:
    """An edit of adjustable strength.

    Attributes:
        edit: What is done.
        low: Smallest strength.
        high: Largest strength.
        neutral: Strength that changes nothing, or hardly anything.
    """

    edit: Edit
    low: float
    high: float
    neutral: float


def mask(photo: np.ndarray, hidden: np.ndarray) -> np.ndarray:
    """Cover what a brush painted with the photo's mean color.

    Args:
        photo: `(height, width, 3)` uint8.
        hidden: `(height, width)` bool, what is covered; or float, 0 for not at all to 1 for wholly.
    """
    share = hidden[..., None].astype(np.float64)
    return np.rint((1 - share) * photo + share * mean_color(photo)).astype(np.uint8)


def mask_box(photo: np.ndarray, box: Box) -> np.ndarray:
    """Cover a box with the photo's mean color; what lies outside the photo does not count."""
    top, left, bottom, right = _inside(box, photo)
    edited = photo.copy()
    edited[top:bottom, left:right] = mean_color(photo)
    return edited


def crop(photo: np.ndarray, box: Box) -> np.ndarray:
    """Keep a box only.

    Raises:
        ValueError: If nothing of it lies in the photo.
    """
    top, left, bottom, right = _inside(box, photo)
    if top >= bottom or left >= right:
        raise ValueError(f"Expected a box inside a photo of {photo.shape[1]} x {photo.shape[0]}. Received: {box}.")
    return photo[top:bottom, left:right].copy()


def blur(photo: np.ndarray, radius: float) -> np.ndarray:
    """Blur by a Gaussian; `radius` is its standard deviation in pixels."""
    return np.array(Image.fromarray(photo).filter(ImageFilter.GaussianBlur(radius)))


def brightness(photo: np.ndarray, factor: float) -> np.ndarray:
    """Multiply every pixel: 0 is black, 1 the photo."""
    return np.array(ImageEnhance.Brightness(Image.fromarray(photo)).enhance(factor))


def contrast(photo: np.ndarray, factor: float) -> np.ndarray:
    """Multiply the distance from the mean brightness: 0 is plain gray, 1 the photo."""
    return np.array(ImageEnhance.Contrast(Image.fromarray(photo)).enhance(factor))


def rotate(photo: np.ndarray, degrees: float) -> np.ndarray:
    """Turn counterclockwise around the center; corners that come into sight get the mean color."""
    color = tuple(mean_color(photo).tolist())
    return np.array(Image.fromarray(photo).rotate(degrees, Image.Resampling.BICUBIC, fillcolor=color))


def noise(photo: np.ndarray, deviation: float, *, seed: int = 0) -> np.ndarray:
    """Add normal noise to every value; `deviation` is of 255. The same seed gives the same noise."""
    grain = np.random.default_rng(seed).standard_normal(photo.shape)
    return np.clip(np.rint(photo + deviation * grain), 0, 255).astype(np.uint8)


def jpeg(photo: np.ndarray, quality: float) -> np.ndarray:
    """Save as JPEG and open again; quality 1 is worst, 95 as good as it makes sense."""
    buffer = io.BytesIO()
    Image.fromarray(photo).save(buffer, "JPEG", quality=round(quality))
    return np.array(Image.open(buffer).convert("RGB"))


def fade(photo: np.ndarray, amount: float) -> np.ndarray:
    """Take the colors away: 0 is the photo, 1 gray."""
    mixed = (1 - amount) * photo + amount * images.gray(photo).astype(np.float64)
    return np.clip(np.rint(mixed), 0, 255).astype(np.uint8)


SLIDERS: Mapping[str, Slider] = {
    "blur": Slider(blur, 0, 10, 0),
    "brightness": Slider(brightness, 0, 3, 1),
    "contrast": Slider(contrast, 0, 3, 1),
    "rotation": Slider(rotate, -180, 180, 0),
    "noise": Slider(noise, 0, 100, 0),
    "jpeg": Slider(jpeg, 1, 95, 95),
    "grayscale": Slider(fade, 0, 1, 0),
}
"""Edits of adjustable strength by name."""


def hide_hottest(photo: np.ndarray, heat: np.ndarray, *, share: float = 0.1) -> np.ndarray:
    """Cover the hottest part of a photo with its mean color.

    Args:
        photo: `(height, width, 3)` uint8, as the model receives it: `convnet.fit(photo)`.
        heat: `(rows, columns)` float32, a map of that photo.
        share: Share of the pixels that is covered, 0..1; equally hot ones go from the top.

    Returns:
        An edited photo. No map is the same everywhere, or this covers the top of the photo.
    """
    size = photo.shape[:2]
    order = np.argsort(-images.enlarge(heat, size), axis=None, kind="stable")
    hidden = np.zeros(order.size, bool)
    hidden[order[: round(share * order.size)]] = True
    return mask(photo, hidden.reshape(size))


def mean_color(photo: np.ndarray) -> np.ndarray:
    """Mean of all pixels, `(3,)` uint8: what is covered looks so."""
    return np.rint(photo.mean(axis=(0, 1))).astype(np.uint8)


def _inside(box: Box, photo: np.ndarray) -> Box:
    height, width = photo.shape[:2]
    top, left, bottom, right = box
    return max(0, top), max(0, left), min(height, bottom), min(width, right)
