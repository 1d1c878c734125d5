import numpy as np
import pytest
from heatmap_nets import SIZE, deep_layers, eager, fill, pooled_layers, sequential, wrap

from cnnviz.heatmaps import integrated_gradients, occlusion, saliency, smooth_grad
from cnnviz.probes import forward


def pixel_weights(linear, class_index):
    kernel, _ = linear.model.get_layer("scores").get_weights()
    return kernel[:, class_index].reshape(*SIZE, 3)


def test_saliency_of_a_linear_model_is_its_largest_weight_by_channel(linear, images):
    weights = pixel_weights(linear, 1)
    assert weights.min() < 0 < weights.max()
    expected = np.repeat(np.abs(weights).max(axis=-1)[None], len(images), axis=0)
    np.testing.assert_allclose(saliency(linear, images, class_index=1), expected, rtol=1e-5)


def test_saliency_explains_the_logit(confident, images):
    found = eager(confident, images, None, 2)
    expected = np.abs(found.gradients).max(axis=-1)
    assert expected.max() > 1  # through the saturated softmax it would be 0
    np.testing.assert_allclose(saliency(confident, images, class_index=2), expected, rtol=1e-4, atol=1e-5)


def test_saliency_of_a_gray_image_is_the_magnitude_of_its_only_gradient(grayscale, images):
    gray = images[..., :1]
    found = eager(grayscale, gray, None, 0)
    assert found.gradients.min() < 0
    np.testing.assert_allclose(
        saliency(grayscale, gray, class_index=0), np.abs(found.gradients[..., 0]), rtol=1e-4, atol=1e-6
    )


def test_smooth_grad_of_a_linear_model_is_its_saliency(linear, images):
    expected = saliency(linear, images, class_index=1)
    heat = smooth_grad(linear, images, class_index=1, samples=5, noise=0.3)
    np.testing.assert_allclose(heat, expected, rtol=1e-5)


def test_smooth_grad_averages_signed_gradients_of_noisy_copies(deep, images):
    """The noise is 0.2 of the way from black to white; its draws hang on the seed and the sample only."""
    image, samples = images[:1], 6
    draws = [np.random.default_rng((7, k)).standard_normal((*SIZE, 3), np.float32) for k in range(samples)]
    gradients = [eager(deep, image + 0.2 * draw, None, 1).gradients for draw in draws]
    expected = np.abs(np.mean(gradients, axis=0)).max(axis=-1)
    mean_of_magnitudes = np.mean(np.abs(gradients), axis=0).max(axis=-1)
    assert not np.allclose(expected, mean_of_magnitudes, rtol=0.01)
    heat = smooth_grad(deep, image, class_index=1, samples=samples, noise=0.2, seed=7)
    np.testing.assert_allclose(heat, expected, rtol=1e-4, atol=1e-6)


def test_smooth_grads_noise_grows_with_the_pixels_range():
    """The same model behind another scaling of pixels, with weights that undo it, gives the same map."""
    small = wrap(fill(sequential(pooled_layers())))
    large = wrap(fill(sequential(pooled_layers())), scaling="0..255")
    kernel, bias = large.model.get_layer("maps").get_weights()
    large.model.get_layer("maps").set_weights([kernel / 255, bias])
    photo = np.random.default_rng(3).integers(0, 256, (*SIZE, 3), np.uint8)
    first = smooth_grad(small, small.prepare([photo]), class_index=0, samples=4)
    second = smooth_grad(large, large.prepare([photo]), class_index=0, samples=4)
    assert first.max() > 0
    np.testing.assert_allclose(second * 255, first, rtol=1e-3, atol=1e-6)


def test_smooth_grad_keeps_the_class_of_the_clean_image(deep, rng):
    inputs = rng.normal(0, 2, (6, *SIZE, 3)).astype(np.float32)
    tops = forward(deep, inputs).classes
    assert len(set(tops)) > 1
    heat = smooth_grad(deep, inputs, samples=4, noise=2.0)
    for image, top, own in zip(inputs, tops, heat, strict=True):
        expected = smooth_grad(deep, image[None], samples=4, noise=2.0, class_index=int(top))[0]
        np.testing.assert_allclose(own, expected, rtol=1e-3, atol=1e-6)


def test_smooth_grad_depends_on_the_seed_only(deep, images):
    first, again = (smooth_grad(deep, images, samples=3, seed=4) for _ in range(2))
    np.testing.assert_array_equal(first, again)
    assert not np.allclose(first, smooth_grad(deep, images, samples=3, seed=5))


@pytest.mark.parametrize(("baseline", "value"), [("black", -1.0), ("gray", 0.0), ("white", 1.0), ("mean", None)])
def test_integrated_gradients_of_a_linear_model_are_weight_times_way(linear, images, baseline, value):
    start = images.mean(axis=(1, 2), keepdims=True) if value is None else value
    expected = (pixel_weights(linear, 2) * (images - start)).sum(axis=-1)
    assert expected.min() < 0 < expected.max()
    heat = integrated_gradients(linear, images, class_index=2, steps=3, baseline=baseline)
    np.testing.assert_allclose(heat, expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("baseline", ["black", "white"])
def test_integrated_gradients_sum_to_the_rise_of_the_logit(deep, images, baseline):
    plain = np.full_like(images, {"black": 0, "white": 1}[baseline])
    rise = (forward(deep, images).logits - forward(deep, plain).logits)[:, 1]
    assert np.abs(rise).min() > 0.1
    heat = integrated_gradients(deep, images, class_index=1, steps=400, baseline=baseline)
    np.testing.assert_allclose(heat.sum(axis=(1, 2)), rise, atol=0.01)
    one_step = integrated_gradients(deep, images, class_index=1, steps=1, baseline=baseline)
    assert np.abs(one_step.sum(axis=(1, 2)) - rise).max() > 0.02  # else the way would not matter here


def test_integrated_gradients_of_the_two_classes_of_a_sigmoid_are_opposite(sigmoid, images):
    first, second = (integrated_gradients(sigmoid, images, class_index=k, steps=4) for k in (0, 1))
    assert np.abs(second).max() > 0.001
    np.testing.assert_allclose(first, -second, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize(("fill_color", "value"), [("gray", 0.0), ("mean", None)])
def test_occlusion_of_a_linear_model_is_what_the_patch_adds(linear, images, fill_color, value):
    color = images.mean(axis=(1, 2), keepdims=True) if value is None else value
    added = (pixel_weights(linear, 0) * (images - color)).sum(axis=-1)  # (batch, 8, 8)
    by_patch = added.reshape(3, 2, 4, 2, 4).sum(axis=(2, 4))
    assert by_patch.min() < 0 < by_patch.max()
    heat = occlusion(linear, images, class_index=0, patch=4, stride=4, fill=fill_color)
    np.testing.assert_allclose(heat, by_patch.repeat(4, axis=1).repeat(4, axis=2), rtol=1e-3, atol=1e-4)


def test_occlusion_averages_over_the_patches_that_cover_a_pixel_up_to_the_border(linear, images):
    """Patches of 3 at 0, 2, 4 and, flush with the border, 5."""
    added = (pixel_weights(linear, 0) * images).sum(axis=-1)
    expected, counts = np.zeros_like(added), np.zeros_like(added)
    for top in (0, 2, 4, 5):
        for left in (0, 2, 4, 5):
            window = np.s_[:, top : top + 3, left : left + 3]
            expected[window] += added[window].sum(axis=(1, 2))[:, None, None]
            counts[window] += 1
    assert counts.min() >= 1 and counts.max() > 1
    heat = occlusion(linear, images, class_index=0, patch=3, stride=2, fill="gray")
    np.testing.assert_allclose(heat, expected / counts, rtol=1e-3, atol=1e-4)


def test_settings_that_cannot_be_are_refused(linear, images):
    with pytest.raises(ValueError, match="samples of at least 1"):
        smooth_grad(linear, images, samples=0)
    with pytest.raises(ValueError, match="steps of at least 1"):
        integrated_gradients(linear, images, steps=0)
    with pytest.raises(ValueError, match="patch of at least 1"):
        occlusion(linear, images, patch=0)
    with pytest.raises(ValueError, match="stride of at most the patch, 2"):
        occlusion(linear, images, patch=2, stride=3)
    with pytest.raises(ValueError, match="color of black, gray, white, mean"):
        integrated_gradients(linear, images, baseline="pink")


def test_a_baseline_leaves_alpha_opaque(rng):
    convnet = wrap(fill(sequential(deep_layers(), channels=4)), channels=4)
    inputs = rng.random((1, *SIZE, 4), np.float32)
    inputs[..., 3] = 1
    heat = integrated_gradients(convnet, inputs, class_index=0, steps=200)
    plain = np.zeros_like(inputs)
    plain[..., 3] = 1
    rise = (forward(convnet, inputs).logits - forward(convnet, plain).logits)[0, 0]
    assert abs(rise - (forward(convnet, inputs).logits - forward(convnet, 0 * plain).logits)[0, 0]) > 0.05
    np.testing.assert_allclose(heat.sum(), rise, atol=0.02)
