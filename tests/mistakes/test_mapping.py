"""Are classes that mean the same found by their names?"""

import pytest

from cnnviz.convnets.catalogue import catalogue
from cnnviz.datasets import CIFAR10, FASHION
from cnnviz.mistakes import guess_mapping

IMAGENET = catalogue()["efficientnet-lite0"].class_names()


@pytest.mark.parametrize(
    ("pictures", "network", "expected"),
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
        (["pear", "plum"], ["class 0", "class 1"], ((0,), (1,))),  # nobody named the network's
        (["0", "1", "2"], ["zero", "one", "two"], ((0,), (1,), (2,))),
        (["pear", "plum"], ["cat", "dog"], ((), ())),
        (["!!", "cat"], ["??", "cat"], ((), (1,))),
    ],
)
def test_names_that_mean_the_same_are_found(pictures, network, expected):
    assert guess_mapping(pictures, network) == expected


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
