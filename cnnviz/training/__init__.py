"""How does a network learn? Recipes, and the trainer that carries them out."""

from cnnviz.training.augmentation import Augmentation, preview
from cnnviz.training.blueprint import Blueprint, blueprint, seconds_for
from cnnviz.training.launch import create_run, delete, launch, reopen, stop
from cnnviz.training.recipe import OPTIMIZERS, TRANSFER, Recipe, Transfer, edited, recipe_from_json
from cnnviz.training.recipes import RECIPES, Named
from cnnviz.training.trainer import carry_out

__all__ = [
    "OPTIMIZERS",
    "RECIPES",
    "TRANSFER",
    "Augmentation",
    "Blueprint",
    "Named",
    "Recipe",
    "Transfer",
    "blueprint",
    "carry_out",
    "create_run",
    "delete",
    "edited",
    "launch",
    "preview",
    "recipe_from_json",
    "reopen",
    "seconds_for",
    "stop",
]
