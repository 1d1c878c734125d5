"""Do the browser and the library read the same settings from a link to the playground?"""

import json

import numpy as np
import pytest

from cnnviz.convolution import PRESETS
from cnnviz.dashboard.components import message
from cnnviz.dashboard.convolution.playground import read

_PRESETS = {name: np.stack([PRESETS[name]], axis=-1) for name in ("edges", "identity", "emboss")} | {
    "strength": np.stack([PRESETS["sobel-x"], PRESETS["sobel-y"]], axis=-1)
}
_PARTS = (
    *("", "c", "cyes", "f", "f1", "r", "s2", "s3", "s9", "s0", "s2.0", "s+2", "s" + 400 * "9", "d2", "d02", "d-1"),
    *("psame", "p2", "p01", "p0x1", "b-20", "b1e-7", "b0x10", "b", "b1_2", "bNaN", "b1e9", "b-"),
    *("mmax_2_2", "maverage_3_1", "mmax_2.0_2", "mmax", "mmin_2_2", "mmax_2_2_9", "vemboss", "vstrength", "vnone"),
    *("n1", "n0", "n9", "n", "n1.0", "n-0", "t3_1_2_3_4_5_6_7_8_9", "t3_1_2_3_4_5_6_7_8_", "t4_1"),
    *("k2_2_1_1_1_0_0_-1", "k2_2_1_1_1__0_-1", "k1_2_1_3_1_2_3_4_5_6", "k1_1_2_1_0.5_-2.25", "k9", "kbad", "x1"),
)
_READ = """({ header, links }) => {
    const settings = (s) => ({ kernels: s.kernels, typed: s.typed, stride: s.stride, padding: s.padding,
      dilation: s.dilation, flip: s.flip, bias: s.bias, relu: s.relu,
      pool: s.pool === "none" ? null : [s.pool, s.window, s.hop] });
    return links.map((link) => settings(settingsOf(link, header)));
}"""


@pytest.fixture
def browsers_reading(chromium):
    page = chromium.new_page()

    def run(links, filters):
        header = {
            "presets": [
                {"name": name, "kernels": np.moveaxis(kernels, -1, 0).tolist()} for name, kernels in _PRESETS.items()
            ],
            "filters": {"kernels": filters.transpose(3, 2, 0, 1).tolist()},
        }
        script = f"(given) => {{ {message.text('playground_link.js')}; return ({_READ})(given); }}"
        return page.evaluate(script, json.loads(json.dumps({"header": header, "links": links})))

    yield run
    page.close()


def test_every_pair_of_parts_sets_the_same_in_both(browsers_reading, rng):
    filters = np.round(rng.normal(size=(2, 3, 3, 4)), 6)
    links = [f"{one}~{other}" for one in _PARTS for other in _PARTS]
    for link, theirs in zip(links, browsers_reading(links, filters), strict=True):
        mine = read(link, presets=_PRESETS, filters=filters, lent=None)
        kernels = np.array(theirs["kernels"]).transpose(2, 3, 1, 0)
        assert mine.kernels.shape == kernels.shape, link
        np.testing.assert_allclose(mine.kernels, kernels, rtol=1e-6, atol=1e-6, err_msg=link)
        assert (None if mine.typed is None else mine.typed.tolist()) == theirs["typed"], link
        assert (mine.stride, str(mine.padding), mine.dilation) == tuple(
            theirs[name] for name in ("stride", "padding", "dilation")
        ), link
        assert (mine.is_flipped, mine.bias, mine.has_relu) == (theirs["flip"], theirs["bias"], theirs["relu"]), link
        assert (mine.pool and list(mine.pool)) == theirs["pool"], link
    assert len({str(mine) for mine in browsers_reading(list(_PARTS), filters)}) > 20
