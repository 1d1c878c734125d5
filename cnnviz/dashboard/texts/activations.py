"""Texts of the Activations page."""

TITLE = "Activations"
QUESTION = "What does each layer see in this image?"
WHAT = """
Every tile is one **channel** of the layer: the response of one filter at each position of the image. Bright means a
strong activation.

- Scaled **per channel**, every tile uses its own range, so a weak channel looks as bright as a strong one; choose
  *per layer* to compare channels.
- **Inactive** channels are zero everywhere *on this image*; another image may activate them.
- Deep layers have few, large cells: each can depend on its whole *receptive field*, often the entire image.
"""
PREVIOUS = "Previous layer"
NEXT = "Next layer"
STEP = "Layer"
PLAY = "Play"
SCALE = "Scale"
SCALES = {"channel": "per channel", "layer": "per layer"}
ORDER = "Sort by"
ORDERS = {"strength": "strength", "sparsity": "sparsity", "index": "index"}
COLORS = "Colors"
MAP_COLORS = {"viridis": "viridis", "gray": "gray", "cividis": "cividis"}
WHERE = "layer {number} of {count} · {kind} · {shape} · receptive field {field}"
SHEET = "All {count} channels of {layer}"
INACTIVE = "{count} channels · {silent} inactive on this image"
SCALE_LAYER = "shared scale: {low} to {high}"
SCALE_CHANNEL = "each channel scaled separately"
CHANNEL_NAME = "channel {channel} · max {maximum}"
CHANNEL_INACTIVE = "channel {channel} · inactive on this image"

CARD = "Channel"
CARD_MAP_ALT = "Channel {channel} of {layer} over the image; maximum {maximum}"
UNIT = "activation"
ACROSS_UNITS = "unit"
OPACITY = "Feature map opacity"
STATISTICS = ("mean", "max", "sparsity")
EFFECT = "Effect on **{name}**: {effect} {unit}"
EFFECT_HELP = (
    "Estimate, to first order, of what this channel adds to the class's score on this image: "
    "gradient × activation, summed over the map."
)
PATCH = "Strongest patch"
PATCH_ALT = "The part of the image that the channel's maximum can depend on"
KERNEL = "Kernel"
KERNEL_RGB = "in RGB, gray is zero"
KERNEL_ONE = "orange negative, purple positive, white zero"
KERNEL_MANY = "one tile per input channel ({count}); orange negative, purple positive"
KERNEL_ALT = "Kernel of channel {channel}"
NO_KERNEL = "This layer has no kernel."
NO_WINDOW = "A dense layer has no sliding window: each unit has one weight for each of its {count:,} inputs."
PATTERN = "Pattern"
PATTERN_MAKE = "Generate pattern"
PATTERN_ALT = "Pattern of channel {channel}: an image made by gradient ascent"
NO_PATTERN = {
    "dead": "Dead: gradient ascent found no image that activates this filter.",
    "not finite": "The activations are NaN or infinite here: there is no pattern to show.",
}
VECTOR = "{count} values, one per unit"
UNIT_NAME = "unit {unit}"
STRONGEST = "Strongest"
STRONGEST_ROW = "{name} **{value}**"
VECTOR_ALT = "Bars of the {count} units of {layer}"
