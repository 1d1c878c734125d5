"""How does a network learn? Recipes, and the trainer that carries them out."""

from cnnviz.training.augmentation import Augmentation
from cnnviz.training.launch import create_run, delete, launch, reopen, stop
from cnnviz.training.recipe import OPTIMIZERS, TRANSFER, Recipe, Transfer, edited, recipe_from_json
from cnnviz.training.recipes import RECIPES, Named
from cnnviz.training.trainer import carry_out

__all__ = [
    "OPTIMIZERS",
    "RECIPES",
    "TRANSFER",
    "Augmentation",
    "Named",
    "Recipe",
    "Transfer",
    "carry_out",
    "create_run",
    "delete",
    "edited",
    "launch",
    "recipe_from_json",
    "reopen",
    "stop",
]
