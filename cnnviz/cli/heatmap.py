"""`cnnviz heatmap`: a class heatmap as an overlay or an array, with the deletion test."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

import numpy as np

from cnnviz import images
from cnnviz.cli import options, output
from cnnviz.cli.errors import CommandError
from cnnviz.cli.opening import image_name, open_convnet, open_photo
from cnnviz.cli.progress import bar
from cnnviz.convnets import Convnet
from cnnviz.finite_check import require_sound
from cnnviz.heatmaps import METHODS, Deletion, Method, Verdict, box, deletion_score, judge, judged
from cnnviz.layers import require_maps

_SIDE = 224  # pixels; images of smaller models are enlarged


@dataclass(frozen=True, eq=False)
class _Explained:
    """One map and what is known of it."""

    convnet: Convnet
    method: Method
    layer: str | None
    heat: np.ndarray
    deletion: Deletion

    @property
    def class_index(self) -> int:
        return int(self.deletion.classes[0])

    @property
    def class_name(self) -> str:
        return self.convnet.class_names[self.class_index]

    @property
    def probability(self) -> float:
        return float(self.deletion.before[0])

    @property
    def verdict(self) -> Verdict:
        return judge(self.heat, probability=judged(self.convnet, self.probability), has_logits=self.convnet.has_logits)


def add(verbs: options.Verbs) -> None:
    """Describe `cnnviz heatmap`."""
    parser = options.add_verb(
        verbs,
        "heatmap",
        run,
        question="Show where in an image the evidence for a class lies, with a deletion test.",
        example='cnnviz heatmap chelsea --class "Egyptian cat" --method grad_cam',
    )
    options.add_image(parser)
    options.add_model(parser)
    parser.add_argument("--method", choices=METHODS, default="grad_cam", help="heatmap method (default: %(default)s)")
    parser.add_argument(
        "--layer", help="an address that `cnnviz layers` lists (default: the last layer with feature maps)"
    )
    parser.add_argument(
        "--class", dest="class_name", metavar="NAME|INDEX", help="class to explain (default: the most probable)"
    )
    parser.add_argument(
        "--opacity",
        type=options.share,
        default=0.6,
        help="opacity of the hottest pixels, 0 to 1 (default: %(default)s)",
    )
    options.add_colors(parser, "magma")
    options.add_out(parser, default="IMAGE-METHOD.png", arrays="the map in its own units")
    options.add_json(parser)


def run(given: Namespace) -> Iterator[str]:
    """Write the overlay and say what to think of it."""
    method = METHODS[given.method]
    if given.layer and not method.has_layer:
        where = (
            "combines all attention layers" if method.needs_attention else "attributes to the pixels, not to a layer"
        )
        raise CommandError(f"{method.title} {where}. Leave out --layer.")
    photo = open_photo(given.image, stretch=given.stretch)
    path = output.target(given, image_name(given.image), given.method, given.layer, given.class_name)
    convnet = open_convnet(given)
    require_sound(convnet)
    explained = _explain(convnet, convnet.prepare([photo]), given)
    received = convnet.fit(photo)
    arrays = {"heat": explained.heat, "photo": received, "class_index": explained.class_index}
    arrays |= output.assumed(convnet)
    output.save(path, lambda: _overlay(received, explained, given), arrays)
    if given.json:
        yield output.to_json({"image": given.image, **_facts(explained), "out": path and str(path)})
    else:
        yield _text(explained)
        yield f"Wrote {path}"


def _explain(convnet: Convnet, inputs: np.ndarray, given: Namespace) -> _Explained:
    method = METHODS[given.method]
    class_index = None if given.class_name is None else convnet.class_index(given.class_name)
    layer = require_maps(convnet, given.layer) if method.has_layer else None
    settings: dict[str, Any] = {"layer": layer} if layer else {}
    with bar(method.title, "run") if method.is_slow else nullcontext() as on_step:
        if on_step:
            settings["on_step"] = on_step
        heat = method.explain(convnet, inputs, class_index=class_index, **settings)
    return _Explained(convnet, method, layer, heat[0], deletion_score(convnet, inputs, heat, class_index=class_index))


def _overlay(received: np.ndarray, explained: _Explained, given: Namespace) -> np.ndarray:
    photo = images.scale_up(received, max(1, _SIDE // max(received.shape[:2])))
    if explained.method.is_signed:
        return images.overlay_signed(photo, explained.heat, opacity=given.opacity)
    return images.overlay(photo, explained.heat, opacity=given.opacity, colormap=given.colors)


def _text(explained: _Explained) -> str:
    rows, columns = explained.heat.shape
    place = f" at {explained.layer}" if explained.layer else ""
    low, high = images.value_range(explained.heat)
    units = explained.method.units_of(explained.convnet)
    lines = [
        f"{explained.class_name} ({explained.class_index}): {output.score(explained.convnet, explained.probability)}",
        f"{explained.method.title}{place}: {rows} x {columns}, from {low:.3g} to {high:.3g} {units}.",
        *([_deletion_sentence(explained)] if explained.verdict.is_drawable else []),
    ]
    return "\n".join([*lines, explained.verdict.sentence]).rstrip()


def _deletion_sentence(explained: _Explained) -> str:
    deletion = explained.deletion
    shares = (deletion.before[0], deletion.after[0], deletion.random_mean[0])
    before, after, random = (output.score(explained.convnet, float(share)) for share in shares)
    name = explained.class_name
    return (
        f"Deletion test: masking the top 10 % of pixels changes {name} from {before} to {after} "
        f"(random mask: {random})."
    )


def _facts(explained: _Explained) -> dict[str, Any]:
    low, high = images.value_range(explained.heat)
    deletion = explained.deletion
    return {
        "model": explained.convnet.name,
        "assumptions": explained.convnet.assumptions.record,
        "method": explained.method.name,
        "layer": explained.layer,
        "class": {"index": explained.class_index, "name": explained.class_name},
        "probability" if explained.convnet.has_probabilities else "score": explained.probability,
        "shape": explained.heat.shape,
        "units": explained.method.units_of(explained.convnet),
        "minimum": low,
        "maximum": high,
        "box": box(explained.heat),
        "deletion": {"before": deletion.before[0], "after": deletion.after[0], "random": deletion.random[0]},
        "verdict": explained.verdict.value,
        "sentence": explained.verdict.sentence,
    }
