"""Is what a person said about a file found again, and nothing that somebody else put there believed?"""

import json

import pytest

from cnnviz.convnets.overrides import Answers, recall, remember
from cnnviz.errors import ModelFileError

SAID = Answers("-1..1", "pad", ("cat", "Hund ÄÖ", "犬"), 1)


@pytest.fixture
def model(tmp_path, monkeypatch):
    """A model file, and a cache folder of this test's own."""
    monkeypatch.setenv("CNNVIZ_CACHE_DIR", str(tmp_path / "cache"))
    path = tmp_path / "models" / "a.keras"
    path.parent.mkdir()
    path.write_bytes(b"model")
    return path


@pytest.mark.parametrize(
    "said",
    [SAID, Answers(), Answers(head=0), Answers(outputs="numbers", class_order="natural")],
    ids=["all", "nothing", "head", "new"],
)
def test_recalls_what_was_remembered(model, said):
    assert recall(model) is None
    written = remember(model, said)
    assert written == model.with_name("a.keras.cnnviz.json")
    assert recall(model) == said
    assert sorted(path.name for path in model.parent.iterdir()) == ["a.keras", "a.keras.cnnviz.json"]


def test_the_last_answer_counts(model):
    remember(model, SAID)
    remember(model, Answers(head=2))
    assert recall(model) == Answers(head=2)


def test_answers_travel_with_the_file(model, tmp_path):
    remember(model, SAID)
    model.parent.rename(tmp_path / "elsewhere")
    assert recall(tmp_path / "elsewhere" / "a.keras") == SAID


def test_answers_that_cannot_lie_beside_the_file_are_kept_by_its_content(model, tmp_path):
    model.with_name("a.keras.cnnviz.json").mkdir()  # root may write to read-only folders, but not over this
    written = remember(model, SAID)
    assert tmp_path / "cache" in written.parents
    assert recall(model) == SAID
    copy = tmp_path / "copy.keras"
    copy.write_bytes(b"model")
    assert recall(copy) == SAID
    copy.write_bytes(b"another model")
    assert recall(copy) is None


def test_a_failed_write_leaves_the_old_answers_and_nothing_else(model, monkeypatch):
    remember(model, SAID)

    def fail(handle):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", fail)
    with pytest.raises(ModelFileError, match="space"):
        remember(model, Answers())
    assert recall(model) == SAID
    assert len(list(model.parent.iterdir())) == 2


GOOD = {"version": 1, "scaling": "0..1", "fit": "crop", "class_names": ["a"], "head": 0}
UNTRUSTED = {
    "another version": GOOD | {"version": 3},
    "no version": {key: value for key, value in GOOD.items() if key != "version"},
    "unknown scaling": GOOD | {"scaling": "x"},
    "scaling of another kind": GOOD | {"scaling": ["0..1"]},
    "unknown fit": GOOD | {"fit": "squash"},
    "names of another kind": GOOD | {"class_names": [1, 2]},
    "no names": GOOD | {"class_names": None},
    "an empty name": GOOD | {"class_names": [""]},
    "a long name": GOOD | {"class_names": ["x" * 201]},
    "many names": GOOD | {"class_names": ["x"] * 30_001},
    "a negative head": GOOD | {"head": -1},
    "a large head": GOOD | {"head": 10**9},
    "a head that is no number": GOOD | {"head": True},
    "a list": [GOOD],
    "null": None,
}


@pytest.mark.parametrize("name", UNTRUSTED)
def test_believes_nothing_odd(model, name):
    beside = model.with_name("a.keras.cnnviz.json")
    beside.write_text(json.dumps(GOOD))
    assert recall(model) == Answers("0..1", "crop", ("a",), 0)  # else the oddity is not what is refused
    beside.write_text(json.dumps(UNTRUSTED[name]))
    assert recall(model) is None


@pytest.mark.parametrize("data", [b"", b"{", b"\xff", b"[" * 100_000, b" " * (5 * 2**20)], ids=range(5))
def test_believes_nothing_broken(model, data):
    model.with_name("a.keras.cnnviz.json").write_bytes(data)
    assert recall(model) is None


def test_answers_that_cannot_be_are_a_callers_bug():
    with pytest.raises(ValueError, match="scaling"):
        Answers(scaling="x")
    with pytest.raises(ValueError, match="head"):
        Answers(head=-1)
