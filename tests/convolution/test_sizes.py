import keras
import numpy as np
import pytest

from cnnviz.convolution.sizes import FieldFormula, SizeFormula, size_formula
from cnnviz.errors import LayerError


@pytest.mark.parametrize(
    ("length", "options", "expected"),
    [
        (28, {"kernel": 5}, SizeFormula(28, 5, 1, (0, 0), 1, 24)),
        (28, {"kernel": 5, "padding": "same"}, SizeFormula(28, 5, 1, (2, 2), 1, 28)),
        (224, {"kernel": 3, "stride": 2, "padding": "same"}, SizeFormula(224, 3, 2, (0, 1), 1, 112)),
        (7, {"kernel": 2, "stride": 2}, SizeFormula(7, 2, 2, (0, 0), 1, 3)),
        (7, {"kernel": 4, "padding": "same"}, SizeFormula(7, 4, 1, (1, 2), 1, 7)),
        (7, {"kernel": 3, "padding": 2, "dilation": 3}, SizeFormula(7, 3, 1, (2, 2), 3, 5)),
        (5, {"kernel": 1, "stride": 3, "padding": "same"}, SizeFormula(5, 1, 3, (0, 0), 1, 2)),
    ],
)
def test_sizes_of_the_textbooks(length, options, expected):
    assert size_formula(length, **options) == expected


@pytest.mark.parametrize("seed", range(200))
def test_the_output_is_as_long_as_that_of_keras(seed):
    rng = np.random.default_rng(seed)
    length, kernel, step, dilation = (int(n) for n in rng.integers((8, 1, 1, 1), (30, 4, 5, 4)))
    stride, dilation = (step, 1) if seed % 2 else (1, dilation)
    padding = ("valid", "same")[seed // 2 % 2]
    layer = keras.layers.Conv1D(1, kernel, stride, padding, dilation_rate=dilation)
    expected = layer.compute_output_shape((None, length, 1))[1]
    assert size_formula(length, kernel=kernel, stride=stride, padding=padding, dilation=dilation).output == expected


def test_values_that_the_floor_leaves_over_are_counted():
    assert size_formula(7, kernel=2, stride=2).skipped == 1
    assert size_formula(8, kernel=2, stride=2).skipped == 0
    assert size_formula(10, kernel=3, stride=4, dilation=2).skipped == 1


def test_a_window_reads_from_the_padding_on_one_side_to_that_on_the_other():
    formula = size_formula(6, kernel=3, stride=2, padding=2, dilation=2)
    assert formula.output == 3
    assert [formula.reads(index) for index in range(3)] == [(-2, 0, 2), (0, 2, 4), (2, 4, 6)]


def test_fields_of_a_stack_grow_as_they_are_worked_out_by_hand():
    """Two convolutions of 3, a pool of 2, another convolution, dilated: 3, 5, 6, then 4 * 2 more."""
    first = FieldFormula(1, 1, 3)
    second = FieldFormula(first.field, first.step, 3)
    pool = FieldFormula(second.field, second.step, 2, 2)
    last = FieldFormula(pool.field, pool.step, 3, dilation=2)
    assert [(part.field, part.step) for part in (first, second, pool, last)] == [(3, 1), (5, 1), (6, 2), (14, 2)]


def test_windows_that_do_not_fit_and_numbers_that_make_none_are_refused():
    with pytest.raises(LayerError, match=r"A window that spans 9 does not fit into 8\. Choose a smaller kernel"):
        size_formula(6, kernel=5, dilation=2, padding=1)
    with pytest.raises(ValueError, match="Expected numbers from 1 on"):
        size_formula(6, kernel=0)
    for padding in (-1, "full"):
        with pytest.raises(ValueError, match="Expected padding"):
            size_formula(6, kernel=3, padding=padding)
