"""Do the scripts that all components share color, write and place as the library does?"""

import numpy as np
import pytest

from cnnviz.dashboard.components import message
from cnnviz.images import color, lookup_table, to_unit


@pytest.fixture
def compute(chromium):
    """Run JavaScript behind the shared scripts, with `given` in its hands."""
    page = chromium.new_page()
    yield lambda code, given: page.evaluate(f"(given) => {{ {message.script()}; return ({code}); }}", given)
    page.close()


def test_values_have_the_librarys_colors_and_beyond_the_scale_its_ends(compute):
    values = np.linspace(-3, 4, 29)
    table = lookup_table("viridis")
    given = {"values": values.tolist(), "table": table.ravel().tolist()}
    found = np.array(compute("given.values.map((v) => tableColor(given.table, v, -2, 2))", given))
    expected = color(to_unit(values[None].astype(np.float32), low=-2, high=2))[0]
    assert (found[0] == table[0]).all() and (found[-1] == table[-1]).all()
    assert np.abs(found - expected.astype(int)).max() <= 3  # a half is rounded up here, to the even number there


def test_a_image_is_painted_byte_by_byte(compute, rng):
    photo = rng.integers(0, 256, (3, 5, 3))
    code = """(() => { const canvas = document.createElement("canvas"); paintPhoto(canvas, given, 5, 3);
        return [...canvas.getContext("2d").getImageData(0, 0, 5, 3).data]; })()"""
    painted = np.array(compute(code, photo.ravel().tolist())).reshape(3, 5, 4)
    assert (painted[..., :3] == photo).all() and (painted[..., 3] == 255).all()


def test_the_pointer_is_in_the_cell_it_is_over(compute):
    code = """[[11, 21], [19.9, 29.9], [109, 59]].map(([clientX, clientY]) => cellAt({ clientX, clientY },
        { getBoundingClientRect: () => ({ left: 10, top: 20, width: 100, height: 40 }) }, 10, 4))"""
    assert compute(code, None) == [[0, 0], [0, 0], [9, 3]]


def test_numbers_have_a_true_minus_and_what_is_no_number_a_dash(compute):
    written = compute("given.map((v) => written(v))", [-0.98765, 1234.5, 0, None])
    assert written == ["−0.988", "1230", "0", "–"]
    assert compute("written(NaN) + written(1 / 3, 1)", None) == "–0.3"


def test_names_are_filled_in_as_they_are(compute):
    said = compute("filled('{layer} sees {field}; {other}', given)", {"layer": "$& {field}", "field": "3 × 3"})
    assert said == "$& {field} sees 3 × 3; {other}"
