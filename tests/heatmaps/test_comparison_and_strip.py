import importlib

import numpy as np
import pytest
from heatmap_nets import eager

from cnnviz.errors import ClassError, LayerError
from cnnviz.heatmaps import METHODS, compare, grad_cam, strip
from cnnviz.heatmaps.gradient_cams import FORMULAS
from cnnviz.probes import forward


@pytest.mark.parametrize("method", FORMULAS)
def test_a_strip_gives_what_the_method_gives_layer_by_layer(deep, images, method):
    found = strip(deep, images, layers=["conv2", "conv1"], class_index=1, method=method)
    assert list(found) == ["conv2", "conv1"]
    for layer, heat in found.items():
        assert heat.max() > 0
        expected = METHODS[method].explain(deep, images, layer=layer, class_index=1)
        np.testing.assert_allclose(heat, expected, rtol=1e-5, atol=1e-7)


def test_a_strip_runs_the_model_once(deep, images, monkeypatch):
    module, calls = importlib.import_module("cnnviz.heatmaps.comparison"), []
    monkeypatch.setattr(
        module, "forward", lambda *args, **kwargs: calls.append(kwargs["layers"]) or forward(*args, **kwargs)
    )
    strip(deep, images, layers=["conv1", "conv2"])
    assert calls == [["conv1", "conv2"]]


def test_a_strip_refuses_layers_without_maps(deep, images):
    with pytest.raises(LayerError, match="No feature maps at layer 'flatten'"):
        strip(deep, images, layers=["conv1", "flatten"])


def test_the_difference_of_two_classes_is_the_map_of_the_difference_of_their_logits(deep, images):
    found = compare(deep, images, layer="conv1", class_index=0, against=3)
    first, second = (eager(deep, images, "conv1", k) for k in (0, 3))
    weights = (first.gradients - second.gradients).mean(axis=(1, 2))
    expected = np.einsum("bhwc,bc->bhw", first.maps, weights)
    assert expected.min() < 0 < expected.max()
    np.testing.assert_allclose(found.difference, expected, rtol=1e-3, atol=1e-6)
    np.testing.assert_allclose(found.first - found.second, found.difference, atol=1e-6)


def test_both_maps_of_a_comparison_are_grad_cam_where_they_are_positive(deep, images):
    found = compare(deep, images, layer="conv1", class_index=0, against=3)
    for signed, class_index in ((found.first, 0), (found.second, 3)):
        assert signed.min() < 0
        expected = grad_cam(deep, images, layer="conv1", class_index=class_index)
        np.testing.assert_allclose(np.maximum(signed, 0), expected, rtol=1e-5)


def test_a_comparison_tells_its_classes_and_one_scale_for_all_three_maps(deep, images):
    found = compare(deep, images, against=2)
    np.testing.assert_array_equal(found.classes, forward(deep, images).classes)
    assert found.against == 2
    for k, largest in enumerate(found.scale):
        own = np.stack([found.first[k], found.second[k], found.difference[k]])
        assert largest == max(own.max(), -own.min()) > 0


def test_the_two_classes_of_a_sigmoid_are_opposite_in_a_comparison(sigmoid, images):
    found = compare(sigmoid, images, class_index=1, against=0)
    np.testing.assert_allclose(found.second, -found.first, rtol=1e-5)
    assert np.abs(found.difference).max() > 0.001


def test_a_comparison_with_an_unknown_class_is_refused(deep, images):
    with pytest.raises(ClassError, match="no class 4"):
        compare(deep, images, against=4)
