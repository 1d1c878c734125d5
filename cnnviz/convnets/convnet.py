"""`Convnet`: a Keras model with its preprocessing, pixel scaling, class names and kind of outputs."""

from __future__ import annotations

import hashlib
import json
import re
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from cnnviz import images, private_keras
from cnnviz.convnets.assumptions import Assumptions
from cnnviz.errors import ClassError
from cnnviz.sentences import Sentence

if TYPE_CHECKING:
    import keras

Outputs = Literal["softmax", "sigmoid", "independent", "logits", "scores", "numbers", "none"]
PROBABILITIES: tuple[Outputs, ...] = ("softmax", "sigmoid", "independent", "logits")
"""Outputs that are probabilities, or become some."""


@dataclass(frozen=True)
class Scaling:
    """How a pixel 0..255 becomes a number that the model receives: `pixel * scale + offset`.

    Attributes:
        name: What it is called in the interface and in files.
        scale: Factor, one for all channels or one a channel, in the model's channel order.
        offset: What is added after the factor, likewise.
        is_bgr: Whether the model wants blue first.
    """

    name: str
    scale: tuple[float, ...] = (1.0,)
    offset: tuple[float, ...] = (0.0,)
    is_bgr: bool = False

    def __call__(self, pixels: Any) -> Any:
        """Scale pixels `(..., channels)`, 0..255; NumPy arrays and tensors alike."""
        ordered = pixels[..., ::-1] if self.is_bgr else pixels
        return ordered * np.array(self.scale, np.float32) + np.array(self.offset, np.float32)

    def suits(self, channels: int) -> bool:
        """Whether it is meant for images of so many channels."""
        return all(len(values) in (1, channels) for values in (self.scale, self.offset))


_TORCH_MEAN, _TORCH_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # of ImageNet, RGB, 0..1
_CAFFE_MEAN = (103.939, 116.779, 123.68)  # of ImageNet, BGR, 0..255
SCALINGS: dict[str, Scaling] = {
    scaling.name: scaling
    for scaling in (
        Scaling("0..255"),
        Scaling("0..1", (1 / 255,)),
        Scaling("-1..1", (1 / 127.5,), (-1.0,)),
        Scaling("1..0", (-1 / 255,), (1.0,)),  # inverted: dark ink on white paper for digit models
        Scaling("imagenet-caffe", (1.0,), tuple(-mean for mean in _CAFFE_MEAN), is_bgr=True),
        Scaling(
            "imagenet-torch",
            tuple(1 / (255 * std) for std in _TORCH_STD),
            tuple(-mean / std for mean, std in zip(_TORCH_MEAN, _TORCH_STD, strict=True)),
        ),
    )
}


@dataclass(frozen=True)
class Preparation:
    """How a photo becomes the model's input.

    Attributes:
        size: Height and width in pixels.
        channels: 1 (gray), 3 (RGB) or 4 (RGB and an opaque alpha).
        fit: How a photo of another shape is brought to `size`: center crop, padding, or stretching.
        scaling: How pixels become numbers.
    """

    size: tuple[int, int]
    channels: int = 3
    fit: images.Fit = "crop"
    scaling: Scaling = field(default=SCALINGS["0..255"])

    @property
    def input_shape(self) -> tuple[int, int, int]:
        """Height, width, channels."""
        return (*self.size, self.channels)

    def fitted(self, photo: np.ndarray) -> np.ndarray:
        """Bring a photo `(height, width, 3)` uint8 to the model's size; gray three times for one channel."""
        fitted = images.fit(photo, self.size, how=self.fit)
        return images.gray(fitted) if self.channels == 1 else fitted

    def prepare(self, photos: Sequence[images.Source]) -> np.ndarray:
        """Turn photos into a model's input, see `Convnet.prepare`."""
        pixels = np.stack([self._pixels(photo) for photo in images.read_photos(photos)]).astype(np.float32)
        if self.channels == 1:
            pixels = pixels[..., :1]
        elif self.channels == 4:
            pixels = np.concatenate([pixels, np.full_like(pixels[..., :1], 255)], axis=-1)
        return np.asarray(self.scaling(pixels), np.float32)

    def _pixels(self, photo: np.ndarray) -> np.ndarray:
        """A photo at the model's size, 0..255, three channels; gray before it is stretched, as Keras's loaders do."""
        if self.fit != "stretch":
            return self.fitted(photo)
        return images.stretch(images.gray(photo) if self.channels == 1 else photo, self.size)


_keeping = threading.Lock()


@dataclass(frozen=True, eq=False, repr=False)
class Convnet:
    """A Keras model together with what its inputs and outputs mean; it is only ever read.

    Two convnets are equal when their fingerprints are, whatever their names.

    Attributes:
        model: The Keras model.
        name: Its name in the interface, in links and on the command line.
        preparation: How a photo becomes its input.
        outputs: What the model returns: `softmax` (probabilities that sum to one, whatever made them), `sigmoid` (one
            unit, two classes), `independent` (a probability a class, each for itself), `logits` (linear scores of
            classes), `scores` (scores that are neither probabilities nor logits, such as of a tanh; told raw),
            `numbers` (no classes, as in regression), `none` (no row of scores).
        class_names: One name a class; for a single sigmoid or logit two; for `numbers` one a number.
        head: Which of the model's outputs holds the scores.
        has_logits: Whether the logits behind its probabilities can be had; False for a distribution that does not end
            in a softmax, such as an average of several: then log p is explained.
        assumptions: What of all this was assumed, and why.
    """

    model: keras.Model
    name: str
    preparation: Preparation
    outputs: Outputs
    class_names: tuple[str, ...]
    head: int = 0
    has_logits: bool = True
    assumptions: Assumptions = field(default_factory=Assumptions)
    _kept: OrderedDict[tuple[Hashable, ...], Any] = field(default_factory=OrderedDict, init=False, repr=False)

    @cached_property
    def fingerprint(self) -> str:
        """Hash of architecture, weights and meaning: 16 hexadecimal digits that key every cache."""
        meaning = [asdict(self.preparation), self.outputs, self.class_names, self.head]
        digest = hashlib.sha256(json.dumps(meaning).encode())
        digest.update(_architecture(self.model).encode())
        for weight in self.model.weights:
            digest.update(f"{weight.path}{weight.shape}{weight.dtype}".encode())
            digest.update(np.ascontiguousarray(weight.numpy()).data)
        return digest.hexdigest()[:16]

    @property
    def has_probabilities(self) -> bool:
        """Whether `predict` gives probabilities, rather than scores or numbers as the model returns them."""
        return self.outputs in PROBABILITIES

    @property
    def has_classes(self) -> bool:
        """Whether the largest score names a class: not for a regression, nor for a single raw score."""
        return self.has_probabilities or (self.outputs == "scores" and len(self.class_names) > 1)

    @property
    def has_class_names(self) -> bool:
        """Whether its classes have names of their own; else they are numbered, and the numbers match nothing."""
        return bool(self.class_names) and self.class_names != placeholder_names(self.outputs, len(self.class_names))

    @property
    def score_unit(self) -> Sentence:
        """What heatmaps and gradients explain, and so the unit of their numbers."""
        if not self.has_probabilities:
            return Sentence("output units")
        return Sentence("logit") if self.has_logits else Sentence("log p")

    @property
    def head_names(self) -> tuple[str, ...]:
        """Names of the model's outputs."""
        names = getattr(self.model, "output_names", None) or ("output",)
        return tuple(str(name) for name in names)

    def __repr__(self) -> str:
        size = " x ".join(map(str, self.preparation.input_shape))
        return f"<Convnet {self.name!r}: {size}, {self.outputs}, {len(self.class_names)} classes>"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Convnet) and self.fingerprint == other.fingerprint

    def __hash__(self) -> int:
        return hash(self.fingerprint)

    def keep(self, key: tuple[Hashable, ...], make: Callable[[], Any], *, at_most: int = 32) -> Any:
        """Make something once and keep it as long as this convnet lives; the least used goes first.

        What hangs on the convnet goes with it, where a cache of the module would hold its model in memory.

        Args:
            key: What is kept; its first part names the kind, such as `("read", layers)`.
            make: Makes it. Two threads that ask at once may both make it, and get the same one.
            at_most: How many things of this kind are kept.
        """
        with _keeping:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        made = make()  # outside the lock: it may take long, and may keep things itself
        with _keeping:
            kept = self._kept.setdefault(key, made)
            of_kind = [other for other in self._kept if other[0] == key[0]]
            for oldest in of_kind[:-at_most]:
                del self._kept[oldest]
        return kept

    def is_kept(self, key: tuple[Hashable, ...]) -> bool:
        """Whether something was made before and is still there."""
        with _keeping:
            return key in self._kept

    def fit(self, photo: np.ndarray) -> np.ndarray:
        """Show a photo as the model receives it, before scaling.

        Args:
            photo: `(height, width, 3)` uint8.

        Returns:
            `(rows, columns, 3)` uint8 at the model's size; gray three times for one channel.
        """
        return self.preparation.fitted(photo)

    def prepare(self, photos: Sequence[images.Source]) -> np.ndarray:
        """Turn photos into the model's input.

        Args:
            photos: Each `(height, width, 3)` uint8, of any size, or what `cnnviz.read_photo` takes: a path, another
                array, an image of Pillow.

        Returns:
            `(batch, height, width, channels)` float32, fitted, resized and scaled as the model wants it; in this
            layout also where the model itself takes `(batch, height, width)` or `(batch, values)`: all functions here
            bring it into the model's. Stretched images are not rounded in between, as Keras's loaders do not.
        """
        return self.preparation.prepare(photos)

    def class_index(self, name: str | int) -> int:
        """Find a class by its exact name, else by its index, else by the only name that contains the text.

        A name goes before an index: a class named `7` may be the fourth. A number that is an `int` is an index.

        Raises:
            ClassError: If no class, or more than one, answers to it.
        """
        text = str(name).strip()
        lowered = [class_name.casefold() for class_name in self.class_names]
        is_named = isinstance(name, str) and self.has_class_names
        if is_named and text in self.class_names:
            return self.class_names.index(text)
        if is_named and lowered.count(text.casefold()) == 1:
            return lowered.index(text.casefold())
        if text.isdecimal() and int(text) < len(self.class_names):
            return int(text)
        if text.casefold() in lowered:
            return lowered.index(text.casefold())
        found = [index for index, class_name in enumerate(lowered) if text and text.casefold() in class_name]
        if len(found) == 1:
            return found[0]
        if found:
            some = ", ".join(self.class_names[index] for index in found[:5])
            raise ClassError(
                "{count} classes match {text!r}. Name one of them: {some}.", count=len(found), text=text, some=some
            )
        raise ClassError(
            "{name} has no class {text!r}. It has {count}; name one or its index.",
            name=self.name,
            text=text,
            count=len(self.class_names),
        )


def placeholder_names(outputs: Outputs, count: int) -> tuple[str, ...]:
    """Number classes, or numbers, that nobody named."""
    if outputs == "numbers" or (outputs == "scores" and count == 1):
        return ("value",) if count == 1 else tuple(f"value {index}" for index in range(count))
    return tuple(f"class {index}" for index in range(count))


def _architecture(model: keras.Model) -> str:
    """Describe what the weights do: the configuration of the model and of every layer in it, at any depth."""
    layers = private_keras.layers_at_any_depth(model)
    described = [json.dumps(_config(layer), sort_keys=True, default=str) for layer in layers]
    return re.sub(r" at 0x[0-9a-f]+", "", "\n".join(described))  # where an object lies in memory


def _config(layer: keras.layers.Layer) -> list[Any]:
    """Class and configuration; the class alone where a layer of the user's own has none that works."""
    try:
        return [type(layer).__qualname__, layer.get_config()]
    except Exception:  # noqa: BLE001  # a user's own get_config may raise anything
        return [type(layer).__qualname__]
