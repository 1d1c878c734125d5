"""Does an evaluation of a folder agree with Keras's own loader and `model.evaluate`, image by image?"""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cnnviz.convnets import SCALINGS, Convnet, Preparation, convnet_from_model, load_convnet
from cnnviz.mistakes import accuracy, differing_orders, evaluate, names_of, open_labeled

CASES = Path(__file__).parents[1] / "cases" / "folders"
SIZE = (32, 40)
FOLDERS = {
    "unpadded numbers": [str(number) for number in range(12)],
    "mixed case": ["apple", "Banana", "banana 2", "Zebra", "_under", "zebra"],
    "spaces and Korean": ["a b", "a  b", "고양이", "강아지", "Ünï", "é"],
}
ENDINGS = ("png", "JPG", "jpeg", "bmp", "gif", "PNG")


def random_net(classes: int) -> Convnet:
    """A model of random weights whose answers hang on small differences of all pixels."""
    import keras
    from keras import layers

    keras.utils.set_random_seed(3)
    image = keras.Input((*SIZE, 3))
    x = layers.Rescaling(1 / 127.5, offset=-1)(image)
    x = layers.Conv2D(8, 5, strides=2, activation="relu")(x)
    x = layers.Flatten()(x)
    model = keras.Model(image, layers.Dense(classes, activation="softmax")(x))
    preparation = Preparation(SIZE, 3, "stretch", SCALINGS["0..255"])
    return convnet_from_model(model, preparation=preparation)


def fill(root, names, *, per_class=6):
    """Photographs of smooth noise, of all kinds and shapes, some in folders inside a class's folder."""
    rng = np.random.default_rng(0)
    for name in names:
        (root / name / "inner" / "More").mkdir(parents=True)
        (root / name / "notes.txt").write_text("no image")
        for number in range(per_class):
            coarse = rng.integers(0, 256, (5, 7, 3), np.uint8)
            sides = (int(rng.integers(20, 160)), int(rng.integers(20, 160)))
            image = Image.fromarray(coarse).resize(sides, Image.Resampling.BICUBIC)
            folder = root / name / ("inner/More" if number == 4 else "")
            ending = ENDINGS[number % len(ENDINGS)]
            image.save(folder / f"IMG {number}.{ending}")
    return root


def by_keras(convnet, root):
    """Predicted class of each file, the labels, and the accuracy, by Keras alone."""
    import keras

    data = keras.utils.image_dataset_from_directory(root, image_size=SIZE, shuffle=False, batch_size=16, verbose=0)
    predicted = convnet.model.predict(data, verbose=0).argmax(axis=1)
    convnet.model.compile(loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    _, share = convnet.model.evaluate(data, verbose=0)
    files = [Path(path).relative_to(root).as_posix() for path in data.file_paths]
    labels = np.concatenate([labels.numpy() for _, labels in data])
    return dict(zip(files, zip(predicted.tolist(), labels.tolist(), strict=True), strict=True)), share, data.class_names


@pytest.mark.parametrize("names", FOLDERS.values(), ids=FOLDERS)
def test_each_image_is_answered_and_labeled_as_by_keras(tmp_path, names):
    root, convnet = fill(tmp_path / "set", names), random_net(len(names))
    expected, share, class_names = by_keras(convnet, root)
    labeled = open_labeled(root)
    assert labeled.class_names == tuple(class_names)
    found = evaluate(convnet, labeled)
    assert found.assumed_order == "sorted"
    files = [names_of(labeled.part)[index] for index in found.indices]
    mine = {
        file: (int(own), int(label)) for file, own, label in zip(files, found.model_class, found.labels, strict=True)
    }
    assert mine == expected and len(mine) == 6 * len(names)
    assert len(set(found.model_class.tolist())) > 2  # else a model that says one thing would pass
    assert accuracy(found).value == pytest.approx(share, abs=1e-6)


def test_a_dataset_of_keras_a_pair_of_arrays_and_the_folder_are_one(tmp_path):
    import keras

    root, convnet = fill(tmp_path / "set", "abc"), random_net(3)
    data = keras.utils.image_dataset_from_directory(root, image_size=SIZE, shuffle=False, batch_size=5, verbose=0)
    x, y = (np.concatenate(parts) for parts in zip(*data.as_numpy_iterator(), strict=True))
    folder = evaluate(convnet, root)
    expected = convnet.model.predict(x, verbose=0)
    assert not (x == np.rint(x)).all()  # a loader that rounds would not be seen otherwise
    names = names_of(open_labeled(root).part)
    places = {names[index]: row for row, index in enumerate(folder.indices)}
    order = [places[Path(path).relative_to(root).as_posix()] for path in data.file_paths]
    for given in (data, data.unbatch(), (x, y), (x, np.eye(3)[y]), (list(x), y.tolist())):
        found = evaluate(convnet, given)
        np.testing.assert_allclose(found.true_probability, expected[np.arange(len(y)), y], rtol=1e-4, atol=1e-6)
        np.testing.assert_array_equal(found.is_right, folder.is_right[order])
    paths = evaluate(convnet, ([Path(path) for path in data.file_paths], y))
    np.testing.assert_allclose(paths.true_probability, folder.true_probability[order], rtol=1e-4, atol=1e-6)
    photos = []
    for path in data.file_paths:
        with Image.open(path) as photo:
            photos.append(photo.copy())
    opened = evaluate(convnet, (photos, y))  # decoded by Pillow, which only of JPEGs sees other pixels
    is_same = np.array([not path.lower().endswith(("jpg", "jpeg")) for path in data.file_paths])
    assert 5 < is_same.sum() < len(y)
    np.testing.assert_allclose(opened.true_probability[is_same], paths.true_probability[is_same], rtol=1e-4, atol=1e-6)


def test_only_jpegs_differ_between_pillow_and_keras_and_by_a_few_levels(tmp_path):
    """Keras has TensorFlow decode JPEG by a faster transform; an evaluation does the same, what is shown does not."""
    import tensorflow as tf

    from cnnviz.images import read_photo, stretch

    root = fill(tmp_path / "set", "ab", per_class=6)
    for path in sorted(root.rglob("*.*")):
        if path.suffix == ".txt":
            continue
        theirs = tf.io.decode_image(path.read_bytes(), channels=3, expand_animations=False)
        theirs = tf.image.resize(theirs, SIZE).numpy()
        far = np.abs(stretch(read_photo(path), SIZE) - theirs).max()
        assert far < (6 if path.suffix.lower() in (".jpg", ".jpeg") else 1e-3), path


def test_hidden_files_are_left_aside_where_keras_takes_them(tmp_path):
    import keras

    root = fill(tmp_path / "set", "ab", per_class=2)
    (root / "a" / ".ipynb_checkpoints").mkdir()
    Image.new("RGB", (9, 9)).save(root / "a" / ".ipynb_checkpoints" / "1-checkpoint.png")
    data = keras.utils.image_dataset_from_directory(root, image_size=SIZE, shuffle=False, verbose=0)
    assert len(data.file_paths) == 5
    assert len(evaluate(random_net(2), root)) == 4


def opened(name, *, fit=None):
    convnet = load_convnet(CASES / name)
    return convnet if fit is None else replace(convnet, preparation=replace(convnet.preparation, fit=fit))


def test_folders_of_a_model_without_names_are_numbered_as_keras_numbers_them():
    found = evaluate(opened("colours_3.keras"), CASES / "class_from_1")
    assert found.is_right.sum() == 12 == len(found)
    assert found.assumed_order == "sorted" and found.mapping == ((0,), (1,), (2,))


def test_unpadded_numbers_are_sorted_and_the_other_order_is_an_option():
    convnet = opened("colours_12.keras")
    found = evaluate(convnet, CASES / "unpadded_numbers")
    assert found.is_right.all() and found.class_names[:4] == ("0", "1", "10", "11")
    natural = evaluate(convnet, CASES / "unpadded_numbers", class_order="natural")
    assert natural.is_right.mean() == pytest.approx(1 / 6) and natural.assumed_order == "natural"
    assert differing_orders(found.class_names) == ("10", "2")


def test_the_edge_of_wide_images_counts_where_they_are_stretched():
    assert evaluate(opened("left_edge.keras", fit="stretch"), CASES / "wide").is_right.all()


def test_wide_images_are_stretched_by_default():
    assert evaluate(opened("left_edge.keras"), CASES / "wide").is_right.all()
