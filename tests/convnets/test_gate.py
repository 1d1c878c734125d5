"""Does the gate let honest model files pass, without Keras, in little time and memory?"""

import json
import math
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import h5py
import keras
import numpy as np
import pytest
from hostile import keras_layer, model_file, read_parts, sequential, write_parts
from keras import layers, ops
from keras.src.backend.common import global_state
from keras.src.backend.common.stateless_scope import StatelessScope

from cnnviz.convnets.catalog import catalog
from cnnviz.convnets.config_rules import check_config, parse
from cnnviz.convnets.gate import check_model_file
from cnnviz.convnets.size_rules import least_parameters

# TensorFlow 2.21 with NumPy 2: what Keras saves goes through a conversion that NumPy deprecates.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
ROOT = Path(__file__).parents[2]


def small():
    model = keras.Sequential(
        [
            keras.Input((8, 8, 3), name="image"),
            layers.Conv2D(4, 3, activation="relu", name="conv"),
            layers.GlobalAveragePooling2D(name="pool"),
            layers.Dense(2, activation="softmax", name="scores"),
        ],
        name="small",
    )
    model.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
    return model


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """One small model in every format."""
    folder = tmp_path_factory.mktemp("saved")
    model = small()
    model.save(folder / "small.keras")
    model.save(folder / "small.h5")
    model.save_weights(folder / "small.weights.h5")
    return folder


@pytest.mark.parametrize(
    ("name", "kind", "layer_count"), [("keras", "keras", 4), ("h5", "h5", 4), ("weights.h5", "weights", 0)]
)
def test_reports_what_a_file_holds(saved, name, kind, layer_count):
    report = check_model_file(saved / f"small.{name}")
    assert (report.kind, report.suffix, report.layer_count) == (kind, f".{name}", layer_count)
    assert report.parameters == small().count_params() == 122
    assert report.weight_bytes >= 4 * 122


@pytest.mark.parametrize(("content", "name"), [("h5", "wrong.keras"), ("keras", "wrong.h5"), ("keras", "no_ending")])
def test_decides_by_content_whatever_the_name(saved, tmp_path, content, name):
    (tmp_path / name).write_bytes((saved / f"small.{content}").read_bytes())
    assert check_model_file(tmp_path / name).kind == content


def test_needs_neither_keras_nor_tensorflow(saved):
    code = (
        "import pathlib, sys; from cnnviz.convnets.gate import check_model_file\n"
        f"report = check_model_file(pathlib.Path({str(saved / 'small.keras')!r}))\n"
        "assert report.kind == 'keras'\n"
        "assert not {'keras', 'tensorflow'} & set(sys.modules), 'imported'\n"
        "status = pathlib.Path('/proc/self/status')\n"
        "lines = status.read_text().splitlines() if status.exists() else []\n"
        "assert all(int(line.split()[1]) < 200_000 for line in lines if line.startswith('VmHWM')), lines\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_is_quick_on_small_files(saved):
    seconds = []
    for _ in range(20):
        start = time.process_time()
        check_model_file(saved / "small.keras")
        seconds.append(time.process_time() - start)
    assert sorted(seconds)[18] < 0.1


def test_leaves_the_file_and_its_folder_alone(saved):
    before = {path: path.read_bytes() for path in saved.iterdir()}
    for path in before:
        check_model_file(path)
    assert {path: path.read_bytes() for path in saved.iterdir()} == before


def test_reads_compressed_archives(saved, tmp_path):
    config, parts = read_parts(saved / "small.keras")
    path = write_parts(tmp_path / "packed.keras", config, parts, compression=zipfile.ZIP_DEFLATED)
    assert path.stat().st_size < (saved / "small.keras").stat().st_size  # else nothing was compressed
    assert check_model_file(path).parameters == 122


@pytest.mark.parametrize("name", catalog())
def test_lets_every_model_of_the_catalog_pass(name):
    """Built without their numbers, which would take minutes; VGG16 is tried in full size below."""
    with StatelessScope(initialize_variables=False):
        model = catalog()[name].build_untrained()
    global_state.set_global_attribute("uninitialized_variables", [])  # else the next model built fills in all of them
    config = parse(json.dumps(keras.saving.serialize_keras_object(model)).encode())
    count = sum(math.prod(weight.shape) for weight in model.weights)
    assert check_config(config) >= (0 if "subclassed" in name else len(model.layers))
    assert least_parameters(config) <= count
    if name not in (
        "inception_resnet_v2",
        "lenet5_subclassed",
    ):  # a layer of its own, and no layers, in the description
        assert least_parameters(config) > 0.99 * count


@pytest.fixture(scope="module")
def vgg16_config():
    """Written by hand, so that nobody allocates 553 MB: 13 convolutions and three dense layers."""

    def conv(name, filters):
        return keras_layer("Conv2D", {"name": name, "filters": filters, "kernel_size": [3, 3], "padding": "same"})

    stack = []
    for block, (repeats, filters) in enumerate([(2, 64), (2, 128), (3, 256), (3, 512), (3, 512)], 1):
        stack += [conv(f"block{block}_conv{index}", filters) for index in range(repeats)]
        stack.append(keras_layer("MaxPooling2D", {"name": f"block{block}_pool", "pool_size": [2, 2]}))
    stack.append(keras_layer("Flatten", {"name": "flatten"}))
    stack += [
        keras_layer("Dense", {"name": f"fc{index}", "units": units}) for index, units in enumerate((4096, 4096, 1000))
    ]
    return sequential(stack, name="vgg16", shape=(224, 224, 3))


def test_counts_vgg16s_weights_from_its_description(vgg16_config):
    assert least_parameters(vgg16_config) == 138_357_544


def test_lets_vgg16_pass_in_full_size(vgg16_config, tmp_path):
    """138 M weights that are declared and have their place in the file, but were never written to the disk."""
    path = tmp_path / "vgg16.h5"
    with h5py.File(path, "w") as file:
        file.attrs["model_config"] = json.dumps(vgg16_config)
        group = file.create_group("model_weights")
        group.attrs["layer_names"] = np.array([b"all"])
        places = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        places.set_alloc_time(h5py.h5d.ALLOC_TIME_EARLY)
        places.set_fill_time(h5py.h5d.FILL_TIME_NEVER)
        for name, shape in {"fc1": (25088, 4096), "fc2": (4096, 4096), "rest": (18_819_880,)}.items():
            space = h5py.h5s.create_simple(shape)
            h5py.h5d.create(group.id, name.encode(), h5py.h5t.IEEE_F32LE, space, places)
    assert path.stat().st_size > 553_000_000  # else the limits were not tried
    assert path.stat().st_blocks * 512 < 10_000_000
    assert check_model_file(path).parameters == 138_357_544


def test_lets_operations_between_layers_pass():
    image = keras.Input((8, 8, 3))
    x = ops.clip(image / 255.0, 0.0, 1.0)
    x = layers.Conv2D(4, 3, padding="same")(x)
    x = ops.concatenate([x, ops.relu(x) * 2.0], axis=-1)[:, 1:, ..., :5]
    scores = ops.softmax(layers.Dense(2)(ops.mean(x, axis=(1, 2))))
    config = parse(json.dumps(keras.saving.serialize_keras_object(keras.Model(image, scores))).encode())
    modules = {layer["module"] for layer in config["config"]["layers"]}
    assert {"keras.src.ops.numpy", "keras.src.ops.nn"} <= modules  # else no operation was tried
    assert check_config(config) == len(config["config"]["layers"])


def test_lets_a_compiled_model_inside_a_model_pass():
    outer = keras.Sequential([keras.Input((8, 8, 3)), small(), layers.Rescaling(2.0)])
    outer.layers[0].compile(
        keras.optimizers.SGD(keras.optimizers.schedules.ExponentialDecay(0.1, 10, 0.9)), keras.losses.mean_squared_error
    )
    config = keras.saving.serialize_keras_object(outer)
    assert "compile_config" in json.dumps(config["config"])  # of the inner model, which Keras does compile
    check_config(parse(json.dumps(config).encode()))


def test_drops_what_the_outermost_model_was_compiled_with(tmp_path):
    config = sequential([])
    config["compile_config"] = {"loss": {"class_name": "function", "module": "builtins", "config": "my_loss"}}
    assert check_model_file(model_file(tmp_path / "a.keras", config=config)).layer_count == 1


def test_lets_a_class_of_ours_pass(tmp_path):
    config = {
        "module": "cnnviz.convnets.architectures",
        "class_name": "LeNet5",
        "config": {},
        "registered_name": "cnnviz>LeNet5",
    }
    assert check_model_file(model_file(tmp_path / "a.keras", config=config)).kind == "keras"


def test_counts_bfloat16_weights_as_numbers(tmp_path):
    import ml_dtypes

    with h5py.File(tmp_path / "raw.h5", "w") as file:  # as Keras does: opaque bytes and a note
        file.create_dataset("layers/dense/vars/0", data=np.ones(5, ml_dtypes.bfloat16)).attrs["dtype"] = "bfloat16"
    assert check_model_file(tmp_path / "raw.h5").parameters == 5


@pytest.mark.parametrize(
    "layer",
    [
        layers.SeparableConv2D(6, 3, strides=2, dilation_rate=1, padding="same"),
        layers.SeparableConv2D(6, 3, depth_multiplier=2, use_bias=False),
        layers.DepthwiseConv2D((3, 5), depth_multiplier=3),
        layers.Conv2DTranspose(5, 3, strides=2, padding="same"),
        layers.Conv2D(8, 3, groups=2, dilation_rate=2),
        layers.BatchNormalization(scale=False),
        layers.ZeroPadding2D(((1, 2), (3, 4))),
        layers.Cropping2D((1, 2)),
        layers.UpSampling2D((2, 3)),
        layers.Resizing(5, 6),
        layers.AveragePooling2D(3, strides=2, padding="same"),
        layers.MaxPooling2D((2, 3)),
        layers.Reshape((12, 12, 4)),
    ],
    ids=lambda layer: layer.name,
)
def test_counts_weights_and_follows_shapes_as_keras_does(layer):
    """A dense layer behind a flattened one has as many weights as the shape has numbers."""
    model = keras.Sequential([keras.Input((12, 12, 4)), layer, layers.Flatten(), layers.Dense(7)])
    config = json.loads(json.dumps(keras.saving.serialize_keras_object(model)))
    assert least_parameters(config) == model.count_params() > 7


def test_follows_branches_of_a_functional_model():
    image = keras.Input((12, 12, 4))
    left, right = layers.Conv2D(3, 3, name="left")(image), layers.Conv2D(5, 3, name="right")(image)
    joined = layers.Flatten()(layers.Concatenate()([left, right]))
    model = keras.Model(image, layers.Dense(2)(joined))
    config = json.loads(json.dumps(keras.saving.serialize_keras_object(model)))
    assert least_parameters(config) == model.count_params()
