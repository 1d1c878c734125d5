"""Heatmap and feature map at every stop of a weight randomization, cached or computed with progress."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from cnnviz import activations, convolution
from cnnviz.dashboard import background, cache, language
from cnnviz.dashboard.jobs import Job
from cnnviz.dashboard.state import Selection
from cnnviz.dashboard.texts import convolution as texts
from cnnviz.heatmaps import Method
from cnnviz.layers import layers

Cascade = dict[int, tuple[np.ndarray, np.ndarray]]
"""How many layers are shuffled, to the heatmap and the feature map of one channel."""


@dataclass(frozen=True, eq=False)
class Asked:
    """What is asked: where a method sees a class, and a channel of a layer, of one image.

    Attributes:
        selection: What is looked at.
        method: How the class is explained.
        class_index: The class.
        layer: Address of the layer, also of the heatmap if its method has one.
        channel: Channel of the feature map.
    """

    selection: Selection
    method: Method
    class_index: int
    layer: str
    channel: int

    @property
    def key(self) -> str:
        """Name of all that the answer hangs on."""
        selection = self.selection
        parts = (selection.image, self.method.name, self.class_index, self.layer, self.channel)
        return " ".join(map(str, ("shuffled", selection.convnet.fingerprint, *parts)))

    @property
    def counts(self) -> list[int]:
        """How many layers are shuffled at each stop: few steps apart near the top, where most happens."""
        total = len(convolution.weighted_layers(self.selection.convnet))
        doubled = [2**power for power in range(total.bit_length())]
        return [0, *(count for count in doubled if count < total), total]

    @property
    def class_name(self) -> str:
        """Name of the class, in the session's language."""
        return language.class_name(self.selection.convnet.class_names[self.class_index])

    def is_above(self, count: int) -> bool:
        """Whether none of that many shuffled layers feeds the feature map's layer."""
        shuffled = convolution.weighted_layers(self.selection.convnet)[:count]
        return not set(shuffled) & self._fed_by()

    def _fed_by(self) -> set[str]:
        """List the layers that the layer's map hangs on, itself among them."""
        by_address = {info.address: info for info in layers(self.selection.convnet)}
        found: set[str] = set()
        waiting = [self.layer]
        while waiting:
            address = waiting.pop()
            if address not in found:
                found.add(address)
                waiting += by_address[address].inputs
        return found


def cascade_or_progress(asked: Asked) -> Cascade | None:
    """Return the maps of every stop, or draw the way to them: at once where the method is quick, else by a button."""
    kept: Cascade | None = cache.CACHE.get(("cascade", asked.key))
    if kept is not None:
        return kept
    is_slow = asked.method.is_slow
    job = background.finished(
        asked.key,
        texts.SHUFFLED_START,
        partial(_compute, asked),
        icon=":material/shuffle:",
        progress=texts.SHUFFLED_PROGRESS.format(total=asked.counts[-1]),
        estimate=_estimate(asked) if is_slow else "",
        is_main=True,
        is_quick=not is_slow,
    )
    return None if job is None else job.result


def _estimate(asked: Asked) -> str:
    runs = len(asked.counts) * asked.method.runs(asked.selection.convnet, layer=asked.layer)
    seconds = max(1.0, runs * cache.seconds_a_run(asked.selection))
    return texts.SHUFFLED_SLOW.format(method=asked.method.title, runs=runs, seconds=f"{seconds:.0f}")


def _compute(asked: Asked, job: Job) -> Cascade:
    """Shuffle a copy of the model stop by stop, take both maps at each, and keep them for all sessions."""
    convnet, inputs, counts = asked.selection.convnet, asked.selection.inputs, asked.counts
    place = {"layer": asked.layer} if asked.method.has_layer else {}
    found: Cascade = {}

    def on_step(done: int, total: int, heat: np.ndarray | None) -> None:
        job.step(len(found) * total + done, len(counts) * total)

    follow: dict[str, Any] = {"on_step": on_step} if asked.method.is_slow else {}
    for count, shuffled in zip(counts, convolution.cascade(convnet, counts=counts), strict=True):
        heat = asked.method.explain(shuffled, inputs, class_index=asked.class_index, **place, **follow)[0]
        maps = activations.feature_maps(shuffled, inputs, layers=[asked.layer])[asked.layer][0]
        found[count] = np.asarray(heat), np.array(maps[..., asked.channel])
        if not asked.method.is_slow:
            job.step(len(found), len(counts))
    cache.CACHE.put(("cascade", asked.key), found)
    return found
