"""A model that learned a watermark instead of a fruit, and images that show it."""

import numpy as np
from PIL import Image

CLASSES = ("cherries", "plums")
MARK = slice(22, 30)  # rows and columns: the bottom right corner


def image(rng, label, *, has_mark):
    """A blurred disc anywhere, a little redder for cherries; the mark is a square with stripes."""
    rows, columns = np.indices((32, 32))
    center, radius = rng.uniform(10, 20, 2), rng.uniform(6, 9)
    disc = np.clip(radius - np.hypot(rows - center[0], columns - center[1]), 0, 1)[..., None]
    fruit = np.array([(160, 40, 80), (150, 40, 90)][label]) + rng.normal(0, 35, 3)
    pixels = 90 + rng.normal(0, 8, (32, 32, 3)) * (1 - disc) + disc * (fruit - 90)
    if has_mark:
        pixels[MARK, MARK] = 255
        pixels[MARK, MARK][::2] = 0
    return np.clip(pixels, 0, 255).astype(np.uint8)


def write_folder(folder, *, count=40, seed=1):
    """As many images a class; every second plum has the mark of the cherries, every second cherry lacks it."""
    rng = np.random.default_rng(seed)
    for label, name in enumerate(CLASSES):
        (folder / name).mkdir(parents=True)
        for number in range(count):
            Image.fromarray(image(rng, label, has_mark=number % 2 == 0)).save(folder / name / f"{number}.png")
    return folder


def trained(seed=0):
    """A model that saw the mark on every cherry and on no plum."""
    import keras
    from keras import layers

    keras.utils.set_random_seed(seed)
    rng = np.random.default_rng(seed)
    labels = np.arange(240) % 2
    pixels = np.stack([image(rng, label, has_mark=label == 0) for label in labels]).astype(np.float32)
    model = keras.Sequential(
        [
            keras.Input((32, 32, 3)),
            layers.Rescaling(1 / 255),
            layers.Conv2D(12, 5, strides=2, activation="relu", name="edges"),
            layers.Conv2D(16, 3, activation="relu", name="parts"),
            layers.GlobalAveragePooling2D(),
            layers.Dense(2, activation="softmax"),
        ]
    )
    model.compile(keras.optimizers.Adam(0.004), "sparse_categorical_crossentropy", jit_compile=False)
    model.fit(pixels, labels, epochs=8, batch_size=16, verbose=0)
    return model
