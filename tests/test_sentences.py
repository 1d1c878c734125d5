"""Does a sentence stay its English text, and remember what it was made of?"""

import copy
import json
import pickle

import pytest

from cnnviz.errors import CnnvizError, LayerError
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
