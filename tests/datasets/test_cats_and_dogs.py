"""Is the textbooks' part of cats-vs-dogs made as they make it?"""

import numpy as np
import pytest
from labeled_images import image, images_of, write_folder, write_zip

from cnnviz.datasets import catalog, load_dataset
from cnnviz.datasets.cats_and_dogs import COUNTS, cats_and_dogs
from cnnviz.datasets.sources import open_source
from cnnviz.errors import DataError
from cnnviz.images import read_photo

FEW = {"train": 4, "validation": 2, "test": 3}


def kaggles(count=12, top="train"):
    names = [f"{top}/{animal}.{number}.jpg" for animal in ("cat", "dog") for number in range(count)]
    return {name: image(place, kind="JPEG") for place, name in enumerate(names)}


def numbers(part):
    return [key.rpartition("/")[2].removesuffix(".jpg") for key in part.images.keys]


def test_the_textbooks_numbers():
    assert COUNTS == {"train": 1000, "validation": 500, "test": 1000}


def test_images_are_chosen_by_number_and_none_is_in_two_parts(tmp_path):
    path = write_zip(tmp_path / "train.zip", kaggles())
    dataset = cats_and_dogs(open_source(path), counts=FEW)
    assert numbers(dataset.train) == [f"{animal}.{number}" for animal in ("cat", "dog") for number in range(4)]
    assert numbers(dataset.validation) == ["cat.4", "cat.5", "dog.4", "dog.5"]
    assert numbers(dataset.test) == [f"{animal}.{number}" for animal in ("cat", "dog") for number in (6, 7, 8)]
    assert dataset.test.labels.tolist() == [0, 0, 0, 1, 1, 1]
    assert (dataset.class_names, dataset.notes) == (("cat", "dog"), ())


def test_the_next_number_takes_the_place_of_a_damaged_file(tmp_path):
    files = kaggles()
    files["train/cat.2.jpg"] = files["train/cat.2.jpg"][:200]
    files["train/cat.6.jpg"] = b""
    dataset = cats_and_dogs(open_source(write_folder(tmp_path, files)), counts=FEW)
    assert numbers(dataset.train)[:4] == ["cat.0", "cat.1", "cat.3", "cat.4"]
    assert numbers(dataset.validation)[:2] == ["cat.5", "cat.7"]
    assert numbers(dataset.test)[:3] == ["cat.8", "cat.9", "cat.10"]
    assert dataset.notes == (
        "2 files are skipped and replaced by the next numbers: train/cat.2.jpg is a JPEG file that is damaged or cut "
        "short, train/cat.6.jpg is empty.",
    )


def test_microsofts_folders_are_read_too(tmp_path):
    files = {name.replace("train/cat.", "PetImages/Cat/"): data for name, data in kaggles().items()}
    files = {name.replace("train/dog.", "PetImages/Dog/"): data for name, data in files.items()}
    dataset = cats_and_dogs(open_source(write_folder(tmp_path, files)), counts=FEW)
    assert dataset.test.images.keys[-1] == "PetImages/Dog/8.jpg"
    assert dataset.test.labels[-1] == 1
    np.testing.assert_array_equal(dataset.test.photo(5), read_photo(tmp_path / "PetImages/Dog/8.jpg"))


def test_too_few_images_are_counted(tmp_path):
    path = write_zip(tmp_path / "train.zip", kaggles(count=8))
    with pytest.raises(DataError, match=r"'train\.zip' has 8 readable images of a cat; 9 are needed"):
        cats_and_dogs(open_source(path), counts=FEW)


def test_the_name_is_found_in_the_folder_of_data(tmp_path, monkeypatch):
    with pytest.raises(DataError, match=r"cats-vs-dogs dataset is not installed\. Download train\.zip"):
        load_dataset("cats-vs-dogs")
    write_zip(tmp_path / "train.zip", kaggles())
    assert not catalog()["cats-vs-dogs"].is_here
    monkeypatch.setenv("CNNVIZ_DATA_DIR", str(tmp_path))
    assert catalog()["cats-vs-dogs"].is_here
    with pytest.raises(DataError, match="12 readable images of a cat; 2,500 are needed"):
        load_dataset("cats-vs-dogs")


def test_a_path_is_recognized_only_where_names_alone_tell_cats_from_dogs(tmp_path):
    with pytest.raises(DataError, match="2,500 are needed"):
        load_dataset(write_zip(tmp_path / "flat.zip", kaggles()))
    sorted_out = {f"{name.split('/')[1][:3]}s/{name.split('/')[1]}": data for name, data in kaggles().items()}
    assert load_dataset(write_zip(tmp_path / "sorted.zip", sorted_out)).class_names == ("cats", "dogs")
    assert load_dataset(write_zip(tmp_path / "own.zip", images_of("cat", "dog"))).class_names == ("cat", "dog")
