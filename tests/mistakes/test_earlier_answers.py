"""Are only those images asked about that are new, and are all answers those of a fresh evaluation?"""

import os
import shutil
import zipfile
import zlib

import numpy as np
import pytest
from mistake_nets import COLORS, random_colors
from PIL import Image

from cnnviz.datasets import Part
from cnnviz.datasets.files import FileImages
from cnnviz.datasets.sources import open_source
from cnnviz.mistakes import EvaluationStore, evaluate, open_labeled
from cnnviz.mistakes.earlier import ROWS, versions


@pytest.fixture
def folder(tmp_path):
    for place, color in enumerate(random_colors(12)):
        write(tmp_path / "pictures" / COLORS[place % 3] / f"{place}.png", color)
    return tmp_path / "pictures"


def write(path, color):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (8, 8), tuple(int(value) for value in color)).save(path)


def ask(net, source, store):
    """The evaluation, and how many images were asked about."""
    data, asked = open_labeled(source), []
    found = evaluate(
        net, data.part, class_names=data.class_names, store=store, on_step=lambda _, total: asked.append(total)
    )
    return found, max(asked, default=0)


def assert_is_fresh(net, source, found):
    data = open_labeled(source)
    fresh = evaluate(net, data.part, class_names=data.class_names)
    assert found.data_fingerprint == fresh.data_fingerprint
    for name in ROWS:
        np.testing.assert_allclose(getattr(found, name), getattr(fresh, name), rtol=1e-5, atol=1e-6, err_msg=name)


def test_only_added_changed_and_renamed_images_are_asked_about(net, folder):
    store = EvaluationStore()
    first, count = ask(net, folder, store)
    assert count == 12
    write(folder / "blue" / "000.png", (1, 2, 250))  # before all others of its class, so that places move
    write(folder / "red" / "new.png", (200, 3, 7))
    found, count = ask(net, folder, store)
    assert count == 2 and len(found) == 14
    assert_is_fresh(net, folder, found)
    assert ask(net, folder, store)[1] == 0

    path = folder / "green" / "1.png"
    write(path, (9, 250, 9))
    os.utime(path, ns=(1, 1))
    (folder / "red" / "0.png").rename(folder / "red" / "other.png")
    found, count = ask(net, folder, store)
    assert count == 2
    assert_is_fresh(net, folder, found)
    assert found.features.std() > 0.1
    assert len(first) == 12


def test_a_image_that_is_moved_to_another_class_is_labeled_anew(net, folder):
    store = EvaluationStore()
    ask(net, folder, store)
    shutil.move(folder / "red" / "0.png", folder / "blue" / "0.png")
    found, count = ask(net, folder, store)
    assert count == 1
    assert_is_fresh(net, folder, found)


def test_removed_images_go_without_asking_about_any(net, folder):
    store = EvaluationStore()
    ask(net, folder, store)
    (folder / "red" / "3.png").unlink()
    found, count = ask(net, folder, store)
    assert count == 0 and len(found) == 11
    assert_is_fresh(net, folder, found)


def test_a_image_that_could_not_be_read_is_tried_again(net, folder):
    store = EvaluationStore()
    (folder / "red" / "broken.png").write_bytes(b"no image")
    found, _ = ask(net, folder, store)
    assert len(found.unreadable) == 1
    write(folder / "red" / "another.png", (255, 0, 0))
    found, count = ask(net, folder, store)
    assert count == 2 and len(found.unreadable) == 1 and len(found) == 13


def test_a_forged_checksum_in_an_archive_is_not_believed(tmp_path):
    found = {}
    for name, data in (("one", b"aaaa"), ("two", b"bbbb")):
        with zipfile.ZipFile(tmp_path / name, "w") as archive:
            archive.writestr("cats/0.png", data)
        true, forged = (zlib.crc32(data).to_bytes(4, "little") for data in (data, b"aaaa"))
        packed = (tmp_path / name).read_bytes()
        assert packed.count(true) == 2  # in the member's own header, and in the archive's directory
        (tmp_path / name).write_bytes(packed.replace(true, forged))
        source = open_source(tmp_path / name)
        part = Part(FileImages(source, ("cats/0.png",), 3), np.zeros(1, np.int64), 1, "files")
        found[name] = (source.fingerprint, versions(part))
    assert found["one"][0] != found["two"][0]
    assert found["one"][1] != found["two"][1] and None not in found["one"][1]


def test_an_archive_is_compared_by_what_is_stored_in_it(net, folder, tmp_path):
    store, path = EvaluationStore(), tmp_path / "images.zip"

    def pack():
        with zipfile.ZipFile(path, "w") as archive:
            for file in sorted(folder.rglob("*.png")):
                archive.write(file, str(file.relative_to(folder)))

    pack()
    assert ask(net, path, store)[1] == 12
    write(folder / "red" / "0.png", (255, 0, 0))
    write(folder / "red" / "new.png", (255, 0, 0))
    pack()
    found, count = ask(net, path, store)
    assert count == 2
    assert_is_fresh(net, path, found)


def test_another_model_or_another_folder_starts_anew(net, folder, tmp_path):
    store = EvaluationStore()
    ask(net, folder, store)
    shutil.copytree(folder, tmp_path / "copy")
    assert ask(net, tmp_path / "copy", store)[1] == 12


def test_a_note_that_is_damaged_or_leads_nowhere_is_not_believed(net, folder):
    store = EvaluationStore()
    for damage in ("{", '{"evaluation": "none.npz", "versions": []}'):
        ask(net, folder, store)
        (note,) = store.root.glob("*.json")
        note.write_text(damage)
        write(folder / "red" / f"{len(damage)}.png", (255, 0, 0))
        found, count = ask(net, folder, store)
        assert count == len(found) > 12


def test_images_in_memory_have_no_versions(part):
    assert versions(part) is None


def test_an_archive_whose_files_claim_more_than_it_has_is_not_read(folder, tmp_path):
    path = tmp_path / "images.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for file in sorted(folder.rglob("*.png")):
            archive.write(file, str(file.relative_to(folder)))
    part = open_labeled(path).part
    assert versions(part) is not None
    packed = bytearray(path.read_bytes())
    place = packed.rindex(b"PK\x01\x02") + 20  # the stored size of the last file, in the archive's directory
    packed[place : place + 4] = (2**31).to_bytes(4, "little")
    path.write_bytes(packed)
    assert versions(part) is None
