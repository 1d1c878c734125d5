"""File readers under stress: for each kind of file, how it is written whole and how it is read."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
from PIL import Image

from benchmarks.breaking.writers import WRITERS, part_of
from cnnviz.convnets import recall
from cnnviz.convnets.gate import check_model_file
from cnnviz.datasets import load_dataset
from cnnviz.datasets.arrays import photos
from cnnviz.datasets.dataset import array_part
from cnnviz.filters.pattern import Pattern, Request
from cnnviz.filters.store import PatternStore
from cnnviz.folders import cache_folder
from cnnviz.images import open_photo
from cnnviz.mistakes import EvaluationStore, load, save
from cnnviz.runs import Status, list_runs
from cnnviz.training import checkpoint
from cnnviz.training.checkpoint import Checkpoint
from tests.convnets.hostile import model_file
from tests.mistakes.mistake_nets import answers

_REQUEST = Request("network", "conv", "textbook", 32, 8, 0)


@dataclass(frozen=True)
class Reader:
    """A kind of file.

    Attributes:
        make: Makes a whole one in an empty folder, and says where it is.
        read: Reads it as the product does; None where nothing was kept.
        has_checksum: Whether what is read of a spoiled one must be what was written.
    """

    make: Callable[[Path], Path]
    read: Callable[[Path], Any]
    has_checksum: bool = False


def _evaluation() -> Any:
    return answers(np.arange(30) % 3, np.random.default_rng(0).dirichlet(np.ones(3), 30))


def _make_evaluation(_: Path) -> Path:
    EvaluationStore().keep(_evaluation())
    return next(cache_folder("evaluations").iterdir())


def _find_evaluation(_: Path) -> Any:
    whole = _evaluation()
    network, part = SimpleNamespace(fingerprint="network"), part_of(whole, "data")
    found = EvaluationStore().find(network, part, whole.class_names, whole.mapping)  # type: ignore[arg-type]  # asked for its fingerprint alone
    return None if found is None else (found.labels.tolist(), found.top_probabilities.tolist(), found.network)


def _make_export(folder: Path) -> Path:
    save(_evaluation(), folder / "evaluation.npz")
    return folder / "evaluation.npz"


def _make_pattern(_: Path) -> Path:
    photo = np.random.default_rng(0).integers(0, 256, (32, 32, 3), np.uint8)
    PatternStore().keep(_REQUEST, [Pattern(0, photo, 0.0, 1.0, "ok", (32, 32))])
    return next(cache_folder("patterns").iterdir())


def _find_pattern(_: Path) -> Any:
    found = PatternStore().find(_REQUEST, [0]).get(0)
    return None if found is None else (found.photo.tobytes(), found.before, found.after, found.status)


def _make_answers(_: Path) -> Path:
    WRITERS["what was said of a model"].write(1)
    return cache_folder("models") / "told.keras.cnnviz.json"


def _run_with(name: str) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        run = folder / "runs" / "a"
        run.mkdir(parents=True)
        environment = {"data": {"class_names": ["a", "b"], "fingerprint": "x"}, "parameters": 3}
        files = {
            "recipe.json": json.dumps({"name": "lenet5", "data": "mnist-5k", "network": "lenet5", "epochs": 3}),
            "status.json": json.dumps(asdict(Status("finished", epoch=3, epochs=3, metrics={"loss": 0.5}))),
            "history.csv": "epoch,loss,val_loss\n1,0.5,0.6\n2,0.25,nan\n3,0.1,0.2\n",
            "environment.json": json.dumps(environment),
        }
        for file, text in files.items():
            (run / file).write_text(text)
        return run / name

    return make


def _read_run(path: Path) -> Any:
    """All that the page reads of it."""
    for run in list_runs(path.parents[1]):
        history = run.history
        _ = (
            run.environment.get("data"),
            run.model,
            run.has_loose_head,
            run.status.seconds_left,
            history.over_fits_from,
        )
    return None


def _make_checkpoint(folder: Path) -> Path:
    checkpoint.save(folder / "checkpoints", Checkpoint(3, 0, False, {"best": {}}, (np.arange(200.0),)))
    return folder / "checkpoints" / "epoch-000003.npz"


def _make_image(folder: Path) -> Path:
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (20, 20, 3), np.uint8)).save(folder / "image.png")
    return folder / "image.png"


def _make_labeled(folder: Path) -> Path:
    for red, name in enumerate(("a", "b")):
        (folder / "data" / name).mkdir(parents=True)
        for number in range(6):
            Image.new("RGB", (8, 8), (red, number, 0)).save(folder / "data" / name / f"{number}.png")
    return folder / "data" / "a" / "0.png"


def _make_findings(folder: Path) -> Path:
    _make_labeled(folder)
    load_dataset(str(folder / "data"))
    return next(cache_folder("datasets").glob("*.json"))


def _decoded(_: Path) -> Any:
    pixels = np.random.default_rng(0).integers(0, 256, (4, 8, 8, 3), np.uint8)
    found = photos(array_part(pixels, np.zeros(4, int), 1), size=(6, 6), channels=3)
    assert found.shape == (4, 6, 6, 3) and found.dtype == np.uint8
    return None


def _make_decoded(folder: Path) -> Path:
    _decoded(folder)
    return next(cache_folder("datasets").glob("*.npy"))


def _read_checkpoint(path: Path) -> Any:
    newest = checkpoint.load(path.parent)
    if newest is None or not newest.arrays:  # no network takes it
        return None
    return (newest.epoch, newest.arrays[0].tolist())


READERS: dict[str, Reader] = {
    "an evaluation that was kept": Reader(_make_evaluation, _find_evaluation, has_checksum=True),
    "an evaluation's file": Reader(_make_export, lambda path: load(path).labels.tolist(), has_checksum=True),
    "a pattern": Reader(_make_pattern, _find_pattern, has_checksum=True),
    "what was said of a model": Reader(_make_answers, lambda _: recall(cache_folder("models") / "told.keras") and None),
    **{f"a run's {name}": Reader(_run_with(name), _read_run) for name in
       ("recipe.json", "status.json", "history.csv", "environment.json")},
    "a checkpoint": Reader(_make_checkpoint, _read_checkpoint, has_checksum=True),
    "an image": Reader(_make_image, lambda path: open_photo(path) and None),
    "a labeled image": Reader(_make_labeled, lambda path: load_dataset(str(path.parents[1])) and None),
    "findings on files": Reader(_make_findings, lambda path: _read_findings(path)),
    "decoded images": Reader(_make_decoded, _decoded),
    "a model": Reader(lambda folder: model_file(folder / "net.keras"), lambda path: check_model_file(path) and None),
}  # fmt: skip


def _read_findings(path: Path) -> Any:
    load_dataset(str(path.parents[2] / "data"))
