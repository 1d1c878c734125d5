"""Class mapping: which of a model's classes stand for which class of the images, by name or by order."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Literal

from cnnviz.datasets.layout import natural_key
from cnnviz.errors import ClassError
from cnnviz.sentences import Sentence

ClassMapping = tuple[tuple[int, ...], ...]
"""For each class of the images the model's classes that stand for it; none where nothing does."""

ClassOrder = Literal["sorted", "natural", "given"]
"""How classes that cannot be matched by name are numbered: `sorted` as Python and Keras sort folder names (case and
digits included: 10 before 2), `natural` as people count (2 before 10), `given` as their names are listed."""

OTHER: str = Sentence("other classes")
"""Name of the answer that collects the model's classes without a counterpart."""

_IMAGENET_CLASSES = 1000
_IMAGENET_CHECK = {151: "chihuahua", 281: "tabby", 404: "airliner"}
# Kinds that ImageNet knows by their species and models only: places in the order of ILSVRC 2012, ends included.
_IMAGENET_KINDS: Mapping[str, tuple[tuple[int, int], ...]] = {
    "fish": ((0, 6), (389, 397)),
    "bird": ((7, 24), (80, 100), (127, 146)),
    "frog": ((30, 32),),
    "turtle": ((33, 37),),
    "lizard": ((38, 48),),
    "snake": ((52, 68),),
    "spider": ((72, 77),),
    "dog": ((151, 268),),
    "wolf": ((269, 272),),
    "fox": ((277, 280),),
    "cat": ((281, 285),),
    "bear": ((294, 297),),
    "butterfly": ((321, 326),),
    "rabbit": ((330, 332),),
    "horse": ((339, 339),),
    "monkey": ((369, 382),),
    "elephant": ((385, 386),),
    "airplane": ((404, 404), (895, 895)),
    "boat": ((472, 472), (554, 554), (576, 576), (625, 625), (814, 814)),
    "bus": ((654, 654), (779, 779), (874, 874)),
    "car": ((407, 407), (436, 436), (468, 468), (511, 511), (609, 609), (627, 627), (656, 656), (661, 661),
            (751, 751), (817, 817)),
    "ship": ((403, 403), (510, 510), (628, 628), (724, 724)),
    "truck": ((555, 555), (569, 569), (675, 675), (717, 717), (864, 864), (867, 867)),
}  # fmt: skip
_PLURALS = {"buses": "bus", "geese": "goose", "mice": "mouse", "wolves": "wolf"}
_MEANS = {
    "aeroplane": "airplane",
    "plane": "airplane",
    "aircraft": "airplane",
    "automobile": "car",
    "kitten": "cat",
    "kitty": "cat",
    "puppy": "dog",
    "bunny": "rabbit",
    "lorry": "truck",
}


@dataclass(frozen=True)
class MappingGuess:
    """A mapping, and whether it is only assumed.

    Attributes:
        mapping: For each class of the images the model's classes that stand for it.
        assumed_order: The order by which the classes were numbered; None where names were matched.
    """

    mapping: ClassMapping
    assumed_order: ClassOrder | None


def guess_mapping(
    dataset_names: Sequence[str],
    model_names: Sequence[str],
    *,
    has_model_names: bool | None = None,
    class_order: ClassOrder = "sorted",
) -> ClassMapping:
    """Guess which of the model's classes stand for each class of the images; see `match_classes`.

    Example:
        >>> guess_mapping(["cats", "submarines"], ["tiger cat", "dog", "Persian cat"])
        ((0, 2), ())
    """
    return match_classes(dataset_names, model_names, has_model_names=has_model_names, class_order=class_order).mapping


def match_classes(
    dataset_names: Sequence[str],
    model_names: Sequence[str],
    *,
    has_model_names: bool | None = None,
    class_order: ClassOrder = "sorted",
) -> MappingGuess:
    """Guess which of the model's classes stand for each class of the images, and say whether that is only assumed.

    By their names, in this order, the first that finds something: the same name, whatever its case, signs and plural;
    a kind that ImageNet knows by its species only (`dog`); names that end in the word (`cat`: `tiger cat`); names
    that hold it as a whole word. No class of the model is given twice: an equal name goes first, then the class that
    comes first.

    Where the model has no names, they are never compared: if both sides have as many classes, class i of the images
    in `class_order` is class i of the model, as Keras numbers the folders that a model is trained on. The same holds
    where no name is found at all and the images' classes are only counted (`0`, `1`, ...).

    Args:
        dataset_names: One name a class of the images.
        model_names: One name a class of the model; only their number counts where it has none.
        has_model_names: False where the names only stand in for missing ones, see `Convnet.has_class_names`; if not
            given, so are `class 0`, `class 1`, ...
        class_order: How classes are numbered where names say nothing.

    Returns:
        Indices of the model's classes for each class of the images, empty where nothing was found; with the order
        that was assumed.

    Note:
        An assumed order cannot be checked: where it is wrong, the accuracy is that of a permuted model.
    """
    is_as_many = len(dataset_names) == len(model_names)
    by_order = MappingGuess(_numbered(dataset_names, class_order), class_order)
    if has_model_names is None:
        has_model_names = any(name != f"class {index}" for index, name in enumerate(model_names))
    if not has_model_names:
        return by_order if is_as_many else MappingGuess(tuple(() for _ in dataset_names), None)
    if tuple(dataset_names) == tuple(model_names):
        return MappingGuess(_numbered(dataset_names, "given"), None)
    found = _by_name(dataset_names, model_names)
    if not any(found) and is_as_many and _are_numbered(dataset_names):
        return by_order
    return MappingGuess(found, None)


def differing_orders(dataset_names: Sequence[str]) -> tuple[str, str] | None:
    """Name the first class where sorted and natural order differ, as each has it; None where they are the same."""
    orders = zip(sorted(dataset_names), sorted(dataset_names, key=natural_key), strict=True)
    return next(((one, other) for one, other in orders if one != other), None)


def _numbered(names: Sequence[str], order: ClassOrder) -> ClassMapping:
    """The place of each class in an order, as the one class of the model that stands for it."""
    if order == "given":
        return tuple((index,) for index in range(len(names)))
    ordered = sorted(names) if order == "sorted" else sorted(names, key=natural_key)
    places = {name: place for place, name in enumerate(ordered)}
    return tuple((places[name],) for name in names)


def _by_name(dataset_names: Sequence[str], model_names: Sequence[str]) -> ClassMapping:
    names, wanted = [_words(name) for name in model_names], [_words(name) for name in dataset_names]
    kinds = _kinds(model_names)
    equal = [tuple(index for index, name in enumerate(names) if word and name == word) for word in wanted]
    found: list[tuple[int, ...]] = []
    taken = set(chain.from_iterable(equal))
    for word, same in zip(wanted, equal, strict=True):
        guessed = same or tuple(index for index in _alike(word, names, kinds) if index not in taken)
        free = tuple(index for index in guessed if index not in chain.from_iterable(found))
        found.append(free)
        taken.update(free)
    return tuple(found)


def _words(name: str) -> tuple[str, ...]:
    """A name as words that compare: no case, accents or signs; the last one in the singular."""
    plain = unicodedata.normalize("NFKD", name).casefold()
    words = re.findall(r"[^\W_]+", "".join(sign for sign in plain if not unicodedata.combining(sign)))
    words[-1:] = [_singular(word) for word in words[-1:]]
    return tuple(words)


def _singular(word: str) -> str:
    if word in _PLURALS:
        return _PLURALS[word]
    for ending, instead in (("ies", "y"), ("sses", "ss"), ("xes", "x"), ("ches", "ch"), ("shes", "sh")):
        if word.endswith(ending) and len(word) > len(ending) + 1:
            return word.removesuffix(ending) + instead
    return word.removesuffix("s") if len(word) > 3 and not word.endswith(("ss", "us")) else word


def _kinds(model_names: Sequence[str]) -> Mapping[str, tuple[tuple[int, int], ...]]:
    """Kinds by the ranges of their species, where the model's classes are those of ImageNet."""
    is_imagenet = len(model_names) == _IMAGENET_CLASSES and all(
        word in model_names[index].casefold() for index, word in _IMAGENET_CHECK.items()
    )
    return _IMAGENET_KINDS if is_imagenet else {}


def _alike(
    word: tuple[str, ...], names: Sequence[tuple[str, ...]], kinds: Mapping[str, tuple[tuple[int, int], ...]]
) -> tuple[int, ...]:
    """Classes whose names are not the same, but mean as much."""
    if not word:
        return ()
    word, names = _meant(word), [_meant(name) for name in names]
    kind = kinds.get(word[-1], ()) if len(word) == 1 else ()
    if kind:
        return tuple(index for first, last in kind for index in range(first, last + 1))
    ending = tuple(index for index, name in enumerate(names) if name[-len(word) :] == word)
    return ending or tuple(index for index, name in enumerate(names) if name and _holds(name, word))


def _meant(name: tuple[str, ...]) -> tuple[str, ...]:
    """The same with a commoner word at its end."""
    return (*name[:-1], *(_MEANS.get(word, word) for word in name[-1:]))


def _holds(name: tuple[str, ...], word: tuple[str, ...]) -> bool:
    """Whether all words of the shorter one are in the other."""
    shorter, longer = sorted((set(name), set(word)), key=len)
    return shorter <= longer


def _are_numbered(names: Sequence[str]) -> bool:
    """Whether names only count, from 0 or from 1 on: `0`, `1`; `class_1`, `class_2`."""
    numbers = [int(found[1]) if (found := re.search(r"(\d{1,6})$", name)) else -1 for name in names]
    stems = {re.sub(r"\d{1,6}$", "", name) for name in names}
    return len(stems) == 1 and sorted(numbers) in ([*range(len(names))], [*range(1, len(names) + 1)])


def check_mapping(mapping: Sequence[Sequence[int]], dataset_names: Sequence[str], class_count: int) -> ClassMapping:
    """Make a mapping of plain numbers, and refuse one that cannot be.

    Args:
        mapping: For each class of the images the model's classes that stand for it.
        dataset_names: One name a class of the images.
        class_count: Number of the model's classes.

    Raises:
        ClassError: If no class of the images has a counterpart.
        ValueError: If a class does not exist or stands for two.
    """
    checked = tuple(tuple(int(index) for index in classes) for classes in mapping)
    flat = list(chain.from_iterable(checked))
    if len(checked) != len(dataset_names):
        raise ValueError(f"Expected a mapping for each of {len(dataset_names)} classes. Received: {len(checked)}.")
    if any(not 0 <= index < class_count for index in flat) or len(set(flat)) < len(flat):
        raise ValueError(f"Expected each of the classes 0 to {class_count - 1} at most once. Received: {flat}.")
    if not flat:
        some = ", ".join(dataset_names[:5])
        raise ClassError("None of the dataset's classes ({some}) matches a model class. Map them manually.", some=some)
    return checked
