"""Where are a network's answers kept, so that nobody waits for the same ones twice?"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from cnnviz.convnets import Convnet
from cnnviz.datasets import Part
from cnnviz.datasets.files import FilePictures
from cnnviz.errors import DataError
from cnnviz.folders import DAMAGED, cache_folder, make_room, open_ordinary, read_bounded, written_whole
from cnnviz.mistakes.earlier import ROWS, still_valid, versions
from cnnviz.mistakes.evaluation import Evaluation
from cnnviz.mistakes.mapping import OTHER, ClassMapping

EVALUATION_VERSION = 2
"""Part of every key; raise it when an evaluation holds something else."""

_GIGABYTE = 2**30
_MOST_NOTE_BYTES = 2**28  # a name and a version for each of a million images
_FACTS = tuple(entry.name for entry in fields(Evaluation) if entry.name not in ROWS)


@dataclass(frozen=True)
class EvaluationStore:
    """A folder of evaluations that several processes may share.

    Attributes:
        root: The folder; `evaluations` in $CNNVIZ_CACHE_DIR or in the user's cache folder if not given.
        max_bytes: Most that its files may take together; those longest unused go first.
    """

    root: Path = field(default_factory=partial(cache_folder, "evaluations"))
    max_bytes: int = 2 * _GIGABYTE

    def find(
        self, convnet: Convnet, part: Part, class_names: Sequence[str], mapping: ClassMapping
    ) -> Evaluation | None:
        """Look an evaluation up; None if it is missing or damaged."""
        path = self._path(convnet.fingerprint, part.fingerprint, class_names, mapping)
        try:
            evaluation = _read(path)
            os.utime(path)
        except DAMAGED:
            return None
        return evaluation

    def find_earlier(
        self, convnet: Convnet, part: Part, class_names: Sequence[str], mapping: ClassMapping
    ) -> dict[str, np.ndarray] | None:
        """Look up what still holds of the last answers to the same folder, see `earlier.still_valid`."""
        current = versions(part)
        if current is None:
            return None
        try:
            path = self._note(convnet.fingerprint, part, class_names, mapping)
            note = json.loads(read_bounded(path, max_bytes=_MOST_NOTE_BYTES))
            return still_valid(_read(self.root / Path(note["evaluation"]).name), note["versions"], part, current)
        except DAMAGED:
            return None

    def keep(self, evaluation: Evaluation, part: Part | None = None) -> None:
        """Keep an evaluation; a full or read-only disk keeps nothing.

        Args:
            evaluation: The answers.
            part: The pictures, whose files are noted, so that others beside them are asked about alone.
        """
        path = self._path(
            evaluation.network_fingerprint,
            evaluation.data_fingerprint,
            evaluation.class_names[: len(evaluation.mapping)],
            evaluation.mapping,
        )
        with contextlib.suppress(OSError):
            self.root.mkdir(parents=True, exist_ok=True)
            _write(evaluation, path)
            self._keep_note(evaluation, part, path)
            make_room(keep=path, max_bytes=self.max_bytes)

    def _keep_note(self, evaluation: Evaluation, part: Part | None, path: Path) -> None:
        current = None if part is None else versions(part)
        if part is None or current is None:
            return
        names = evaluation.class_names[: len(evaluation.mapping)]
        note = {"evaluation": path.name, "versions": [current[index] for index in evaluation.indices]}
        target = self._note(evaluation.network_fingerprint, part, names, evaluation.mapping)
        with written_whole(target) as whole:
            whole.write_text(json.dumps(note), encoding="utf-8")

    def _note(self, network: str, part: Part, class_names: Sequence[str], mapping: ClassMapping) -> Path:
        """Where the files of the last evaluation of a folder are noted."""
        source = part.pictures.source.path.resolve() if isinstance(part.pictures, FilePictures) else ""
        return self.root / f"{self._path(network, f'last of {source}', class_names, mapping).stem}.json"

    def _path(self, network: str, data: str, class_names: Sequence[str], mapping: ClassMapping) -> Path:
        key = json.dumps([EVALUATION_VERSION, network, data, list(class_names), mapping])
        return self.root / f"{hashlib.sha256(key.encode()).hexdigest()[:32]}.npz"


def save(evaluation: Evaluation, path: str | Path) -> None:
    """Write an evaluation as one .npz file, whole or not at all.

    Raises:
        DataError: If it cannot be written.
    """
    path = Path(path)
    try:
        _write(evaluation, path)
    except OSError as error:
        raise DataError(
            "The evaluation cannot be written to {name!r}: {reason}. Choose another file.",
            name=path.name,
            reason=error.strerror,
        ) from error


def load(path: str | Path) -> Evaluation:
    """Read what `save` wrote.

    Raises:
        DataError: If there is no such file, or it is none that `save` wrote.
    """
    path = Path(path)
    try:
        return _read(path)
    except FileNotFoundError as error:
        raise DataError("There is no file {name!r}. Check its name and folder.", name=path.name) from error
    except DAMAGED as error:
        raise DataError(
            "{name!r} holds no evaluation, a damaged one, or one of another version. Evaluate the model again.",
            name=path.name,
        ) from error


def _write(evaluation: Evaluation, path: Path) -> None:
    facts = {"version": EVALUATION_VERSION} | {name: getattr(evaluation, name) for name in _FACTS}
    arrays: dict[str, Any] = {name: getattr(evaluation, name) for name in ROWS}
    with written_whole(path) as part, part.open("wb") as file:
        np.savez(file, facts=np.array(json.dumps(facts)), **arrays)


def _names(facts: dict[str, Any]) -> tuple[str, ...]:
    """Names of the answers; that of all classes without a counterpart as a sentence again."""
    names, labels = tuple(facts["class_names"]), len(facts["mapping"])
    return (*names[:labels], OTHER) if len(names) > labels else names


def _read(path: Path) -> Evaluation:
    with open_ordinary(path) as opened, np.load(opened, allow_pickle=False) as file:
        facts = json.loads(str(file["facts"]))
        arrays = {name: file[name] for name in ROWS}
    if facts.pop("version") != EVALUATION_VERSION or any(
        len(values) != len(arrays["labels"]) for values in arrays.values()
    ):
        raise ValueError("of another version, or cut short")
    for values in arrays.values():
        values.setflags(write=False)
    return Evaluation(
        class_names=_names(facts),
        unreadable=tuple((int(index), str(reason)) for index, reason in facts["unreadable"]),
        unmapped=tuple((str(name), int(count)) for name, count in facts["unmapped"]),
        mapping=tuple(tuple(classes) for classes in facts["mapping"]),
        class_count=int(facts["class_count"]),
        network=str(facts["network"]),
        network_fingerprint=str(facts["network_fingerprint"]),
        data_fingerprint=str(facts["data_fingerprint"]),
        assumed_order=facts["assumed_order"],
        **arrays,
    )
