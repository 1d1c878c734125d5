from dataclasses import replace

import numpy as np
import pytest

from cnnviz.activations import channel_effect, feature_maps, silence_channel, strongest_patch
from cnnviz.errors import ClassError, LayerError
from cnnviz.layers import find_layer
from cnnviz.probes import forward


@pytest.mark.parametrize("class_index", [0, 1])
def test_the_effect_is_exact_for_a_pooled_linear_head(by_hand, inputs, class_index):
    """Behind average pooling a channel adds its mean, times its weight for the class."""
    from activation_nets import HEAD

    maps = feature_maps(by_hand, inputs[:1], layers=["relu"])["relu"][0]
    expected = maps.mean(axis=(0, 1)) * HEAD[:, class_index]
    assert expected.min() < -0.01 or class_index == 0
    assert np.abs(expected[[0, 1, 3]]).min() > 0.01
    effect = channel_effect(by_hand, inputs[:1], layer="relu", class_index=class_index)
    np.testing.assert_allclose(effect, expected, rtol=1e-4, atol=1e-6)
    for channel in range(4):
        drop = silence_channel(by_hand, inputs[:1], layer="relu", channel=channel, class_index=class_index)
        assert drop == pytest.approx(expected[channel], rel=1e-3, abs=1e-5)


def test_the_effects_of_a_pooled_linear_head_add_up_to_the_logit(by_hand, inputs):
    reading = forward(by_hand, inputs[:1])
    effect = channel_effect(by_hand, inputs[:1], layer="pool")
    top = int(reading.probabilities[0].argmax())
    assert effect.shape == (4,)
    assert effect.sum() == pytest.approx(reading.logits[0, top], rel=1e-4)


def test_without_a_class_the_top_class_is_explained(by_hand, inputs):
    top = int(forward(by_hand, inputs[:1]).probabilities[0].argmax())
    own, other = (channel_effect(by_hand, inputs[:1], layer="relu", class_index=c) for c in (top, 1 - top))
    np.testing.assert_array_equal(channel_effect(by_hand, inputs[:1], layer="relu"), own)
    assert not np.allclose(own, other)
    drop = silence_channel(by_hand, inputs[:1], layer="relu", channel=0)
    assert drop == pytest.approx(own[0], rel=1e-3)


def test_a_channel_inside_a_backbone_is_silenced_in_the_call_that_is_meant(nested, inputs):
    """The three channels of each call are alike: without one, the middle loses a third, the end two thirds of it."""
    logit = forward(nested, inputs[:1]).logits[0]
    relu = feature_maps(nested, inputs[:1], layers=["by-hand/relu"])["by-hand/relu"][0]
    assert relu.max() > 0.1
    first = silence_channel(nested, inputs[:1], layer="backbone/twice", channel=0, class_index=0)
    second = silence_channel(nested, inputs[:1], layer="backbone/twice@1", channel=0, class_index=0)
    assert abs(logit[0]) > 0.05
    assert first == pytest.approx(logit[0] / 3, rel=1e-3)
    assert second == pytest.approx(logit[0] / 3, rel=1e-3)


def test_the_estimate_is_close_to_the_measure_in_a_real_model(lite0, cat):
    inputs = lite0.prepare([cat])
    effect = channel_effect(lite0, inputs, layer="head_relu")
    channel = int(effect.argmax())
    drop = silence_channel(lite0, inputs, layer="head_relu", channel=channel)
    assert drop == pytest.approx(effect[channel], rel=1e-3)
    assert drop > 0.1


def test_silencing_leaves_the_model_as_it_was(by_hand, inputs):
    model = by_hand.model
    before = {layer.name: dict(vars(layer)) for layer in model.layers}
    plain = model(inputs).numpy()
    silence_channel(by_hand, inputs[:1], layer="conv", channel=1)
    assert {layer.name: dict(vars(layer)) for layer in model.layers} == before
    np.testing.assert_array_equal(model(inputs).numpy(), plain)
    assert feature_maps(by_hand, inputs, layers=["conv"])["conv"][..., 1].any()


def test_a_failure_while_silencing_leaves_the_model_as_it_was(inputs, monkeypatch):
    from activation_nets import build, wrap

    convnet = wrap(build())
    layer = convnet.model.get_layer("pool")
    forward(convnet, inputs[:1])  # what comes before the silencing is compiled

    def fail(*_):
        raise RuntimeError("broken layer")

    with monkeypatch.context() as patch, pytest.raises(RuntimeError, match="broken layer"):
        patch.setattr(type(layer), "call", fail)
        silence_channel(convnet, inputs[:1], layer="conv", channel=0)
    assert "call" not in vars(convnet.model.get_layer("conv"))


def test_the_layer_of_the_scores_cannot_be_silenced(by_hand, inputs):
    with pytest.raises(LayerError, match=r"Layer 'scores' holds the scores themselves\. Choose a layer before it"):
        silence_channel(by_hand, inputs[:1], layer="scores", channel=0)


def test_mistakes_are_named(by_hand, inputs):
    with pytest.raises(LayerError, match=r"Layer 'relu' has no channel 4\. Its channels are 0 to 3"):
        silence_channel(by_hand, inputs[:1], layer="relu", channel=4)
    with pytest.raises(LayerError, match="has no channel -1"):
        silence_channel(by_hand, inputs[:1], layer="relu", channel=-1)
    with pytest.raises(LayerError, match="has no layer 'nowhere'"):
        channel_effect(by_hand, inputs[:1], layer="nowhere")
    with pytest.raises(ClassError, match="has no class 2"):
        channel_effect(by_hand, inputs[:1], layer="relu", class_index=2)
    with pytest.raises(ValueError, match="Expected one image"):
        channel_effect(by_hand, inputs, layer="relu")


def test_a_model_without_classes_has_no_effects(inputs):
    import keras
    from activation_nets import build, wrap

    model = build()
    maps_only = wrap(keras.Model(model.inputs, model.get_layer("relu").output))
    for explain in (
        lambda: channel_effect(maps_only, inputs[:1], layer="conv"),
        lambda: silence_channel(maps_only, inputs[:1], layer="conv", channel=0),
    ):
        with pytest.raises(ClassError, match="has no class scores to explain"):
            explain()


def test_the_strongest_patch_is_what_the_value_depends_on(by_hand, inputs):
    """An unpadded 3 x 3 convolution with stride 2: position (y, x) sees rows 2y to 2y + 2."""
    info = find_layer(by_hand, "relu")
    maps = feature_maps(by_hand, inputs[:1], layers=["relu"])["relu"][0]
    from activation_nets import SIZE

    left, top, right, bottom = strongest_patch(info, maps, channel=0, size=SIZE)
    assert (right - left, bottom - top) == (3, 3)
    patch = inputs[0, top:bottom, left:right]
    assert patch[1, 1].sum() == pytest.approx(maps[..., 0].max(), rel=1e-5)


@pytest.mark.parametrize("row", [0, 4, 9])
@pytest.mark.parametrize("column", [0, 3, 7])
def test_every_position_has_its_own_patch(by_hand, row, column):
    from activation_nets import SIZE

    maps = np.zeros((10, 8, 4), np.float32)
    maps[row, column, 3] = 1
    box = strongest_patch(find_layer(by_hand, "conv"), maps, channel=3, size=SIZE)
    assert box == (2 * column, 2 * row, 2 * column + 3, 2 * row + 3)


def test_unpadded_layers_see_nothing_beyond_the_border(by_hand):
    info = replace(find_layer(by_hand, "conv"), receptive_field=(5, 7), stride=(1, 1))
    maps = np.zeros((17, 11, 4), np.float32)  # of 21 x 17 pixels
    maps[0, 10, 0] = maps[16, 0, 1] = 1
    assert strongest_patch(info, maps, channel=0, size=(21, 17)) == (10, 0, 17, 5)
    assert strongest_patch(info, maps, channel=1, size=(21, 17)) == (0, 16, 7, 21)


def test_a_patch_is_cut_off_at_the_border_and_global_layers_see_all(lite0):
    maps = np.zeros((112, 112, 32), np.float32)
    maps[0, 111, 5] = 1
    box = strongest_patch(find_layer(lite0, "stem_relu"), maps, channel=5, size=(224, 224))
    assert box == (222, 0, 224, 3)  # 3 x 3 with stride 2, padded at the end only
    whole = strongest_patch(find_layer(lite0, "head_relu"), np.ones((7, 7, 1280)), channel=0, size=(224, 224))
    assert whole[2] - whole[0] > 112


def test_a_silent_or_broken_channel_has_no_strongest_patch(by_hand):
    info, maps = find_layer(by_hand, "relu"), np.zeros((10, 8, 4), np.float32)
    maps[0, 0, 1] = np.nan
    with pytest.raises(LayerError, match=r"Channel 0 of layer 'relu' is inactive on this image\. Choose another"):
        strongest_patch(info, maps, channel=0, size=(21, 17))
    with pytest.raises(LayerError, match="Channel 1 of layer 'relu' has values that are not finite"):
        strongest_patch(info, maps, channel=1, size=(21, 17))
    with pytest.raises(LayerError, match="has no channel 4"):
        strongest_patch(info, maps, channel=4, size=(21, 17))
