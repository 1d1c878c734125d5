"""Do files of Keras 2 open, equal to what Keras 2 answers, and do hostile ones among them not?"""

import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import h5py
import keras
import numpy as np
import pytest
from hostile import legacy_file

import cnnviz
from cnnviz.convnets import convert_model_file, describe_model_file, load_convnet
from cnnviz.convnets.files import open_model_file
from cnnviz.convnets.gate import check_model_file
from cnnviz.convnets.keras2.operations import OPERATIONS
from cnnviz.errors import ModelFileError
from cnnviz.layers import map_layers
from cnnviz.probes import forward

# TensorFlow 2.21 with NumPy 2: what Keras saves goes through a conversion that NumPy deprecates.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
CASES = Path(__file__).parents[1] / "cases"
NAMES = (
    "transfer_tf", "transfer_torch", "transfer_caffe", "half_frozen", "compiled", "operations", "layer_zoo", "shared",
    "sequential", "float16", "mobilenet",
)  # fmt: skip
OLD = CASES / "models" / "keras2"


@pytest.fixture(scope="session")
def written(tmp_path_factory):
    """A dozen models as Keras 2 writes them, with its answers."""
    folder = tmp_path_factory.mktemp("keras2")
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "-1"}
    command = [sys.executable, Path(__file__).with_name("keras2_writer.py"), folder]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return folder


def assert_equal(model, inputs, expected, tolerance=1e-6):
    answers = keras.tree.flatten(model(inputs, training=False))
    assert len(answers) == len(expected)
    for answer, right in zip(answers, expected, strict=True):
        assert answer.shape == right.shape
        scale = max(1.0, float(np.abs(right).max()))
        np.testing.assert_allclose(np.asarray(answer), right, rtol=0, atol=tolerance * scale)


@pytest.mark.parametrize("suffix", ["h5", "keras"])
@pytest.mark.parametrize("name", NAMES)
def test_answers_as_the_keras_that_wrote_it(written, name, suffix):
    path = written / f"{name}.{suffix}"
    if not path.exists():
        assert name in ("transfer_caffe", "operations")
        pytest.skip("Keras 2 cannot write an Ellipsis into a .keras file")
    answers = np.load(written / f"{name}.npz")
    expected = [answers[str(index)] for index in range(len(answers.files) - 1)]
    assert any(np.ptp(output) > 1e-4 for output in expected)  # else anything would be equal
    assert_equal(open_model_file(path), answers["inputs"], expected, 1e-3 if name == "float16" else 1e-6)


CASE_FILES = ("half_frozen.h5", "divided.h5", "mixed_float16.h5", "plain_sequential.keras", "transfer_rescaling.keras")


@pytest.mark.parametrize("name", CASE_FILES)
def test_answers_as_expected(name):
    expected = np.load(CASES / "expected.npz")
    tolerance = 2e-3 if "float16" in name else 1e-6  # Keras 2 averages in float16, Keras 3 in float32
    assert_equal(
        open_model_file(OLD / name), expected[f"keras2/{name}:inputs"], [expected[f"keras2/{name}"]], tolerance
    )


def test_opens_the_export_of_teachable_machine(tmp_path):
    """The model with its labels beside it, and the archive as it is downloaded, also as an upload."""
    archive = tmp_path / "converted_keras.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
        for name in ("keras_model.h5", "labels.txt"):
            packed.write(OLD / name, f"converted_keras/{name}")
    inputs = np.random.default_rng(1).uniform(-1, 1, (2, 224, 224, 3)).astype("float32")
    expected = np.load(CASES / "expected.npz")["keras2/keras_model.h5"]
    for source, is_trusted in ((OLD / "keras_model.h5", True), (archive, False)):
        convnet = load_convnet(source, is_trusted=is_trusted)
        assert convnet.class_names == ("Rock", "Paper", "Scissors")
        assert convnet.preparation.scaling.name == "-1..1"
        assert_equal(convnet.model, inputs, [expected])


def test_keeps_which_layers_were_frozen(written):
    model = open_model_file(written / "half_frozen.h5").get_layer("base")
    assert [model.get_layer(f"conv{index}").trainable for index in range(3)] == [False, True, True]


def test_names_lose_their_slashes_and_stay_apart(written):
    model = open_model_file(written / "layer_zoo.h5")
    names = [layer.name for layer in model.layers]
    assert "a_b" in names
    assert "a_b_2" in names
    assert type(model.get_layer("a_b")).__name__ == "SeparableConv2D"
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("damage", ["missing", "shape", "extra", "renamed"])
def test_never_opens_a_model_with_weights_that_do_not_fit(tmp_path, damage):
    path = Path(shutil.copy(OLD / "divided.h5", tmp_path))
    with h5py.File(path, "a") as file:
        group = file["model_weights/dense_11"]
        if damage == "missing":
            group.attrs["weight_names"] = group.attrs["weight_names"][:1]
        elif damage == "shape":
            del group["dense_11/kernel:0"]
            group["dense_11/kernel:0"] = np.zeros((3, 4), np.float32)
        elif damage == "extra":
            group.attrs["weight_names"] = np.append(group.attrs["weight_names"], group.attrs["weight_names"][:1])
        else:
            names = [str(name, "ascii") for name in np.asarray(file["model_weights"].attrs["layer_names"], "S")]
            file["model_weights"].attrs["layer_names"] = [name for name in names if name != "dense_11"]
    with pytest.raises(ModelFileError, match="do not fit"):
        open_model_file(path)


# What could run


def functional(operation):
    """A description of Keras 2 with one operation of TensorFlow."""
    image = {"class_name": "InputLayer", "config": {"batch_input_shape": [None, 8, 8, 3], "name": "image"}}
    layers = [image | {"name": "image", "inbound_nodes": []}, operation]
    ends = {"input_layers": [["image", 0, 0]], "output_layers": [["evil", 0, 0]]}
    return {"class_name": "Functional", "config": {"name": "net", "layers": layers, **ends}}


def named(function, kind="TFOpLambda"):
    return {"class_name": kind, "config": {"name": "evil", "function": function}, "name": "evil",
            "inbound_nodes": [["image", 0, 0, {}]]}  # fmt: skip


DENIED = ("io.read_file", "io.write_file", "py_function", "numpy_function", "compat.v1.py_func", "raw_ops.ReadFile",
          "load_op_library", "keras.models.load_model", "keras.utils.get_file", "map_fn", "random.normal", "exec",
          "compat.v1.io.read_file", "__class__", "", "image.decode_png", "strings.join",
          "saved_model.load")  # fmt: skip


@pytest.mark.parametrize("function", DENIED)
@pytest.mark.parametrize("kind", ["TFOpLambda", "SlicingOpLambda"])
def test_refuses_operations_that_are_not_in_the_table(tmp_path, function, kind):
    path = legacy_file(tmp_path / "a.h5", functional(named(function, kind)))
    with pytest.raises(ModelFileError, match="not in the table"):
        check_model_file(path)


def test_the_ground_of_that_is_an_accepted_file(tmp_path):
    assert check_model_file(legacy_file(tmp_path / "a.h5", functional(named("nn.relu")))).translation


@pytest.mark.parametrize("function", [None, 1, [], {"class_name": "__lambda__"}])
def test_refuses_operations_without_a_name(tmp_path, function):
    with pytest.raises(ModelFileError):
        check_model_file(legacy_file(tmp_path / "a.h5", functional(named(function))))


@pytest.mark.parametrize("op", ["PyFunc", "ReadFile", "WriteFile", "LoadAndRemapMatrix"])
def test_refuses_graph_operations_that_are_not_in_the_table(tmp_path, op):
    layer = named("x", "TensorFlowOpLayer")
    layer["config"] = {"name": "evil", "node_def": {"name": "evil", "op": op, "attr": {}}, "constants": {}}
    with pytest.raises(ModelFileError, match="not in the table"):
        check_model_file(legacy_file(tmp_path / "a.h5", functional(layer)))


@pytest.mark.parametrize("kind", ["Lambda", "ClassMethod", "InstanceMethod", "InstanceProperty", "TFSMLayer", "Evil"])
def test_refuses_layers_that_could_run_code(tmp_path, kind):
    layer = named("x", kind)
    layer["inbound_nodes"] = [[["image", 0, 0, {}]]]
    with pytest.raises(ModelFileError):
        check_model_file(legacy_file(tmp_path / "a.h5", functional(layer)))


def test_the_table_reaches_no_file_and_no_function():
    words = ("file", "read", "write", "load", "py", "func", "map", "while", "scan", "decode", "io.", "random")
    assert not [name for name in OPERATIONS if any(word in name for word in words)]


def places_in(value, where=()):
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield (*where, key)
        yield from places_in(item, (*where, key))


@pytest.mark.parametrize("odd", [None, -1, 1.5, "x", [], {}, [[]], {"class_name": "x"}, "../x", 10**30], ids=repr)
def test_any_odd_value_anywhere_is_refused_or_harmless(tmp_path, odd):
    with h5py.File(OLD / "divided.h5") as file:
        text = file.attrs["model_config"]
    for where in list(places_in(json.loads(text))):
        config = json.loads(text)
        item = config
        for key in where[:-1]:
            item = item[key]
        item[where[-1]] = odd
        try:
            check_model_file(legacy_file(tmp_path / "a.h5", config))
        except ModelFileError as error:
            assert len(str(error)) <= 200


# What else a file tells


def test_converts_into_a_file_of_today(written, tmp_path):
    changes = convert_model_file(written / "transfer_torch.h5", tmp_path / "new.keras")
    assert ("tf.math.truediv", "TrueDivide") in changes
    assert ("RandomHeight", "Identity") in changes
    assert check_model_file(tmp_path / "new.keras").translation is None
    answers = np.load(written / "transfer_torch.npz")
    assert_equal(open_model_file(tmp_path / "new.keras"), answers["inputs"], [answers["0"]])


@pytest.mark.parametrize("suffix", ["h5", "keras"])
def test_reads_what_it_was_trained_with(written, suffix):
    facts = describe_model_file(written / f"compiled.{suffix}")
    assert facts.training_loss == "sparse_categorical_crossentropy"
    assert facts.keras_version.startswith("2.")
    assert not facts.is_teachable_machine
    assert describe_model_file(CASES / "README.md").keras_version is None


def test_opens_names_that_tensorflow_refuses():
    expected, convnet = np.load(CASES / "expected.npz"), load_convnet(CASES / "models" / "odd_names.keras")
    inputs = expected["odd_names.keras:inputs"].astype("float32")
    assert_equal(convnet.model, inputs, [expected["odd_names.keras"]])
    assert "합성곱 3" in [info.address for info in cnnviz.layers(convnet)]
    for info in map_layers(convnet):
        assert np.isfinite(cnnviz.grad_cam(convnet, inputs, layer=info.address)).all()


def test_gradients_of_a_quantized_head_are_those_of_the_numbers_its_weights_stand_for():
    """Rounded inputs have no slope of their own; the gradient is that of the same head without rounding."""
    expected, convnet = np.load(CASES / "expected.npz"), load_convnet(CASES / "models" / "int8.keras")
    inputs = expected["int8.keras:inputs"].astype("float32")
    assert_equal(convnet.model, inputs, [expected["int8.keras"]])
    dense, scores = (convnet.model.get_layer(name) for name in ("dense_1", "scores"))
    first, second = (
        np.asarray(layer.weights[1], np.float32) / np.asarray(layer.kernel_scale) for layer in (dense, scores)
    )
    for class_index in range(3):
        reading = forward(convnet, inputs, layers=["conv2"], with_gradients=True, class_index=class_index)
        maps, gradient = reading.maps["conv2"], reading.gradient("conv2")
        hidden = maps.mean(axis=(1, 2)) @ first + np.asarray(dense.bias)
        logits = np.maximum(hidden, 0) @ second + np.asarray(scores.bias)
        np.testing.assert_allclose(reading.logits, logits, atol=2e-3)  # what rounding makes of it
        by_channel = ((hidden > 0) * second[:, class_index]) @ first.T / np.prod(maps.shape[1:3])
        np.testing.assert_allclose(gradient, np.broadcast_to(by_channel[:, None, None], maps.shape), rtol=1e-4)
        # Where every channel that answers speaks against the class, Grad-CAM is empty, and says so.
        heat = cnnviz.grad_cam(convnet, inputs, layer="conv2", class_index=class_index)
        right = np.maximum((maps * by_channel[:, None, None]).sum(axis=-1), 0)
        np.testing.assert_allclose(heat, right, atol=1e-9)
