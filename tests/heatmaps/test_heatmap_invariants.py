"""What every method keeps: the model, its batch's independence, cancelling, bounds, and words for failures."""

import numpy as np
import pytest
from heatmap_nets import SIZE, deep_layers, fill, sequential, wrap
from tiny_nets import state

from cnnviz.convnets import Convnet, Preparation
from cnnviz.errors import CancelledError, ClassError
from cnnviz.heatmaps import METHODS, Verdict, judge, steps
from cnnviz.probes import predict

FOR_CONVNETS = [method for method in METHODS.values() if not method.needs_attention]
EVERY_METHOD = pytest.mark.parametrize("method", FOR_CONVNETS, ids=lambda method: method.name)
SLOW = [method for method in METHODS.values() if method.is_slow]
EVERY_SLOW_METHOD = pytest.mark.parametrize("method", SLOW, ids=lambda method: method.name)


@EVERY_METHOD
def test_a_batch_gives_what_its_images_give_one_by_one(deep, images, method):
    batch = method.explain(deep, images)
    assert np.abs(batch).max(axis=(1, 2)).min() > 0 and not np.allclose(batch[0], batch[1])
    singles = [method.explain(deep, image[None])[0] for image in images]
    np.testing.assert_allclose(batch, np.stack(singles), rtol=1e-4, atol=1e-6)


@EVERY_METHOD
def test_shape_type_and_sign_are_as_listed(deep, images, method):
    heat = method.explain(deep, images, class_index=2)
    grid = (8, 8)  # conv2's grid and the image's
    assert heat.shape == (3, *grid) and heat.dtype == np.float32
    assert (heat.min() < 0) == method.is_signed


@EVERY_METHOD
def test_the_model_and_the_inputs_are_left_as_found(images, method):
    model = fill(sequential(deep_layers()))
    convnet, given, before = wrap(model), images.copy(), state(model)
    method.explain(convnet, images)
    assert state(model) == before
    np.testing.assert_array_equal(images, given)


@EVERY_SLOW_METHOD
def test_cancelling_passes_through_and_leaves_the_model_as_found(images, method, monkeypatch):
    monkeypatch.setattr(steps, "_MOST_IMAGES", 2)
    model = fill(sequential(deep_layers()))
    convnet, before, told = wrap(model), state(model), []

    def cancel(done, total, heat):
        told.append(done)
        raise CancelledError("Stopped.")

    with pytest.raises(CancelledError):
        method.explain(convnet, images, on_step=cancel)
    assert told == [2]
    assert state(model) == before
    assert np.isfinite(method.explain(convnet, images)).all()


@EVERY_SLOW_METHOD
def test_each_step_tells_progress_and_a_map_that_grows_into_the_result(deep, images, method, monkeypatch):
    monkeypatch.setattr(steps, "_MOST_IMAGES", 5)
    told = []
    heat = method.explain(deep, images, on_step=lambda *news: told.append(news))
    done, totals, sketches = zip(*told, strict=True)
    assert len(told) > 2 and all(0 < second - first <= 5 for first, second in zip((0, *done), done, strict=False))
    assert set(totals) == {done[-1]}
    assert all(sketch.shape == heat.shape and np.isfinite(sketch).all() for sketch in sketches)
    assert not np.allclose(sketches[0], heat)
    np.testing.assert_array_equal(sketches[-1], heat)


@EVERY_SLOW_METHOD
def test_the_size_of_a_step_does_not_change_the_map(deep, images, method, monkeypatch):
    expected = method.explain(deep, images)
    monkeypatch.setattr(steps, "_MOST_IMAGES", 3)
    np.testing.assert_allclose(method.explain(deep, images), expected, rtol=1e-4, atol=1e-6)


@EVERY_SLOW_METHOD
def test_the_estimate_of_runs_is_what_is_run(deep, images, method):
    totals = []
    method.explain(deep, images[:1], on_step=lambda done, total, heat: totals.append(total))
    assert 0 <= method.runs(deep) - totals[0] <= 2  # the clean image, and Score-CAM's plain one


@EVERY_METHOD
def test_a_model_without_classes_is_refused_in_words(images, method):
    from keras import layers

    model = sequential([layers.Conv2D(3, 3, padding="same", name="picture")])
    convnet = Convnet(model, "painter", Preparation(SIZE), "none", ())
    with pytest.raises(ClassError, match="painter has no class scores to explain"):
        method.explain(convnet, images)


@EVERY_METHOD
def test_unknown_classes_and_wrong_shapes_are_refused(deep, images, method):
    with pytest.raises(ClassError, match="no class 9"):
        method.explain(deep, images, class_index=9)
    with pytest.raises(ValueError, match="Expected inputs of shape"):
        method.explain(deep, images[..., :1])


@EVERY_METHOD
@pytest.mark.parametrize("kind", ["sigmoid", "grayscale"])
def test_sigmoid_and_gray_models_are_explained(request, images, method, kind):
    convnet = request.getfixturevalue(kind)
    inputs = images[..., : convnet.preparation.channels]
    first, second = (method.explain(convnet, inputs, class_index=k) for k in (0, 1))
    assert np.abs(first).max() > 0 or np.abs(second).max() > 0
    assert np.isfinite(first).all() and np.isfinite(second).all()


@EVERY_METHOD
def test_a_model_with_broken_weights_gives_a_map_that_is_called_so(broken, images, method):
    assert judge(method.explain(broken, images, class_index=0)[0]) is Verdict.NOT_FINITE


@EVERY_METHOD
def test_a_image_with_an_infinite_pixel_gives_a_map_that_is_called_so(deep, images, method):
    images[0, 3, 3] = np.inf
    heat, probabilities = method.explain(deep, images, class_index=0), predict(deep, images)
    assert judge(heat[0], probability=probabilities[0, 0]) is Verdict.NOT_FINITE
    assert judge(heat[1], probability=probabilities[1, 0]) is not Verdict.NOT_FINITE


def test_the_list_of_methods_names_functions_and_costs(lite0):
    from cnnviz import heatmaps

    assert list(METHODS) == [method.explain.__name__ for method in METHODS.values()]
    assert all(getattr(heatmaps, name) is method.explain for name, method in METHODS.items())
    runs = {name: method.runs(lite0) for name, method in METHODS.items()}
    assert runs["grad_cam"] == runs["saliency"] == 1
    assert (runs["score_cam"], runs["occlusion"]) == (1282, 170)  # 1,280 channels; 13 x 13 patches of 32 pixels
    assert METHODS["score_cam"].runs(lite0, layer="stem_relu") == 34


def test_a_step_is_small_for_a_large_model_and_bounded_for_a_small_one(lite0, deep):
    assert 1 <= steps.step_size(lite0) <= 8
    assert steps.step_size(deep) == 32
