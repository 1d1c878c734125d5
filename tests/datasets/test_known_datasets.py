"""Are the well-known datasets what they say, and whole?"""

import gzip
import struct
from pathlib import Path
from urllib.error import URLError

import make_fashion_sample
import numpy as np
import pytest

import cnnviz
from cnnviz.datasets import catalog, hold_out, load_dataset, sample, subset
from cnnviz.datasets.known import read_idx
from cnnviz.errors import DataError

LICENSE = Path(cnnviz.__file__).parent / "data" / "fashion_sample.LICENSE.txt"


@pytest.fixture(scope="module")
def digits():
    return load_dataset("mnist-5k")


@pytest.fixture(scope="module")
def fashion():
    return load_dataset("fashion-sample")


def keys(part):
    return {photo.tobytes() for photo in part.images.pixels}


def test_the_five_thousand_digits_are_cut_in_three_and_no_image_is_in_two(digits):
    parts = (digits.train, digits.validation, digits.test)
    assert [len(part) for part in parts] == [3600, 400, 1000]
    assert [set(part.counts.tolist()) for part in parts] == [{360}, {40}, {100}]
    assert len(set.union(*map(keys, parts))) == 5000


def test_digits_lie_under_their_own_label(digits):
    ones, zeros = (digits.train.images.pixels[digits.train.labels == digit] for digit in (1, 0))
    assert ones[:, 13:15, 13:15].mean() > 5 * zeros[:, 13:15, 13:15].mean() > 0  # a zero is hollow


def test_the_test_digits_are_the_same_for_every_seed(digits):
    other = load_dataset("mnist-5k", seed=1)
    assert other.test.fingerprint == digits.test.fingerprint
    assert other.validation.fingerprint != digits.validation.fingerprint
    assert keys(other.validation) != keys(digits.validation)
    assert load_dataset("mnist-5k").fingerprint == digits.fingerprint != other.fingerprint


def test_the_sample_that_ships_is_balanced(fashion):
    assert (fashion.size, fashion.channels, fashion.notes) == ((28, 28), 1, ())
    assert fashion.class_names[-1] == "Ankle boot"
    assert [part.counts.tolist() for part in (fashion.train, fashion.validation, fashion.test)] == [
        [180] * 10,
        [20] * 10,
        [100] * 10,
    ]


def test_the_sample_that_ships_is_cut_from_debians_files(debian_fashion, fashion):
    expected = make_fashion_sample.sample(debian_fashion)
    with np.load(make_fashion_sample.TARGET) as found:
        assert sorted(found.files) == sorted(expected)
        for name, array in expected.items():
            np.testing.assert_array_equal(found[name], array)
    np.testing.assert_array_equal(fashion.test.images.pixels[..., 0], expected["test_photos"])


def test_the_license_lies_beside_the_sample():
    text = LICENSE.read_text()
    assert "The MIT License" in text
    assert "Zalando SE" in text


def test_all_of_fashion_mnist_comes_from_debian(debian_fashion):
    dataset = load_dataset("fashion-mnist")
    assert [len(part) for part in (dataset.train, dataset.validation, dataset.test)] == [54_000, 6_000, 10_000]
    assert set(dataset.validation.counts.tolist()) == {600}
    assert catalog()["fashion-mnist"].is_here


def idx_file(path, array):
    header = struct.pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape)
    path.write_bytes(gzip.compress(header + array.astype(np.uint8).tobytes()))


def test_another_folder_of_idx_files_can_be_named(monkeypatch, tmp_path, rng):
    for stem, count in (("train", 40), ("t10k", 20)):
        idx_file(tmp_path / f"{stem}-images-idx3-ubyte.gz", rng.integers(0, 256, (count, 4, 5)))
        idx_file(tmp_path / f"{stem}-labels-idx1-ubyte.gz", np.arange(count) % 10)
    monkeypatch.setenv("CNNVIZ_FASHION_MNIST", str(tmp_path))
    dataset = load_dataset("fashion-mnist")
    assert dataset.size == (4, 5)
    assert dataset.test.labels.tolist() == [*range(10)] * 2
    idx_file(tmp_path / "t10k-labels-idx1-ubyte.gz", np.arange(19))
    with pytest.raises(DataError, match="do not match"):
        load_dataset("fashion-mnist")


def test_idx_files_are_read_as_they_state_and_broken_ones_named(tmp_path):
    path = tmp_path / "a.gz"
    values = np.arange(24).reshape(2, 3, 4)
    idx_file(path, values)
    np.testing.assert_array_equal(read_idx(path), values)
    whole = gzip.decompress(path.read_bytes())
    for data in (whole[:-1], whole + b"x", whole[:6], b""):
        path.write_bytes(gzip.compress(data))
        with pytest.raises(DataError, match=r"a\.gz is damaged or cut short\. Download or install it again\."):
            read_idx(path)
    for data in (struct.pack(">HBBI", 0, 0x0D, 1, 3), struct.pack(">HBBII", 0, 8, 2, 2**20, 2**20)):
        path.write_bytes(gzip.compress(data))
        with pytest.raises(DataError, match="not an IDX file of bytes"):
            read_idx(path)
    with pytest.raises(DataError, match=r"There is no file b\.gz in"):
        read_idx(tmp_path / "b.gz")


def test_what_is_always_here_stands_first_and_opens():
    entries = catalog()
    assert list(entries)[:2] == ["mnist-5k", "fashion-sample"]
    assert entries["mnist-5k"].is_here
    for name in ("mnist-5k", "fashion-sample"):
        dataset = load_dataset(name)
        assert sum(map(len, (dataset.train, dataset.validation, dataset.test))) == entries[name].images
        assert (dataset.name, dataset.title) == (name, entries[name].title)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("mnist5k", "There is no dataset, folder or zip archive 'mnist5k'. Did you mean mnist-5k or mnist?"),
        ("/no/such/folder", "Names: mnist-5k, fashion-sample, fashion-mnist, mnist, cifar10, cats-vs-dogs."),
        ("", "There is no dataset, folder or zip archive ''."),
        ("x" * 5000, "x..."),
        ("a\0b", "'a?b'"),
    ],
)
def test_an_unknown_name_is_answered_with_those_that_are_known(name, text):
    with pytest.raises(DataError) as caught:
        load_dataset(name)
    assert text in str(caught.value)


def test_images_in_memory_cannot_be_painted_on(digits):
    with pytest.raises(ValueError, match="read-only"):
        digits.train.photo(0)[:] = 0


def test_holding_out_keeps_the_balance_and_the_order(digits):
    rest, held_out = hold_out(digits.test, share=0.25, seed=3)
    assert (len(rest), set(held_out.counts.tolist())) == (750, {25})
    assert (np.diff(held_out.labels) >= 0).all()
    assert not keys(rest) & keys(held_out)
    again = hold_out(digits.test, share=0.25, seed=3)[1]
    assert again.fingerprint == held_out.fingerprint != hold_out(digits.test, share=0.25, seed=4)[1].fingerprint


def test_a_class_with_few_images_gives_one_of_them_away(digits):
    few = subset(digits.train, np.flatnonzero(digits.train.labels < 2)[[0, 1, 2, -1, -2]])
    rest, held_out = hold_out(few, share=0.01, seed=0)
    assert held_out.counts.tolist() == [1, 1] + [0] * 8
    assert len(rest) == 3


def test_a_subset_holds_what_was_asked_for(digits):
    chosen = subset(digits.train, [5, 2, 5])
    np.testing.assert_array_equal(chosen.photo(1), digits.train.photo(2))
    np.testing.assert_array_equal(chosen.labels, digits.train.labels[[5, 2, 5]])
    assert chosen.fingerprint != subset(digits.train, [2, 5, 5]).fingerprint


def test_a_page_of_samples_shows_every_class_alike(digits):
    indices = sample(digits.train, per_class=3, seed=0)
    assert digits.train.labels[indices].tolist() == np.repeat(np.arange(10), 3).tolist()
    assert len(set(indices.tolist())) == 30
    assert indices.tolist() == sample(digits.train, per_class=3, seed=0).tolist()
    assert indices.tolist() != sample(digits.train, per_class=3, seed=1).tolist()
    assert len(sample(digits.train, per_class=1000, seed=0)) == 3600


@pytest.mark.parametrize("error", [URLError("no model"), ConnectionResetError("gone")])
@pytest.mark.parametrize("name", ["mnist", "cifar10"])
def test_without_a_model_one_sentence_names_what_is_here(monkeypatch, name, error):
    def fail(*_, **__):
        raise error

    monkeypatch.setattr("keras.src.utils.file_utils.urlretrieve", fail)
    monkeypatch.setattr("keras.src.utils.file_utils.os.path.exists", lambda path: False)  # nor kept from before
    with pytest.raises(DataError) as caught:
        load_dataset(name)
    assert str(caught.value) == (
        f"The dataset {name} could not be downloaded. Connect to the internet once, or use one that is here: "
        "mnist-5k, fashion-sample, or a folder of your own."
    )


def test_what_keras_downloads_is_cut_like_the_others(monkeypatch, rng):
    train, test = (rng.integers(0, 256, (count, 4, 4, 3), np.uint8) for count in (200, 50))
    labels = np.arange(200)[:, None] % 10  # as keras gives those of CIFAR-10
    monkeypatch.setattr("keras.datasets.cifar10.load_data", lambda: ((train, labels), (test, labels[:50])))
    dataset = load_dataset("cifar10")
    assert (dataset.channels, dataset.size, dataset.class_names[9]) == (3, (4, 4), "truck")
    assert [part.counts.tolist() for part in (dataset.train, dataset.validation, dataset.test)] == [
        [18] * 10,
        [2] * 10,
        [5] * 10,
    ]
    np.testing.assert_array_equal(dataset.test.photo(3), test[3])
