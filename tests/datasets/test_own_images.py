"""What is made of a person's own folder or archive, however it is laid out and whatever lies in it?"""

import io
import os
import shutil
import signal
import stat
import struct
import zipfile

import numpy as np
import pytest
from labeled_images import image, images_of, write_folder, write_zip
from PIL import Image

from cnnviz.datasets import load_dataset, looking, open_folder, sources
from cnnviz.datasets.layout import natural_key
from cnnviz.errors import CancelledError, DataError, ImageError
from cnnviz.images import MAX_BYTES, read_photo


def parts_of(dataset):
    return {"train": dataset.train, "validation": dataset.validation, "test": dataset.test}


def keys_of(dataset):
    return {name: set(part.images.keys) for name, part in parts_of(dataset).items()}


def counts_of(dataset):
    return {name: part.counts.tolist() for name, part in parts_of(dataset).items()}


def test_a_folder_a_class_is_cut_in_three_and_no_image_is_in_two(pets):
    dataset = open_folder(pets)
    assert dataset.class_names == ("cats", "dogs")
    assert counts_of(dataset) == {"train": [7, 7], "validation": [1, 1], "test": [2, 2]}
    assert len(set.union(*keys_of(dataset).values())) == 20
    assert (dataset.size, dataset.channels, dataset.notes, dataset.title) == ((6, 8), 3, (), "pets")


def test_images_lie_under_the_label_of_their_folder(pets):
    dataset = open_folder(pets)
    for part in parts_of(dataset).values():
        for index, (key, label) in enumerate(zip(part.images.keys, part.labels, strict=True)):
            assert key.split("/")[0] == dataset.class_names[label]
            np.testing.assert_array_equal(part.photo(index), read_photo(pets / key))


def test_the_seed_decides_what_is_held_out(pets):
    first, again, other = open_folder(pets), open_folder(pets), open_folder(pets, seed=1)
    assert keys_of(first) == keys_of(again)
    assert keys_of(first)["test"] != keys_of(other)["test"]
    assert first.fingerprint == again.fingerprint != other.fingerprint


def test_train_validation_and_test_are_kept_as_they_are(tmp_path):
    files = {
        **images_of("Train/dogs", "Train/cats", count=6, size=(5, 5)),
        **images_of("val/dogs", "val/cats", count=3, size=(5, 6)),
        **images_of("test/dogs", "test/cats", count=2, size=(6, 5)),
    }
    dataset = open_folder(write_folder(tmp_path / "pets", files))
    assert counts_of(dataset) == {"train": [6, 6], "validation": [3, 3], "test": [2, 2]}
    assert {key.split("/")[0] for key in dataset.validation.images.keys} == {"val"}
    assert dataset.size is None
    assert dataset.notes[0].startswith("The images have different sizes, 5 to 6 pixels wide and 5 to 6 high")


def test_what_train_has_no_neighbor_for_is_held_out_of_it(tmp_path):
    root = write_folder(tmp_path / "pets", images_of("train/dogs", "train/cats"))
    assert counts_of(open_folder(root)) == {"train": [7, 7], "validation": [1, 1], "test": [2, 2]}
    write_folder(root, images_of("test/dogs", "test/cats", count=4, size=(3, 3)))
    assert counts_of(open_folder(root)) == {"train": [9, 9], "validation": [1, 1], "test": [4, 4]}


@pytest.mark.parametrize("outer", ["", "pets/", "download/pets (1)/"])
@pytest.mark.parametrize("write", [write_folder, write_zip])
@pytest.mark.parametrize("inner", ["", "train/"])
def test_folders_and_archives_open_alike_inside_outer_folders(tmp_path, write, outer, inner):
    files = {f"{outer}{inner}{name}": data for name, data in images_of("cats", "dogs").items()}
    noise = {"__MACOSX/._a.png": b"x", f"{outer}.DS_Store": b"x", f"{outer}{inner}cats/._0.png": b"x"}
    dataset = load_dataset(write(tmp_path / "pets.zip", files | noise))
    assert dataset.class_names == ("cats", "dogs")
    assert counts_of(dataset) == {"train": [7, 7], "validation": [1, 1], "test": [2, 2]}
    assert dataset.notes == ()
    assert dataset.train.photo(0).shape == (6, 8, 3)


def test_a_class_may_be_called_train(tmp_path):
    root = write_folder(tmp_path / "vehicles", images_of("train", "car", "bus"))
    assert open_folder(root).class_names == ("bus", "car", "train")


def test_images_in_folders_of_a_class_belong_to_it(tmp_path):
    files = images_of("cats/persian", "cats/siamese", "dogs", count=5)
    assert open_folder(write_folder(tmp_path / "pets", files)).train.counts.tolist() == [7, 3]


def test_classes_are_sorted_as_keras_sorts_them_and_files_as_people_count(tmp_path):
    names = ["10", "9", "b2", "B10", "a", "Ä"]
    root = write_folder(tmp_path / "many", images_of(*names, count=5))
    assert open_folder(root).class_names == ("10", "9", "B10", "a", "b2", "Ä") == tuple(sorted(names))
    huge = "9" * 5000
    assert sorted([f"x{huge}1", f"x{huge}", "x007", "x7", "x08"], key=natural_key)[:3] == ["x007", "x7", "x08"]


def test_composed_and_decomposed_names_are_one_class(tmp_path):
    files = images_of("Caf\u00e9", "Cafe\u0301", "bar", count=5)
    dataset = open_folder(write_zip(tmp_path / "places.zip", files))
    assert dataset.class_names == ("Caf\u00e9", "bar")
    assert sum(part.counts for part in parts_of(dataset).values()).tolist() == [10, 5]


def test_gray_images_have_one_channel_unless_one_is_in_color(tmp_path):
    files = images_of("a", "b", mode="L")
    dataset = open_folder(write_folder(tmp_path / "gray", files))
    assert dataset.channels == 1
    assert dataset.train.photo(0).shape == (6, 8, 1)
    dataset = open_folder(write_folder(tmp_path / "mixed", files | {"a/one.png": image(77)}))
    assert dataset.channels == 3
    assert dataset.train.photo(0).shape == (6, 8, 3)


def test_files_that_cannot_be_read_are_named_and_left_out(pets):
    whole = image(5, kind="JPEG", size=(40, 40))
    (pets / "cats" / "cut. short.jpg").write_bytes(whole[: len(whole) // 2])
    (pets / "dogs" / "labels.csv").write_text("a,b")
    (pets / "dogs" / "empty.png").touch()
    (pets / "README.txt").write_text("my pets")
    dataset = open_folder(pets)
    assert dataset.notes == (
        "3 files are left out: cats/cut. short.jpg is a JPEG file that is damaged or cut short, "
        "dogs/empty.png is empty, dogs/labels.csv is text.",
        "1 file is outside the folders of the classes and left out: README.txt.",
    )
    assert sum(part.counts for part in parts_of(dataset).values()).tolist() == [10, 10]


def test_of_many_bad_files_ten_are_named(pets):
    write_folder(pets, {f"cats/bad{number}.jpg": b"" for number in range(25)})
    (note,) = open_folder(pets).notes
    assert note.startswith("25 files are left out: cats/bad0.jpg is empty, cats/bad1.jpg is empty")
    assert note.endswith("cats/bad9.jpg is empty and 15 more.")


def test_a_image_twice_is_kept_once_and_rather_for_testing(tmp_path):
    files = images_of("train/cats", "train/dogs") | images_of("test/cats", "test/dogs", count=3, size=(4, 4))
    files["test/cats/again.png"] = files["train/cats/3.png"]
    dataset = open_folder(write_folder(tmp_path / "pets", files))
    assert counts_of(dataset)["test"] == [4, 3]
    assert "train/cats/3.png" not in set.union(*keys_of(dataset).values())
    expected = "1 file is left out because the same image is there already: train/cats/3.png is test/cats/again.png."
    assert dataset.notes[0] == expected


def test_imbalance_is_told_with_what_it_makes_of_accuracy(tmp_path):
    files = images_of("cats", count=50) | images_of("dogs", count=10, size=(6, 7))
    _, note = open_folder(write_folder(tmp_path / "pets", files)).notes
    assert note == (
        "Class 'cats' has 36 training images, class 'dogs' only 7: always predicting 'cats' is 84% accurate."
    )


def test_links_and_pipes_are_not_followed(pets, tmp_path):
    outside = tmp_path / "secret.png"
    outside.write_bytes(image(9))
    (pets / "cats" / "link.png").symlink_to(outside)
    (pets / "dogs" / "zero.png").symlink_to("/dev/zero")
    (pets / "elsewhere").symlink_to(tmp_path)
    os.mkfifo(pets / "cats" / "pipe.png")
    dataset = open_folder(pets)
    assert dataset.class_names == ("cats", "dogs")
    assert sum(map(len, parts_of(dataset).values())) == 20
    assert dataset.notes == ("Symbolic links are not followed: 3 skipped.",)


def test_what_took_a_files_place_since_is_not_followed_either(pets, tmp_path):
    dataset = open_folder(pets)
    key = dataset.train.images.keys[0]
    (tmp_path / "secret.png").write_bytes(image(9))
    (pets / key).unlink()
    with pytest.raises(ImageError, match=rf"{key} cannot be read from 'pets'\. It may be missing or damaged"):
        dataset.train.photo(0)
    (pets / key).symlink_to(tmp_path / "secret.png")
    with pytest.raises(ImageError, match="cannot be read"):
        dataset.train.photo(0)


def test_a_changed_folder_has_another_fingerprint_and_is_looked_at_again(pets):
    before = open_folder(pets)
    (pets / "cats" / "0.png").write_bytes(b"")
    after = open_folder(pets)
    assert after.fingerprint != before.fingerprint
    assert after.notes == ("1 file is left out: cats/0.png is empty.",)


def test_files_are_looked_at_once(pets, cache_folder):
    steps = []
    first = open_folder(pets, on_step=lambda *step: steps.append(step))
    assert steps == [(done + 1, 20) for done in range(20)]
    again = open_folder(pets, on_step=lambda *step: steps.append(step))
    assert len(steps) == 20
    assert keys_of(first) == keys_of(again)
    (kept,) = cache_folder.iterdir()
    for damaged in ("", "[]", '{"version": 1, "files": {"a": 3}}', kept.read_text()[:-9], "[" * 100_000):
        kept.write_text(damaged)
        assert open_folder(pets).fingerprint == first.fingerprint
    assert len(steps) == 20


def test_stopping_ends_at_once_and_keeps_what_is_known(tmp_path):
    root = write_folder(tmp_path / "pets", images_of("cats", "dogs", count=100))

    def stop(done, total):
        if done == 70:
            raise CancelledError

    with pytest.raises(CancelledError):
        open_folder(root, on_step=stop)
    steps = []
    open_folder(root, on_step=lambda *step: steps.append(step))
    assert steps[-1][1] in range(125, 135)  # what was asked for and had come back is not asked for again


def tiny(*names):
    return dict.fromkeys(names, b"")


REFUSED = {
    "nothing in it": ({}, "In 'pets' there are no folders with images. Make one folder per class"),
    "no folders": (images_of(".", count=3), "there are no folders with images"),
    "one class": (images_of("cats"), "there is only one class, 'cats'. Add a folder with something else."),
    "one class in train": (images_of("train/cats"), "only one class, 'cats'"),
    "only a test folder": (images_of("test/a", "test/b"), "there is a folder test, but no train."),
    "nothing readable": (tiny("a/1", "a/2", "b/1"), "None of the 3 files in 'pets' is an image that can be read: a/1"),
    "few of a class": (
        images_of("cats") | images_of("dogs", count=4, size=(9, 9)) | tiny("dogs/x"),
        "Class 'dogs' has 4 different images in train that can be read; 5 are needed.",
    ),
    "other classes in test": (
        images_of("train/a", "train/b", "test/a", "test/c"),
        "The classes in train and in test differ: b, c. Give both the same folders, or remove test.",
    ),
}


@pytest.mark.parametrize(("files", "text"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_learned_from_is_refused_with_the_reason(tmp_path, files, text):
    (tmp_path / "pets").mkdir()
    with pytest.raises(DataError) as caught:
        open_folder(write_folder(tmp_path / "pets", files))
    assert text in str(caught.value)
    assert str(tmp_path) not in str(caught.value)


def test_an_empty_class_is_named(pets):
    (pets / "birds").mkdir()
    with pytest.raises(DataError, match=r"No files for class birds in train\. Add images, or remove the folder\."):
        open_folder(pets)


def member(name, mode):
    info = zipfile.ZipInfo(name)
    info.external_attr = mode << 16
    return info


@pytest.mark.parametrize("name", ["../a.png", "/etc/passwd", "cats/../../a.png", "C:\\a.png", "C:/a.png"])
def test_archives_whose_names_lead_out_are_refused(tmp_path, name):
    path = write_zip(tmp_path / "pets.zip", images_of("cats", "dogs") | {name: b"x"})
    with pytest.raises(DataError, match=r"A file in 'pets\.zip' has a path that points outside"):
        open_folder(path)
    assert not list(tmp_path.glob("*.png"))


def test_signs_of_other_systems_in_the_names_of_an_archive_are_read(tmp_path):
    files = images_of("cats", "dogs")
    path = write_zip(tmp_path / "pets.zip", files | {"dogs/at 10:30.png": image(99)})
    assert "dogs/at 10:30.png" in set.union(*keys_of(open_folder(path)).values())
    windows = write_zip(tmp_path / "windows.zip", {name.replace("/", "\\"): data for name, data in files.items()})
    assert open_folder(windows).class_names == ("cats", "dogs")


@pytest.mark.parametrize("write", [write_folder, write_zip])
def test_folders_too_deep_in_each_other_are_refused(tmp_path, write):
    deep = "/".join(["a"] * (sources.MAX_DEPTH + 2))
    with pytest.raises(DataError, match="are nested more than 32 levels deep"):
        open_folder(write(tmp_path / "pets.zip", {f"{deep}/0.png": b"x"}))
    usual = "/".join(["a"] * 20)
    files = {f"{usual}/{name}": data for name, data in images_of("cats", "dogs").items()}
    assert open_folder(write(tmp_path / "cats.zip", files)).class_names == ("cats", "dogs")


def directory_of(count):
    """A zip archive that is all directory, as few bytes a member as there can be."""
    entries = b"".join(
        struct.pack("<4s4B4HL2L5H2L", b"PK\1\2", 20, 0, 20, 0, *[0] * 7, 7, *[0] * 6) + b"%07d" % number
        for number in range(count)
    )
    return entries + struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, count & 0xFFFF, count & 0xFFFF, len(entries), 0, 0)


def test_members_are_counted_before_anything_is_made_of_them(tmp_path, monkeypatch):
    (tmp_path / "few.zip").write_bytes(directory_of(30))
    (tmp_path / "many.zip").write_bytes(directory_of(sources.MAX_FILES + 1))
    assert len(sources.open_source(tmp_path / "few.zip").files) == 30
    monkeypatch.setattr(zipfile, "ZipInfo", lambda *_: pytest.fail("an object was made of a member"))
    with pytest.raises(DataError, match="holds more than 200,000 files"):
        sources.open_source(tmp_path / "many.zip")


def test_an_archive_that_grows_as_images_do_not_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(sources, "_BYTES_AT_LEAST", 10**6)
    path = tmp_path / "pets.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(3):
            archive.writestr(f"cats/{number}.png", bytes(10**6))
    with pytest.raises(DataError, match=r"would expand from 0\.0 MB to 3 MB, far more than images do"):
        open_folder(path)


def test_an_archive_makes_nobody_decode_billions_of_pixels(tmp_path, monkeypatch):
    monkeypatch.setattr(sources, "_PIXELS_AT_LEAST", 2_000_000)
    monkeypatch.setattr(sources, "_PIXELS_A_BYTE", 0)
    flat = io.BytesIO()
    Image.new("1", (1000, 1000)).save(flat, "PNG")
    source = sources.open_source(write_zip(tmp_path / "a.zip", {f"cats/{n}.png": flat.getvalue() for n in range(5)}))
    for key in source.files[:3]:
        source.open_photo(key)
    with pytest.raises(ImageError, match=r"cats/3\.png is left out, because .* more than 2 megapixels"):
        source.open_photo("cats/3.png")
    source.open_photo("cats/0.png")  # known: it is trained on again and again


DIES = """
import json, os, sys
print("ready", flush=True)
for key in json.load(sys.stdin):
    if key == "evil":
        os._exit(1)
    print(json.dumps(["", [1, 2], False, key]), flush=True)
"""


def test_a_image_that_the_process_dies_of_is_left_out_and_the_others_are_looked_at(tmp_path, monkeypatch):
    monkeypatch.setattr(looking, "_PROGRAM", ("-c", DIES))
    keys = [f"{number}" for number in range(100)]
    keys[70] = keys[7] = "evil"
    found = list(looking.look_confined(tmp_path / "a.zip", keys))
    assert [finding.digest for finding in found] == ["" if key == "evil" else key for key in keys]
    assert {number for number, finding in enumerate(found) if finding.problem} == {7, 70}
    assert found[7].problem == "evil takes too much memory or time to decode"
    with pytest.raises(DataError, match="Too many files take too much"):
        list(looking.look_confined(tmp_path / "a.zip", ["evil"] * 10))


def test_a_process_that_does_not_start_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(looking, "_PROGRAM", ("-c", "raise MemoryError"))
    with pytest.raises(DataError, match="could not be started"):
        list(looking.look_confined(tmp_path / "a.zip", ["0.png"]))


def test_who_stops_ends_the_process_that_looks(tmp_path, monkeypatch):
    started = []
    start = looking._start
    monkeypatch.setattr(looking, "_start", lambda *args: started.append(start(*args)) or started[-1])
    path = write_zip(tmp_path / "pets.zip", images_of("cats", "dogs", count=200))

    def stop(done, total):
        if done == 3:
            raise CancelledError("Stopped.")

    with pytest.raises(CancelledError):
        open_folder(path, on_step=stop)
    assert [process.returncode for process in started] == [-signal.SIGKILL]


def test_an_uploaded_image_is_decoded_elsewhere_first(monkeypatch):
    looking.check_harmless(image(1))
    looking.check_harmless(b"no image")  # which is said where it is read
    monkeypatch.setattr(looking, "_PROGRAM", ("-c", "import os; print('ready', flush=True); os._exit(1)"))
    with pytest.raises(ImageError, match="takes too much memory or time to decode"):
        looking.check_harmless(image(1))


def test_a_link_in_an_archive_is_not_followed(tmp_path):
    path = write_zip(tmp_path / "pets.zip", images_of("cats", "dogs"))
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(member("cats/link.png", stat.S_IFLNK | 0o777), "/etc/passwd")
    assert open_folder(path).notes == ("Symbolic links are not followed: 1 skipped.",)


def test_two_files_of_one_name_are_refused(tmp_path):
    path = write_zip(tmp_path / "pets.zip", images_of("cats", "dogs"))
    with zipfile.ZipFile(path, "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr("cats/0.png", b"x")
    with pytest.raises(DataError, match="two files share a name"):
        open_folder(path)


def test_a_protected_archive_is_refused(tmp_path):
    path = write_zip(tmp_path / "pets.zip", images_of("cats", "dogs"))
    data = bytearray(path.read_bytes())
    directory = struct.unpack("<I", data[-6:-2])[0]
    data[directory + 8] |= 1
    path.write_bytes(data)
    with pytest.raises(DataError, match="password-protected"):
        open_folder(path)


@pytest.mark.parametrize("data", [b"", b"no archive", image(1)])
def test_what_is_no_archive_is_named(tmp_path, data):
    (tmp_path / "pets.zip").write_bytes(data)
    with pytest.raises(DataError, match=r"'pets\.zip' is not a zip archive, or is truncated"):
        open_folder(tmp_path / "pets.zip")


def test_a_cut_archive_is_named(tmp_path):
    path = write_zip(tmp_path / "pets.zip", images_of("cats", "dogs"))
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(DataError, match="is truncated"):
        open_folder(path)


def test_a_damaged_member_and_one_that_is_too_large_are_left_out(tmp_path):
    path = tmp_path / "pets.zip"
    files = images_of("cats", "dogs")
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
        archive.writestr("dogs/bomb.png", bytes(MAX_BYTES + 2**20))
    data = bytearray(path.read_bytes())
    start = data.index(b"cats/3.png") + len("cats/3.png")
    data[start + 20 : start + 40] = bytes(20)
    path.write_bytes(data)
    dataset = open_folder(path)
    assert dataset.notes == (
        "2 files are left out: cats/3.png cannot be read from 'pets.zip', dogs/bomb.png is 20.0 MB; "
        "the limit is 20 MB.",
    )


def test_the_same_archive_elsewhere_is_the_same_data_set(tmp_path):
    first = write_zip(tmp_path / "a.zip", images_of("cats", "dogs"))
    second = shutil.copy(first, tmp_path / "b.zip")
    assert open_folder(first).fingerprint == open_folder(second).fingerprint


def test_names_are_shown_printable_and_bounded(pets):
    name = "a\x1b[31m" + "x" * 200
    write_folder(pets, {f"cats/{name}": b""})
    (note,) = open_folder(pets).notes
    assert "cats/a?[31mxxx" in note
    assert len(note) < 150


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(DataError, match=r"There is no folder or zip archive 'nope'\. Check its name\."):
        open_folder(tmp_path / "nope")


def test_turned_photos_count_as_people_see_them(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    buffer = io.BytesIO()
    Image.new("RGB", (8, 4), "red").save(buffer, "JPEG", exif=exif)
    files = images_of("cats", "dogs", size=(8, 4)) | {"cats/turned.jpg": buffer.getvalue()}
    assert open_folder(write_folder(tmp_path / "pets", files)).size == (8, 4)


def test_too_many_files_are_refused_before_they_are_read(pets, tmp_path, monkeypatch):
    path = write_zip(tmp_path / "pets.zip", images_of("cats", "dogs"))
    monkeypatch.setattr(sources, "MAX_FILES", 19)
    for place in (pets, path):
        with pytest.raises(DataError, match=rf"'{place.name}' holds more than 19 files"):
            open_folder(place)


def test_folders_beside_train_are_left_out_and_counted(tmp_path):
    files = images_of("train/cats", "train/dogs") | tiny("test1/1.jpg", "extra/x/1.jpg", "test/1.jpg")
    dataset = open_folder(write_folder(tmp_path / "pets", files))
    assert counts_of(dataset) == {"train": [7, 7], "validation": [1, 1], "test": [2, 2]}
    assert dataset.notes == (
        "3 files are outside the folders of the classes and left out: extra/x/1.jpg, test1/1.jpg, test/1.jpg.",
    )
