"""Evaluation of a model on labeled images, and analysis of its mistakes.

    evaluation = evaluate(convnet, dataset.test, class_names=dataset.class_names)
    wrong = mistakes(evaluation, order="confidence")       # rows; evaluation.indices[wrong] are the images

`accuracy`, `class_scores`, `calibration`, `roc` and `confusion` say how much is wrong, `agreement` compares two
models. `nearest`, `facts` and `mean_map` say why; `edits`, `sweep`, `smallest_flipping_patch` and `occlude_in_all` try
what would change a prediction. `find_label_issues`, `near_duplicates` and `find_outliers` find label
issues, duplicates and outliers, `embed` lays the images out.
"""

from cnnviz.mistakes import perturbations
from cnnviz.mistakes.agreement import Agreement, agreement
from cnnviz.mistakes.confusions import ConfusedPair, cell, confused_order, confused_pairs, confusion
from cnnviz.mistakes.counterfactuals import FlippingPatch, Sweep, smallest_flipping_patch, sweep
from cnnviz.mistakes.embedding import embed
from cnnviz.mistakes.evaluating import OnStep, evaluate, require_classes, require_mapping, said_class_order
from cnnviz.mistakes.evaluation import UNSURE_GAP, Evaluation
from cnnviz.mistakes.facts import Facts, facts, ninths
from cnnviz.mistakes.held_out import open_unseen, run_of, split_of_run, splits_for, trained_on
from cnnviz.mistakes.label_issues import LabelIssues, find_label_issues
from cnnviz.mistakes.labeled_folders import ALL, Labeled, names_of, open_labeled, split_of, splits_of
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
from cnnviz.mistakes.nearest_neighbors import Neighbors, nearest, nearest_to
from cnnviz.mistakes.occlusion import Occluded, occlude_in_all
from cnnviz.mistakes.outliers import Duplicate, Outlier, find_outliers, near_duplicates
from cnnviz.mistakes.ranking import Order, mistakes, ordered
from cnnviz.mistakes.scores import Accuracy, Calibration, ClassScores, Roc, accuracy, calibration, class_scores, roc
from cnnviz.mistakes.statements import assumptions, mapping_text, model_notes, named_accuracies
from cnnviz.mistakes.store import EvaluationStore, load, save
from cnnviz.renamed import former_names

__getattr__ = former_names(
    __name__,
    {
        "Covered": "Occluded",
        "Labelled": "Labeled",
        "Neighbours": "Neighbors",
        "Odd": "Outlier",
        "Suspects": "LabelIssues",
        "cover_in_all": "occlude_in_all",
        "edits": "perturbations",
        "label_suspects": "find_label_issues",
        "learnt_from": "trained_on",
        "odd_pictures": "find_outliers",
        "open_labelled": "open_labeled",
    },
)

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
    "Duplicate",
    "Evaluation",
    "EvaluationStore",
    "Facts",
    "FlippingPatch",
    "LabelIssues",
    "Labeled",
    "MappingGuess",
    "Neighbors",
    "Occluded",
    "OnStep",
    "Order",
    "Outlier",
    "Roc",
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
    "differing_orders",
    "embed",
    "evaluate",
    "facts",
    "find_label_issues",
    "find_outliers",
    "guess_mapping",
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
    "occlude_in_all",
    "open_labeled",
    "open_unseen",
    "ordered",
    "perturbations",
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
    "trained_on",
]
