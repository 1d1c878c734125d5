"""Training time lapse: kernels, feature maps, Grad-CAM and predictions, from snapshot to snapshot."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cnnviz import activations, filters, heatmaps, probes
from cnnviz.convnets import Convnet
from cnnviz.datasets.dataset import OnStep
from cnnviz.errors import RunError
from cnnviz.folders import open_ordinary
from cnnviz.kept_arrays import require_whole
from cnnviz.layers import layers, map_layers, require_maps
from cnnviz.runs.snapshots import HEAD_ENDING
from cnnviz.sentences import one_line
from cnnviz.training.transfer import head_of

_CONVOLUTIONS = ("Conv2D", "SeparableConv2D", "DepthwiseConv2D")
_MOST_CHANNELS = 64


@dataclass(frozen=True, eq=False)
class TimeLapse:
    """What a model made of one image at several epochs.

    Attributes:
        epochs: The epochs, in their order; 0 is the untrained model.
        probabilities: `(epochs, classes)`.
        kernels: `(epochs, rows, columns, inputs, filters)`, weights of the first convolution; None if there is none.
        maps: `(epochs, rows, columns, channels)`, output of the chosen layer; of many channels the 64 that vary most in
            the end. None if no layer has maps.
        heats: `(epochs, rows, columns)`, Grad-CAM at the model's last layer with maps, in logits; None likewise.
    """

    epochs: tuple[int, ...]
    probabilities: np.ndarray
    kernels: np.ndarray | None
    maps: np.ndarray | None
    heats: np.ndarray | None

    __repr__ = one_line


def time_lapse(
    convnet: Convnet, inputs: np.ndarray, *, snapshots: Mapping[int, Path], class_index: int | str,
    layer: str | None = None, on_step: OnStep | None = None,
) -> TimeLapse:  # fmt: skip
    """Replay what a model made of an image while it was trained.

    Args:
        convnet: The trained model, in a copy that nobody else uses meanwhile: compiled functions follow the weights
            of their model, and these are replaced. In the end they are what they were.
        inputs: `(1, height, width, channels)` float32, from `convnet.prepare`.
        snapshots: Epoch to the file of its weights, from `cnnviz.runs.snapshots`; one at least.
        class_index: Class whose evidence is mapped at every epoch.
        layer: Address of the layer whose maps are kept; the last spatial activation if not given.
        on_step: Called with the epochs done and their number; what it raises ends the work.

    Raises:
        RunError: If a snapshot cannot be read, or belongs to another model.
        LayerError: If the layer does not exist or has no maps.

    Example:
        >>> lapse = time_lapse(load_convnet(run.path), inputs, snapshots=snapshots(run.path), class_index=7)
        >>> lapse.probabilities.shape
        (10, 10)
    """
    trained = convnet.model.get_weights()
    first = next((info.address for info in layers(convnet) if info.kind in _CONVOLUTIONS), None)
    found: dict[str, list[np.ndarray]] = {"probabilities": [], "kernels": [], "maps": [], "heats": []}
    try:
        for done, (epoch, path) in enumerate(snapshots.items()):
            if on_step:
                on_step(done, len(snapshots))
            _put_weights(convnet, epoch, path)
            found["probabilities"].append(probes.predict(convnet, inputs)[0])
            if first is not None:
                found["kernels"].append(filters.kernels(convnet, first))
            if map_layers(convnet):
                found["maps"].append(_maps(convnet, inputs, layer))
                found["heats"].append(heatmaps.grad_cam(convnet, inputs, class_index=class_index)[0])
    finally:
        convnet.model.set_weights(trained)
    stacked = {name: np.stack(arrays) if arrays else None for name, arrays in found.items()}
    return TimeLapse(tuple(snapshots), **_few_channels(stacked))  # type: ignore[arg-type]  # there always are probabilities


def _put_weights(convnet: Convnet, epoch: int, path: Path) -> None:
    try:
        model = head_of(convnet.model) if path.name.endswith(HEAD_ENDING) else convnet.model
        with open_ordinary(path) as file:
            require_whole(file, is_sealed=False)  # a run may have ended before there were seals
        model.load_weights(path)
    except Exception as error:  # a damaged archive raises whatever its bytes lead to
        raise RunError(
            "The weights of epoch {epoch} cannot be read. Delete {name!r} to replay the others.",
            epoch=epoch,
            name=path.name,
        ) from error


def _maps(convnet: Convnet, inputs: np.ndarray, layer: str | None) -> np.ndarray:
    address = require_maps(convnet, layer)
    return activations.feature_maps(convnet, inputs, layers=[address])[address][0]


def _few_channels(found: dict[str, np.ndarray | None]) -> dict[str, np.ndarray | None]:
    """Keep the channels that vary most in the last epoch, in the model's own order."""
    maps = found["maps"]
    if maps is None or maps.shape[-1] <= _MOST_CHANNELS:
        return found
    chosen = np.sort(np.argsort(-maps[-1].std(axis=(0, 1)), kind="stable")[:_MOST_CHANNELS])
    return found | {"maps": maps[..., chosen]}
