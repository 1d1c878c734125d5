"""`cnnviz models`: list of the models that can be opened by name."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterator

from cnnviz.cli import options, output
from cnnviz.convnets import Entry, catalog


def add(verbs: options.Verbs) -> None:
    """Describe `cnnviz models`."""
    parser = options.add_verb(
        verbs, "models", run, question="List the models that can be opened by name.", example="cnnviz models"
    )
    options.add_json(parser)


def run(given: Namespace) -> Iterator[str]:
    """List the catalog; TensorFlow is not needed for it."""
    entries = catalog().values()
    if given.json:
        yield output.to_json({"models": [_facts(entry) for entry in entries]})
        return
    rows = [
        (entry.name, entry.title, entry.group, _size(entry), str(entry.download_megabytes or "-")) for entry in entries
    ]
    yield output.table(("name", "title", "group", "input shape", "download MB"), rows, align="<<<>>")


def _size(entry: Entry) -> str:
    return " x ".join(map(str, entry.preparation.input_shape))


def _facts(entry: Entry) -> dict[str, object]:
    return {
        "name": entry.name,
        "title": entry.title,
        "group": entry.group,
        "input_shape": entry.preparation.input_shape,
        "is_offline": entry.is_offline,
        "is_trained": entry.is_trained,
        "download_megabytes": entry.download_megabytes,
    }
