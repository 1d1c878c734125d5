"""Evaluation of a model on labeled images, and analysis of its mistakes.

    evaluation = evaluate(convnet, dataset.test, class_names=dataset.class_names)
    wrong = mistakes(evaluation, order="confidence")       # rows; evaluation.indices[wrong] are the images

`accuracy`, `class_scores`, `calibration`, `roc` and `confusion` say how much is wrong, `agreement` compares two
models. `nearest`, `facts` and `mean_map` say why; `edits`, `sweep`, `smallest_flipping_patch` and `cover_in_all` try
what would change a prediction. `label_suspects`, `near_duplicates` and `odd_pictures` find label
issues, duplicates and outliers, `embed` lays the images out.
"""

from cnnviz.mistakes import edits
from cnnviz.mistakes.agreement import Agreement, agreement
from cnnviz.mistakes.confusions import ConfusedPair, cell, confused_order, confused_pairs, confusion
from cnnviz.mistakes.covering import Covered, cover_in_all
from cnnviz.mistakes.embedding import embed
from cnnviz.mistakes.evaluating import OnStep, evaluate, require_classes, require_mapping, said_class_order
from cnnviz.mistakes.evaluation import UNSURE_GAP, Evaluation
from cnnviz.mistakes.facts import Facts, facts, ninths
from cnnviz.mistakes.flips import FlippingPatch, Sweep, smallest_flipping_patch, sweep
from cnnviz.mistakes.held_out import learnt_from, open_unseen, run_of, split_of_run, splits_for
from cnnviz.mistakes.labelled_folders import ALL, Labelled, names_of, open_labelled, split_of, splits_of
from cnnviz.mistakes.mapping import (
    OTHER,
    ClassMapping,
    ClassOrder,
    MappingGuess,
    differing_orders,
    guess_mapping,
    match_classes,
)
from cnnviz.mistakes.mean_maps import mean_map
from cnnviz.mistakes.neighbours import Neighbours, nearest, nearest_to
from cnnviz.mistakes.odd import Duplicate, Odd, near_duplicates, odd_pictures
from cnnviz.mistakes.ranking import Order, mistakes, ordered
from cnnviz.mistakes.scores import Accuracy, Calibration, ClassScores, Roc, accuracy, calibration, class_scores, roc
from cnnviz.mistakes.statements import assumptions, mapping_text, model_notes, named_accuracies
from cnnviz.mistakes.store import EvaluationStore, load, save
from cnnviz.mistakes.suspects import Suspects, label_suspects

__all__ = [
    "ALL",
    "OTHER",
    "UNSURE_GAP",
    "Accuracy",
    "Agreement",
    "Calibration",
    "ClassMapping",
    "ClassOrder",
    "ClassScores",
    "ConfusedPair",
    "Covered",
    "Duplicate",
    "Evaluation",
    "EvaluationStore",
    "Facts",
    "FlippingPatch",
    "Labelled",
    "MappingGuess",
    "Neighbours",
    "Odd",
    "OnStep",
    "Order",
    "Roc",
    "Suspects",
    "Sweep",
    "accuracy",
    "agreement",
    "assumptions",
    "calibration",
    "cell",
    "class_scores",
    "confused_order",
    "confused_pairs",
    "confusion",
    "cover_in_all",
    "differing_orders",
    "edits",
    "embed",
    "evaluate",
    "facts",
    "guess_mapping",
    "label_suspects",
    "learnt_from",
    "load",
    "mapping_text",
    "match_classes",
    "mean_map",
    "mistakes",
    "model_notes",
    "named_accuracies",
    "names_of",
    "near_duplicates",
    "nearest",
    "nearest_to",
    "ninths",
    "odd_pictures",
    "open_labelled",
    "open_unseen",
    "ordered",
    "require_classes",
    "require_mapping",
    "roc",
    "run_of",
    "said_class_order",
    "save",
    "smallest_flipping_patch",
    "split_of",
    "split_of_run",
    "splits_for",
    "splits_of",
    "sweep",
]
