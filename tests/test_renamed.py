"""Do the former names of public functions and classes still lead to the present ones?"""

import pytest

import cnnviz
from cnnviz import errors, mistakes


@pytest.mark.parametrize(
    ("module", "former", "present"),
    [
        (cnnviz, "catalogue", "catalog"),
        (cnnviz, "label_suspects", "find_label_issues"),
        (errors, "PictureError", "ImageError"),
        (mistakes, "open_labelled", "open_labeled"),
        (mistakes, "Neighbours", "Neighbors"),
        (mistakes, "edits", "perturbations"),
        (mistakes, "odd_pictures", "find_outliers"),
    ],
)
def test_a_former_name_is_the_present_one_and_says_so(module, former, present):
    with pytest.warns(DeprecationWarning, match=f"{former} is now {module.__name__}.{present}."):
        assert getattr(module, former) is getattr(module, present)


@pytest.mark.parametrize("module", [cnnviz, errors, mistakes])
def test_any_other_name_is_missing_as_usual(module):
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        module.nothing  # noqa: B018  # looking it up is the test
