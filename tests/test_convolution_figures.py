"""Do the figures of sizes, moves and questions show their numbers on one scale?"""

import numpy as np
import pytest

from cnnviz.figures import convolution as charts


def test_bars_of_parts_share_one_scale_and_end_in_their_sum():
    figure = charts.stacked_bars(["one", "two"], ["a", "b"], [(100, 2000), (3, 4)], across="parameters")
    assert [tuple(trace.x) for trace in figure.data] == [(100, 3), (2000, 4)]
    assert figure.layout.barmode == "stack"
    ends = [(note.x, note.y, note.text) for note in figure.layout.annotations]
    assert ends == [(2100, "one", "<b>2,100</b>"), (7, "two", "<b>7</b>")]


def test_pairs_of_shares_stand_on_a_scale_from_none_to_all():
    figure = charts.paired_bars(["cat", "dog"], {"before": [0.2, 0.1], "after": [0.05, 0.5]})
    assert [trace.name for trace in figure.data] == ["before", "after"]
    assert tuple(figure.layout.xaxis.range) == (0, 1)
    assert list(figure.data[1].text) == ["5%", "50%"]


@pytest.mark.parametrize(("most", "top"), [(0.4, 1.03), (1.4, 1.4 * 1.03)])
def test_shares_begin_at_zero_and_nothing_is_cut_off(most, top):
    figure = charts.curves(np.arange(2), {"a": [0.1, most]}, mark=1, across="x", up="y", is_share=True)
    assert figure.layout.yaxis.range == pytest.approx((0, top))
    assert figure.layout.shapes[0].x0 == 1
    assert not figure.layout.showlegend


def test_letters_stand_in_their_row_and_column_and_zero_has_the_middle_color():
    values = np.arange(-2.0, 10).reshape(3, 4)
    figure = charts.lettered(values, {"A": (2, 1)}, colors="PuOr", is_signed=True)
    note = figure.layout.annotations[0]
    assert (note.x, note.y, note.text) == (1, 2, "<b>A</b>")
    assert figure.layout.yaxis.autorange == "reversed"
    heat = figure.data[0]
    assert (heat.zmin, heat.zmax) == (-9, 9)
    assert charts.lettered(values, {}, colors="gray", is_signed=False).data[0].zmin is None
    assert charts.lettered(0 * values, {}, colors="PuOr", is_signed=True).data[0].zmax == 1
