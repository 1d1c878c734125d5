"""Fitting of a plan, phase by phase, from the last finished epoch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cnnviz.runs import folder as names
from cnnviz.training import checkpoint, networks
from cnnviz.training.checkpoint import Checkpoint
from cnnviz.training.plan import Phase, Plan
from cnnviz.training.recipe import Recipe
from cnnviz.training.record import Record, cut_history
from cnnviz.training.strategies import Sharing
from cnnviz.training.weights import keep_last, keep_snapshot, put_together

if TYPE_CHECKING:
    from cnnviz.training.callbacks import OnEpoch


@dataclass(frozen=True, eq=False)
class Work:
    """All that fitting needs.

    Attributes:
        record: Where the run stands.
        recipe: What was asked for.
        plan: What is fitted on what.
        sharing: Who fits.
        on_epoch: Told after each epoch, if anybody wants to know.
    """

    record: Record
    recipe: Recipe
    plan: Plan
    sharing: Sharing
    on_epoch: OnEpoch | None


def fit(work: Work) -> None:
    """Fit all phases that are left; a stop or an error leaves the models of the epochs that have ended."""
    plan, run = work.plan, work.record.path
    try:
        _fit_phases(work)
    finally:
        if plan.is_head_alone:
            put_together(plan.model, plan.product, run)


def _fit_phases(work: Work) -> None:
    record, plan = work.record, work.plan
    resumed = checkpoint.load(record.path / names.CHECKPOINTS)
    cut_history(record.path / names.HISTORY, resumed.epoch if resumed else 0)
    if resumed:
        record.tell(epoch=resumed.epoch, best=resumed.notes["best"], seconds=resumed.notes["seconds"])
    else:
        record.tell(epoch=0, best={}, seconds=0.0)
        keep_snapshot(plan, work.recipe, record.path, 0)
    first = resumed.phase if resumed else 0
    for number, phase in enumerate(plan.phases[first:], first):
        mine = resumed if resumed and resumed.phase == number else None
        with work.sharing.scope():
            _begin(work, phase, mine)
        try:
            if not (mine and mine.is_phase_over):
                _fit_phase(work, number, mine)
        finally:
            if not plan.is_head_alone:
                keep_last(plan, record.path, phase=number)


def _begin(work: Work, phase: Phase, resumed: Checkpoint | None) -> None:
    """Set what learns in a phase, and put everything back where it was."""
    recipe, plan = work.recipe, work.plan
    phase.begin()
    optimizer = networks.optimizer(recipe, learning_rate=phase.learning_rate, replicas=work.sharing.replicas)
    plan.model.compile(optimizer, networks.loss(recipe, plan.model), metrics=["accuracy"])
    optimizer.build(plan.model.trainable_variables)
    work.sharing.prepare(plan.model, plan.validation)
    if resumed:
        checkpoint.put_back([*plan.variables(), *optimizer.variables], resumed.arrays)


def _fit_phase(work: Work, number: int, resumed: Checkpoint | None) -> None:
    from cnnviz.training.callbacks import Keeper, Reporter, deciding, tensorboard

    record, recipe, plan = work.record, work.recipe, work.plan
    first, others = record.status.epoch, deciding(recipe)
    keeper = Keeper(plan, recipe, record, phase=number, others=others, resumed=resumed, on_epoch=work.on_epoch)
    plan.model.fit(
        work.sharing.stream(plan.training(first)),
        steps_per_epoch=plan.steps,
        initial_epoch=first,
        epochs=plan.phases[number].last_epoch,
        **work.sharing.validation(plan.validation),
        callbacks=[Reporter(record, work.sharing), *others, *tensorboard(recipe, record.path), keeper],
        shuffle=False,  # the stream is shuffled already, by seed and epoch
        verbose=0,
    )
