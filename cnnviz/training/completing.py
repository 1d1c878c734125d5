"""Completion of a run whose trainer was killed before it saved the whole model."""

from __future__ import annotations

from cnnviz.runs import Run, open_run
from cnnviz.training.cutting import base_of
from cnnviz.training.recipe import recipe_from_json
from cnnviz.training.record import hold
from cnnviz.training.transfer import assemble
from cnnviz.training.weights import put_together


def complete(run: Run) -> Run:
    """Put the best head that a run has kept together with its base, as its trainer would have done at the end.

    Args:
        run: One that has ended; where nothing is left to do it is left as it is.

    Returns:
        The run as it is then.

    Raises:
        CnnvizError: If it is being trained, or the base cannot be opened any more.
    """
    recipe = recipe_from_json(run.recipe)
    class_names = run.environment.get("data", {}).get("class_names")
    if not run.has_loose_head or recipe.transfer is None or not class_names:
        return run
    with hold(run.path):
        parts = assemble(recipe, recipe.transfer, base_of(recipe.transfer.base), classes=len(class_names))
        put_together(parts.head, parts.product, run.path)
    return open_run(run.path)
