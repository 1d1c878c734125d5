"""Do texts, docs and module names keep to the field's terms, one for each thing, in American spelling?"""

import argparse
import re
from pathlib import Path

import make_texts
import pytest

from cnnviz.cli import entry

ROOT = Path(__file__).parents[1]
DOCS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
INSTEAD = {
    r"pictures?\b": "image",
    r"(?<!dense )(?<!deep )(?<!neural )(?<!convolutional )networks?\b": "model",
    r"data sets?\b": "dataset",
    r"multiply-adds?\b": "MACs",
    r"silent\b": "inactive",
    r"suspects?\b": "label issues",
    r"mean maps?\b": "mean heatmap",
    r"by heart\b": "overfit",
    r"(sure|surest) (and wrong|first|mistakes)": "confidently wrong, confidence",
    r"taken for\b": "predicted as",
    r"take away\b": "export",
    r"(images|pictures) a step": "batch size",
    r"a side\b": "resolution, image size",
    r"stand out\b": "outliers",
    r"alike\b": "nearest neighbors, similar",
    r"grow(s|n|ing)? (this|the|\d+|\{count\}) ": "generate",
    r"climb": "optimize",
    r"the network('s)? answer": "prediction",
    r"\w*(colour|behaviour|neighbour|favour)\w*": "American spelling",
    r"(learnt|labelled|centred?|centre|grey|catalogue|licence|optimiser|over-fit\w*)\b": "American spelling",
    r"\w*(normalis|optimis(?!tic)|recognis|initialis|randomis|regularis|serialis|summaris)\w*": "American spelling",
}
"""What is not said, and what is said instead."""
RIDDLES = {
    "alike", "answers", "catalogue", "climb", "colours", "cover", "covering", "edits", "flips", "forgetting", "hiding",
    "labelled", "learnt", "moved", "moves", "moving", "neighbours", "network", "not_finite", "odd", "picture",
    "pictures", "randomised", "rivals", "shuffled", "soundness", "suspects", "take_away",
}  # fmt: skip
"""Names of modules that did not say what was in them."""


def help_texts(parser):
    """What `--help` shows of a command and of those under it."""
    yield parser.format_help()
    for action in parser._actions:
        for one in action.choices.values() if isinstance(action, argparse._SubParsersAction) else ():
            yield from help_texts(one)


def plain(markdown):
    """Text without code, links and their addresses."""
    return re.sub(r"```.*?```|`[^`]*`|\]\([^)]*\)", " ", markdown, flags=re.DOTALL)


TEXTS = {
    "interface and errors": "\n".join(re.sub(r"`[^`]*`|\{[^}]*\}", " ", text) for _, text, _ in make_texts.messages()),
    "command line": "\n".join(help_texts(entry._parser())),
    **{path.name: plain(path.read_text()) for path in DOCS},
}


@pytest.mark.parametrize("said", INSTEAD)
@pytest.mark.parametrize("where", TEXTS)
def test_texts_use_the_fields_terms(where, said):
    lines = [match[0] for match in re.finditer(rf".{{0,40}}(?<![\w/-]){said}.{{0,40}}", TEXTS[where], re.IGNORECASE)]
    assert not lines, f"say {INSTEAD[said]}"


def test_the_texts_are_all_there():
    assert len(TEXTS["interface and errors"]) > 50_000
    assert TEXTS["command line"].count("usage: cnnviz") > 15
    assert {"README.md", "CONTRIBUTING.md", "performance.md", "reliability.md"} <= TEXTS.keys()


def test_module_names_say_what_is_in_them():
    modules = {path.relative_to(ROOT) for path in (ROOT / "cnnviz").rglob("*.py")}
    assert len(modules) > 200
    assert not [path for path in modules if path.stem in RIDDLES]
