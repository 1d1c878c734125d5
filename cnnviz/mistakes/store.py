"""Store of evaluations on disk, so that none is computed twice."""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from functools import partial
from pathlib import Path
from typing import Any, get_args

import numpy as np

from cnnviz.convnets import Convnet
from cnnviz.datasets import Part
from cnnviz.datasets.files import FileImages
from cnnviz.errors import ClassError, DataError
from cnnviz.folders import cache_folder, make_room, mark_used
from cnnviz.kept_arrays import read_arrays, read_sealed, write_arrays, write_sealed
from cnnviz.mistakes.earlier import ROWS, still_valid, versions
from cnnviz.mistakes.evaluation import Evaluation
from cnnviz.mistakes.mapping import OTHER, ClassMapping, ClassOrder, check_mapping
from cnnviz.mistakes.predictions import TOP, answer_count

EVALUATION_VERSION = 2
"""Part of every key; raise it when an evaluation holds something else."""

_GIGABYTE = 2**30
_ROUNDING = 1e-3  # of sums of many probabilities in single precision
_AXES = dict.fromkeys(ROWS, 1) | dict.fromkeys(("top_classes", "top_probabilities", "features"), 2)
_UNREADABLE = (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError, ClassError)
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
            mark_used(path)
        except _UNREADABLE:
            return None
        return evaluation if _is_of(evaluation, part) else None

    def find_earlier(
        self, convnet: Convnet, part: Part, class_names: Sequence[str], mapping: ClassMapping
    ) -> dict[str, np.ndarray] | None:
        """Look up what still holds of the last answers to the same folder, see `earlier.still_valid`."""
        current = versions(part)
        if current is None:
            return None
        try:
            note = json.loads(read_sealed(self._note(convnet.fingerprint, part, class_names, mapping)))
            return still_valid(_read(self.root / Path(note["evaluation"]).name), note["versions"], part, current)
        except _UNREADABLE:
            return None

    def keep(self, evaluation: Evaluation, part: Part | None = None) -> None:
        """Keep an evaluation; a full or read-only disk keeps nothing.

        Args:
            evaluation: The answers.
            part: The images, whose files are noted, so that others beside them are asked about alone.
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
        write_sealed(target, json.dumps(note).encode())

    def _note(self, network: str, part: Part, class_names: Sequence[str], mapping: ClassMapping) -> Path:
        """Where the files of the last evaluation of a folder are noted."""
        source = part.images.source.path.resolve() if isinstance(part.images, FileImages) else ""
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
            "The evaluation cannot be written: {reason}. Choose another file.", reason=error.strerror
        ) from error


def load(path: str | Path) -> Evaluation:
    """Read what `save` wrote.

    Raises:
        DataError: If there is no such file, or it is none that `save` wrote.
    """
    path = Path(path)
    try:
        return _read(path, is_sealed=False)
    except FileNotFoundError as error:
        raise DataError("There is no file {name!r}. Check its name and folder.", name=path.name) from error
    except _UNREADABLE as error:
        raise DataError(
            "{name!r} holds no evaluation, a damaged one, or one of another version. Evaluate the model again.",
            name=path.name,
        ) from error


def _write(evaluation: Evaluation, path: Path) -> None:
    facts = {"version": EVALUATION_VERSION} | {name: getattr(evaluation, name) for name in _FACTS}
    write_arrays(path, {"facts": np.array(json.dumps(facts))} | {name: getattr(evaluation, name) for name in ROWS})


def _names(facts: dict[str, Any]) -> tuple[str, ...]:
    """Names of the answers; that of all classes without a counterpart as a sentence again."""
    names, labels = tuple(facts["class_names"]), len(facts["mapping"])
    return (*names[:labels], OTHER) if len(names) > labels else names


def _read(path: Path, *, is_sealed: bool = True) -> Evaluation:
    found = read_arrays(path, is_sealed=is_sealed)
    facts = json.loads(str(found["facts"]))
    if facts["version"] != EVALUATION_VERSION:
        raise ValueError("It is of another version.")
    arrays = {name: found[name] for name in ROWS}
    for values in arrays.values():
        values.setflags(write=False)
    evaluation = Evaluation(
        class_names=_names(facts),
        unreadable=tuple((int(index), str(reason)) for index, reason in facts["unreadable"]),
        unmapped=tuple((str(name), int(count)) for name, count in facts["unmapped"]),
        mapping=tuple(tuple(map(int, classes)) for classes in facts["mapping"]),
        class_count=int(facts["class_count"]),
        network=str(facts["network"]),
        network_fingerprint=str(facts["network_fingerprint"]),
        data_fingerprint=str(facts["data_fingerprint"]),
        assumed_order=facts["assumed_order"],
        **arrays,
    )
    _require_sound(evaluation)
    return evaluation


def _require_sound(evaluation: Evaluation) -> None:
    """Refuse values that no evaluation has: of another shape or kind, or beyond what they can be.

    Raises:
        ValueError: If there are any.
        ClassError: If no class of the images has a counterpart.
    """
    labels, names = len(evaluation.mapping), len(evaluation.class_names)
    below = {
        "indices": np.inf,
        "labels": labels,
        "predicted": names,
        "model_class": evaluation.class_count,
        "predicted_mapped": labels,
        "true_rank": evaluation.class_count,
        "top_classes": names,
    }
    shares = evaluation.true_probability, evaluation.top_probabilities
    most = max(1, *map(len, evaluation.mapping)) + _ROUNDING  # what a person calls probabilities may add up to more
    check_mapping(evaluation.mapping, evaluation.class_names[:labels], evaluation.class_count)
    is_sound = (
        all(_has_its_shape(name, getattr(evaluation, name), len(evaluation)) for name in ROWS)
        and all(_counts_below(getattr(evaluation, name), bound) for name, bound in below.items())
        and all(((values >= 0) & (values <= most)).all() for values in shares)
        and all(getattr(evaluation, name).shape[1] == min(TOP, names) for name in ("top_classes", "top_probabilities"))
        and names == answer_count(evaluation.mapping, evaluation.class_count)
        and evaluation.assumed_order in (None, *get_args(ClassOrder))
    )
    if not is_sound:
        raise ValueError("It holds what no evaluation does.")


def _has_its_shape(name: str, values: np.ndarray, count: int) -> bool:
    return values.ndim == _AXES[name] and len(values) == count and values.dtype in (np.int64, np.float32)


def _counts_below(values: np.ndarray, bound: int | float) -> bool:
    return values.dtype == np.int64 and bool(((values >= 0) & (values < bound)).all())


def _is_of(evaluation: Evaluation, part: Part) -> bool:
    """Whether its rows are images of a part, with the labels that they have there."""
    return bool(
        (evaluation.indices < len(part)).all()
        and (np.diff(evaluation.indices) > 0).all()
        and (part.labels[evaluation.indices] == evaluation.labels).all()
    )
