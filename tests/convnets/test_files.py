"""Does an honest file become the model that was saved, and does no other change anything?"""

import errno
import io
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

import h5py
import keras
import numpy as np
import pytest
from hostile import keras_layer, model_file, read_parts, sequential, write_parts
from keras import layers, ops

from cnnviz.confinement import confine_files
from cnnviz.convnets.files import open_model_file
from cnnviz.convnets.rehearsal import rehearse
from cnnviz.errors import ModelFileError, RefusedFileError

# TensorFlow 2.21 with NumPy 2: what Keras saves goes through a conversion that NumPy deprecates.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
ROOT = Path(__file__).parents[2]


def small(name="small", units=2):
    image = keras.Input((8, 8, 3), name="image")
    x = layers.Conv2D(4, 3, activation="relu", name="conv")(image)
    x = layers.GlobalAveragePooling2D(name="pool")(x)
    return keras.Model(image, layers.Dense(units, activation="softmax", name="scores")(x), name=name)


def own_loss(truth, guess):
    return ops.mean(truth - guess)


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """One model in every format, and the model."""
    folder = tmp_path_factory.mktemp("saved")
    model = small()
    model.compile("adam", loss=own_loss)  # which must not matter
    model.save(folder / "small.keras")
    model.save_weights(folder / "small.weights.h5")
    model.compile("sgd", "categorical_crossentropy")
    model.save(folder / "small.h5")
    return folder, model


def refusal(path, **options):
    with pytest.raises(ModelFileError) as caught:
        open_model_file(path, **options)
    text = str(caught.value)
    assert len(text) <= 200
    assert str(path.parent) not in text
    assert "safe_mode" not in text
    return text


def assert_equal(model, other):
    images = np.random.default_rng(0).normal(size=(2, 8, 8, 3)).astype(np.float32)
    expected = np.asarray(other(images))
    assert np.ptp(expected) > 1e-3
    np.testing.assert_allclose(np.asarray(model(images)), expected, rtol=1e-6)


@pytest.mark.parametrize("name", ["small.keras", "small.h5"])
def test_opens_what_was_saved(saved, name):
    folder, model = saved
    opened = open_model_file(folder / name)
    assert_equal(opened, model)
    assert not opened.compiled


@pytest.mark.parametrize(
    ("source", "name"),
    [("small.h5", "a.keras"), ("small.keras", "a.h5"), ("small.keras", "A.KERAS"), ("small.h5", "a")],
)
def test_opens_by_content_whatever_the_name(saved, tmp_path, source, name):
    folder, model = saved
    shutil.copy(folder / source, tmp_path / name)
    assert_equal(open_model_file(tmp_path / name), model)
    assert [path.name for path in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize("name", ["a.weights.h5", "a.h5", "a.keras"])
def test_opens_weights_with_their_architecture(saved, tmp_path, name):
    folder, model = saved
    shutil.copy(folder / "small.weights.h5", tmp_path / name)
    assert_equal(open_model_file(tmp_path / name, architecture=small), model)
    assert "without an architecture" in refusal(tmp_path / name)


def test_opens_weights_of_the_older_layout(saved, tmp_path):
    folder, model = saved
    with h5py.File(folder / "small.h5") as whole, h5py.File(tmp_path / "a.weights.h5", "w") as weights:
        for key, value in whole["model_weights"].attrs.items():
            weights.attrs[key] = value
        for name in whole["model_weights"]:
            whole.copy(f"model_weights/{name}", weights)
    assert_equal(open_model_file(tmp_path / "a.weights.h5", architecture=small), model)


def test_says_that_weights_are_of_another_architecture(saved):
    folder, _ = saved
    assert "do not fit" in refusal(folder / "small.weights.h5", architecture=lambda: small(units=3))


def test_says_that_weights_do_not_fit_their_layers(saved, tmp_path):
    config, parts = read_parts(saved[0] / "small.keras")
    config["config"]["layers"][1]["config"]["kernel_size"] = [1, 1]
    assert "do not fit" in refusal(write_parts(tmp_path / "a.keras", config, parts))


def test_never_opens_a_model_with_weights_missing(saved, tmp_path):
    config, parts = read_parts(saved[0] / "small.keras")
    (tmp_path / "w.h5").write_bytes(parts["model.weights.h5"])
    with h5py.File(tmp_path / "w.h5", "a") as file:
        del file["layers/conv2d/vars/0"]
    parts["model.weights.h5"] = (tmp_path / "w.h5").read_bytes()
    assert "do not fit" in refusal(write_parts(tmp_path / "a.keras", config, parts))


def test_never_opens_a_model_whose_layers_would_keep_random_weights(tmp_path):
    """Keras only warns when a file lacks the layers of a list in a list."""

    class Nested(layers.Layer):
        def __init__(self, **options):
            super().__init__(**options)
            self.steps = [[layers.Dense(2)]]

        def call(self, inputs):
            return self.steps[0][0](inputs)

    with keras.saving.custom_object_scope({"cnnviz>Nested": Nested}):
        keras.Sequential([keras.Input((8, 8, 3)), Nested()]).save(tmp_path / "a.keras")
        config, parts = read_parts(tmp_path / "a.keras")
        config["config"]["layers"][1] |= {"class_name": "Nested", "registered_name": "cnnviz>Nested"}
        assert open_model_file(write_parts(tmp_path / "a.keras", config, parts))
        (tmp_path / "w.h5").write_bytes(parts["model.weights.h5"])
        with h5py.File(tmp_path / "w.h5", "a") as file:
            del file["layers/nested/steps"]
        parts["model.weights.h5"] = (tmp_path / "w.h5").read_bytes()
        assert "no weights for some" in refusal(write_parts(tmp_path / "a.keras", config, parts))


def test_refuses_whatever_keeps_its_first_weights_even_if_keras_says_nothing(tmp_path):
    class Silent(layers.Dense):
        reads = False

        def load_own_variables(self, store):
            if self.reads:
                super().load_own_variables(store)

    with keras.saving.custom_object_scope({"cnnviz>Silent": Silent}):
        model = keras.Sequential([keras.Input((8, 8, 3)), layers.Conv2D(2, 3), Silent(2)])
        model.save(tmp_path / "a.keras")
        config, parts = read_parts(tmp_path / "a.keras")
        config["config"]["layers"][2] |= {"class_name": "Silent", "registered_name": "cnnviz>Silent"}
        path = write_parts(tmp_path / "a.keras", config, parts)
        assert "no weights for some" in refusal(path)
        Silent.reads = True
        assert_equal(open_model_file(path), model)


@pytest.mark.parametrize("layer", ["conv2d", "dense"])
def test_refuses_a_file_that_lacks_the_weights_of_a_layer(saved, tmp_path, layer):
    config, parts = read_parts(saved[0] / "small.keras")
    (tmp_path / "w.h5").write_bytes(parts["model.weights.h5"])
    with h5py.File(tmp_path / "w.h5", "a") as file:
        del file[f"layers/{layer}"]
    parts["model.weights.h5"] = (tmp_path / "w.h5").read_bytes()
    assert refusal(write_parts(tmp_path / "a.keras", config, parts))


def test_says_in_its_own_words_what_keras_cannot_do(tmp_path):
    layer = keras_layer("Dense", {"name": "dense", "units": 2, "no_such_setting": 1})
    text = refusal(model_file(tmp_path / "a.keras", [layer]))
    assert "cannot rebuild" in text
    assert "no_such_setting" not in text


def test_names_a_layer_of_somebodys_own(tmp_path):
    class Squeeze(layers.Layer):
        def call(self, inputs):
            return inputs

    model = keras.Sequential([keras.Input((8, 8, 3)), Squeeze()])
    model.save(tmp_path / "a.keras")
    text = refusal(tmp_path / "a.keras")
    assert "'Squeeze'" in text
    assert "cnnviz.convnet_from_model" in text


@pytest.mark.filterwarnings("ignore:The object being serialized includes a `lambda`")
def test_runs_no_code_of_a_file(tmp_path):
    marker = tmp_path / "marker"
    touch = f"__import__('pathlib').Path({str(marker)!r}).touch()"
    evil = layers.Lambda(eval(f"lambda x: [x, {touch}][0]"))
    model = keras.Sequential([keras.Input((8, 8, 3)), evil])
    for name in ("a.keras", "a.h5"):
        model.save(tmp_path / name)
    marker.unlink(missing_ok=True)
    keras.saving.load_model(tmp_path / "a.keras", safe_mode=False)
    assert marker.exists()  # else there was nothing to keep from running
    marker.unlink()
    for name in ("a.keras", "a.h5"):
        assert "Lambda" in refusal(tmp_path / name)
    assert not marker.exists()


def test_keeps_keras_settings_when_a_file_reaches_for_them(tmp_path):
    function = {
        "module": "keras.config",
        "class_name": "function",
        "config": "set_floatx",
        "registered_name": "set_floatx",
    }
    layer = keras_layer("Lambda", {"name": "evil", "function": function, "arguments": {}})
    refusal(model_file(tmp_path / "a.keras", [layer]))
    assert keras.config.floatx() == "float32"


def test_puts_settings_back_and_refuses_if_loading_changed_them(tmp_path):
    """Nothing that passes the gate does this; should something new, it is caught here."""

    class Rude(layers.Layer):
        @classmethod
        def from_config(cls, config):
            keras.config.set_floatx("float64")
            keras.config.set_max_epochs(1)
            return cls(**config)

    layer = {"module": "cnnviz.x", "class_name": "Rude", "config": {"name": "rude"}, "registered_name": "cnnviz>Rude"}
    path = model_file(tmp_path / "a.keras", [layer])
    with keras.saving.custom_object_scope({"cnnviz>Rude": Rude}):
        assert "setting floatx" in refusal(path)
    assert keras.config.floatx() == "float32"
    assert keras.config.max_epochs() is None


# The guarded process


@pytest.fixture
def only_here(tmp_path, monkeypatch):
    """Temporary folders are made below `tmp_path / "tmp"`, so that what is left behind can be seen."""
    folder = tmp_path / "tmp"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def workers(path):
    """Processes that have a path among their arguments."""
    commands = (folder / "cmdline" for folder in Path("/proc").glob("[0-9]*"))
    return [command for command in commands if command.exists() and str(path).encode() in command.read_bytes()]


def test_opens_a_strangers_file_after_trying_it_out(saved, only_here):
    folder, model = saved
    assert_equal(open_model_file(folder / "small.keras", is_trusted=False), model)
    assert not list(only_here.iterdir())


def test_refuses_a_model_that_takes_more_memory_than_it_may(saved, only_here):
    folder, _ = saved
    with pytest.raises(ModelFileError, match="failed its trial run"):
        rehearse(folder / "small.keras", memory_bytes=2**30)
    assert not workers(folder)
    assert not list(only_here.iterdir())


def test_refuses_a_model_that_takes_too_long(saved, only_here):
    folder, _ = saved
    with pytest.raises(ModelFileError, match="too long"):
        rehearse(folder / "small.keras", wall_seconds=0)
    assert not workers(folder)
    assert not list(only_here.iterdir())


CONFINED = """
import socket, sys
from pathlib import Path
from cnnviz.confinement import confine_files, limit_resources
inside, outside = Path(sys.argv[1]), Path(sys.argv[2])
assert (outside / "secret").read_text() == "secret"
limit_resources(memory_bytes=2**30, cpu_seconds=60, file_bytes=1000)
if not confine_files(readable=[Path(sys.prefix), Path(sys.base_prefix)], writable=[inside]):
    sys.exit(77)
(inside / "mine").write_text("x")
def refused(action, error):
    try: action()
    except error: return
    sys.exit(f"not refused: {action}")
refused(lambda: (outside / "secret").read_text(), PermissionError)
refused(lambda: (outside / "new").write_text("x"), PermissionError)
refused(lambda: list(outside.iterdir()), PermissionError)
refused(lambda: Path("/etc/passwd").read_text(), PermissionError)
refused(lambda: socket.create_connection(("127.0.0.1", 9)), OSError)
refused(lambda: bytearray(2**31), MemoryError)
"""


def test_a_confined_process_reaches_only_its_own_folder(tmp_path):
    inside, outside = tmp_path / "inside", tmp_path / "outside"
    inside.mkdir()
    outside.mkdir()
    (outside / "secret").write_text("secret")
    command = [sys.executable, "-c", CONFINED, inside, outside]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode == 77:
        pytest.skip("this kernel has no Landlock")
    assert done.returncode == 0, done.stderr
    assert (inside / "mine").read_text() == "x"


def test_a_system_without_landlock_is_told_apart(monkeypatch):
    monkeypatch.setattr(sys, "platform", "darwin")
    assert confine_files(readable=[], writable=[]) is False


def test_sequentials_of_ours_open(tmp_path):
    """A description written by hand opens as Keras writes it, so the hostile ones fail for their own fault."""
    path = model_file(tmp_path / "a.keras", config=sequential([keras_layer("ReLU", {"name": "relu"})]))
    assert isinstance(open_model_file(path), keras.Sequential)


class _FullDisk(io.FileIO):
    """A file on a disk without space."""

    def write(self, _):
        raise OSError(errno.ENOSPC, "No space left on device")


def test_bytes_that_are_bad_are_told_from_a_disk_that_is_full(saved, tmp_path, monkeypatch):
    whole, cut, packed = saved[0] / "small.keras", tmp_path / "cut.keras", tmp_path / "packed.zip"
    cut.write_bytes(whole.read_bytes()[:-100])
    with zipfile.ZipFile(packed, "w") as archive:
        archive.write(whole, "model.keras")
    with pytest.raises(RefusedFileError):
        open_model_file(cut, is_trusted=False)
    usual = Path.open
    monkeypatch.setattr(
        Path, "open", lambda path, mode="r", *more: _FullDisk(path, "w") if "w" in mode else usual(path, mode, *more)
    )
    for path, is_trusted in ((whole, False), (packed, True), (packed, False)):
        said = refusal(path, is_trusted=is_trusted)
        assert said == "This machine cannot open the file now: No space left on device."
    with pytest.raises(ModelFileError) as refused:
        open_model_file(packed)
    assert not isinstance(refused.value, RefusedFileError)


@pytest.mark.parametrize("where", ["cnnviz.convnets.files.tempfile", "cnnviz.convnets.rehearsal.tempfile"])
def test_a_machine_without_room_for_a_temporary_folder_says_so(saved, monkeypatch, where):
    def full(**_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(f"{where}.TemporaryDirectory", full)
    assert "No space left on device" in refusal(saved[0] / "small.keras", is_trusted=False)


@pytest.fixture
def tried_out(monkeypatch):
    """Sizes of the files that were tried out in a process."""
    found = []
    monkeypatch.setattr("cnnviz.convnets.files.rehearse", lambda path, **_: found.append(path.stat().st_size))
    return found


def test_a_file_is_tried_out_once_for_each_content(saved, tmp_path, tried_out):
    path = saved[0] / "small.keras"
    again = Path(shutil.copyfile(path, tmp_path / "another name.keras"))
    for one in (path, path, again):
        open_model_file(one, is_trusted=False)
    assert len(tried_out) == 1
    small("other").save(again)
    open_model_file(again, is_trusted=False)
    assert len(tried_out) == 2


def test_a_file_that_failed_is_tried_out_again(saved, monkeypatch):
    tries = []

    def fail(path, **_):
        tries.append(path)
        raise ModelFileError("It takes too long.")

    monkeypatch.setattr("cnnviz.convnets.files.rehearse", fail)
    for _ in range(2):
        assert refusal(saved[0] / "small.keras", is_trusted=False) == "It takes too long."
    assert len(tries) == 2


def test_only_so_many_files_are_remembered_the_oldest_goes_first(saved, tmp_path, tried_out, monkeypatch):
    monkeypatch.setattr("cnnviz.convnets.files._MOST_PASSED", 1)
    small("other").save(tmp_path / "other.keras")
    for path in (
        saved[0] / "small.keras",
        tmp_path / "other.keras",
        tmp_path / "other.keras",
        saved[0] / "small.keras",
    ):
        open_model_file(path, is_trusted=False)
    assert len(tried_out) == 3
