"""`cnnviz layers`: table of layers with output shapes, parameters, MACs and receptive fields."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterator
from dataclasses import asdict

from cnnviz.cli import options, output
from cnnviz.cli.opening import open_convnet
from cnnviz.layers import LayerInfo, Totals, layers, totals

_KILOBYTE, _MEGABYTE = 2**10, 2**20
_HEADER = ("address", "type", "output shape", "parameters", "MACs", "receptive field")


def add(verbs: options.Verbs) -> None:
    """Describe `cnnviz layers`."""
    parser = options.add_verb(
        verbs,
        "layers",
        run,
        question="List the layers of a model: output shape, parameters, MACs and receptive field.",
        example="cnnviz layers --model lenet5",
    )
    options.add_model(parser)
    options.add_json(parser)


def run(given: Namespace) -> Iterator[str]:
    """List the layers in the order in which they run, then the totals."""
    convnet = open_convnet(given)
    infos, sums = layers(convnet), totals(convnet)
    if given.json:
        yield output.to_json(
            {"model": convnet.name, "layers": [asdict(info) for info in infos], "totals": asdict(sums)}
        )
        return
    yield output.table(_HEADER, [_row(info) for info in infos], align="<<>>>>")
    yield _sentence(convnet.name, sums)


def _row(info: LayerInfo) -> tuple[str, ...]:
    kind = f"{info.kind} (container)" if info.is_container else info.kind  # its numbers are its layers' numbers again
    shape, field = (" x ".join(map(str, sides)) for sides in (info.output_shape, info.receptive_field))
    return info.address, kind, shape, f"{info.parameters:,}", f"{info.macs:,}", field


def _sentence(name: str, sums: Totals) -> str:
    return (
        f"\n{name}: {sums.parameters:,} parameters ({sums.trainable_parameters:,} trainable), {sums.macs:,} MACs,"
        f" {_size(sums.weight_bytes)} of weights, {_size(sums.activation_bytes)} of activations per image."
    )


def _size(count: int) -> str:
    return f"{count / _KILOBYTE:.1f} kB" if count < _MEGABYTE else f"{count / _MEGABYTE:.1f} MB"
