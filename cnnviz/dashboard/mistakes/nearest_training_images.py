"""Training images of a model and their predictions, in which nearest images are searched."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from cnnviz import mistakes
from cnnviz.dashboard import panels, sets, state
from cnnviz.dashboard.cached import kept
from cnnviz.dashboard.jobs import jobs, owner
from cnnviz.dashboard.mistakes import evaluation_job
from cnnviz.dashboard.mistakes.evaluation_job import Asked
from cnnviz.dashboard.mistakes.subject import Subject
from cnnviz.dashboard.texts import mistakes as texts
from cnnviz.datasets import Part, subset
from cnnviz.errors import DataError
from cnnviz.mistakes import ClassMapping, Evaluation, Neighbors

_MOST = 20_000  # training images that are searched, a random choice of more


@dataclass(frozen=True, eq=False)
class Learned:
    """Training images, and what the model says of them.

    Attributes:
        images: The images.
        evaluation: One row an image.
        link: Name of the set in links, where a click can open its images.
        labels: For each class that is looked at, the classes of the training images that mean the same.
    """

    images: Part
    evaluation: Evaluation
    link: str | None
    labels: tuple[tuple[int, ...], ...]

    def nearest(self, features: np.ndarray, *, label: int, count: int) -> Neighbors:
        """The training images of a class that is looked at, the nearest first."""
        meant = self.labels[label] if label < len(self.labels) else ()
        candidates = np.flatnonzero(np.isin(self.evaluation.labels, meant))
        return mistakes.nearest_to(self.evaluation, features, candidates=candidates, count=count)

    def open(self, row: int) -> None:
        """Choose a training image for the card; for callbacks."""
        if self.link is not None:
            state.select(state.DATA, self.link)
            state.select(state.PART, "train")
            state.select(state.ITEM, str(int(self.evaluation.indices[row])))


def find(subject: Subject, evaluation: Evaluation) -> Learned | None:
    """The training images, if the model was asked about them before."""
    asked = _training(subject)
    found = None if asked is None else evaluation_job.known(asked)
    if asked is None or found is None:
        return None
    link = None if len(asked.data.part) == _MOST else subject.learned_link
    return Learned(asked.data.part, found, link, _same(evaluation.mapping, found.mapping))


def look(subject: Subject) -> bool:
    """Draw the way to the training images: at once where that is quick and nothing else runs, else a button.

    Returns:
        Whether they are known by now.
    """
    asked = _training(subject)
    if asked is None:
        return False
    is_quick = asked.seconds < evaluation_job.QUICK_SECONDS and not jobs().is_busy(owner())
    label = panels.counted(texts.SEARCH_LEARNED, len(asked.data.part))
    return evaluation_job.or_progress(asked, label, icon=":material/school:", is_quick=is_quick) is not None


def _training(subject: Subject) -> Asked | None:
    """The training images, if there are any beside those that are looked at."""
    if subject.learned_link is None:
        return None
    try:
        data = sets.open_part(sets.offered()[subject.learned_link], "train", run=subject.run)
    except DataError:  # the folder that it learned from went away
        return None
    if data.part.fingerprint == subject.images.fingerprint:
        return None
    some = replace(data, part=_some(data.part.fingerprint, data.part))
    return Asked(subject.selection, some, evaluation_job.guessed(data, subject.selection.convnet))


@kept()
def _some(fingerprint: str, _part: Part) -> Part:
    if len(_part) <= _MOST:
        return _part
    return subset(_part, np.sort(np.random.default_rng(0).choice(len(_part), _MOST, replace=False)))


def _same(mapping: ClassMapping, other: ClassMapping) -> tuple[tuple[int, ...], ...]:
    """For each class of one set those of another that share a class of the model."""
    return tuple(
        tuple(place for place, theirs in enumerate(other) if set(classes) & set(theirs)) for classes in mapping
    )
