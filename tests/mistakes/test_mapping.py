"""Are classes that mean the same found by their names?"""

import pytest

from cnnviz.convnets.catalog import catalog
from cnnviz.datasets import CIFAR10, FASHION
from cnnviz.mistakes import differing_orders, guess_mapping, match_classes

IMAGENET = catalog()["efficientnet-lite0"].class_names()


@pytest.mark.parametrize(
    ("images", "network", "expected"),
    [
        (FASHION, FASHION[::-1], tuple((9 - index,) for index in range(10))),
        (["cats", "DOGS"], ["dog", "cat"], ((1,), (0,))),
        (["T_shirt-top", "ankle boots"], FASHION, ((0,), (9,))),
        (["café"], ["Cafe", "bar"], ((0,),)),
        (["butterflies", "buses", "glasses"], ["bus", "glass", "butterfly"], ((2,), (0,), (1,))),
        (["cat", "tiger cat"], ["tiger cat", "Persian cat"], ((1,), (0,))),  # an equal name goes first
        (["cat", "cat breeds"], ["tabby cat", "dog"], ((0,), ())),  # no class stands for two
        (["car"], ["carton", "sports car", "car wheel"], ((1,),)),  # whole words, the last one first
        (["wheel"], ["car wheel cover", "dog"], ((0,),)),
        (["automobile", "plane"], ["aeroplane", "sports car"], ((1,), (0,))),
        (["submarines"], ["cat", "dog"], ((),)),
        (["pear", "plum"], ["class 0", "class 1"], ((0,), (1,))),  # nobody named the model's
        (["0", "1", "2"], ["zero", "one", "two"], ((0,), (1,), (2,))),
        (["pear", "plum"], ["cat", "dog"], ((), ())),
        (["!!", "cat"], ["??", "cat"], ((), (1,))),
    ],
)
def test_names_that_mean_the_same_are_found(images, network, expected):
    assert guess_mapping(images, network) == expected


def test_imagenets_species_stand_for_their_kind():
    mapping = dict(zip(CIFAR10, guess_mapping(CIFAR10, IMAGENET), strict=True))
    assert mapping["cat"] == tuple(range(281, 286))
    assert len(mapping["dog"]) == 118 and IMAGENET[mapping["dog"][0]] == "Chihuahua"
    assert [IMAGENET[index] for index in mapping["airplane"]] == ["airliner", "warplane"]
    assert {"convertible", "sports car", "minivan"} <= {IMAGENET[index] for index in mapping["automobile"]}
    assert {"aircraft carrier", "container ship"} <= {IMAGENET[index] for index in mapping["ship"]}
    assert {"fire engine", "tow truck"} <= {IMAGENET[index] for index in mapping["truck"]}
    assert mapping["deer"] == ()
    taken = [index for classes in mapping.values() for index in classes]
    assert len(taken) == len(set(taken)) > 200


NUMBERED = tuple(f"class {index}" for index in range(3))


def test_names_that_stand_in_for_missing_ones_never_match():
    """Folders class_1 .. class_3 are classes 0 .. 2, not 1 and 2 by their names."""
    assert guess_mapping(["class_1", "class_2", "class_3"], NUMBERED, has_model_names=False) == ((0,), (1,), (2,))
    assert guess_mapping(["class 2", "class 0", "class 1"], NUMBERED) == ((2,), (0,), (1,))
    assert guess_mapping(["class 1", "class 2"], NUMBERED, has_model_names=False) == ((), ())
    assert guess_mapping(["class_2", "class_1"], ["class 1", "class 2"], has_model_names=True) == ((1,), (0,))


@pytest.mark.parametrize(
    ("order", "expected"), [("sorted", (0, 2, 1, 3, 4)), ("natural", (2, 1, 0, 4, 3)), ("given", (0, 1, 2, 3, 4))]
)
def test_classes_without_names_are_numbered_in_an_order_that_is_said(order, expected):
    names = ["10", "9", "2", "B", "a"]
    found = match_classes(names, [f"class {index}" for index in range(5)], class_order=order)
    assert found.assumed_order == order and found.mapping == tuple((place,) for place in expected)


def test_a_match_by_name_is_not_assumed():
    assert match_classes(["cat", "dog"], ["dog", "cat"]).assumed_order is None
    assert match_classes(["0", "1"], ["zero", "one"]).assumed_order == "sorted"
    assert differing_orders(["a", "b", "10", "11"]) is None and differing_orders(["B", "a"]) == ("B", "a")
