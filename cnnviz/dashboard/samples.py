"""Sample images: photographs and test images that suit the model, and how images are read by name.

Photographs go by a name. Models of small images are offered test images of their kind, which go by the
name of the dataset and their number: `mnist-5k:12`.
"""

from __future__ import annotations

import re
from pathlib import Path

from cnnviz import images
from cnnviz.convnets import catalog
from cnnviz.dashboard import language, paths, store
from cnnviz.dashboard.cached import kept
from cnnviz.dashboard.texts import shared
from cnnviz.datasets import DIGITS, FASHION, Dataset, load_dataset, sample
from cnnviz.errors import CnnvizError, ImageError
from cnnviz.images import Photo
from cnnviz.runs import trained_run

UPLOAD_TYPES = ["jpg", "jpeg", "png", "webp", "avif", "gif", "bmp", "tif", "tiff", "dcm", "npy"]
"""Endings of what is read; without HEIC among them, phones send their photos as JPEG."""

SETS = {DIGITS: "mnist-5k", FASHION: "fashion-sample"}
"""Classes to the set of gray images of 28 x 28 pixels that has them, and is there offline."""

_ADDRESS = re.compile(r"([a-z0-9-]+):(\d{1,5})")
_UPLOAD = re.compile(r"([0-9a-f]{64})(:stretched)?")
_STRETCHED = ":stretched"


def offered(model: str) -> list[str]:
    """List the images that suit a network: those of its own kind first, then photographs."""
    return [*_of_kind(_class_names(model)), *images.sample_photos()]


@kept()
def _of_kind(class_names: tuple[str, ...]) -> list[str]:
    """One test image a class, if there is a set with these classes."""
    if class_names not in SETS:
        return []
    name = SETS[class_names]
    return [f"{name}:{index}" for index in sample(_set(name).test, per_class=1, seed=0)]


def _class_names(model: str) -> tuple[str, ...]:
    if model in catalog():
        entry = catalog()[model]
        return entry.class_names() if max(entry.preparation.size) < 100 else ()  # ImageNet's are slow to list
    run = trained_run(model)
    return tuple(run.environment.get("data", {}).get("class_names", ())) if run else ()


@kept()
def _set(name: str) -> Dataset:
    return load_dataset(name)


def read(image: str) -> Photo:
    """Read a sample by name, a test image by its number, or an upload by sha256, stretched or not.

    Raises:
        ImageError: If there is none of that name.
    """
    if found := _address(image):
        name, index = found
        return images.open_photo(images.png_bytes(images.rgb(_set(name).test.photo(index))))
    path = images.sample_photos().get(image) or _kept(image)
    if path is None:
        raise ImageError("This image is no longer on this server. Upload it again, or choose a sample.")
    return images.open_photo(path, stretch=is_stretched(image))


def exists(image: str) -> bool:
    """Whether an image can be read."""
    is_kept = _kept(image) is not None or image in images.sample_photos()
    return is_kept or _address(image) is not None


def is_upload(image: str) -> bool:
    """Whether a name is that of an uploaded image, be it here or not."""
    return _UPLOAD.fullmatch(image) is not None


def is_stretched(image: str) -> bool:
    """Whether an upload is shown from its smallest value to its largest."""
    return is_upload(image) and image.endswith(_STRETCHED)


def other_way(image: str) -> str | None:
    """Name an upload stretched if it is not, as it is if it is stretched; None for what is no upload."""
    if not _UPLOAD.fullmatch(image):
        return None
    return as_it_is(image) if is_stretched(image) else image + _STRETCHED


def as_it_is(image: str) -> str:
    """Name an image that is not stretched; an upload then goes by its sha256 alone."""
    return image.removesuffix(_STRETCHED)


def _kept(image: str) -> Path | None:
    """File of an upload; None if it is none, or not here any more."""
    match = _UPLOAD.fullmatch(image)
    return store.get("pictures", match[1]) if match else None


def title(image: str) -> str:
    """What an image is called under its thumbnail."""
    if found := _address(image):
        test = _set(found[0])
        names = language.class_names(test.class_names)
        return shared.TEST_IMAGE.format(name=names[test.test.labels[found[1]]], number=found[1])
    return shared.UPLOAD_IMAGE if _UPLOAD.fullmatch(image) else image


def code(image: str) -> str:
    """Write the Python that reads an image: of an upload the file that this computer keeps."""
    if found := _address(image):
        return f"cnnviz.load_dataset({found[0]!r}).test.photo({found[1]}).repeat(3, axis=-1)"
    if image in images.sample_photos():
        return f"cnnviz.read_photo(cnnviz.sample_photos()[{image!r}])"
    source, comment = paths.in_code(_kept(image) or Path("your-image.jpg"))
    return f"cnnviz.read_photo({source}{', stretch=True' if is_stretched(image) else ''}){comment}"


def _address(image: str) -> tuple[str, int] | None:
    """Take `mnist-5k:12` apart; None if it is no test image of a set that is offered."""
    match = _ADDRESS.fullmatch(image)
    if match is None or match[1] not in SETS.values():
        return None
    try:
        count = len(_set(match[1]).test)
    except CnnvizError:
        return None
    return (match[1], int(match[2])) if int(match[2]) < count else None
