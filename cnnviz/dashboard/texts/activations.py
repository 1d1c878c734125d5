"""Texts of the Activations page."""

TITLE = "Activations"
QUESTION = "What does each layer see in this picture?"
WHAT = """
Every tile is one **channel** of the layer: what one filter answered at each place of the picture. Bright is a strong
answer.

- Scaled **per channel**, every tile uses its own range, so a faint channel looks as bright as a strong one; choose
  *per layer* to compare channels.
- **Silent** channels are zero everywhere *on this picture*; another picture may wake them.
- Deep layers have few, large cells: each one can depend on the region that *sees* names, often the whole picture.
"""
PREVIOUS = "Previous layer"
NEXT = "Next layer"
STEP = "Layer"
PLAY = "Play"
SCALE = "Scale"
SCALES = {"channel": "per channel", "layer": "per layer"}
ORDER = "Sort by"
ORDERS = {"strength": "strength", "sparsity": "sparsity", "index": "number"}
COLOURS = "Colours"
MAP_COLOURS = {"viridis": "viridis", "gray": "gray", "cividis": "cividis"}
WHERE = "layer {number} of {count} · {kind} · {shape} · sees {field}"
SHEET = "All {count} channels of {layer}"
SILENT = "{count} channels · {silent} silent on this picture"
SCALE_LAYER = "one scale for all: {low} to {high}"
SCALE_CHANNEL = "each channel on its own scale"
CHANNEL_NAME = "channel {channel} · max {maximum}"
CHANNEL_SILENT = "channel {channel} · silent on this picture"
PICTURE_ALT = "The picture as the network receives it"

CARD = "Channel"
CARD_MAP_ALT = "Channel {channel} of {layer} over the picture; strongest {maximum}"
UNIT = "activation"
ACROSS_UNITS = "unit"
OPACITY = "Opacity of the map"
STATISTICS = ("mean", "max", "zero")
EFFECT = "Effect on **{name}**: {effect} {unit}"
EFFECT_HELP = (
    "Estimate, to first order, of what this channel adds to the class's score on this image: "
    "gradient × activation, summed over the map."
)
PATCH = "Strongest here"
PATCH_ALT = "The part of the picture that the strongest value of the channel can depend on"
KERNEL = "Kernel"
KERNEL_RGB = "as colours, gray is zero"
KERNEL_ONE = "orange negative, purple positive, white zero"
KERNEL_MANY = "one tile for each of {count} inputs; orange negative, purple positive"
KERNEL_ALT = "Kernel of channel {channel}"
NO_KERNEL = "This layer has no kernel of its own."
NO_WINDOW = "A dense layer slides no kernel: each unit weighs all of its {count:,} inputs."
PATTERN = "Pattern"
PATTERN_MAKE = "Show its pattern"
PATTERN_ALT = "What channel {channel} looks for: a picture made by gradient ascent"
NO_PATTERN = {
    "dead": "Dead: no picture was found that makes this filter answer.",
    "not finite": "The network answers with NaN or infinity here: there is no pattern to show.",
}
VECTOR = "{count} numbers, one a unit"
UNIT_NAME = "unit {unit}"
STRONGEST = "Strongest"
STRONGEST_ROW = "{name} **{value}**"
VECTOR_ALT = "Bars of the {count} units of {layer}"
