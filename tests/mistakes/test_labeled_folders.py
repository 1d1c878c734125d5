"""Which folders can be asked about, and which images of them are?"""

import zipfile

import numpy as np
import pytest
from mistake_nets import color_net
from PIL import Image

from cnnviz.errors import DataError
from cnnviz.mistakes import evaluate, names_of, open_labeled


def make(root, *names):
    for number, name in enumerate(names):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (8, 8), (number, 200, 20)).save(root / name, "PNG")
    return root


def found(root, **options):
    labeled = open_labeled(root, **options)
    return labeled.class_names, names_of(labeled.part), labeled.part.labels.tolist()


def test_one_class_and_one_image_are_enough(tmp_path):
    root = make(tmp_path / "one", "cats/1.png")
    assert found(root) == (("cats",), ("cats/1.png",), [0])


def test_classes_are_the_folders_and_nothing_is_held_out(tmp_path):
    root = make(tmp_path / "pets", "dogs/2.png", "dogs/10.png", "cats/a/1.png", "stray.png")
    assert found(root) == (("cats", "dogs"), ("cats/a/1.png", "dogs/2.png", "dogs/10.png"), [0, 1, 1])


def test_empty_classes_stay_in_the_list(tmp_path):
    root = make(tmp_path / "pets", "dogs/2.png")
    (root / "cats").mkdir()
    assert found(root) == (("cats", "dogs"), ("dogs/2.png",), [1])


@pytest.mark.parametrize(("part", "name"), [("test", "7.png"), ("train", "1.png"), ("validation", "3.png")])
def test_parts_are_told_apart(tmp_path, part, name):
    root = make(tmp_path / "set", "data/train/a/1.png", "data/Val/a/3.png", "data/test/a/7.png", "data/test/b/8.png")
    assert names_of(open_labeled(root, part=part).part)[0].endswith(f"/a/{name}")


def test_a_part_that_is_missing_leaves_no_class_folders_mixed_up(tmp_path):
    root = make(tmp_path / "set", "test/a/1.png", "test/b/2.png")
    assert found(root)[0] == ("a", "b")


def test_outer_folders_of_an_archive_are_passed_through(tmp_path):
    root = make(tmp_path / "set", "outer/more/a/1.png", "outer/more/b/2.png")
    with zipfile.ZipFile(tmp_path / "set.zip", "w") as archive:
        for path in root.rglob("*.png"):
            archive.write(path, path.relative_to(root))
    labeled = open_labeled(tmp_path / "set.zip")
    assert labeled.class_names == ("a", "b") and labeled.part.photo(0)[0, 0].tolist() == [0, 200, 20]


@pytest.mark.parametrize("name", ["<b>", "Ünï 🐈", "a\nb", "con' -- drop", "x" * 120])
def test_hostile_names_are_shown_and_read(tmp_path, name):
    root = make(tmp_path / "set", f"{name}/1.png", "b/2.png")
    labeled = open_labeled(root)
    assert len(labeled.part) == 2 and all(shown.isprintable() for shown in labeled.class_names)
    assert {labeled.part.photo(index)[0, 0, 0] for index in range(2)} == {0, 1}


def test_a_changed_file_is_another_part(tmp_path):
    root = make(tmp_path / "pets", "dogs/2.png", "dogs/10.png")
    before = open_labeled(root).part.fingerprint
    assert open_labeled(root).part.fingerprint == before
    Image.new("RGB", (9, 9)).save(root / "dogs" / "2.png")
    assert open_labeled(root).part.fingerprint != before


def test_what_is_not_there_is_told(tmp_path):
    (tmp_path / "empty").mkdir()
    make(tmp_path / "flat", "1.png")
    for folder in ("empty", "flat"):
        with pytest.raises(DataError, match=rf"^In '{folder}' there are no folders with images\. Make one folder"):
            open_labeled(tmp_path / folder)
    with pytest.raises(DataError, match=r"Did you mean fashion-sample"):
        open_labeled("fashion-sampl")
    with pytest.raises(DataError, match="There is no dataset"):
        open_labeled("x" * 5000)
    with pytest.raises(ValueError, match="Expected a part"):
        open_labeled("mnist-5k", part="tset")


def test_data_sets_come_by_name():
    labeled = open_labeled("fashion-sample")
    assert len(labeled.part) == 1000 and labeled.class_names[0] == "T-shirt/top"
    assert names_of(labeled.part)[:2] == ("0", "1")


def test_a_folder_is_asked_about(tmp_path):
    root = make(tmp_path / "set", "green/1.png", "red/2.png")
    (root / "red" / "no.png").write_bytes(b"no image")
    labeled = open_labeled(root)
    evaluation = evaluate(color_net(), labeled.part, class_names=labeled.class_names)
    assert evaluation.is_right.tolist() == [True, False]
    assert [names_of(labeled.part)[index] for index, _ in evaluation.unreadable] == ["red/no.png"]
    np.testing.assert_allclose(evaluation.features[:, 1], 200 / 255, rtol=1e-5)


def test_links_that_were_left_out_are_told(tmp_path):
    root = make(tmp_path / "pets", "cats/1.png", "cats/2.png")
    assert open_labeled(root).notes == ()
    (root / "cats" / "3.png").symlink_to(root / "cats" / "1.png")
    assert found(root)[1] == ("cats/1.png", "cats/2.png")
    assert [str(note) for note in open_labeled(root).notes] == ["Symbolic links are not followed: 1 skipped."]
