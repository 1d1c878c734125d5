"""What does a network get wrong, and why?

    evaluation = evaluate(convnet, dataset.test, class_names=dataset.class_names)
    wrong = mistakes(evaluation, order="confidence")       # rows; evaluation.indices[wrong] are the pictures

`accuracy`, `class_scores`, `calibration`, `roc` and `confusion` say how much is wrong, `agreement` compares two
networks.
"""

from cnnviz.mistakes.agreement import Agreement, agreement
from cnnviz.mistakes.confusions import ConfusedPair, cell, confused_order, confused_pairs, confusion
from cnnviz.mistakes.evaluating import OnStep, evaluate
from cnnviz.mistakes.evaluation import UNSURE_GAP, Evaluation
from cnnviz.mistakes.mapping import OTHER, ClassMapping, guess_mapping
from cnnviz.mistakes.ranking import Order, mistakes, ordered
from cnnviz.mistakes.scores import Accuracy, Calibration, ClassScores, Roc, accuracy, calibration, class_scores, roc
from cnnviz.mistakes.store import EvaluationStore, load, save

__all__ = [
    "OTHER",
    "UNSURE_GAP",
    "Accuracy",
    "Agreement",
    "Calibration",
    "ClassMapping",
    "ClassScores",
    "ConfusedPair",
    "Evaluation",
    "EvaluationStore",
    "OnStep",
    "Order",
    "Roc",
    "accuracy",
    "agreement",
    "calibration",
    "cell",
    "class_scores",
    "confused_order",
    "confused_pairs",
    "confusion",
    "evaluate",
    "guess_mapping",
    "load",
    "mistakes",
    "ordered",
    "roc",
    "save",
]
