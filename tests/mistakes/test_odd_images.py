"""Are copies and outliers found, and nothing else?"""

import io
import itertools

import numpy as np
import pytest
from mistake_nets import files_part
from PIL import Image

from cnnviz.datasets import Part, load_dataset
from cnnviz.datasets.dataset import array_part
from cnnviz.images import sample_photos
from cnnviz.mistakes import find_outliers, near_duplicates


class Listed:
    """Photos of any size."""

    def __init__(self, photos):
        self.photos = photos

    def __getitem__(self, index):
        return self.photos[index]

    def take(self, indices):
        return Listed([self.photos[index] for index in indices])


def part_of(photos):
    return Part(Listed(photos), np.zeros(len(photos), np.int64), 1, "listed")


def again(photo, *, size=1.0, quality=60):
    """Save a photo as a smaller JPEG, and open that."""
    image = Image.fromarray(photo)
    buffer = io.BytesIO()
    image.resize((int(image.width * size), int(image.height * size))).save(buffer, "JPEG", quality=quality)
    return np.asarray(Image.open(buffer))


@pytest.fixture(scope="module")
def photos():
    return [np.asarray(Image.open(path).convert("RGB")) for path in list(sample_photos().values())[:5]]


def test_a_copy_of_another_size_and_quality_is_found(photos):
    learned = part_of(photos)
    tested = part_of([again(photos[3], size=0.6), photos[4][::-1], again(photos[1], quality=20)])
    pairs = near_duplicates(learned, tested)
    assert sorted((pair.first, pair.second) for pair in pairs) == [(1, 2), (3, 0)]
    assert 0 < pairs[0].difference <= pairs[1].difference < 4
    assert not near_duplicates(part_of([]), learned)


def test_within_one_part_each_pair_is_told_once(photos):
    pairs = near_duplicates(part_of([*photos, photos[2]]))
    assert [(pair.first, pair.second, pair.difference) for pair in pairs] == [(2, 5, pytest.approx(0, abs=0.01))]


def test_the_difference_is_the_root_mean_square_of_255():
    dark, light = np.full((16, 16, 3), 100, np.uint8), np.full((16, 16, 3), 103, np.uint8)
    (pair,) = near_duplicates(part_of([dark]), part_of([light]))
    assert pair.difference == pytest.approx(3)
    assert not near_duplicates(part_of([dark]), part_of([light]), difference=2.9)


def test_outliers_are_named_with_what_is_odd_about_them(rng):
    photos = [rng.integers(60 + n % 7, 140, (20, 20 + n % 3, 3)).astype(np.uint8) for n in range(40)]
    photos[5] = np.full((20, 20, 3), 3, np.uint8) + rng.integers(0, 2, (20, 20, 3)).astype(np.uint8)
    photos[9] = np.broadcast_to(photos[9].mean(axis=-1, keepdims=True).astype(np.uint8), photos[9].shape)
    photos[11] = rng.integers(60, 140, (20, 200, 3)).astype(np.uint8)
    photos[13] = photos[13] // np.array([1, 1, 9], np.uint8)
    odd = {found.index: found for found in find_outliers(part_of(photos))}
    assert set(odd) == {5, 9, 11, 13}
    assert odd[11].quantity == "width" and odd[11].value == pytest.approx(200) and odd[11].median == pytest.approx(21)
    assert odd[9].quantity == "colorfulness" and odd[9].score < 0
    assert odd[13].quantity in ("blue", "red", "green")
    assert all(abs(found.score) > 3.5 for found in odd.values())


def test_images_that_are_alike_hold_no_outlier():
    assert not find_outliers(array_part(np.full((9, 8, 8), 77, np.uint8), np.zeros(9), 1))
    almost = np.full((9, 8, 8), 77, np.uint8)
    almost[4] = 79  # nobody sees that
    assert not find_outliers(array_part(almost, np.zeros(9), 1))
    assert not find_outliers(part_of([]))


def test_unreadable_images_are_left_out(tmp_path):
    part = files_part(tmp_path, 6)
    pairs = near_duplicates(part, difference=255)
    assert {(pair.first, pair.second) for pair in pairs} == set(itertools.combinations([0, 2, 3, 4, 5], 2))
    assert {found.index for found in find_outliers(part)} == {2}


def test_among_real_clothes_the_copies_alone_are_found():
    pixels = load_dataset("fashion-sample").test.images.pixels
    copies = np.clip(pixels[[3, 77]].astype(int) + 1, 0, 255).astype(np.uint8)
    part = array_part(np.concatenate([pixels, copies]), np.zeros(len(pixels) + 2, int), 1)
    assert {(pair.first, pair.second) for pair in near_duplicates(part)} == {(3, 1000), (77, 1001)}
