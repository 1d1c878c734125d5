"""Training of models: recipes, and the trainer that carries them out."""

from cnnviz.training.advisor import Advice, advise
from cnnviz.training.audit import Finding, audit
from cnnviz.training.augmentation import Augmentation, preview
from cnnviz.training.blueprint import Blueprint, Estimate, blueprint, estimate
from cnnviz.training.completing import complete
from cnnviz.training.export import FORMATS, export_run
from cnnviz.training.launch import create_run, delete, launch, reopen, stop
from cnnviz.training.recipe import OPTIMIZERS, TRANSFER, Recipe, Transfer, edited, recipe_from_json
from cnnviz.training.recipes import RECIPES, Named
from cnnviz.training.series import SERIES, Series, create_series
from cnnviz.training.trainer import carry_out, train
from cnnviz.training.trainer_process import SECONDS_TO_ANSWER, is_deaf

__all__ = [
    "FORMATS",
    "OPTIMIZERS",
    "RECIPES",
    "SECONDS_TO_ANSWER",
    "SERIES",
    "TRANSFER",
    "Advice",
    "Augmentation",
    "Blueprint",
    "Estimate",
    "Finding",
    "Named",
    "Recipe",
    "Series",
    "Transfer",
    "advise",
    "audit",
    "blueprint",
    "carry_out",
    "complete",
    "create_run",
    "create_series",
    "delete",
    "edited",
    "estimate",
    "export_run",
    "is_deaf",
    "launch",
    "preview",
    "recipe_from_json",
    "reopen",
    "stop",
    "train",
]
