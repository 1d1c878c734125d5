"""Activations of each layer: feature maps, channel statistics, channel tiles, channel effects and strongest patches.

`feature_maps` takes a batch. Everything else looks at one image: the maps of one layer are
`(rows, columns, channels)`, or `(units,)` for a dense layer.
"""

from cnnviz.activations.display import Normalize, display_tiles, shown_range, tiles
from cnnviz.activations.effects import channel_effect, silence_channel, strongest_patch
from cnnviz.activations.statistics import ChannelStatistics, Order, channel_statistics, feature_maps, order_channels

__all__ = [
    "ChannelStatistics",
    "Normalize",
    "Order",
    "channel_effect",
    "channel_statistics",
    "display_tiles",
    "feature_maps",
    "order_channels",
    "shown_range",
    "silence_channel",
    "strongest_patch",
    "tiles",
]
