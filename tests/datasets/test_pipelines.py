"""Does a model see every image once an epoch, fitted once, in an order that only seed and epoch decide?"""

import errno
import itertools
import os

import keras
import numpy as np
import pytest
from labeled_images import image, images_of, write_folder

from cnnviz.datasets import load_dataset, open_folder, photos, pipeline, subset
from cnnviz.datasets.dataset import array_part
from cnnviz.errors import DataError
from cnnviz.folders import make_room
from cnnviz.images import fit, gray, read_photo

GRAY = {"size": (4, 5), "channels": 1}


@pytest.fixture
def part():
    """Ten images that are their own number everywhere, in three classes."""
    pixels = np.broadcast_to(np.arange(10, dtype=np.uint8)[:, None, None], (10, 4, 5))
    return array_part(pixels, np.arange(10) % 3, 3)


def drawn(batches):
    """The numbers of the images, batch by batch."""
    return [photo[:, 0, 0, 0].astype(int).tolist() for photo, _ in batches.as_numpy_iterator()]


def test_without_a_seed_every_image_comes_once_in_order(part):
    batches = pipeline(part, **GRAY, batch_size=4)
    assert drawn(batches) == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]]
    pixels, labels = next(batches.as_numpy_iterator())
    assert (pixels.dtype, pixels.shape, labels.dtype) == (np.float32, (4, 4, 5, 1), np.int32)
    assert labels.tolist() == [0, 1, 2, 0]
    assert batches.element_spec[0].shape.as_list() == [None, 4, 5, 1]


def test_with_a_seed_each_epoch_has_its_own_order_and_batches_never_cross(part):
    epochs = drawn(pipeline(part, **GRAY, batch_size=4, seed=0, epochs=3))
    assert [len(batch) for batch in epochs] == [4, 4, 2] * 3
    orders = [tuple(itertools.chain(*epochs[start : start + 3])) for start in (0, 3, 6)]
    assert all(sorted(order) == list(range(10)) for order in orders)
    assert len({*orders, tuple(range(10))}) == 4


def test_a_resumed_run_sees_what_an_undisturbed_one_sees(part):
    undisturbed = drawn(pipeline(part, **GRAY, batch_size=3, seed=5).take(4 * 9))
    resumed = drawn(pipeline(part, **GRAY, batch_size=3, seed=5, first_epoch=7).take(4 * 2))
    assert resumed == undisturbed[4 * 7 :]
    assert resumed != undisturbed[: 4 * 2]
    assert drawn(pipeline(part, **GRAY, batch_size=3, seed=5, first_epoch=7, epochs=1)) == resumed[:4]


def test_the_order_hangs_on_nothing_but_seed_and_epoch(part):
    first = drawn(pipeline(part, **GRAY, batch_size=10, seed=1, epochs=2))
    keras.utils.set_random_seed(99)
    assert drawn(pipeline(part, **GRAY, batch_size=10, seed=1, epochs=2)) == first
    assert drawn(pipeline(part, **GRAY, batch_size=10, seed=2, epochs=2)) != first
    in_threes = drawn(pipeline(part, **GRAY, batch_size=3, seed=1, epochs=2))
    assert list(itertools.chain(*in_threes)) == list(itertools.chain(*first))


def test_nothing_tunes_itself_and_so_nothing_waits_when_it_ends(part):
    for batches in (pipeline(part, **GRAY, batch_size=4), pipeline(part, **GRAY, batch_size=4, seed=0)):
        assert batches.options().autotune.enabled is False


def test_labels_follow_their_images(part):
    for one_hot in (False, True):
        for pixels, labels in pipeline(part, **GRAY, batch_size=4, seed=3, epochs=2, one_hot=one_hot):
            numbers = pixels.numpy()[:, 0, 0, 0].astype(int)
            expected = np.eye(3, dtype=np.float32)[numbers % 3] if one_hot else numbers % 3
            np.testing.assert_array_equal(labels, expected)


def test_images_of_the_right_size_are_not_copied(part):
    assert photos(part, **GRAY) is part.images.pixels
    np.testing.assert_array_equal(photos(part, **GRAY, indices=np.array([3, 1]))[:, 0, 0, 0], [3, 1])


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("how", ["crop", "pad", "stretch"])
def test_files_are_fitted_as_models_receive_them(tmp_path, channels, how):
    root = write_folder(tmp_path / "pets", images_of("cats", "dogs") | {"cats/tall.png": image(3, size=(30, 9))})
    dataset = open_folder(root)
    found = photos(dataset.train, size=(5, 7), channels=channels, how=how)
    assert (found.shape, found.dtype) == ((len(dataset.train), 5, 7, channels), np.uint8)
    for key, photo in zip(dataset.train.images.keys, found, strict=True):
        fitted = fit(read_photo(root / key), (5, 7), how=how)
        np.testing.assert_array_equal(photo, gray(fitted)[..., :1] if channels == 1 else fitted)


def test_gray_images_become_three_equal_channels_and_back(part):
    colors = photos(part, size=(4, 5), channels=3)
    assert colors.shape == (10, 4, 5, 3)
    np.testing.assert_array_equal(colors, np.repeat(part.images.pixels, 3, axis=-1))
    back = array_part(colors, part.labels, 3)
    np.testing.assert_array_equal(photos(back, **GRAY), part.images.pixels)


def test_a_part_is_decoded_once_and_later_needs_no_file(pets, cache_folder):
    train = open_folder(pets).train
    steps = []
    first = photos(train, size=(5, 5), channels=3, on_step=lambda *step: steps.append(step))
    assert steps == [(done + 1, len(train)) for done in range(len(train))]
    for path in pets.rglob("*.png"):
        path.unlink()
    again = photos(train, size=(5, 5), channels=3, on_step=lambda *step: steps.append(step))
    assert len(steps) == len(train)
    np.testing.assert_array_equal(first, again)
    np.testing.assert_array_equal(photos(train, size=(5, 5), channels=3, indices=np.array([2])), first[2:3])
    assert not first.flags.writeable
    assert not list(cache_folder.glob(".*"))


def test_single_images_are_read_without_decoding_the_rest(pets, cache_folder):
    train = open_folder(pets).train
    found = photos(train, size=(6, 8), channels=3, indices=np.array([4, 0]))
    np.testing.assert_array_equal(found, [train.photo(4), train.photo(0)])
    assert not list(cache_folder.glob("*.npy"))


def test_a_damaged_file_in_the_cache_counts_as_missing(pets, cache_folder):
    train = open_folder(pets).train
    expected = photos(train, size=(5, 5), channels=3).copy()
    (path,) = cache_folder.glob("*.npy")
    flipped = bytearray(path.read_bytes())
    flipped[len(flipped) // 2] ^= 1
    for damaged in (b"", path.read_bytes()[:-10], b"\x80\x04.", flipped):
        path.write_bytes(damaged)
        np.testing.assert_array_equal(photos(train, size=(5, 5), channels=3), expected)


def test_the_cache_forgets_what_was_longest_unused(pets, cache_folder):
    train = open_folder(pets).train
    for side in (5, 6, 7):
        photos(train, size=(side, side), channels=3)
    old, middle, new = sorted(cache_folder.glob("*.npy"), key=lambda path: path.stat().st_size)
    for age, path in enumerate((new, old, middle)):
        os.utime(path, (1000 - age, 1000 - age))
    (known,) = cache_folder.glob("*.json")
    known.unlink()
    make_room(keep=middle, max_bytes=middle.stat().st_size + new.stat().st_size)
    assert sorted(cache_folder.iterdir()) == sorted([middle, new])
    make_room(keep=middle, max_bytes=0)
    assert list(cache_folder.iterdir()) == [middle]


def test_more_than_the_cache_holds_is_refused_before_anything_is_read(pets):
    train = open_folder(pets).train
    with pytest.raises(DataError, match=r"14 images of 20000 x 20000 pixels take 15\.6 GB; the limit is 8 GB"):
        photos(train, size=(20_000, 20_000), channels=3)


def test_a_full_disk_is_named_and_leaves_nothing_behind(pets, cache_folder, monkeypatch):
    train = open_folder(pets).train

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(DataError, match=r"cannot be kept: No space left on device\. Free space or set CNNVIZ_CACHE"):
        photos(train, size=(5, 5), channels=3)
    assert not [*cache_folder.glob("*.npy"), *cache_folder.glob(".*")]


@pytest.mark.parametrize(("size", "channels"), [((4, 5), 2), ((0, 5), 3)])
def test_impossible_sizes_are_the_callers_bug(part, size, channels):
    with pytest.raises(ValueError, match="Expected channels 1 or 3"):
        photos(part, size=size, channels=channels)


def test_files_feed_a_model(pets):
    dataset = open_folder(pets)
    batches = pipeline(dataset.train, size=(5, 5), channels=3, batch_size=4, seed=0, epochs=2)
    expected = photos(dataset.train, size=(5, 5), channels=3)
    seen = np.concatenate([pixels for pixels, _ in batches.as_numpy_iterator()])
    assert len(seen) == 2 * len(expected)
    for half in (seen[: len(expected)], seen[len(expected) :]):
        assert {photo.tobytes() for photo in half} == {photo.tobytes() for photo in expected.astype(np.float32)}


def test_an_endless_stream_trains_a_model_to_tell_digits_apart():
    """Labels in another order, or images of another, would leave it at chance."""
    digits = load_dataset("mnist-5k")
    some = subset(digits.train, np.flatnonzero(digits.train.labels < 3))
    keras.utils.set_random_seed(0)
    model = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            keras.layers.Rescaling(1 / 255),
            keras.layers.Flatten(),
            keras.layers.Dense(3, "softmax"),
        ]
    )
    model.compile(keras.optimizers.Adam(0.01), "sparse_categorical_crossentropy", metrics=["accuracy"])
    steps = -(-len(some) // 64)
    batches = pipeline(some, size=(28, 28), channels=1, batch_size=64, seed=0)
    model.fit(batches, steps_per_epoch=steps, epochs=4, shuffle=False, verbose=0)
    tested = subset(digits.test, np.flatnonzero(digits.test.labels < 3))
    assert model.evaluate(pipeline(tested, size=(28, 28), channels=1, batch_size=64), verbose=0)[1] > 0.95
