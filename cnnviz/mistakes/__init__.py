"""What does a network get wrong, and why?

evaluation = evaluate(convnet, dataset.test, class_names=dataset.class_names)
wrong = mistakes(evaluation, order="confidence")       # rows; evaluation.indices[wrong] are the pictures
"""

from cnnviz.mistakes.evaluating import OnStep, evaluate
from cnnviz.mistakes.evaluation import UNSURE_GAP, Evaluation
from cnnviz.mistakes.mapping import OTHER, ClassMapping, guess_mapping
from cnnviz.mistakes.store import EvaluationStore, load, save

__all__ = [
    "OTHER",
    "UNSURE_GAP",
    "ClassMapping",
    "Evaluation",
    "EvaluationStore",
    "OnStep",
    "evaluate",
    "guess_mapping",
    "load",
    "save",
]
