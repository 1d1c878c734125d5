"""Folders and archives of tiny images, each with its own pixels."""

import io
import zipfile

import numpy as np
from PIL import Image


def image(number, *, size=(6, 8), mode="RGB", kind="PNG"):
    """Bytes of an image whose pixels no other number has."""
    pixels = np.random.default_rng(number).integers(0, 256, (*size, 3), np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(pixels).convert(mode).save(buffer, kind)
    return buffer.getvalue()


def images_of(*folders, count=10, **options):
    """Files `folder/0.png`, ... for every folder, all different."""
    return {
        f"{folder}/{number}.png": image(1000 * place + number, **options)
        for place, folder in enumerate(folders)
        for number in range(count)
    }


def write_folder(root, files):
    for name, data in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(data)
    return root


def write_zip(path, files, **options):
    with zipfile.ZipFile(path, "w", **options) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return path
