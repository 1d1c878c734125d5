import keras
import numpy as np
import pytest
from filter_nets import SIZE, small_model, wrap
from keras import layers

from cnnviz.convnets import convnet_from_model
from cnnviz.errors import CancelledError, LayerError
from cnnviz.filters import PatternStore, ascend, estimate, filter_patterns, find_patterns
from cnnviz.probes import forward

STYLES = pytest.mark.parametrize("style", ["textbook", "natural"])
SHORT = {"size": SIZE, "steps": 4}


@STYLES
def test_every_filter_rises(small, style):
    for pattern in find_patterns(small, layer="late", filters=range(4), style=style, **SHORT):
        assert pattern.after > pattern.before
        assert pattern.status in ("ok", "rescued")
        assert pattern.photo.std() > 1


@STYLES
def test_same_seed_same_images_another_seed_others(small, style):
    first, again, other = (
        filter_patterns(small, layer="late", filters=[2], style=style, seed=seed, **SHORT) for seed in (5, 5, 6)
    )
    np.testing.assert_array_equal(first, again)
    assert (first != other).mean() > 0.1


@STYLES
def test_a_batch_gives_what_its_filters_give_one_by_one_in_any_order(small, style):
    batch = filter_patterns(small, layer="late", filters=[7, 0, 3], style=style, **SHORT)
    assert batch.shape == (3, SIZE, SIZE, 3)
    assert batch.dtype == np.uint8
    assert (batch[0] != batch[1]).mean() > 0.1
    for photo, index in zip(batch, [7, 0, 3], strict=True):
        alone = filter_patterns(small, layer="late", filters=[index], style=style, **SHORT)[0]
        np.testing.assert_allclose(photo, alone, atol=1)


def test_a_filter_asked_for_twice_climbs_once(small):
    *_, last = ascend(small, layer="late", filters=[1, 1], style="textbook", **SHORT)
    assert last.total == 4
    np.testing.assert_array_equal(last.photos[0], last.photos[1])


@pytest.mark.parametrize("layer", ["conv", "apart"])
def test_silenced_filters_are_rescued_and_weightless_ones_named_dead(troubled, layer):
    ok, rescued, dead = find_patterns(troubled, layer=layer, filters=range(3), style="textbook", size=SIZE, steps=20)
    assert [ok.status, rescued.status, dead.status] == ["ok", "rescued", "dead"]
    assert rescued.before < 0 < rescued.after  # the ReLU let nothing through at first
    assert np.all(dead.photo == 128)
    assert dead.after == dead.before == 0


def test_the_natural_style_climbs_below_the_activation_from_the_start(troubled):
    ok, silenced, dead = find_patterns(troubled, layer="apart", filters=range(3), style="natural", size=SIZE, steps=4)
    assert [ok.status, silenced.status, dead.status] == ["ok", "ok", "dead"]
    assert silenced.before < 0
    assert silenced.after > silenced.before


@STYLES
@pytest.mark.parametrize("layer", ["conv", "apart"])
def test_a_filter_that_no_image_makes_fire_is_dead_however_high_it_climbs(style, layer):
    """Its bias is far below what weights and pixels can reach; the activation's input maximizes all the same."""
    import keras
    from keras import layers

    image = keras.Input((SIZE, SIZE, 3))
    x = layers.Conv2D(2, 3, activation="relu", name="conv")(image)
    apart = layers.ReLU(name="apart")(layers.Conv2D(2, 3, name="linear")(image))
    model = keras.Model(image, [x, apart])
    kernel = np.random.default_rng(0).normal(size=(3, 3, 3, 2)).astype(np.float32)
    for name in ("conv", "linear"):
        model.get_layer(name).set_weights([kernel, np.array([0, -1e4], np.float32)])
    alive, dead = find_patterns(wrap(model), layer=layer, filters=[0, 1], style=style, size=SIZE, steps=12)
    assert alive.status in ("ok", "rescued")
    assert dead.status == "dead"
    assert np.all(dead.photo == 128)
    assert dead.before < dead.after < 0  # it did are optimized
    most = np.maximum(kernel[..., 0], 0).sum()  # what white pixels where weights are positive give
    for bias, expected in ((-0.98 * most, ("ok", "rescued")), (-1.02 * most, ("dead",))):
        for name in ("conv", "linear"):
            model.get_layer(name).set_weights([kernel, np.array([bias, 0], np.float32)])
        (pattern,) = find_patterns(wrap(model), layer=layer, filters=[0], style=style, size=SIZE, steps=2)
        assert pattern.status in expected
    (linear,) = find_patterns(wrap(model), layer="linear", filters=[1], style=style, size=SIZE, steps=2)
    assert linear.status == "ok"  # without an activation nothing is cut off


@STYLES
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_model_that_is_not_finite_is_named_and_draws_nothing(style, value):
    """One broken weight also breaks the gradient of the other filters, whose answers are finite."""
    model = small_model(np.random.default_rng(0))
    kernel, bias = model.get_layer("late").get_weights()
    kernel[0, 0, 0, 1] = value
    model.get_layer("late").set_weights([kernel, bias])
    for pattern in find_patterns(wrap(model), layer="late", filters=[0, 1], style=style, **SHORT):
        assert pattern.status == "not finite"
        assert np.all(pattern.photo == 128)


@STYLES
def test_the_model_is_left_as_found_also_when_cancelled(state_of, style):
    convnet = wrap(small_model(np.random.default_rng(2)))
    filter_patterns(convnet, layer="early", filters=[0], style=style, **SHORT)
    weights, attributes = state_of(convnet.model)

    def cancel(done, total, photos):
        assert (total, photos.shape) == (12, (3, SIZE, SIZE, 3))
        if done:
            raise CancelledError("Stopped.")

    with pytest.raises(CancelledError):
        filter_patterns(convnet, layer="late", filters=range(3), style=style, on_step=cancel, **SHORT)
    after, attributes_after = state_of(convnet.model)
    assert attributes == attributes_after
    for one, other in zip(weights, after, strict=True):
        np.testing.assert_array_equal(one, other)


@STYLES
def test_a_layer_in_a_nested_backbone_gives_what_it_gives_flat(style):
    flat = small_model(np.random.default_rng(3))
    backbone = keras.Model(flat.input, flat.get_layer("late").output, name="backbone")
    image = keras.Input((SIZE, SIZE, 3))
    nested = keras.Model(image, layers.Dense(2)(layers.Flatten()(backbone(image))))
    expected = filter_patterns(wrap(flat), layer="late", filters=[0, 1], style=style, size=24, steps=4)
    found = filter_patterns(wrap(nested), layer="backbone/late", filters=[0, 1], style=style, size=24, steps=4)
    assert expected.std() > 1
    np.testing.assert_allclose(found, expected, atol=1)


@STYLES
def test_a_gray_model_gives_gray_images(style):
    convnet = wrap(small_model(np.random.default_rng(4), channels=1), channels=1)
    pattern = find_patterns(convnet, layer="late", filters=[0], style=style, **SHORT)[0]
    assert pattern.after > pattern.before
    assert pattern.photo.std() > 1
    np.testing.assert_array_equal(pattern.photo, np.repeat(pattern.photo[..., :1], 3, axis=-1))


def test_four_channels_climb_with_an_opaque_alpha():
    """The objective is the alpha itself and a color: 255 / 255 plus what red gives."""
    model = keras.Sequential([keras.Input((SIZE, SIZE, 4)), layers.Conv2D(1, 1, use_bias=False, name="mix")])
    model.layers[0].set_weights([np.float32([1, 0, 0, 5]).reshape(1, 1, 4, 1)])
    pattern = find_patterns(wrap(model, channels=4), layer="mix", filters=[0], style="natural", **SHORT)[0]
    assert pattern.before == pytest.approx(5 + 0.5, abs=0.1)
    assert pattern.photo[..., 0].mean() > pattern.photo[..., 2].mean()


def test_a_class_neuron_raises_its_logit(small):
    patterns = find_patterns(small, layer="scores", filters=[2, 0], size=SIZE, steps=6)
    gray = np.full((SIZE, SIZE, 3), 128, np.uint8)
    before, *after = forward(small, small.prepare([gray, *(pattern.photo for pattern in patterns)])).logits
    for pattern, logits in zip(patterns, after, strict=True):
        assert logits[pattern.filter] > before[pattern.filter]
        assert pattern.after == pytest.approx(logits[pattern.filter], abs=0.02)  # photos are rounded


def test_a_single_sigmoid_has_two_classes_that_climb_apart():
    convnet = wrap(small_model(np.random.default_rng(5), outputs="sigmoid", classes=1))
    no, yes = find_patterns(convnet, layer="scores", filters=[0, 1], style="textbook", **SHORT)
    assert no.after > no.before
    assert yes.after > yes.before
    assert no.before == pytest.approx(-yes.before, rel=0.2)


def test_dense_layers_climb_at_the_models_own_size_and_are_enlarged_sharply(small):
    pattern = find_patterns(small, layer="scores", filters=[0], size=2 * SIZE, steps=2)[0]
    assert pattern.ascent_size == (SIZE, SIZE)
    assert pattern.photo.shape == (2 * SIZE, 2 * SIZE, 3)
    np.testing.assert_array_equal(pattern.photo[::2, ::2], pattern.photo[1::2, 1::2])


def test_convolutions_before_a_flattening_head_climb_at_any_size():
    model = keras.Sequential(
        [keras.Input((SIZE, SIZE, 3)), layers.Conv2D(2, 3, name="conv"), layers.Flatten(), layers.Dense(2)]
    )
    pattern = find_patterns(wrap(model), layer="conv", filters=[0], size=33, steps=2)[0]
    assert pattern.ascent_size == (33, 33)
    assert pattern.after > pattern.before


def test_a_model_that_takes_one_size_only_climbs_at_that_and_says_so():
    model = keras.Sequential(
        [
            keras.Input((SIZE, SIZE, 3)),
            layers.Reshape((SIZE * SIZE, 3)),
            layers.Reshape((SIZE, SIZE, 3)),
            layers.Conv2D(2, 3, name="late"),
        ]
    )
    pattern = find_patterns(wrap(model), layer="late", filters=[0], size=32, steps=2)[0]
    assert pattern.ascent_size == (SIZE, SIZE)
    assert pattern.photo.shape == (32, 32, 3)
    assert pattern.after > pattern.before


def test_a_image_that_is_not_square_is_fitted_on_gray():
    model = keras.Sequential([keras.Input((10, 20, 3)), layers.Flatten(), layers.Dense(2, name="scores")])
    pattern = find_patterns(convnet_from_model(model), layer="scores", filters=[0], size=20, steps=2)[0]
    assert np.all(pattern.photo[:5] == 128)
    assert np.all(pattern.photo[15:] == 128)
    assert pattern.photo[5:15].std() > 1


def test_frames_come_at_once_and_hold_what_is_there_so_far(small):
    frames = ascend(small, layer="late", filters=range(20), style="textbook", size=SIZE, steps=2)
    first = next(frames)
    assert (first.step, first.total) == (0, 40)
    assert np.all(first.photos == 128)
    assert set(first.statuses) == {"waiting"}
    assert np.isnan(first.objective).all()
    begun = next(frames)
    assert {"waiting", "optimizing"} == set(begun.statuses)
    assert np.isfinite(begun.objective).any()
    *_, last = frames
    assert (last.step, last.total) == (40, 40)
    assert sorted(last.finished) == list(range(20))
    assert np.all(last.objective > begun.objective[0] - 100)


def test_a_sheet_can_be_stopped_and_resumed_without_climbing_twice(small, tmp_path):
    store = PatternStore(tmp_path)
    asked = {"layer": "late", "filters": range(20), "style": "textbook", "size": SIZE, "steps": 2}
    for frame in ascend(small, store=store, **asked):
        if frame.finished:
            break
    kept = len(frame.finished)
    assert 0 < kept < 20
    *_, last = ascend(small, store=store, **asked)
    assert last.total == 2 * (20 - kept)
    fresh = filter_patterns(small, **asked)
    np.testing.assert_allclose(last.photos, fresh, atol=1)
    [only] = ascend(small, store=store, **asked)
    assert (only.step, only.total) == (0, 0)
    np.testing.assert_array_equal(only.photos, last.photos)


def test_an_estimate_grows_with_filters_and_steps(small):
    one = estimate(small, layer="late", count=1, size=SIZE, steps=9)
    assert one > 0
    assert estimate(small, layer="late", count=10, size=SIZE, steps=19) == pytest.approx(20 * one)


def test_filters_and_sizes_that_do_not_exist_are_named(small):
    with pytest.raises(LayerError, match=r"Layer 'late' has no filter 20\. Its filters are 0 to 19\."):
        filter_patterns(small, layer="late", filters=[20])
    with pytest.raises(LayerError, match="has no layer 'lat'"):
        filter_patterns(small, layer="lat", filters=[0])
    with pytest.raises(ValueError, match="size of 16 to 1024"):
        filter_patterns(small, layer="late", filters=[0], size=4)


def test_no_filters_give_no_images(small):
    assert filter_patterns(small, layer="late", filters=[], size=SIZE).shape == (0, SIZE, SIZE, 3)
