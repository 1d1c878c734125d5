import numpy as np
import pytest
from heatmap_nets import SIZE, deep_layers, eager, fill, nested, subclassed, wrap

from cnnviz.errors import ClassError, LayerError
from cnnviz.heatmaps import grad_cam, grad_cam_plus_plus, hires_cam, layer_cam
from cnnviz.heatmaps.gradient_cams import FORMULAS
from cnnviz.probes import forward, predict

GRADIENT_CAMS = [grad_cam, grad_cam_plus_plus, hires_cam, layer_cam]
EVERY_CLASS = pytest.mark.parametrize("class_index", range(4))


def pooled_evidence(convnet, inputs, class_index):
    """What each position adds to a class's logit where pooling and a dense layer follow the maps."""
    maps = eager(convnet, inputs, "maps", class_index).maps
    kernel, _ = convnet.model.get_layer("scores").get_weights()
    return maps @ kernel[:, class_index] / (SIZE[0] * SIZE[1])


@EVERY_CLASS
@pytest.mark.parametrize("method", [grad_cam, hires_cam])
def test_matches_the_closed_form_of_a_pooled_net(pooled, images, class_index, method):
    evidence = pooled_evidence(pooled, images, class_index)
    assert evidence.min() < 0 < evidence.max()  # else a missing max(0, ...), or an empty map, would pass
    heat = method(pooled, images, layer="maps", class_index=class_index)
    assert heat.dtype == np.float32
    np.testing.assert_allclose(heat, np.maximum(evidence, 0), rtol=1e-4, atol=1e-7)


@EVERY_CLASS
def test_evidence_of_a_pooled_net_and_the_bias_sum_to_the_logit(pooled, images, class_index):
    bias = pooled.model.get_layer("scores").get_weights()[1][class_index]
    evidence = pooled_evidence(pooled, images, class_index)
    logits = forward(pooled, images).logits[:, class_index]
    np.testing.assert_allclose(evidence.sum(axis=(1, 2)) + bias, logits, rtol=1e-4, atol=1e-5)
    heat = hires_cam(pooled, images, layer="maps", class_index=class_index)
    np.testing.assert_allclose(heat[heat > 0], evidence[evidence > 0], rtol=1e-4, atol=1e-7)


@EVERY_CLASS
def test_grad_cam_averages_the_gradient_over_positions(deep, images, class_index):
    found = eager(deep, images, "conv1", class_index)
    weights = found.gradients.mean(axis=(1, 2))
    expected = np.maximum((found.maps * weights[:, None, None]).sum(axis=-1), 0)
    assert expected.max() > 0.001 and (expected == 0).any()
    np.testing.assert_allclose(
        grad_cam(deep, images, layer="conv1", class_index=class_index), expected, rtol=1e-4, atol=1e-6
    )


@EVERY_CLASS
def test_hires_cam_keeps_the_gradient_in_its_place(deep, images, class_index):
    found = eager(deep, images, "conv1", class_index)
    expected = np.maximum((found.maps * found.gradients).sum(axis=-1), 0)
    heat = hires_cam(deep, images, layer="conv1", class_index=class_index)
    assert not np.allclose(heat, grad_cam(deep, images, layer="conv1", class_index=class_index), atol=0.01)
    np.testing.assert_allclose(heat, expected, rtol=1e-4, atol=1e-6)


@EVERY_CLASS
def test_layer_cam_weighs_by_positive_gradients_only(deep, images, class_index):
    found = eager(deep, images, "conv1", class_index)
    expected = (found.maps * np.maximum(found.gradients, 0)).sum(axis=-1)
    heat = layer_cam(deep, images, layer="conv1", class_index=class_index)
    assert not np.allclose(heat, hires_cam(deep, images, layer="conv1", class_index=class_index), atol=0.01)
    np.testing.assert_allclose(heat, expected, rtol=1e-4, atol=1e-6)


def chattopadhay(maps, gradients, logit):
    """Equations 5, 7 and 19 of the paper for Y = exp(logit), position by position, in float64."""
    rows, columns, channels = maps.shape
    score = np.exp(np.float64(logit))
    heat = np.zeros((rows, columns))
    for c in range(channels):
        weight = 0.0
        for y in range(rows):
            for x in range(columns):
                slope = np.float64(gradients[y, x, c])
                first, second, third = score * slope, score * slope**2, score * slope**3
                if slope != 0:
                    alpha = second / (2 * second + maps[..., c].astype(np.float64).sum() * third)
                    weight += alpha * max(first, 0)
        heat += weight * maps[..., c]
    return np.maximum(heat, 0), score


@pytest.mark.parametrize("layer", ["conv1", "conv2"])
def test_grad_cam_plus_plus_matches_the_papers_equation_for_an_exponential_score(deep, images, layer):
    found = eager(deep, images, layer, 2)
    heat = grad_cam_plus_plus(deep, images, layer=layer, class_index=2)
    assert found.gradients.min() < 0 < found.gradients.max() and heat.max() > 0.01
    for image in range(len(images)):
        expected, score = chattopadhay(found.maps[image], found.gradients[image], found.logit[image])
        np.testing.assert_allclose(heat[image], expected / score, rtol=1e-4, atol=1e-6)


def test_grad_cam_plus_plus_keeps_its_denominator_from_zero_in_a_layer_with_negative_maps():
    """Summed with its sign the map gives 2 g^2 + g^3 * (1 - 3) = 0; its positive part gives alpha = 1 / 3."""
    maps, gradients = np.array([[[[-3.0], [1.0]]]]), np.ones((1, 1, 2, 1))
    np.testing.assert_allclose(FORMULAS["grad_cam_plus_plus"](maps, gradients), [[[0, 2 / 3]]], rtol=1e-6)


def test_a_confident_softmax_still_gives_a_map(confident, images):
    assert np.all(predict(confident, images).max(axis=1) == 1)  # through the softmax the gradient would be 0
    for method in GRADIENT_CAMS:
        assert np.all(method(confident, images).max(axis=(1, 2)) > 1)


def test_the_default_layer_is_the_last_activation_before_pooling(deep, images):
    np.testing.assert_array_equal(grad_cam(deep, images), grad_cam(deep, images, layer="conv2"))


def test_the_default_class_is_each_images_own(deep, rng):
    inputs = rng.normal(0, 2, (12, *SIZE, 3)).astype(np.float32)
    tops = predict(deep, inputs).argmax(axis=1)
    assert len(set(tops)) > 1
    for image, top in zip(inputs, tops, strict=True):
        heat = grad_cam(deep, image[None], class_index=int(top))
        np.testing.assert_allclose(grad_cam(deep, image[None]), heat, rtol=1e-5)


@pytest.mark.parametrize("method", GRADIENT_CAMS)
def test_a_layer_inside_a_backbone_gives_what_its_flat_twin_gives(deep, images, method):
    twin = wrap(fill(nested(deep_layers())))
    expected = method(deep, images, layer="conv1", class_index=3)
    assert expected.max() > 0
    np.testing.assert_allclose(
        method(twin, images, layer="backbone/conv1", class_index=3), expected, rtol=1e-4, atol=1e-6
    )


def test_a_layer_of_a_subclassed_model_gives_what_its_functional_twin_gives(deep, images):
    parts = deep_layers()
    twin = subclassed(parts)
    for part, original in zip(parts, deep.model.layers, strict=True):
        if original.get_weights() and part.weights:
            for weight, value in zip(part.trainable_weights, original.trainable_weights, strict=True):
                weight.assign(value)
    expected = grad_cam(deep, images, layer="conv1", class_index=3)
    assert expected.max() > 0
    heat = grad_cam(wrap(twin), images, layer="conv1", class_index=3)
    np.testing.assert_allclose(heat, expected, rtol=1e-4, atol=1e-6)


def test_the_two_classes_of_a_sigmoid_have_opposite_evidence(sigmoid, images):
    found = eager(sigmoid, images, "conv1", 0)
    signed = np.einsum("bhwc,bc->bhw", found.maps, found.gradients.mean(axis=(1, 2)))
    assert np.abs(signed).max() > 0.001
    for class_index, sign in ((0, -1), (1, 1)):
        heat = grad_cam(sigmoid, images, layer="conv1", class_index=class_index)
        np.testing.assert_allclose(heat, np.maximum(sign * signed, 0), rtol=1e-4, atol=1e-6)


def test_unknown_layers_and_classes_are_named_with_what_would_do(deep, images):
    with pytest.raises(LayerError, match=r"no layer 'conv9'.*conv1, conv2"):
        grad_cam(deep, images, layer="conv9")
    with pytest.raises(LayerError, match=r"No feature maps at layer 'scores'.*conv1, conv2"):
        grad_cam(deep, images, layer="scores")
    with pytest.raises(ClassError, match=r"no class 4.*0 to 3"):
        grad_cam(deep, images, class_index=4)
