"""Choice of a recipe's plan: from scratch, or by transfer learning."""

from __future__ import annotations

from cnnviz.datasets import Dataset
from cnnviz.training.plan import Plan
from cnnviz.training.recipe import TRANSFER, Recipe
from cnnviz.training.scratch import plan_from_scratch
from cnnviz.training.transfer import plan_transfer


def make_plan(recipe: Recipe, dataset: Dataset) -> Plan:
    """Plan a run: read the images, build the model, decide what learns when."""
    return plan_transfer(recipe, dataset) if recipe.network == TRANSFER else plan_from_scratch(recipe, dataset)
