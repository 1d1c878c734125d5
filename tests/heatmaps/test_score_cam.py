import numpy as np
import pytest
from heatmap_nets import SIZE, deep_layers, eager, fill, sequential, wrap

from cnnviz.heatmaps import score_cam
from cnnviz.probes import forward


def wang(convnet, image, layer, class_index, hidden):
    """Algorithm 1 of the paper, one channel at a time, with TensorFlow's resize and no code of ours."""
    import tensorflow as tf

    def score(image):
        return eager(convnet, image[None], layer, class_index).logit[0]

    maps = eager(convnet, image[None], layer, class_index).maps[0]
    rises = []
    for c in range(maps.shape[-1]):
        mask = tf.image.resize(maps[..., c : c + 1], SIZE, "bilinear").numpy()
        low, high = mask.min(), mask.max()
        mask = (mask - low) / (high - low) if high > low else np.zeros_like(mask)
        rises.append(score(hidden + mask * (image - hidden)) - score(np.broadcast_to(hidden, image.shape)))
    weights = np.exp(rises) / np.exp(rises).sum()
    return np.maximum((weights * maps).sum(axis=-1), 0), weights


@pytest.mark.parametrize("layer", ["conv1", "pool"])
@pytest.mark.parametrize(("baseline", "value"), [("mean", None), ("black", 0.0)])
def test_matches_the_papers_algorithm_one_channel_at_a_time(deep, images, layer, baseline, value):
    heat = score_cam(deep, images, layer=layer, class_index=1, baseline=baseline)
    for image, own in zip(images, heat, strict=True):
        hidden = image.mean(axis=(0, 1)) if value is None else np.float32(value)
        expected, weights = wang(deep, image, layer, 1, hidden)
        assert np.ptp(weights) > 0.1 and expected.max() > 0.01  # the weights matter
        np.testing.assert_allclose(own, expected, rtol=1e-3, atol=1e-5)


def silent_channel_net():
    """Its second channel is silent, its third the same everywhere."""
    model = fill(sequential(deep_layers()), seed=2)
    kernel, bias = model.get_layer("conv1").get_weights()
    kernel[..., 1:3] = 0
    bias[1:] = -1, 0.7, 2
    model.get_layer("conv1").set_weights([kernel, bias])
    return wrap(model)


def test_a_channel_that_is_the_same_everywhere_is_weighed_without_being_run(images):
    convnet, totals = silent_channel_net(), []
    heat = score_cam(
        convnet, images[:1], layer="conv1", class_index=1, on_step=lambda done, total, heat: totals.append(total)
    )
    maps = forward(convnet, images[:1], layers=["conv1"]).maps["conv1"]
    assert np.all(maps[..., 1] == 0) and np.allclose(maps[..., 2], 0.7)
    assert (maps.max(axis=(0, 1, 2)) > maps.min(axis=(0, 1, 2))).tolist() == [True, False, False, True]
    assert set(totals) == {2}
    expected, _ = wang(convnet, images[0], "conv1", 1, images[0].mean(axis=(0, 1)))
    np.testing.assert_allclose(heat[0], expected, rtol=1e-3, atol=1e-5)
