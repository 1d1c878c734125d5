"""Does a sentence stay its English text, and remember what it was made of?"""

import copy
import json
import pickle

import numpy as np
import pytest

from cnnviz.errors import CnnvizError, LayerError
from cnnviz.filters import Pattern
from cnnviz.probes import ForwardPass
from cnnviz.sentences import Sentence


def test_is_its_english_text():
    sentence = Sentence("{name} has {count:,} layers.", name="net", count=1234)
    assert sentence == "net has 1,234 layers." == str(sentence)
    assert json.dumps(sentence) == '"net has 1,234 layers."'
    assert {sentence: 1}["net has 1,234 layers."] == 1


def test_remembers_template_and_values():
    inner = Sentence("Choose {other!r}.", other="b")
    outer = Sentence("No {name}. {advice}", name="a", advice=inner)
    assert outer == "No a. Choose 'b'."
    assert outer.template == "No {name}. {advice}"
    assert outer.values["advice"] is inner


def test_a_template_without_values_keeps_its_braces():
    assert Sentence("The folder {cats} is empty.") == "The folder {cats} is empty."


def test_a_sentence_of_a_sentence_is_itself():
    sentence = Sentence("{a}", a=1)
    assert Sentence(sentence) is sentence


@pytest.mark.parametrize("again", [copy.deepcopy, lambda thing: pickle.loads(pickle.dumps(thing))])
def test_copies_and_pickles_whole(again):
    sentence = again(Sentence("{name} {advice}", name="{x}", advice=Sentence("{n}", n=1)))
    assert sentence == "{x} 1"
    assert (sentence.template, sentence.values) == ("{name} {advice}", {"name": "{x}", "advice": "1"})
    assert sentence.values["advice"].template == "{n}"
    error = again(LayerError("No {layer!r}.", layer="a"))
    assert (str(error), error.sentence.template) == ("No 'a'.", "No {layer!r}.")


def test_an_error_says_its_sentence_in_english():
    error = CnnvizError("No {what}.", what=Sentence("{n} layers", n=3))
    assert str(error) == "No 3 layers."
    assert error.sentence.values["what"].template == "{n} layers"
    assert str(CnnvizError("plain {x}")) == "plain {x}"
    assert CnnvizError(error.sentence).sentence is error.sentence


def test_a_record_is_shown_in_one_line_with_its_arrays_by_shape():
    reading = ForwardPass(
        logits=np.zeros((1, 1000), np.float32),
        probabilities=np.zeros((1, 1000), np.float32),
        classes=np.zeros(1, np.int32),
        maps={"conv1": np.zeros((1, 112, 112, 32), np.float32)},
    )
    assert repr(reading) == (
        "ForwardPass(logits=float32 (1, 1000), probabilities=float32 (1, 1000), classes=int32 (1,), "
        "maps={'conv1': float32 (1, 112, 112, 32)}, gradients={}, is_logit=True)"
    )


def test_what_is_long_is_counted_or_cut(lite0):
    assert repr(lite0) == "<Convnet 'efficientnet-lite0': 224 x 224 x 3, softmax, 1000 classes>"
    shown = repr(lite0.assumptions)
    assert "\n" not in shown and len(shown) < 1500


def test_no_result_prints_its_arrays():
    """Every record of an array that a call returns, as it is found in the packages."""
    import importlib

    for module in ("activations", "filters", "heatmaps", "images", "runs"):
        package = importlib.import_module(f"cnnviz.{module}")
        for name in package.__all__:
            fields = getattr(getattr(package, name), "__dataclass_fields__", {})
            if any(str(field.type).startswith("np.ndarray") for field in fields.values()):
                assert getattr(package, name).__repr__.__name__ == "one_line", name
    assert Pattern.__repr__.__name__ == "one_line"
