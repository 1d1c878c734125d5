"""On a real model and a real photograph: do the maps lie on the cat?"""

import numpy as np
import pytest

from cnnviz.heatmaps import box, grad_cam, grad_cam_plus_plus, hires_cam, layer_cam
from cnnviz.images import enlarge, fit

EGYPTIAN_CAT = 285
CORNERS = {"upper left": (0, 0), "lower right": (112, 112), "upper right": (0, 112)}


@pytest.mark.parametrize("corner", CORNERS)
def test_the_map_lies_on_the_cat_wherever_the_cat_is(lite0, cat, corner):
    top, left = CORNERS[corner]
    photo = np.full((224, 224, 3), 128, np.uint8)
    photo[top : top + 112, left : left + 112] = fit(cat, (112, 112))
    inputs = lite0.prepare([photo])
    for method in (grad_cam, grad_cam_plus_plus, hires_cam, layer_cam):
        heat = enlarge(method(lite0, inputs, class_index=EGYPTIAN_CAT), (224, 224))[0]
        y, x = np.unravel_index(heat.argmax(), heat.shape)
        assert top <= y < top + 112 and left <= x < left + 112
        quarter = heat[top : top + 112, left : left + 112].sum() / heat.sum()
        assert quarter > 0.5  # of the evidence on a fourth of the image, with cells of 32 pixels
    assert box(heat) is not None


def test_grad_cam_equals_hires_cam_before_global_pooling(lite0, cat):
    inputs = lite0.prepare([cat])
    heat = grad_cam(lite0, inputs)
    assert heat.shape == (1, 7, 7) and heat.max() > 0.1
    np.testing.assert_allclose(hires_cam(lite0, inputs), heat, rtol=1e-3, atol=1e-5)
