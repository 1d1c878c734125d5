"""Model and weights files of a run: best, last and snapshots; whole models, or heads alone.

A model is saved whole. Where the base never changes and only the head learns, that would take longer than an epoch:
then the head alone is kept on the way, and what has ended is put together.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from cnnviz.folders import written_whole
from cnnviz.kept_arrays import seal
from cnnviz.runs import folder as names
from cnnviz.runs import snapshot_path
from cnnviz.training import checkpoint
from cnnviz.training.checkpoint import Checkpoint
from cnnviz.training.plan import Plan
from cnnviz.training.recipe import Recipe

if TYPE_CHECKING:
    import keras

_SNAPSHOT_BYTES = 100 * 2**20


def load_product(path: Path) -> keras.Model:
    """Open a model that `save_product` wrote."""
    import keras

    return keras.saving.load_model(path, compile=False)


def save_product(model: keras.Model, path: Path) -> None:
    """Save a model as a whole file, not compiled."""
    with written_whole(path) as part:
        model.save(part)


def keep_best(plan: Plan, run: Path, epoch: int) -> None:
    """Keep the weights of the best epoch so far."""
    if not plan.is_head_alone:
        save_product(plan.product, run / names.BEST)
        return
    path = run / names.CHECKPOINTS / names.BEST_HEAD
    path.parent.mkdir(exist_ok=True)
    arrays = tuple(np.asarray(variable) for variable in plan.model.variables)
    checkpoint.write(path, Checkpoint(epoch, 0, False, {}, arrays))


def keep_last(plan: Plan, run: Path, *, phase: int) -> None:
    """Write the model of the last epoch that ended in this phase, if one has."""
    kept = checkpoint.load(run / names.CHECKPOINTS)
    if kept is not None and kept.phase == phase:
        variables = plan.variables()
        checkpoint.put_back(variables, kept.arrays[: len(variables)])
        save_product(plan.product, run / names.LAST)


def put_together(head: keras.Model, product: keras.Model, run: Path) -> None:
    """Write the models of the last and of the best epoch, of which the head was kept.

    Args:
        head: What was fitted; in the end it has the best weights that were kept.
        product: The whole, which shares its layers.
        run: The run's folder.

    Raises:
        RunError: If what was kept is damaged, or of another model.
    """
    best = run / names.CHECKPOINTS / names.BEST_HEAD
    kept = {names.LAST: checkpoint.newest(run / names.CHECKPOINTS), names.BEST: best if best.is_file() else None}
    for name, path in kept.items():
        if path is not None:
            variables = head.variables
            checkpoint.put_back(variables, checkpoint.read(path).arrays[: len(variables)])
            save_product(product, run / name)
    best.unlink(missing_ok=True)


def snapshot_epochs(model: keras.Model, recipe: Recipe) -> set[int]:
    """Epochs of which the weights are kept: dense at first, when most happens; fewer of a large model; the last."""
    room = int(_SNAPSHOT_BYTES // max(1, 4 * model.count_params()))
    count = min(recipe.snapshots, recipe.epochs, room)
    return {round(epoch) for epoch in np.geomspace(1, recipe.epochs, count)} if count > 1 else set()


def keep_snapshot(plan: Plan, recipe: Recipe, run: Path, epoch: int) -> None:
    """Keep the weights after an epoch, if it is one of those that are replayed; 0 is before the first."""
    epochs = snapshot_epochs(plan.kept, recipe)
    if epochs and epoch in {0, *epochs}:
        save_snapshot(plan.kept, snapshot_path(run, epoch, is_head=plan.is_head_alone))


def save_snapshot(model: keras.Model, path: Path) -> None:
    """Write weights as a whole file."""
    path.parent.mkdir(exist_ok=True)
    with written_whole(path) as part:
        whole = part.with_suffix(".weights.h5")  # Keras insists on both endings
        try:
            model.save_weights(whole)
            whole.replace(part)
            seal(part)
        finally:
            whole.unlink(missing_ok=True)
