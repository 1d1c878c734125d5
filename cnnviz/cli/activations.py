"""`cnnviz activations`: a contact sheet of a layer's channels, or its feature maps as arrays."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterator
from math import ceil, sqrt
from typing import get_args

import numpy as np

from cnnviz import images
from cnnviz.activations import (
    ChannelStatistics,
    Normalize,
    Order,
    channel_statistics,
    feature_maps,
    order_channels,
    tiles,
)
from cnnviz.cli import options, output
from cnnviz.cli.opening import image_name, open_convnet, open_photo
from cnnviz.finite_check import require_sound
from cnnviz.layers import default_layer, find_layer, require_maps

_SIDE = 64  # pixels of a tile


def add(verbs: options.Verbs) -> None:
    """Describe `cnnviz activations`."""
    parser = options.add_verb(
        verbs,
        "activations",
        run,
        question="Show the feature maps of a layer for an image.",
        example="cnnviz activations chelsea --layer stem_relu --order strength",
    )
    options.add_image(parser)
    options.add_model(parser)
    parser.add_argument(
        "--layer", help="an address that `cnnviz layers` lists (default: the last layer with feature maps)"
    )
    parser.add_argument(
        "--order", choices=get_args(Order), default="index", help="how channels are sorted (default: %(default)s)"
    )
    options.add_renamed(
        parser, "--normalize", "--normalise", choices=get_args(Normalize), default="channel",
        help="each channel on its own scale, or one scale for the layer (default: %(default)s)",
    )  # fmt: skip
    options.add_colors(parser, "viridis")
    options.add_out(parser, default="IMAGE-LAYER.png", arrays="the maps in the layer's own units")
    options.add_json(parser)


def run(given: Namespace) -> Iterator[str]:
    """Write the sheet and say what is on it."""
    photo = open_photo(given.image, stretch=given.stretch)
    convnet = open_convnet(given)
    layer = find_layer(convnet, given.layer or default_layer(convnet)).address
    require_sound(convnet, layer)
    path = output.target(given, image_name(given.image), layer)
    maps = feature_maps(convnet, convnet.prepare([photo]), layers=[layer])[layer][0]
    statistics = channel_statistics(maps)
    order = order_channels(statistics, by=given.order)

    def sheet() -> np.ndarray:
        require_maps(convnet, layer)
        return _sheet(maps[..., order], given)

    output.save(path, sheet, {"maps": maps, "order": order, **output.assumed(convnet)})
    if given.json:
        facts = {"model": convnet.name, "image": given.image, "layer": layer, "shape": maps.shape}
        yield output.to_json({**facts, "channels": _channels(statistics, order), "out": path and str(path)})
    else:
        yield _text(maps, statistics, layer)
        yield f"Wrote {path}"


def _sheet(maps: np.ndarray, given: Namespace) -> np.ndarray:
    """Color the channels and lay them out in a square; small maps are enlarged in sharp pixels."""
    sheet = images.lookup_table(given.colors)[tiles(maps, normalize=given.normalize, side=_SIDE)]
    factor = max(1, _SIDE // max(sheet.shape[1:3]))
    enlarged = np.stack([images.scale_up(tile, factor) for tile in sheet])
    return images.contact_sheet(enlarged, columns=ceil(sqrt(len(enlarged))))


def _text(maps: np.ndarray, statistics: ChannelStatistics, layer: str) -> str:
    shape = " x ".join(map(str, maps.shape))
    sentences = [f"{layer}: {shape}, from {statistics.minimum.min():.4g} to {statistics.maximum.max():.4g}."]
    if statistics.is_inactive.any():
        sentences.append(
            f"Channels inactive on this image: {output.numbers(np.flatnonzero(statistics.is_inactive).tolist())}."
        )
    if not statistics.is_finite.all():
        sentences.append(
            f"Channels with NaN or infinite values: {output.numbers(np.flatnonzero(~statistics.is_finite).tolist())}."
        )
    return "\n".join(sentences)


def _channels(statistics: ChannelStatistics, order: np.ndarray) -> list[dict[str, object]]:
    return [
        {
            "channel": index,
            "mean": statistics.mean[index],
            "minimum": statistics.minimum[index],
            "maximum": statistics.maximum[index],
            "zero_share": statistics.zero_share[index],
            "is_inactive": statistics.is_inactive[index],
            "is_finite": statistics.is_finite[index],
        }
        for index in order.tolist()
    ]
