"""File writers under stress: everything that writes files, with numbered content that can be checked when read back."""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import random
import re
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

from cnnviz.convnets import Answers, recall, remember
from cnnviz.dashboard import store
from cnnviz.datasets.arrays import photos
from cnnviz.datasets.dataset import Part, array_part
from cnnviz.filters.pattern import Pattern, Request
from cnnviz.filters.store import PatternStore
from cnnviz.folders import cache_folder
from cnnviz.kept_arrays import map_rows
from cnnviz.mistakes import EvaluationStore, load, save
from cnnviz.runs import list_runs, open_run, read_history, runs_folder
from cnnviz.training import checkpoint
from cnnviz.training.checkpoint import Checkpoint
from cnnviz.training.launch import create_run
from cnnviz.training.recipe import Recipe
from cnnviz.training.record import Record, append_epoch, folder_written
from tests.mistakes.mistake_nets import answers

BYTES = 200_000
_NUMBERS = 300
_REQUEST = Request("network", "conv", "textbook", 64, 8, 0)
_UPLOADED = re.compile(r".*-([0-9a-f]{8}|[0-9a-f]{32})\.[a-z0-9]+")


def bytes_of(number: int) -> bytes:
    """As many bytes for each number, always the same."""
    return random.Random(number).randbytes(BYTES)


@dataclass(frozen=True)
class Writer:
    """Something that writes.

    Attributes:
        write: Writes what belongs to a number.
        broken: Says what is wrong with what it wrote, as whoever reads it would see it.
    """

    write: Callable[[int], Any]
    broken: Callable[[], list[str]]


def _zip(number: int) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("cats/1.png", bytes_of(number))
    return buffer.getvalue()


def _broken_images() -> list[str]:
    found = [path for path in cache_folder("pictures").glob("[!.]*") if path.is_file()]
    return [f"image {path.name}" for path in found if hashlib.sha256(path.read_bytes()).hexdigest() != path.name]


def _broken_uploads(paths: list[Path]) -> list[str]:
    digests = {path: hashlib.sha256(path.read_bytes()).hexdigest() for path in paths}
    names = {path: _UPLOADED.fullmatch(path.name) for path in paths}
    return [f"upload {path.name}" for path, name in names.items() if not (name and digests[path].startswith(name[1]))]


def _offered_models() -> list[Path]:
    homes = cache_folder("models").glob("*")
    return [path for home in homes if (path := store.model_path(home.name)) is not None]


@lru_cache(maxsize=400)
def _evaluation(number: int) -> Any:
    labels = np.random.default_rng(number).integers(0, 3, 2000)
    return answers(labels, np.random.default_rng(number).dirichlet(np.ones(3), 2000), data=f"data {number}")


def found_evaluation(number: int) -> Any:
    """The evaluation of that number, if it was kept."""
    expected = _evaluation(number)
    asked = (SimpleNamespace(fingerprint="network"), part_of(expected, f"data {number}"))
    return EvaluationStore().find(*asked, expected.class_names, expected.mapping)  # type: ignore[arg-type]  # asked for its fingerprint alone


def part_of(evaluation: Any, fingerprint: str) -> Part:
    """Images of nothing, with the labels of an evaluation."""
    pixels = np.zeros((len(evaluation.labels), 1, 1, 1), np.uint8)
    return replace(array_part(pixels, evaluation.labels, len(evaluation.class_names)), fingerprint=fingerprint)


def _broken_evaluations() -> list[str]:
    found = {number: found_evaluation(number) for number in range(_NUMBERS)}
    return [
        f"evaluation {number}"
        for number, one in found.items()
        if one is not None and not np.array_equal(one.labels, _evaluation(number).labels)
    ]


def _pattern(number: int) -> Pattern:
    photo = np.random.default_rng(number).integers(0, 256, (64, 64, 3), np.uint8)
    return Pattern(number, photo, 0.0, float(number), "ok", (64, 64))


def found_pattern(number: int) -> Pattern | None:
    """The pattern of that number, if it was kept."""
    return PatternStore().find(_REQUEST, [number]).get(number)


def _broken_patterns() -> list[str]:
    found = PatternStore().find(_REQUEST, range(_NUMBERS))
    return [f"pattern {index}" for index, one in found.items() if not np.array_equal(one.photo, _pattern(index).photo)]


def _told() -> Path:
    path = cache_folder("models") / "told.keras"
    if not path.exists():
        with contextlib.suppress(FileNotFoundError):  # somebody deletes the folder meanwhile
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
    return path


def _answers(number: int) -> Answers:
    return Answers(scaling="0..1", class_names=tuple(f"class {number}" for _ in range(2000)))


def _broken_answers() -> list[str]:
    path = cache_folder("models") / "told.keras"
    found = recall(path)
    if not path.with_name("told.keras.cnnviz.json").exists() and found is None:
        return []
    return [] if found is not None and len(set(found.class_names)) == 1 else ["what was said of a model is lost"]


def _write_run(number: int) -> None:
    made = next(iter(list_runs()), None)
    path = made.path if made and number % 8 else create_run(Recipe("lenet5", "mnist-5k", "lenet5", 4))
    run = open_run(path)
    with folder_written(path):  # as a trainer does, whose failures are told in its status
        checkpoint.save(path / "checkpoints", Checkpoint(number, 0, False, {}, (np.full(BYTES // 8, float(number)),)))
        append_epoch(path / "history.csv", number, {"loss": float(number), "val_loss": float(number)})
        Record(path, replace(run.status, state="stopped")).tell(epoch=number)


def _broken_runs() -> list[str]:
    broken = []
    for run in list_runs():
        if "cannot be understood" in str(run.status.reason):
            broken.append(f"run {run.name}")
        history = read_history(run.path / "history.csv")
        if len(history) and not np.array_equal(history.epochs, history.columns["loss"]):
            broken.append(f"history of {run.name}")
        newest = checkpoint.newest(run.path / "checkpoints")
        if newest and not (checkpoint.read(newest).arrays[0] == checkpoint.epoch_of(newest)).all():
            broken.append(f"checkpoint of {run.name}")
    return broken


_GRAY, _DECODED = (4, 128, 128, 1), (4, 128, 128, 3)


def _pixels(number: int) -> np.ndarray:
    pixels = np.random.default_rng(number).integers(0, 256, _GRAY, np.uint8)
    pixels[0, 0, :2, 0] = divmod(number, 256)  # a kept file tells what ought to be in it
    return pixels


def _decode(number: int) -> None:
    part = array_part(_pixels(number), np.zeros(_GRAY[0], int), 1)
    photos(part, size=_DECODED[1:3], channels=_DECODED[3])


def _broken_decoded() -> list[str]:
    broken = []
    for path in cache_folder("datasets").glob("[!.]*.npy"):
        rows = map_rows(path, shape=_DECODED, dtype=np.uint8)
        if rows is None or (rows != _pixels(256 * int(rows[0, 0, 0, 0]) + int(rows[0, 0, 1, 0]))).any():
            broken.append(f"decoded images {path.name}")
    return broken


def export_folder() -> Path:
    """Folder that is exported to."""
    path = runs_folder().parent / "exports"
    path.mkdir(parents=True, exist_ok=True)
    return path


def _broken_exports() -> list[str]:
    return [
        f"export {path.name}"
        for path in export_folder().glob("[!.]*.npz")
        if not np.array_equal(load(path).labels, _evaluation(int(path.stem)).labels)
    ]


WRITERS: dict[str, Writer] = {
    "an uploaded image": Writer(lambda number: store.put("pictures", bytes_of(number)), _broken_images),
    "an uploaded model": Writer(
        lambda number: store.put_model("net.keras", bytes_of(number)), lambda: _broken_uploads(_offered_models())
    ),
    "uploaded images": Writer(
        lambda number: store.put_data("cats.zip", _zip(number)), lambda: _broken_uploads(store.own_data())
    ),
    "what was said of a model": Writer(lambda number: remember(_told(), _answers(number)), _broken_answers),
    "an evaluation": Writer(lambda number: EvaluationStore().keep(_evaluation(number)), _broken_evaluations),
    "a pattern": Writer(lambda number: PatternStore().keep(_REQUEST, [_pattern(number)]), _broken_patterns),
    "decoded images": Writer(_decode, _broken_decoded),
    "a run": Writer(_write_run, _broken_runs),
    "an export": Writer(lambda number: save(_evaluation(number), export_folder() / f"{number}.npz"), _broken_exports),
}


def use_folder(folder: Path) -> None:
    """Let everything be kept below a folder."""
    os.environ["CNNVIZ_CACHE_DIR"] = str(folder / "cache")
    os.environ["CNNVIZ_RUNS_DIR"] = str(folder / "runs")
    os.environ["CNNVIZ_DATA_DIR"] = str(folder / "data")


def broken_in_all() -> list[str]:
    """All that is wrong with anything that was written."""
    return [broken for writer in WRITERS.values() for broken in writer.broken()]


def half_written(folder: Path) -> list[str]:
    """Names of what was begun and neither finished nor removed."""
    return [path.name for path in folder.rglob(".cnnviz-part-*")]
