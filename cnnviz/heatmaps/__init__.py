"""Class heatmaps by ten methods, and checks of how far to trust them.

On a layer's own grid: `grad_cam`, `grad_cam_plus_plus`, `hires_cam`, `layer_cam`, `score_cam`; on the image's:
`saliency`, `smooth_grad`, `integrated_gradients`, `occlusion`. `METHODS` lists them with their costs and units.
Of transformers, `attention` gives the weights of a layer, `attention_maps` puts them on the grid of patches, and
`attention_rollout` follows them through all blocks.
`strip` maps many layers at once, `compare` two classes; `box` frames a map's peak, `judge` puts its failures into
words, and `deletion_score` tests whether the model agrees.
"""

from cnnviz.heatmaps.attention import attention, attention_layers, attention_maps, attention_rollout
from cnnviz.heatmaps.box import box
from cnnviz.heatmaps.comparison import Comparison, compare, strip
from cnnviz.heatmaps.faithfulness import Deletion, deletion_score
from cnnviz.heatmaps.gradient_cams import grad_cam, grad_cam_plus_plus, hires_cam, layer_cam
from cnnviz.heatmaps.methods import METHODS, Method, methods_for
from cnnviz.heatmaps.occluding import occlusion
from cnnviz.heatmaps.path_gradients import integrated_gradients
from cnnviz.heatmaps.pixel_gradients import saliency, smooth_grad
from cnnviz.heatmaps.scorecam import score_cam
from cnnviz.heatmaps.steps import OnStep
from cnnviz.heatmaps.verdict import Verdict, judge, judged

__all__ = [
    "METHODS",
    "Comparison",
    "Deletion",
    "Method",
    "OnStep",
    "Verdict",
    "attention",
    "attention_layers",
    "attention_maps",
    "attention_rollout",
    "box",
    "compare",
    "deletion_score",
    "grad_cam",
    "grad_cam_plus_plus",
    "hires_cam",
    "integrated_gradients",
    "judge",
    "judged",
    "layer_cam",
    "methods_for",
    "occlusion",
    "saliency",
    "score_cam",
    "smooth_grad",
    "strip",
]
