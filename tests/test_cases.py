"""Models of the kinds that people bring: each gives what its own Keras gave, and says what had to be assumed."""

from pathlib import Path

import keras
import numpy as np
import pytest

from cnnviz import grad_cam, predict, saliency
from cnnviz.convnets import load_convnet
from cnnviz.filters import find_patterns
from cnnviz.heatmaps import deletion_score, judge, judged
from cnnviz.probes import forward

CASES = Path(__file__).parent / "cases"
EXPECTED = np.load(CASES / "expected.npz")


def case(name):
    return CASES / "models" / f"{name}.keras"


def known(name):
    return EXPECTED[f"{name}.keras:inputs"].astype(np.float32), EXPECTED[f"{name}.keras"]


def test_an_ensemble_is_told_as_it_is_and_explained_by_log_p():
    """0.7 a(x) + 0.3 b(x): no softmax can be taken off, so the gradient is that of the logarithm."""
    convnet, (inputs, expected) = load_convnet(case("weighted_ensemble")), known("weighted_ensemble")
    np.testing.assert_allclose(predict(convnet, inputs), expected, atol=1e-6)
    reading = forward(convnet, inputs)
    assert (convnet.outputs, convnet.has_probabilities, reading.is_logit) == ("softmax", True, False)
    np.testing.assert_allclose(reading.logits, np.log(expected), rtol=1e-5)


def test_a_tanh_is_a_raw_score_and_never_a_probability():
    convnet = load_convnet(case("tanh_bright"))
    assert (convnet.outputs, convnet.has_probabilities, convnet.has_classes) == ("scores", False, False)
    inputs = np.full((1, 32, 32, 3), 0.9, np.float32)
    np.testing.assert_array_equal(predict(convnet, inputs), convnet.model(inputs).numpy())


def test_a_regression_tells_its_number_and_maps_explain_it():
    convnet, (inputs, expected) = load_convnet(case("age_regression")), known("age_regression")
    assert (convnet.outputs, convnet.has_classes, convnet.class_names) == ("numbers", False, ("value",))
    np.testing.assert_allclose(predict(convnet, inputs), expected, rtol=1e-6)
    assert 36.5 < expected[0, 0] < 37.5
    heat = grad_cam(convnet, inputs[:1])
    assert heat.max() > 0
    deletion = deletion_score(convnet, inputs[:1], heat)
    np.testing.assert_allclose(deletion.before, expected[0], rtol=1e-6)
    assert judge(heat[0], probability=judged(convnet, float(deletion.before[0]))).value == "ok"


def test_a_single_linear_unit_is_a_logit_where_two_classes_are_named(tmp_path):
    labels = tmp_path / "labels.txt"
    labels.write_text("0 old\n1 young\n")
    convnet = load_convnet(case("age_regression"), class_names=labels, outputs="logits")
    inputs, expected = known("age_regression")
    assert convnet.class_names == ("old", "young")
    np.testing.assert_allclose(predict(convnet, inputs)[:, 1], 1 / (1 + np.exp(-expected[:, 0])), rtol=1e-6)


def float_twin():
    """The same model over fractions, with the same weights."""
    model = keras.models.load_model(case("uint8_rescaling"), compile=False)
    given = keras.Input((32, 32, 3))
    x = given
    for layer in model.layers[1:]:
        x = layer(x)
    return keras.Model(given, x)


def test_a_model_of_whole_numbers_is_explained_as_its_float_twin():
    from cnnviz.convnets import convnet_from_model

    convnet, (inputs, expected) = load_convnet(case("uint8_rescaling")), known("uint8_rescaling")
    assert convnet.preparation.scaling.name == "0..255"
    twin = convnet_from_model(float_twin(), scaling="0..255")
    for given in (inputs.astype(np.uint8), inputs.astype(np.float32)):  # what the model itself takes, and what is usual
        np.testing.assert_allclose(predict(convnet, given), expected, atol=1e-6)
    inputs = inputs.astype(np.float32)
    for again in range(2):  # eager, then compiled
        ours, theirs = (grad_cam(one, inputs, layer="conv2", class_index=0) for one in (convnet, twin))
        assert theirs.max() > 0, again
        np.testing.assert_allclose(ours, theirs, rtol=1e-4)
        ours, theirs = (saliency(one, inputs, class_index=0) for one in (convnet, twin))
        assert theirs.max() > 0, again
        np.testing.assert_allclose(ours, theirs, rtol=1e-4)


def test_filters_of_a_model_of_whole_numbers_are_not_all_dead():
    convnet = load_convnet(case("uint8_rescaling"))
    found = find_patterns(convnet, layer="conv2", filters=range(2), style="textbook", size=32, steps=4)
    assert any(pattern.after > pattern.before for pattern in found)


@pytest.mark.parametrize(("name", "scaling"), [("normalization_unit", "0..1"), ("divided", "0..255")])
def test_the_models_own_arithmetic_tells_the_scaling(name, scaling):
    assumed = load_convnet(case(name)).assumptions.scaling
    assert (assumed.value, assumed.is_confirmed) == (scaling, True)
    assert "the model itself" in assumed.why


def test_the_main_one_of_several_outputs_is_used_and_said_and_can_be_changed():
    convnet, (inputs, _) = load_convnet(case("auxiliary")), known("auxiliary")
    assumed = convnet.assumptions.head
    assert (assumed.value, assumed.is_confirmed, convnet.head_names) == ("main", False, ("aux", "main"))
    aux, main = (tensor.numpy() for tensor in convnet.model(inputs))
    assert np.abs(aux - main).max() > 0.01
    np.testing.assert_allclose(predict(convnet, inputs), main, atol=1e-6)
    other = load_convnet(case("auxiliary"), head="aux")
    np.testing.assert_allclose(predict(other, inputs), aux, atol=1e-6)
    assert other.assumptions.head.is_confirmed
