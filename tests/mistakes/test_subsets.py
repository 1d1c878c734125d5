"""Is an image right where the model's own top class stands for its label, whatever all other classes add up to?"""

import numpy as np
import pytest
from mistake_nets import answers, plain_part

from cnnviz.convnets import convnet_from_model
from cnnviz.convnets.convnet import SCALINGS, Preparation
from cnnviz.mistakes import OTHER, accuracy, class_scores, confused_pairs, confusion, evaluate, load, save
from cnnviz.mistakes.predictions import Scores, describe
from cnnviz.mistakes.reports import report_html
from cnnviz.mistakes.statements import assumptions, mapping_text, named_accuracies

MAPPING = ((1, 4), (2,))
LABELS = np.array([0, 0, 0, 1, 1])
PROBABILITIES = np.array(
    [
        [0.18, 0.24, 0.20, 0.19, 0.19],  # its top class stands for the label, though the others hold more
        [0.10, 0.20, 0.35, 0.05, 0.30],  # the label's two classes hold 0.5, and another class is on top
        [0.40, 0.20, 0.05, 0.20, 0.15],  # a class that stands for nothing is on top
        [0.30, 0.02, 0.28, 0.30, 0.10],  # so here, and among the mapped ones it would be right
        [0.01, 0.01, 0.96, 0.01, 0.01],
    ],
    np.float32,
)


@pytest.fixture
def found():
    return describe(Scores(np.log(PROBABILITIES), PROBABILITIES, MAPPING), LABELS)


def test_the_models_own_top_class_decides(found):
    assert found["model_class"].tolist() == PROBABILITIES.argmax(axis=1).tolist() == [1, 2, 0, 0, 2]
    assert found["predicted"].tolist() == [0, 1, 2, 2, 1]
    assert found["predicted_mapped"].tolist() == [0, 1, 0, 1, 1]
    assert found["true_rank"].tolist() == [0, 1, 1, 2, 0]


def test_a_label_adds_up_and_the_others_never_do(found):
    np.testing.assert_allclose(found["true_probability"], [0.43, 0.5, 0.35, 0.28, 0.96], rtol=1e-6)
    np.testing.assert_allclose(found["top_probabilities"][:, 0], [0.43, 0.35, 0.40, 0.30, 0.96], rtol=1e-6)
    np.testing.assert_array_equal(found["top_classes"][:, 0], found["predicted"])
    others = np.log([0.20 / 0.24, 0.35 / 0.30, 0.40 / 0.20, 0.30 / 0.28, 0.01 / 0.96])
    np.testing.assert_allclose(found["margin"], -others, rtol=1e-5)
    assert ((found["margin"] > 0) == (found["predicted"] == LABELS)).all()
    shares = np.array([[0.43, 0.20, 0.37], [0.5, 0.35, 0.15], [0.35, 0.05, 0.6], [0.12, 0.28, 0.6], [0.02, 0.96, 0.02]])
    np.testing.assert_allclose(found["entropy"], -(shares * np.log(shares)).sum(axis=1), rtol=1e-5)


def five_class_net():
    """Its logits are those of `PROBABILITIES`, told apart by the brightness of a plain image."""
    import keras
    from keras import layers

    image = keras.Input((4, 4, 3))
    mean = layers.GlobalAveragePooling2D()(image)
    model = keras.Model(image, layers.Dense(5, activation="softmax")(mean))
    model.layers[-1].set_weights([np.eye(3, 5, dtype=np.float32), np.zeros(5, np.float32)])
    names = ["tabby", "tiger", "espresso", "cup", "car"]
    return convnet_from_model(model, preparation=Preparation((4, 4), 3, "stretch", SCALINGS["0..1"]), class_names=names)


def test_two_folders_of_five_classes_have_two_accuracies_with_names(tmp_path):
    part = plain_part([(200, 100, 0), (90, 200, 100), (0, 250, 240), (0, 10, 250)], [0, 0, 1, 1], class_count=2)
    evaluation = evaluate(five_class_net(), part, class_names=["tabby", "espresso"])
    assert evaluation.class_names == ("tabby", "espresso", OTHER)
    assert evaluation.predicted.tolist() == [0, 2, 2, 1] and evaluation.class_count == 5
    assert accuracy(evaluation).value == 0.5 and accuracy(evaluation, among="mapped").value == 0.75
    assert accuracy(evaluation, top=2).value == 0.75
    named = [(str(name), one.value) for name, one in named_accuracies(evaluation)]
    assert named == [("Accuracy (all 5 classes)", 0.5), ("Accuracy among the 2 mapped classes", 0.75)]
    assert confusion(evaluation)[:, -1].tolist() == [1, 1, 0]  # only images whose own top class is unmapped
    assert {(pair.label, pair.predicted) for pair in confused_pairs(evaluation)} == {(0, 2), (1, 2)}
    assert class_scores(evaluation).support.tolist() == [2, 2]
    page = report_html(evaluation, part, title="t", names=list("abcd"), model_names=five_class_net().class_names)
    assert "Accuracy (all 5 classes): 50.0%" in page and "Accuracy among the 2 mapped classes: 75.0%" in page
    assert "2 espresso" in page and assumptions(evaluation) == ()
    save(evaluation, tmp_path / "one.npz")
    again = load(tmp_path / "one.npz")
    assert again.class_names[-1] is OTHER and again.class_count == 5
    assert repr(again).endswith(": 2 of 4 right (50.0%), 2 of 5 classes mapped>")


def test_an_assumed_mapping_is_said_with_its_pairs():
    evaluation = answers([0, 1], np.eye(2), class_names=("10", "9"))
    from dataclasses import replace

    assert assumptions(evaluation) == ()
    said, other = assumptions(replace(evaluation, assumed_order="sorted"))
    assert said.endswith("classes 0 to 1 are the folders in sorted order, as Keras numbers them: 10, 9.")
    assert "class 0 is '10' or '9'" in other
    named = replace(five_class_net(), class_names=("nine", "ten"))
    said, _ = assumptions(replace(evaluation, assumed_order="sorted"), named)
    assert said.endswith(": 10 = nine, 9 = ten.")  # a person sees whether that can be
    assert mapping_text(evaluation, ["nine", "ten"]) == "10 = 0 (nine), 9 = 1 (ten)"


def test_imagenets_images_of_two_classes_are_right_where_its_top_class_is(lite0, cat):
    """998 others together hold more than the right one: they used to win."""
    from cnnviz.images import read_photo, sample_photos

    photos = [cat, read_photo(sample_photos()["coffee"])]
    names = [lite0.class_names[281], lite0.class_names[967]]
    probabilities = np.stack([lite0.prepare([photo])[0] for photo in photos])
    from cnnviz.probes import predict

    own = predict(lite0, probabilities).argmax(axis=1)
    evaluation = evaluate(lite0, (photos, [0, 1]), class_names=names)
    assert evaluation.model_class.tolist() == own.tolist()
    assert evaluation.is_right.tolist() == [own[0] == 281, own[1] == 967]
    assert evaluation.class_names[:2] == tuple(names) and evaluation.class_count == 1000
