"""Are arrays, lists and datasets of labeled images read, and everything else told in a sentence?"""

import numpy as np
import pytest
from mistake_nets import color_net, plain_part, random_colors
from PIL import Image

import cnnviz
from cnnviz.convnets import Convnet
from cnnviz.datasets import load_dataset
from cnnviz.errors import DataError, ModelError
from cnnviz.mistakes import evaluate, open_labeled

PHOTOS = np.broadcast_to(random_colors(6)[:, None, None, :], (6, 8, 8, 3))
LABELS = np.arange(6) % 3


@pytest.mark.parametrize(
    "data",
    [
        (PHOTOS, LABELS),
        (PHOTOS, LABELS.tolist()),
        (PHOTOS.astype(np.float32), LABELS[:, None]),
        (PHOTOS, np.eye(3)[LABELS]),
        (list(PHOTOS), LABELS),
        ([photo[: 5 + row] for row, photo in enumerate(PHOTOS)], LABELS),
        ([Image.fromarray(photo) for photo in PHOTOS], LABELS),
        [PHOTOS, LABELS],
    ],
    ids=["arrays", "list of labels", "floats", "one-hot", "list", "shapes", "PIL", "a list of two"],
)
def test_images_and_labels_come_as_they_are_at_hand(net, data):
    expected = evaluate(net, plain_part(random_colors(6), LABELS))
    found = cnnviz.evaluate(net, data)
    np.testing.assert_allclose(found.true_logit, expected.true_logit, rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(found.labels, LABELS)
    assert found.class_names == net.class_names and found.assumed_order is None


def test_gray_images_and_paths(net, tmp_path):
    for row, photo in enumerate(PHOTOS):
        Image.fromarray(photo).save(tmp_path / f"{row}.png")
    paths = evaluate(net, ([tmp_path / f"{row}.png" for row in range(6)], LABELS))
    np.testing.assert_array_equal(paths.predicted, evaluate(net, (PHOTOS, LABELS)).predicted)
    gray = evaluate(net, (PHOTOS[..., 0], LABELS))
    np.testing.assert_allclose(gray.features, np.repeat(PHOTOS[:, 0, 0, :1] / 255, 3, axis=1), rtol=1e-5)


def test_a_keras_sequence_of_batches_is_read(net):
    import keras

    class Batches(keras.utils.PyDataset):
        def __len__(self):
            return 2

        def __getitem__(self, index):
            return PHOTOS[3 * index : 3 * index + 3], LABELS[3 * index : 3 * index + 3]

    np.testing.assert_array_equal(evaluate(net, Batches()).predicted, evaluate(net, (PHOTOS, LABELS)).predicted)


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (42, "cannot be read from int"),
        (None, "cannot be read from NoneType"),
        (PHOTOS, "cannot be read from ndarray"),
        ({"x": PHOTOS}, "cannot be read from dict"),
        ((PHOTOS, LABELS, LABELS), "images without labels|cannot be read"),
        ((PHOTOS, LABELS[:4]), "6 images and 4 labels"),
        ((PHOTOS, LABELS + 1), "from 1 to 3, but classes from 0 to 2"),
        ((PHOTOS, ["a"] * 6), "Labels are not numbers"),
        ((PHOTOS, LABELS / 2), "Give class indices"),
        ((PHOTOS, np.ones((6, 3))), "not one-hot rows of 3 classes"),
        ((PHOTOS / 255, LABELS), "Images hold numbers from"),
        ((PHOTOS - 128.0, LABELS), "Images hold numbers from -113 to 120"),
        ((np.zeros((6, 8, 8, 5), np.uint8), LABELS), "with 1 or 3 channels"),
        ((np.zeros((6, 8), np.uint8), LABELS), "with 1 or 3 channels"),
        ((object(), LABELS), "Images cannot be read from object"),
        (([], []), "no image"),
        (("fashion-sample", "mnist-5k"), "Images cannot be read from str"),
        ((PHOTOS.astype(str), LABELS), "not numbers"),
    ],
)
def test_other_kinds_are_told_in_a_sentence(net, data, sentence):
    with pytest.raises(DataError, match=sentence) as told:
        evaluate(net, data)
    assert str(told.value).endswith(".") and "Traceback" not in str(told.value)


def test_a_whole_data_set_asks_for_a_split(net):
    with pytest.raises(DataError, match=r"has three splits\. Evaluate one of them, such as dataset\.test"):
        evaluate(net, load_dataset("fashion-sample"))


@pytest.mark.parametrize(("outputs", "sentence"), [("numbers", "predicts numbers"), ("scores", "one raw score")])
def test_a_model_without_classes_is_told_in_a_sentence(net, outputs, sentence):
    without = Convnet(net.model, "ages", net.preparation, outputs, ())
    with pytest.raises(ModelError, match=sentence) as told:
        evaluate(without, (PHOTOS, LABELS))
    assert "needs classes" in str(told.value)


def test_what_comes_out_says_in_a_line_what_it_is(net, tmp_path):
    (tmp_path / "pets" / "cats").mkdir(parents=True)
    Image.fromarray(PHOTOS[0]).save(tmp_path / "pets" / "cats" / "1.png")
    labeled = open_labeled(tmp_path / "pets")
    assert repr(labeled) == "<Labeled 'pets': 1 images, 1 classes>"
    assert repr(labeled.part) == "<Part: 1 images, 1 classes>"
    said = repr(evaluate(net, (PHOTOS, LABELS)))
    assert said.startswith("<Evaluation of ") and " of 6 right (" in said and "\n" not in said
    assert repr(load_dataset("fashion-sample")).startswith("<Dataset 'fashion-sample': train 1,8")
    assert color_net().class_names == net.class_names
