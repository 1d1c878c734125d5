"""Held-out images of a training run, as a model must not be tested on images that it was trained on."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from cnnviz.datasets import Dataset, catalog, load_dataset
from cnnviz.datasets.files import FileImages
from cnnviz.errors import DataError, RunError
from cnnviz.mistakes.labeled_folders import ALL, Labeled, open_labeled, split_of, splits_of
from cnnviz.runs import Run, is_run, open_run, runs_folder
from cnnviz.sentences import Sentence


def run_of(model: str | Path) -> Run | None:
    """Find the run that a model is from: by the run's name, its folder, or a file in it; None if there is none."""
    if str(model) in catalog():
        return None
    places = (Path(model), Path(model).parent, runs_folder() / str(model))
    folder = next((place for place in places if is_run(place)), None)
    try:
        return None if folder is None else open_run(folder)
    except RunError:
        return None


def trained_on(run: Run | None, name_or_path: str | Path) -> bool:
    """Whether a run was trained on these images."""
    if run is None:
        return False
    data = str(run.recipe.get("data"))
    if data in catalog() or str(name_or_path) in catalog():
        return data == str(name_or_path)
    try:
        return Path(data).resolve() == Path(name_or_path).resolve()
    except (OSError, ValueError):  # a name that no file can have
        return False


def open_unseen(name_or_path: str | Path, *, run: Run | None, part: str | None = None) -> Labeled:
    """Open images to evaluate a run's model on: of the images that it was trained on, those that it held out.

    Args:
        name_or_path: A folder, an archive, or the name of a data set.
        run: The run that the model is from; None if there is none, then as `open_labeled`.
        part: `test`, `validation` or `train` of the run's own split, or `all`; the test images if not given.

    Returns:
        The images, with a sentence that says which they are, and how many of them the model learned from.

    Raises:
        DataError: If they cannot be opened.
    """
    if run is None or not trained_on(run, name_or_path):
        return open_labeled(name_or_path, part=part)
    data = _as_trained(name_or_path, run)
    if data is None:
        return _of_changed(name_or_path, run, part)
    if part == ALL:
        return _with_learned(open_labeled(name_or_path, part=ALL), run, data)
    return split_of_run(data, run, part)


def split_of_run(data: Dataset, run: Run, part: str | None = None) -> Labeled:
    """One split of what a run was trained on, with the sentence that says what the run did with it.

    Args:
        data: As the run split it.
        run: It was trained on this data.
        part: `test`, `validation` or `train`; the test images if not given.
    """
    chosen = split_of(data, part)
    count = len(chosen.part)
    values = {"run": run.name, "count": count, "total": sum(map(len, (data.train, data.validation, data.test)))}
    if chosen.split == "train":
        said = Sentence(
            "Run {run} was trained on all {count:,} of these images, so the accuracy is overly optimistic.", **values
        )
        return replace(chosen, learned_count=count, notes=(said,))
    if chosen.split == "validation":
        said = Sentence(
            "Run {run} selected its best epoch on these {count:,} images, so the accuracy is slightly optimistic.",
            **values,
        )
        return replace(chosen, notes=(said,))
    said = Sentence(
        "Run {run} was trained on images of this dataset: only the {count:,} test images of {total:,}, which it "
        "held out, are evaluated.",
        **values,
    )
    return replace(chosen, notes=(said,))


def splits_for(name_or_path: str | Path, *, run: Run | None) -> tuple[str, ...]:
    """List the splits that there are for a model: those of its run, else those of the data; perhaps none.

    Raises:
        DataError: If the data cannot be opened.
    """
    if not trained_on(run, name_or_path) or str(name_or_path) in catalog():
        return splits_of(name_or_path)
    return ("test", "validation", "train", ALL)


def _as_trained(name_or_path: str | Path, run: Run) -> Dataset | None:
    """The images in the run's own split; None if they are others than those that it was trained on."""
    try:
        data = load_dataset(str(name_or_path), seed=int(run.recipe.get("seed") or 0))
    except DataError:  # since then a class went away, or all but a few of its images
        return None
    return data if run.environment.get("data", {}).get("fingerprint") == data.fingerprint else None


def _of_changed(name_or_path: str | Path, run: Run, part: str | None) -> Labeled:
    """The images as they are now; which of them the run learned from is not known any more."""
    found = open_labeled(name_or_path, part=part if part in splits_of(name_or_path) else None)
    said = Sentence(
        "The images changed since run {run} was trained on them, so its split cannot be restored: these {count:,} "
        "include training images, and the accuracy is overly optimistic.",
        run=run.name,
        count=len(found.part),
    )
    return replace(found, notes=(*found.notes, said))


def _with_learned(found: Labeled, run: Run, data: Dataset) -> Labeled:
    """Count the training images among all images of a folder."""
    if not isinstance(found.part.images, FileImages) or not isinstance(data.train.images, FileImages):
        return found
    learned = set(data.train.images.keys)
    count = sum(key in learned for key in found.part.images.keys)
    said = Sentence(
        "Run {run} was trained on {count:,} of these {total:,} images, so the accuracy is overly optimistic.",
        run=run.name,
        count=count,
        total=len(found.part),
    )
    return replace(found, learned_count=count, notes=(*found.notes, said))
