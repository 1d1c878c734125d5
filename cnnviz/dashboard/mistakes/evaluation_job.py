"""Evaluation of a set for the Mistakes page: from disk, at once, or as a job with progress."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial

from cnnviz import mistakes
from cnnviz.convnets import Convnet
from cnnviz.dashboard import background, cache, panels
from cnnviz.dashboard.cached import kept
from cnnviz.dashboard.jobs import Job, jobs, owner
from cnnviz.dashboard.state import Selection
from cnnviz.dashboard.texts import mistakes as texts
from cnnviz.mistakes import ClassOrder, Evaluation, EvaluationStore, Labeled, MappingGuess

QUICK_SECONDS = 10.0
"""What takes less starts by itself."""

_BATCH_GAIN = 3  # a batch answers so many times as fast as images one by one


@dataclass(frozen=True, eq=False)
class Asked:
    """Which model is asked about which images.

    Attributes:
        selection: The model; its image plays no part.
        data: The images.
        guess: For each class of the images the model's classes that stand for it, and whether that is assumed.
    """

    selection: Selection
    data: Labeled
    guess: MappingGuess

    @property
    def key(self) -> str:
        """Name of all that the answers hang on."""
        return f"{self.selection.convnet.fingerprint} {self.data.part.fingerprint} {self.guess}"

    @property
    def seconds(self) -> float:
        """How long it takes, about."""
        return cache.seconds_a_run(self.selection) * len(self.data.part) / _BATCH_GAIN


def known(asked: Asked) -> Evaluation | None:
    """The answers, if there are any already: in memory, on the disk, or, where a full disk kept nothing, of a job."""
    kept = _kept(asked.key, asked)
    if kept is not None:
        return kept
    job = jobs().get(asked.key, owner())
    return job.result if job is not None and job.state == "done" else None


def or_progress(asked: Asked, label: str, *, icon: str, is_quick: bool, is_main: bool = False) -> Evaluation | None:
    """Return the answers, or draw the way to them: at once where that is quick, else an estimate and a button."""
    found = known(asked)
    if found is not None:
        return found
    job = background.finished(
        asked.key, label, partial(_ask, asked), icon=icon, is_main=is_main, is_quick=is_quick,
        progress=texts.PROGRESS, estimate=texts.ESTIMATE.format(time=panels.duration(asked.seconds)),
        is_lost=lambda ended: ended.result is None,  # they were kept on the disk, and somebody cleaned up
    )  # fmt: skip
    return None if job is None else job.result


def _ask(asked: Asked, job: Job) -> Evaluation | None:
    answers = mistakes.evaluate(
        asked.selection.convnet, asked.data, mapping=asked.guess, on_step=job.step, store=EvaluationStore(),
    )  # fmt: skip
    return None if _kept(asked.key, asked) else answers  # a job is kept longer than answers should fill the memory


@kept()
def _kept(key: str, _asked: Asked) -> Evaluation | None:
    convnet, data = _asked.selection.convnet, _asked.data
    found = EvaluationStore().find(convnet, data.part, data.class_names, _asked.guess.mapping)
    return None if found is None else replace(found, assumed_order=_asked.guess.assumed_order)


def guessed(data: Labeled, convnet: Convnet, *, class_order: ClassOrder | None = None) -> MappingGuess:
    """Which of a model's classes stand for those of the images, by name or in an order."""
    return mistakes.match_classes(
        data.class_names, convnet.class_names, has_model_names=convnet.has_class_names,
        class_order=class_order or data.class_order,
    )  # fmt: skip
