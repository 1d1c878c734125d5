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
    Normalise,
    Order,
    channel_statistics,
    feature_maps,
    order_channels,
    tiles,
)
from cnnviz.cli import options, output
from cnnviz.cli.opening import open_convnet, open_photo, picture_name
from cnnviz.layers import default_layer, find_layer, require_maps
from cnnviz.soundness import require_sound

_SIDE = 64  # pixels of a tile


def add(verbs: options.Verbs) -> None:
    """Describe `cnnviz activations`."""
    parser = options.add_verb(
        verbs,
        "activations",
        run,
        question="Show what each channel of a layer sees in a picture.",
        example="cnnviz activations chelsea --layer stem_relu --order strength",
    )
    options.add_picture(parser)
    options.add_model(parser)
    parser.add_argument("--layer", help="an address that `cnnviz layers` lists (default: the last layer with maps)")
    parser.add_argument(
        "--order", choices=get_args(Order), default="index", help="which channel comes first (default: %(default)s)"
    )
    parser.add_argument(
        "--normalise",
        choices=get_args(Normalise),
        default="channel",
        help="each channel on its own scale, or one scale for the layer (default: %(default)s)",
    )
    options.add_colours(parser, "viridis")
    options.add_out(parser, default="PICTURE-LAYER.png", arrays="the maps in the layer's own units")
    options.add_json(parser)


def run(given: Namespace) -> Iterator[str]:
    """Write the sheet and say what is on it."""
    photo = open_photo(given.picture, stretch=given.stretch)
    convnet = open_convnet(given)
    layer = find_layer(convnet, given.layer or default_layer(convnet)).address
    require_sound(convnet, layer)
    path = output.target(given, picture_name(given.picture), layer)
    maps = feature_maps(convnet, convnet.prepare([photo]), layers=[layer])[layer][0]
    statistics = channel_statistics(maps)
    order = order_channels(statistics, by=given.order)

    def sheet() -> np.ndarray:
        require_maps(convnet, layer)
        return _sheet(maps[..., order], given)

    output.save(path, sheet, {"maps": maps, "order": order, **output.assumed(convnet)})
    if given.json:
        facts = {"model": convnet.name, "picture": given.picture, "layer": layer, "shape": maps.shape}
        yield output.to_json({**facts, "channels": _channels(statistics, order), "out": path and str(path)})
    else:
        yield _text(maps, statistics, layer)
        yield f"Wrote {path}"


def _sheet(maps: np.ndarray, given: Namespace) -> np.ndarray:
    """Colour the channels and lay them out in a square; small maps are enlarged in sharp pixels."""
    pictures = images.lookup_table(given.colours)[tiles(maps, normalise=given.normalise, side=_SIDE)]
    factor = max(1, _SIDE // max(pictures.shape[1:3]))
    enlarged = np.stack([images.scale_up(picture, factor) for picture in pictures])
    return images.contact_sheet(enlarged, columns=ceil(sqrt(len(enlarged))))


def _text(maps: np.ndarray, statistics: ChannelStatistics, layer: str) -> str:
    shape = " x ".join(map(str, maps.shape))
    sentences = [f"{layer}: {shape}, from {statistics.minimum.min():.4g} to {statistics.maximum.max():.4g}."]
    if statistics.is_silent.any():
        sentences.append(f"Silent on this picture: {output.numbers(np.flatnonzero(statistics.is_silent).tolist())}.")
    if not statistics.is_finite.all():
        sentences.append(f"Not finite: {output.numbers(np.flatnonzero(~statistics.is_finite).tolist())}.")
    return "\n".join(sentences)


def _channels(statistics: ChannelStatistics, order: np.ndarray) -> list[dict[str, object]]:
    return [
        {
            "channel": index,
            "mean": statistics.mean[index],
            "minimum": statistics.minimum[index],
            "maximum": statistics.maximum[index],
            "zero_share": statistics.zero_share[index],
            "is_silent": statistics.is_silent[index],
            "is_finite": statistics.is_finite[index],
        }
        for index in order.tolist()
    ]
