"""Texts of the Heatmaps page."""

TITLE = "Heatmaps"
QUESTION = "Which parts of the image support a prediction?"
WHAT = """
A heatmap shows **where the evidence for a class lies** in this image, for this model. It explains the prediction, not
the object: a wrong prediction has a heatmap too. For a regression model, it shows what raises the output.

- The map is as coarse as its layer: on a 224 × 224 image, one cell of a 7 × 7 map covers 32 × 32 pixels, and its
  receptive field is larger.
- Two classes side by side share **one scale**; their difference shows why the model prefers one over the other.
- The **deletion test** checks the map: it masks the hottest pixels to see whether the score falls. If masking random
  regions lowers it as much, do not trust the map.
"""
METHOD = "Method"
AGAINST = "Compare with"
AGAINST_PLACEHOLDER = "another class"
AGAINST_PLACEHOLDER_VALUE = "another value"
OPACITY = "Opacity"
THRESHOLD = "Hide below"
COLORS = "Colors"
HEAT_COLORS = {"magma": "magma", "viridis": "viridis", "cividis": "cividis", "jet": "jet"}
BOX = "Bounding box of the hottest region"
IMAGE = "Image"
IMAGE_ALT = "The image as the model receives it"
MAP_ALT = "{method} for {name}: strongest at {where}"
DIFFERENCE = "{first} minus {second}"
DIFFERENCE_ALT = "Difference of the two heatmaps; positive supports {first}"
ONE_SCALE = "Both heatmaps share one scale."
DELETION = (
    "Deletion test: masking the top 10 % of pixels changes **{name}** from {before} to **{after}** "
    "(random mask: {random})."
)
DELETION_HELP = (
    "Pixels are replaced by the image's mean color; the random figure is the mean of five "
    "random masks: the same mask, moved to random places."
)
STRIP = "Grad-CAM at every layer"
STRIP_HELP = "Each on its own scale. Click one to select that layer."
STRIP_NAME = "{layer} · {rows} × {columns} · max {maximum} {unit}"
SLOW = "{method} needs {runs} forward passes, about {seconds} s."
START = "Compute"
PROGRESS = "{done} of {total} forward passes"
PLACES = {(0, 0): "top left", (0, 1): "top", (0, 2): "top right", (1, 0): "left", (1, 1): "center", (1, 2): "right",
          (2, 0): "bottom left", (2, 1): "bottom", (2, 2): "bottom right"}  # fmt: skip
NO_LAYER = "This method attributes the score to the input pixels; the selected layer has no effect."
AT = "Layer {layer}, {rows} × {columns} cells."
ATTENTION = "Attention"
ATTENTION_LAYER = "Attention layer"
ATTENTION_QUERY = "Query"
CLASS_TOKEN = "class token"
MEAN_OF_PATCHES = "mean over all patches"
PATCH = "patch in row {row}, column {column}"
ALL_HEADS = "mean over heads"
HEAD = "head {head}"
HEAD_NAME = "{head} · max {maximum}"
ATTENTION_ALT = "Attention of {layer}, {head}, over the image"
ATTENTION_UNIT = "attention weight"
ATTENTION_HELP = (
    "Each map is a row of attention weights, on its own scale. They show which patches the query attends to, not "
    "how these affect the prediction: attention is not explanation ([Jain and Wallace, 2019](https://arxiv.org/abs/1902.10186))."
)
NO_LAYER_ROLLOUT = "Combines all attention layers; the selected class and layer have no effect."
USUAL_LAYER = "Use {layer}, the default layer"
