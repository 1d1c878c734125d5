"""Table of heatmap methods, with the cost and the units of each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from cnnviz.convnets import Convnet
from cnnviz.heatmaps.attention import attention_layers, attention_rollout
from cnnviz.heatmaps.gradient_cams import grad_cam, grad_cam_plus_plus, hires_cam, layer_cam
from cnnviz.heatmaps.occluding import occlusion, patches
from cnnviz.heatmaps.path_gradients import STEPS, integrated_gradients
from cnnviz.heatmaps.pixel_gradients import SAMPLES, saliency, smooth_grad
from cnnviz.heatmaps.scorecam import score_cam
from cnnviz.layers import find_layer, require_maps
from cnnviz.sentences import Sentence


@dataclass(frozen=True)
class Method:
    """One way to explain a class, as the interface lists it.

    Attributes:
        name: Its key in links and on the command line, and its function's name.
        title: Its name for people.
        summary: What it shows, in one sentence.
        explain: Its function: `explain(convnet, inputs, *, class_index=None, ...)`.
        has_layer: Whether it takes `layer` and answers on the layer's grid; else on the image's.
        is_slow: Whether it takes many runs, and `on_step` to follow and cancel them.
        is_signed: Whether values below zero speak against the class.
        units: What its numbers count, of a model with logits; see `units_of`.
        count: Forward passes for one image with default settings, of a model and a layer.
        needs_attention: Whether it explains transformers only.
    """

    name: str
    title: str
    summary: str
    explain: Callable[..., np.ndarray]
    has_layer: bool
    is_slow: bool
    is_signed: bool
    units: str
    count: Callable[[Convnet, str | None], int]
    needs_attention: bool = False

    def units_of(self, convnet: Convnet) -> Sentence:
        """What its numbers count for a model: the logit, or what is explained in its place."""
        if self.units == _PER_INPUT:
            return Sentence("{score} per unit of input", score=convnet.score_unit)
        return convnet.score_unit if self.units == _LOGIT else Sentence(self.units)

    def runs(self, convnet: Convnet, *, layer: str | None = None) -> int:
        """Forward passes for one image with default settings, for an estimate beforehand."""
        return self.count(convnet, layer)


def _once(convnet: Convnet, layer: str | None) -> int:
    return 1


def _channels(convnet: Convnet, layer: str | None) -> int:
    return find_layer(convnet, require_maps(convnet, layer)).filters + 2  # the image, and the plain color


def _patches(convnet: Convnet, layer: str | None) -> int:
    return patches(convnet.preparation.size) + 1


def _samples(convnet: Convnet, layer: str | None) -> int:
    return SAMPLES + 1


def _steps(convnet: Convnet, layer: str | None) -> int:
    return STEPS + 1


_LOGIT, _PER_INPUT, _LAYER = Sentence("logit"), Sentence("logit per unit of input"), Sentence("units of the layer")

METHODS: dict[str, Method] = {
    method.name: method
    for method in (
        Method(
            name="grad_cam",
            title="Grad-CAM",
            summary=Sentence("Where a layer has evidence for the class; the standard choice."),
            explain=grad_cam,
            has_layer=True,
            is_slow=False,
            is_signed=False,
            units=_LOGIT,
            count=_once,
        ),
        Method(
            name="grad_cam_plus_plus",
            title="Grad-CAM++",
            summary=Sentence("Like Grad-CAM, but small and repeated objects are covered better."),
            explain=grad_cam_plus_plus,
            has_layer=True,
            is_slow=False,
            is_signed=False,
            units=_LOGIT,
            count=_once,
        ),
        Method(
            name="hires_cam",
            title="HiResCAM",
            summary=Sentence("The contribution of each position to the score; exact at the last layer."),
            explain=hires_cam,
            has_layer=True,
            is_slow=False,
            is_signed=False,
            units=_LOGIT,
            count=_once,
        ),
        Method(
            name="layer_cam",
            title="LayerCAM",
            summary=Sentence("Fine-grained maps, also from early layers."),
            explain=layer_cam,
            has_layer=True,
            is_slow=False,
            is_signed=False,
            units=_LOGIT,
            count=_once,
        ),
        Method(
            name="score_cam",
            title="Score-CAM",
            summary=Sentence("Weights each channel by the score of the image masked with it; no gradients."),
            explain=score_cam,
            has_layer=True,
            is_slow=True,
            is_signed=False,
            units=_LAYER,
            count=_channels,
        ),
        Method(
            name="saliency",
            title="Saliency",
            summary=Sentence("Gradient of the score with respect to the pixels."),
            explain=saliency,
            has_layer=False,
            is_slow=False,
            is_signed=False,
            units=_PER_INPUT,
            count=_once,
        ),
        Method(
            name="smooth_grad",
            title="SmoothGrad",
            summary=Sentence("Saliency averaged over noisy copies of the image: less noise."),
            explain=smooth_grad,
            has_layer=False,
            is_slow=True,
            is_signed=False,
            units=_PER_INPUT,
            count=_samples,
        ),
        Method(
            name="integrated_gradients",
            title="Integrated Gradients",
            summary=Sentence(
                "The score attributed to the pixels, by integrating gradients from a baseline to the image."
            ),
            explain=integrated_gradients,
            has_layer=False,
            is_slow=True,
            is_signed=True,
            units=_LOGIT,
            count=_steps,
        ),
        Method(
            name="occlusion",
            title="Occlusion",
            summary=Sentence("How much the score drops when a patch is masked; slow, but measured directly."),
            explain=occlusion,
            has_layer=False,
            is_slow=True,
            is_signed=True,
            units=_LOGIT,
            count=_patches,
        ),
        Method(
            name="attention_rollout",
            title="Attention rollout",
            summary=Sentence("How attention carries each patch to the output, for any class; no gradients."),
            explain=attention_rollout,
            has_layer=False,
            is_slow=False,
            is_signed=False,
            units=Sentence("attention weight"),
            count=_once,
            needs_attention=True,
        ),
    )
}
"""Every method by name, in the order in which to offer them."""


def methods_for(convnet: Convnet) -> dict[str, Method]:
    """Those of the methods that can explain a model, by name."""
    has_attention = bool(attention_layers(convnet))
    return {name: method for name, method in METHODS.items() if has_attention or not method.needs_attention}
