"""Draws small images that a model can learn within seconds: upright bars, lying bars, and noise, in gray."""

import numpy as np
from PIL import Image

SIDE = 28
KINDS = ("lying", "noise", "upright")


def draw_shapes(folder, *, count):
    """So many images a class, each class in a folder of its own."""
    rng = np.random.default_rng(0)
    for name in KINDS:
        (folder / name).mkdir(parents=True)
        for number in range(count):
            Image.fromarray(_image(name, rng)).save(folder / name / f"{number}.png")
    return folder


def _image(name, rng):
    pixels = rng.integers(0, 80, (SIDE, SIDE))
    start = rng.integers(4, SIDE - 8)
    if name == "lying":
        pixels[start : start + 4] += 150
    elif name == "upright":
        pixels[:, start : start + 4] += 150
    return pixels.astype(np.uint8)
