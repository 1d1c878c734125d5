"""Statements beside the metrics of an evaluation: an assumed class mapping, and which accuracy is which."""

from __future__ import annotations

from collections.abc import Sequence

from cnnviz.convnets import Convnet
from cnnviz.mistakes.evaluation import Evaluation
from cnnviz.mistakes.mapping import differing_orders
from cnnviz.mistakes.scores import Accuracy, accuracy
from cnnviz.sentences import Sentence

_MOST_PAIRS = 12
_ASSUMED = {
    "sorted": Sentence("the folders in sorted order, as Keras numbers them"),
    "natural": Sentence("the folders in natural order, 2 before 10"),
    "given": Sentence("the dataset's classes in their given order"),
}


def model_notes(convnet: Convnet, notes: Sequence[str]) -> tuple[str, ...]:
    """Notes of a report, and before them what was assumed of the model, where some of it is a guess."""
    assumed = convnet.assumptions.lines if convnet.assumptions.are_open else ()
    return (*(f"{convnet.name}: {line}" for line in assumed), *notes)


def assumptions(evaluation: Evaluation, convnet: Convnet | None = None) -> tuple[Sentence, ...]:
    """Say that the mapping is assumed, and where another order would be another mapping; nothing if names matched.

    Args:
        evaluation: It is only read.
        convnet: What was evaluated; names of its own stand beside those of the images.
    """
    model_names = convnet.class_names if convnet and convnet.has_class_names else ()
    order, names = evaluation.assumed_order, evaluation.class_names[: len(evaluation.mapping)]
    if order is None:
        return ()
    said = Sentence(
        "Assumed, since no class names match: the model's classes 0 to {last} are {order}: {names}.",
        last=evaluation.class_count - 1,
        order=_ASSUMED[order],
        names=_in_order(evaluation, model_names),
    )
    differ = differing_orders(names)
    if order == "given" or differ is None:
        return (said,)
    return said, Sentence(
        "Sorted and natural order differ here: class {place} is {one!r} or {other!r}. With the other order the "
        "accuracy differs.",
        place=sorted(names).index(differ[0]),
        one=differ[0],
        other=differ[1],
    )


def _in_order(evaluation: Evaluation, model_names: Sequence[str]) -> str:
    """Names of the images' classes in the order of the model's, the first few of many."""
    names = {
        classes[0]: name for name, classes in zip(evaluation.class_names, evaluation.mapping, strict=False) if classes
    }
    listed = [f"{names[index]} = {model_names[index]}" if model_names else names[index] for index in sorted(names)]
    return ", ".join(listed[:_MOST_PAIRS]) + ", ..." * (len(listed) > _MOST_PAIRS)


def mapping_text(evaluation: Evaluation, model_names: Sequence[str] = ()) -> str:
    """List which of the model's classes stand for which class, `cat = 281, 282`, the first few of many."""
    names = evaluation.class_names[: len(evaluation.mapping)]
    pairs = [
        f"{name} = {', '.join(_class_text(index, model_names) for index in classes[:3])}{', ...' * (len(classes) > 3)}"
        for name, classes in zip(names, evaluation.mapping, strict=True)
        if classes
    ]
    return ", ".join(pairs[:_MOST_PAIRS]) + ", ..." * (len(pairs) > _MOST_PAIRS)


def _class_text(index: int, model_names: Sequence[str]) -> str:
    return f"{index} ({model_names[index]})" if model_names else str(index)


def named_accuracies(evaluation: Evaluation) -> tuple[tuple[Sentence, Accuracy], ...]:
    """Each accuracy under its name, that against all of the model's classes first.

    Two where some of the model's classes stand for no class of the images, and the top 5 where there are many.
    """
    count = evaluation.class_count
    first = Sentence("Accuracy (all {count:,} classes)", count=count) if evaluation.has_other else Sentence("Accuracy")
    found = [(first, accuracy(evaluation))]
    if count > 10:
        found.append((Sentence("Top-5 accuracy"), accuracy(evaluation, top=5)))
    if evaluation.has_other:
        among = Sentence("Accuracy among the {count:,} mapped classes", count=evaluation.mapped_count)
        found.append((among, accuracy(evaluation, among="mapped")))
    return tuple(found)
