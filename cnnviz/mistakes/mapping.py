"""Which of a network's classes stand for which class of the pictures?"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from itertools import chain

from cnnviz.errors import ClassError

ClassMapping = tuple[tuple[int, ...], ...]
"""For each class of the pictures the network's classes that stand for it; none where nothing does."""

OTHER = "something else"
"""Name of the answer that collects the network's classes without a counterpart."""

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


def guess_mapping(dataset_names: Sequence[str], network_names: Sequence[str]) -> ClassMapping:
    """Guess by their names which of the network's classes stand for each class of the pictures.

    In this order, the first that finds something: the same name, whatever its case, signs and plural; a kind
    that ImageNet knows by its species only (`dog`); names that end in the word (`cat`: `tiger cat`); names that
    hold it as a whole word. No class of the network is given twice: an equal name goes first, then the
    class that comes first. Where no name is found at all and both have as many classes, they are taken in
    their order if one side has no real names (`class 0`, `0`).

    Args:
        dataset_names: One name a class of the pictures.
        network_names: One name a class of the network.

    Returns:
        Indices of the network's classes for each class of the pictures; empty where nothing was found.

    Example:
        >>> guess_mapping(["cats", "submarines"], ["tiger cat", "dog", "Persian cat"])
        ((0, 2), ())
    """
    names, wanted = [_words(name) for name in network_names], [_words(name) for name in dataset_names]
    kinds = _kinds(network_names)
    equal = [tuple(index for index, name in enumerate(names) if word and name == word) for word in wanted]
    found: list[tuple[int, ...]] = []
    taken = set(chain.from_iterable(equal))
    for word, same in zip(wanted, equal, strict=True):
        guessed = same or tuple(index for index in _alike(word, names, kinds) if index not in taken)
        free = tuple(index for index in guessed if index not in chain.from_iterable(found))
        found.append(free)
        taken.update(free)
    if not any(found) and len(wanted) == len(names) and (_are_numbered(wanted) or _are_numbered(names)):
        return tuple((index,) for index in range(len(names)))
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


def _kinds(network_names: Sequence[str]) -> Mapping[str, tuple[tuple[int, int], ...]]:
    """Kinds by the ranges of their species, where the network's classes are those of ImageNet."""
    is_imagenet = len(network_names) == _IMAGENET_CLASSES and all(
        word in network_names[index].casefold() for index, word in _IMAGENET_CHECK.items()
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


def _are_numbered(names: Sequence[tuple[str, ...]]) -> bool:
    """Whether names only count, as those of a network that nobody named."""
    return all(name[-1:] == (str(index),) for index, name in enumerate(names))


def check_mapping(mapping: Sequence[Sequence[int]], dataset_names: Sequence[str], class_count: int) -> ClassMapping:
    """Make a mapping of plain numbers, and refuse one that cannot be.

    Args:
        mapping: For each class of the pictures the network's classes that stand for it.
        dataset_names: One name a class of the pictures.
        class_count: Number of the network's classes.

    Raises:
        ClassError: If no class of the pictures has a counterpart.
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
        raise ClassError("None of the pictures' classes ({some}) is one of the network's. Map them by hand.", some=some)
    return checked
