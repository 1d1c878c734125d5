"""Exports of the Convolution page: code, PNG and arrays of each view."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache

import numpy as np

from cnnviz import images
from cnnviz.convolution import LayerRun, Move, StackedLayer
from cnnviz.convolution.notation import write_stack
from cnnviz.dashboard import panels, samples
from cnnviz.dashboard.convolution.playground import Played
from cnnviz.dashboard.convolution.settings import Shape
from cnnviz.dashboard.convolution.walk import Place
from cnnviz.dashboard.convolution.weight_randomization import Asked, Cascade
from cnnviz.dashboard.state import Selection
from cnnviz.probes import ForwardPass

_CONVOLUTION = "from cnnviz import convolution\n"
_ARRAYS = "import numpy as np\nfrom cnnviz import convolution, images\n"
_SIDE = 224


def kernel(selection: Selection, photo: np.ndarray, played: Played) -> None:
    """Offer what the playground computes of an image, or of typed numbers."""
    maps = played.maps(photo)
    if played.typed is not None:
        source = f"{_ARRAYS}\nmaps = np.float32({played.typed.tolist()})[:, :, None]\n"
    else:
        source = _image_code(selection) + f"maps = images.fit(photo, {photo.shape[:2]}).astype(np.float32)\n"
    if played.typed is None and maps.shape[2] == 1:
        source += "maps = np.round(maps @ np.float32([0.299, 0.587, 0.114]))[:, :, None]\n"
    output = cache(lambda: played.result(maps))
    panels.show_export(
        "convolution-kernel",
        source + played.code(),
        lambda: _colored(output()[..., 0]),
        lambda: {"maps": maps, "kernels": played.kernels, "output": output()},
    )


def _image_code(selection: Selection) -> str:
    """Write the lines with which code begins that needs no network."""
    return f"import cnnviz\n{_ARRAYS}\nphoto = {samples.code(selection.image)}\n"


def sizes(shape: Shape, *stacks: Sequence[StackedLayer]) -> None:
    """Offer the numbers of stacks of layers, one below the other."""
    lines = [write_stack(shape, [layer.block for layer in layers]) for layers in stacks]
    code = (
        "from cnnviz import convolution\n\n"
        f"for line in {lines!r}:\n"
        "    shape, blocks = convolution.read_stack(line)\n"
        "    layers = convolution.stack(shape, blocks)\n"
        "    for layer in layers:\n"
        "        print(layer.block.kind, layer.output_shape, layer.parameters, layer.multiplications)\n"
    )

    def arrays() -> dict[str, np.ndarray]:
        layers = [layer for stack in stacks for layer in stack]
        return {
            "layers": np.array([len(stack) for stack in stacks]),
            "output_shapes": np.array([(*layer.output_shape, 1, 1)[:3] for layer in layers]),
            "parameters": np.array([layer.parameters for layer in layers]),
            "multiplications": np.array([layer.multiplications for layer in layers]),
            "fields": np.array([layer.field.field if layer.field else 0 for layer in layers]),
        }

    panels.show_export("convolution-sizes", code, None, arrays)


def skips(selection: Selection, plain: np.ndarray, skip: np.ndarray) -> None:
    """Offer the maps behind each block, without and with the connection: `(blocks + 1, side, side, 3)` each."""
    code = _image_code(selection) + (
        f"maps = images.fit(photo, {plain.shape[1:3]}) / np.float32(255) - np.float32(0.5)\n"
        f"weights = convolution.block_weights(3, blocks={len(plain) - 1})\n"
        "plain, skip = (convolution.through_blocks(maps, weights, has_skip=has) for has in (False, True))\n"
        "print(convolution.likeness(maps, plain[-1]), convolution.likeness(maps, skip[-1]))\n"
    )

    def image() -> np.ndarray:
        shown = [np.uint8(255 * images.to_unit(maps)) for maps in (*plain, *skip)]
        return images.contact_sheet(np.stack(shown), columns=len(plain), gap=2)

    panels.show_export("convolution-skip", code, image, lambda: {"plain": plain, "skip": skip})


def moved(
    selection: Selection, layer: str, by: Move, stride: tuple[int, int], *, maps: Mapping[str, np.ndarray], channel: int
) -> None:
    """Offer the maps before, after, and as they would be if they only moved along."""
    code = panels.code_start(selection, imports=_ARRAYS) + (
        f"by, layer, stride = convolution.{by!r}, {layer!r}, {stride}\n"
        "photo = convnet.fit(photo)\n"
        "moved = np.rint(convolution.move(photo, by)).clip(0, 255).astype(np.uint8)\n"
        "before, after = (\n"
        "    cnnviz.feature_maps(convnet, convnet.prepare([one]), layers=[layer])[layer][0] for one in (photo, moved)\n"
        ")\n"
        "along = convolution.move(before, by, stride=stride)\n"
        "where = convolution.stays_inside(before.shape, by, stride=stride)\n"
        "print(convolution.relative_difference(after, before, where=where))\n"
        "print(convolution.relative_difference(after, along, where=where))\n"
    )

    def image() -> np.ndarray:
        shown = np.stack([one[..., channel] for one in maps.values()])
        return images.contact_sheet(images.color(images.to_unit(shown)), columns=len(shown), gap=2)

    panels.show_export(f"moved-{panels.slug(layer)}", code, image, lambda: maps)


def unit(selection: Selection, run: LayerRun, place: Place, *, is_taken_apart: bool) -> None:
    """Offer a layer's map, and what one of its units is made of where it is taken apart."""
    code = panels.code_start(selection, imports=_CONVOLUTION)
    code += _unit_code(place) if is_taken_apart else _layer_code(place)
    maps = run.output if run.output.ndim == 3 else run.output.reshape(1, 1, -1)
    shown = maps[..., place.channel] if maps.shape[0] * maps.shape[1] > 1 else maps[0]
    panels.show_export(
        f"unit-{panels.slug(place.layer)}-{place.channel}",
        code,
        lambda: _colored(shown),
        lambda: {"output": run.output},
    )


def _layer_code(place: Place) -> str:
    return (
        f"layer = {place.layer!r}\n"
        "output = cnnviz.feature_maps(convnet, inputs, layers=[layer])[layer][0]\n"
        f"print(output[..., {place.channel}])\n"
    )


def _unit_code(place: Place) -> str:
    return (
        "unit = convolution.explain_unit(\n"
        f"    convnet, inputs, layer={place.layer!r}, channel={place.channel}, row={place.row}, column={place.column}\n"
        ")\n"
        "for step in unit.steps:\n"
        "    print(step.patch.shape, step.value)\n"
        "print(unit.value)\n"
    )


def drawn(network: str, photo: np.ndarray, reading: ForwardPass) -> None:
    """Offer a drawing as the model receives it, and what each layer made of it."""
    code = (
        "import cnnviz\n\n"
        f"convnet = {panels.model_code(network)}\n"
        f'photo = cnnviz.read_photo("drawn-{network}.png")\n'
        "print(cnnviz.predict(convnet, convnet.prepare([photo])))\n"
    )

    def arrays() -> dict[str, np.ndarray]:
        maps = {panels.slug(layer): maps[0] for layer, maps in reading.maps.items()}
        return {**maps, "probabilities": reading.probabilities[0]}

    panels.show_export(f"drawn-{network}", code, lambda: photo, arrays)


def shuffled(asked: Asked, cascade: Cascade) -> None:
    """Offer heatmap and feature map at every stop."""
    place = f"layer={asked.layer!r}, " if asked.method.has_layer else ""
    code = panels.code_start(asked.selection, imports=_CONVOLUTION) + (
        f"layer, counts, heats, maps = {asked.layer!r}, {asked.counts}, [], []\n"
        "for count, shuffled in zip(counts, convolution.cascade(convnet, counts=counts)):\n"
        f"    heats.append(cnnviz.{asked.method.name}(shuffled, inputs, {place}class_index={asked.class_index})[0])\n"
        f"    maps.append(cnnviz.feature_maps(shuffled, inputs, layers=[layer])[layer][0, ..., {asked.channel}])\n"
        "    print(count, convolution.rank_correlation(heats[0], heats[-1]))\n"
    )

    def image() -> np.ndarray:
        photo = images.thumbnail(asked.selection.received, (_SIDE, _SIDE))
        overlay = images.overlay_signed if asked.method.is_signed else images.overlay
        return images.contact_sheet(np.stack([overlay(photo, heat) for heat, _ in cascade.values()]), columns=5, gap=2)

    def arrays() -> dict[str, np.ndarray]:
        heats, maps = (np.stack(values) for values in zip(*cascade.values(), strict=True))
        return {"counts": np.array(list(cascade)), "heats": heats, "maps": maps}

    panels.show_export(f"shuffled-{asked.method.name}", code, image, arrays)


def _colored(values: np.ndarray) -> np.ndarray:
    """Draw values enlarged, signed ones with zero in the middle."""
    peak = float(np.nanmax(np.abs(values), initial=0.0)) or 1.0
    is_signed = bool((values < 0).any())
    unit = images.to_unit(values, low=-peak, high=peak) if is_signed else images.to_unit(values)
    return images.scale_up(images.color(unit, "PuOr" if is_signed else "gray"), max(1, _SIDE // max(values.shape)))
