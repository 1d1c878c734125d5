"""`cnnviz filters`: a contact sheet of filter patterns by gradient ascent, or the patterns as arrays."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterator, Sequence
from math import ceil, sqrt

import numpy as np

from cnnviz import images
from cnnviz.cli import options, output
from cnnviz.cli.opening import open_convnet
from cnnviz.cli.progress import bar
from cnnviz.convnets import Convnet
from cnnviz.errors import LayerError
from cnnviz.filters import STYLES, Pattern, PatternStore, filter_count, find_patterns
from cnnviz.filters.patterns import SIZES
from cnnviz.layers import default_layer

_FIRST = 16  # filters, where none are named

_FATES = {
    "rescued": "Rescued (no gradient at first)",
    "dead": "Dead (no image activates them)",
    "not finite": "Not finite (NaN or infinite activations)",
}


def add(verbs: options.Verbs) -> None:
    """Describe `cnnviz filters`."""
    parser = options.add_verb(
        verbs,
        "filters",
        run,
        question="Generate the pattern that activates each filter of a layer most, by gradient ascent.",
        example="cnnviz filters --layer block1_project_conv --filters 0-8 --size 96",
    )
    options.add_model(parser)
    parser.add_argument(
        "--layer", help="an address that `cnnviz layers` lists (default: the last layer with feature maps)"
    )
    parser.add_argument(
        "--filters", type=options.filter_ranges, metavar="0-15,20", help=f"filter indices (default: the first {_FIRST})"
    )
    parser.add_argument(
        "--style", choices=sorted(STYLES), default="natural", help="style of the patterns (default: %(default)s)"
    )
    parser.add_argument(
        "--size",
        type=options.whole_number(SIZES[0], SIZES[-1]),
        default=128,
        help="image size of a pattern in pixels (default: %(default)s)",
    )
    defaults = ", ".join(f"{style.steps} for {name}" for name, style in STYLES.items())
    parser.add_argument("--steps", type=options.whole_number(1), help=f"gradient ascent steps (default: {defaults})")
    parser.add_argument("--seed", type=options.whole_number(0), default=0, help="random seed (default: %(default)s)")
    options.add_out(parser, default="MODEL-LAYER-STYLE.png", arrays="the patterns and their activations")
    options.add_json(parser)


def run(given: Namespace) -> Iterator[str]:
    """Run gradient ascent, write the contact sheet, and say which filters are dead."""
    convnet = open_convnet(given)
    layer = given.layer or default_layer(convnet)
    path = output.target(given, convnet.name, layer, given.style)
    wanted = _wanted(given.filters, filter_count(convnet, layer), layer)
    found = _ascend(convnet, layer, wanted, given)
    photos = np.stack([pattern.photo for pattern in found])
    columns = ceil(sqrt(len(photos)))
    output.save(
        path,
        lambda: images.contact_sheet(photos, columns=columns),
        {**_arrays(photos, found), **output.assumed(convnet)},
    )
    if given.json:
        settings = {
            "style": given.style,
            "size": given.size,
            "steps": given.steps or STYLES[given.style].steps,
            "seed": given.seed,
        }
        facts = {"model": convnet.name, "layer": layer, **settings, "patterns": [_facts(pattern) for pattern in found]}
        yield output.to_json({**facts, "out": path and str(path)})
    else:
        yield _text(layer, given.style, found)
        yield f"Wrote {path}"


def _wanted(ranges: options.Ranges | None, count: int, layer: str) -> tuple[int, ...]:
    """List the filters that were typed, each once."""
    ranges = ranges or (range(min(_FIRST, count)),)
    last = max(part[-1] for part in ranges)
    if last >= count:
        raise LayerError(f"Layer {layer!r} has no filter {last}. Its filters are 0 to {count - 1}.")
    return tuple(dict.fromkeys(index for part in ranges for index in part))


def _ascend(convnet: Convnet, layer: str, wanted: Sequence[int], given: Namespace) -> tuple[Pattern, ...]:
    with bar("Optimizing", "step") as on_step:
        return find_patterns(
            convnet,
            layer=layer,
            filters=wanted,
            style=given.style,
            size=given.size,
            steps=given.steps,
            seed=given.seed,
            store=PatternStore(),
            on_step=on_step,
        )


def _arrays(photos: np.ndarray, found: Sequence[Pattern]) -> dict[str, np.ndarray]:
    return {
        "photos": photos,
        "filters": np.array([pattern.filter for pattern in found]),
        "before": np.array([pattern.before for pattern in found]),
        "after": np.array([pattern.after for pattern in found]),
        "status": np.array([pattern.status for pattern in found]),
    }


def _facts(pattern: Pattern) -> dict[str, object]:
    return {
        "filter": pattern.filter,
        "status": pattern.status,
        "before": pattern.before,
        "after": pattern.after,
        "ascent_size": pattern.ascent_size,
    }


def _text(layer: str, style: str, found: Sequence[Pattern]) -> str:
    sentences = [f"{layer}: patterns of {len(found)} filters, {style}."]
    for status, words in _FATES.items():
        filters = [pattern.filter for pattern in found if pattern.status == status]
        if filters:
            sentences.append(f"{words}: {output.numbers(filters)}.")
    return "\n".join(sentences)
