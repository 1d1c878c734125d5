"""Is every hostile or broken model file refused, with a short sentence, before anything of it is used?"""

import io
import json
import os
import struct
import time
import zipfile
from pathlib import Path

import h5py
import numpy as np
import pytest
from hostile import (
    CONFIG,
    METADATA,
    WEIGHTS,
    keras_layer,
    legacy_file,
    model_file,
    sequential,
    weights_file,
    write_parts,
)

import cnnviz
from cnnviz.convnets.gate import check_model_file
from cnnviz.errors import ModelFileError

GOOD = {METADATA: b"{}", WEIGHTS: weights_file()}


def refusal(path):
    """The sentence with which a file is refused; every one is short and tells nothing about this machine."""
    with pytest.raises(ModelFileError) as caught:
        check_model_file(path)
    text = str(caught.value)
    assert 20 < len(text) <= 200, text
    assert text.endswith(".")
    for secret in (str(path.parent), "safe_mode", "Traceback", "\n"):
        assert secret not in text
    return text


def test_the_ground_of_these_tests_is_an_accepted_file(tmp_path):
    """Else every refusal below might have another cause."""
    layer = keras_layer("Dense", {"name": "dense", "units": 2})
    assert check_model_file(model_file(tmp_path / "a.keras", [layer])).layer_count == 2
    assert check_model_file(legacy_file(tmp_path / "a.h5", sequential([layer]))).layer_count == 2


# What runs code


FUNCTION = {"module": "keras.config", "class_name": "function", "config": "set_floatx", "registered_name": "set_floatx"}
LAMBDA_CODE = {"class_name": "__lambda__", "config": {"code": "4wAAAAA=", "defaults": None, "closure": None}}


@pytest.mark.parametrize("function", [FUNCTION, LAMBDA_CODE, "exec"], ids=["keras function", "code", "name"])
def test_refuses_a_lambda_layer(tmp_path, function):
    layer = keras_layer("Lambda", {"name": "evil", "function": function, "arguments": {"value": "float64"}})
    for path in (model_file(tmp_path / "a.keras", [layer]), legacy_file(tmp_path / "a.h5", sequential([layer]))):
        assert "Lambda layer holds code" in refusal(path)


def wrapped(item):
    return keras_layer("TimeDistributed", {"name": "wrapper", "layer": item})


PLACES = {
    "a layer": lambda item: sequential([item]),
    "a wrapper": lambda item: sequential([wrapped(item)]),
    "an initializer": lambda item: sequential([keras_layer("Dense", {"units": 2, "kernel_initializer": item})]),
    "an inner model": lambda item: sequential([sequential([item])]),
    "an inner model's loss": lambda item: sequential([{**sequential([]), "compile_config": {"loss": item}}]),
    "a node's arguments": lambda item: sequential([keras_layer("Add", {}, inbound_nodes=[{"args": [item]}])]),
    "the shape it was built for": lambda item: {**sequential([]), "build_config": {"input_shape": item}},
    "the model itself": lambda item: item,
}
# What a translation leaves out, so that Keras never sees it.
LEFT_OUT = {
    "an initializer": "the file's weights take its place",
    "an inner model's loss": "nothing is trained",
    "a node's arguments": "a Sequential has no nodes",
    "the shape it was built for": "its layers tell",
}
EVIL = {
    "a Lambda": keras_layer("Lambda", {"function": FUNCTION}),
    "code": LAMBDA_CODE,
    "a function that changes Keras": FUNCTION,
    "os.system": {"module": "os", "class_name": "function", "config": "system", "registered_name": "system"},
    "a function of Keras's loader": {"module": "keras.utils", "class_name": "get_file", "config": {"origin": "http://x"}},
    "a SavedModel layer": keras_layer("TFSMLayer", {"filepath": "/tmp/x"}),
    "a torch pickle": keras_layer("TorchModuleWrapper", {"module": "x"}),
    "a file of words": keras_layer("StringLookup", {"vocabulary": "/etc/passwd"}),
    "a private class": {"module": "keras.src.export.tfsm_layer", "class_name": "TFSMLayer", "config": {}},
    "an operation with a function": {"module": "keras.src.ops.core", "class_name": "Map", "config": {}},
    "a class of another module": {"module": "keras.src.utils.jax_layer", "class_name": "Dense", "config": {}},
    "a function called like a class": {"class_name": "deserialize", "config": {"name": "x"}},
    "a type of TensorFlow": {"class_name": "__typespec__", "spec_name": "TensorSpec", "module": "tensorflow"},
    "a type registered by name": {"class_name": "TypeSpec", "type_spec": "x", "serialized": []},
    "a class under another's name": keras_layer("Dense", {"units": 2}) | {"registered_name": "other>Evil"},
    "a class of ours under a false name": keras_layer("Dense", {"units": 2}) | {"registered_name": "cnnviz>LeNet5"},
    "gigabytes of text": {"class_name": "__numpy__", "config": {"value": ["a"], "dtype": "U1000000000"}},
    "a class without a name": {"module": "keras.layers", "class_name": ["Dense"], "config": {}},
}  # fmt: skip


REASONS = {
    "a Lambda": "Lambda layer holds code",
    "code": "Lambda layer holds code",
    "a function that changes Keras": "the function 'set_floatx'",
    "os.system": "the function 'system'",
    "a function of Keras's loader": "uses 'get_file' from 'keras.utils'",
    "a SavedModel layer": "TFSMLayer runs code",
    "a torch pickle": "TorchModuleWrapper runs code",
    "a file of words": "StringLookup runs code or reads text",
    "a private class": "TFSMLayer runs code",
    "an operation with a function": "uses 'Map' from 'keras.src.ops.core'",
    "a class of another module": "uses 'Dense' from 'keras.src.utils.jax_layer'",
    "a function called like a class": "the class 'deserialize', which is not part of Keras",
    "a type of TensorFlow": "the class '__typespec__', which is not part of Keras",
    "a type registered by name": "the class 'TypeSpec', which is not part of Keras",
    "a class under another's name": "the class 'Dense', which is not part of Keras",
    "a class of ours under a false name": "the class 'Dense', which is not part of Keras",
    "gigabytes of text": "a value of type 'U1000000000'",
    "a class without a name": "names a class by something that is not a word",
}


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("evil", EVIL)
def test_refuses_what_could_run_wherever_it_stands(tmp_path, evil, place):
    config = PLACES[place](EVIL[evil])
    said = refusal(model_file(tmp_path / "a.keras", config=config))
    assert REASONS[evil] in said or (
        place == "the model itself" and ("model. Save" in said or "model config. Save" in said)
    )
    if place not in LEFT_OUT and (evil, place) != ("a class of another module", "a wrapper"):
        refusal(legacy_file(tmp_path / "a.h5", config))


@pytest.mark.parametrize("place", [place for place in PLACES if place != "the model itself"])
def test_a_harmless_layer_is_taken_wherever_it_stands(tmp_path, place):
    """Else the refusals above might be of the place."""
    config = PLACES[place](keras_layer("Dense", {"units": 2}))
    assert check_model_file(model_file(tmp_path / "a.keras", config=config)).layer_count >= 1


def translated(path, config):
    return check_model_file(legacy_file(path, config)).translation.config


@pytest.mark.parametrize("place", LEFT_OUT)
@pytest.mark.parametrize("evil", [name for name in EVIL if name != "a class without a name"])
def test_what_a_translation_leaves_out_changes_nothing_whatever_it_is(tmp_path, evil, place):
    """The same place with a harmless thing in it gives the same description, to the letter."""
    harmless = "zeros"
    assert translated(tmp_path / "a.h5", PLACES[place](EVIL[evil])) == translated(
        tmp_path / "b.h5", PLACES[place](harmless)
    )


def test_a_class_of_another_module_becomes_the_one_of_keras(tmp_path):
    """Keras 2 wrote no modules of its own; whatever a file says there, the name alone is looked up."""
    layer = {"class_name": "Dense", "config": {"units": 2}}
    evil = layer | {"module": "keras.src.utils.jax_layer"}
    config = translated(tmp_path / "a.h5", PLACES["a wrapper"](evil))
    assert config == translated(tmp_path / "b.h5", PLACES["a wrapper"](layer))
    assert "jax" not in json.dumps(config)


def test_names_the_class_of_somebodys_own_and_points_to_the_api(tmp_path):
    layer = {"module": "my.layers", "class_name": "Attention2", "config": {}, "registered_name": "Custom>Attention2"}
    text = refusal(model_file(tmp_path / "a.keras", [layer]))
    assert "'Attention2'" in text
    assert "cnnviz.convnet_from_model" in text


def test_shows_names_of_the_file_short_and_as_plain_text(tmp_path):
    layer = {"module": "m", "class_name": "\u202eA\n" + "b" * 5000, "config": {}, "registered_name": None}
    text = refusal(model_file(tmp_path / "a.keras", [layer]))
    assert "'?A?bbb" in text
    assert "..." in text


LOWERED_GUARDS = ("safe_mode=False", "enable_unsafe", "shell=True", "extractall(", "multiprocessing", "eval(", "exec(")


def test_our_own_code_lowers_no_guard():
    sources = {path: path.read_text() for path in Path(cnnviz.__file__).parent.rglob("*.py")}
    assert len(sources) > 20  # else nothing was read
    assert not [(path.name, sign) for path, text in sources.items() for sign in LOWERED_GUARDS if sign in text]


# Archives


def test_refuses_members_that_lead_out(tmp_path):
    for name in ("../evil.txt", "/abs.txt", "assets/../../evil", "a\\b", "C:evil"):
        assert "points outside" in refusal(model_file(tmp_path / "a.keras", parts={name: b"x"}))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.keras"]


def test_refuses_links(tmp_path):
    link = zipfile.ZipInfo("assets/link")
    link.external_attr = 0o120777 << 16
    path = write_parts(tmp_path / "a.keras", sequential([]), GOOD)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(link, "/etc/passwd")
    assert "link" in refusal(path)


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("name", [CONFIG, WEIGHTS, METADATA])
def test_refuses_two_members_of_one_name(tmp_path, name):
    path = write_parts(tmp_path / "a.keras", sequential([]), GOOD)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(name, b"{}")
    assert "share a name" in refusal(path)


def test_refuses_what_stands_before_the_archive(tmp_path):
    good = write_parts(tmp_path / "good.keras", sequential([]), GOOD).read_bytes()
    (tmp_path / "a.keras").write_bytes(b"<html>hello</html>" + good)
    assert zipfile.is_zipfile(tmp_path / "a.keras")  # other readers open it
    assert "web page" in refusal(tmp_path / "a.keras")
    (tmp_path / "b.keras").write_bytes(good + good)
    assert "overlap" in refusal(tmp_path / "b.keras")


def test_refuses_overlapping_members(tmp_path):
    path = write_parts(tmp_path / "a.keras", sequential([]), GOOD)
    data = bytearray(path.read_bytes())
    with zipfile.ZipFile(path) as archive:
        first, second = archive.infolist()[:2]
    where = data.rindex(second.filename.encode()) - 4  # the offset stands right before the name in the directory
    assert struct.unpack_from("<I", data, where)[0] == second.header_offset
    struct.pack_into("<I", data, where, first.header_offset)
    path.write_bytes(data)
    assert "overlap" in refusal(path)


def test_refuses_too_many_members(tmp_path):
    path = model_file(tmp_path / "a.keras", parts={f"assets/{index}": b"" for index in range(2100)})
    assert "members" in refusal(path)


@pytest.mark.parametrize("name", [CONFIG, WEIGHTS, "assets/words.txt"])
def test_refuses_bombs_from_the_directory_alone(tmp_path, name):
    parts = dict(GOOD) | {name: b"\0" * 40_000_000}
    config = parts.pop(CONFIG, sequential([]))
    path = write_parts(tmp_path / "a.keras", config, parts, compression=zipfile.ZIP_DEFLATED)
    assert path.stat().st_size < 100_000
    start = time.process_time()
    assert "expands" in refusal(path)
    assert time.process_time() - start < 0.1


def test_refuses_many_small_bombs(tmp_path):
    parts = dict(GOOD) | {f"assets/{index}": b"\0" * 12_000_000 for index in range(6)}  # each is too small to stand out
    path = write_parts(tmp_path / "a.keras", sequential([]), parts, compression=zipfile.ZIP_DEFLATED)
    assert "expands to 0.1 GB" in refusal(path)


def test_refuses_a_password(tmp_path):
    path = write_parts(tmp_path / "a.keras", sequential([]), GOOD)
    data = bytearray(path.read_bytes())
    data[data.rindex(b"PK\1\2") + 8] |= 1
    path.write_bytes(data)
    assert "password" in refusal(path)


def test_refuses_damaged_content(tmp_path):
    path = write_parts(tmp_path / "a.keras", sequential([]), GOOD)
    good = path.read_bytes()
    for place in (good.index(b'"InputLayer"'), good.index(b"\x89HDF") + 600):
        path.write_bytes(good[:place] + bytes([good[place] ^ 0x55]) + good[place + 1 :])
        assert "damaged" in refusal(path)


@pytest.mark.parametrize("share", [0.999, 0.9, 0.5, 0.1])
def test_says_that_a_file_is_cut_short(tmp_path, share):
    good = write_parts(tmp_path / "a.keras", sequential([]), GOOD).read_bytes()
    (tmp_path / "a.keras").write_bytes(good[: int(share * len(good))])
    assert "cut short" in refusal(tmp_path / "a.keras")
    old = legacy_file(tmp_path / "a.h5", sequential([])).read_bytes()
    (tmp_path / "a.h5").write_bytes(old[: int(share * len(old))])
    assert "cut short" in refusal(tmp_path / "a.h5")


@pytest.mark.parametrize("missing", [CONFIG, WEIGHTS])
def test_says_what_is_missing(tmp_path, missing):
    with zipfile.ZipFile(tmp_path / "a.keras", "w") as archive:
        for name, data in ({CONFIG: json.dumps(sequential([]))} | GOOD).items():
            if name != missing:
                archive.writestr(name, data)
    assert missing in refusal(tmp_path / "a.keras")


def test_names_a_saved_model(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("model/saved_model.pb", b"x")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "saved_model.pb").write_bytes(b"x")
    for name in ("a.zip", "folder"):
        text = refusal(tmp_path / name)
        assert "SavedModel" in text
        assert ".keras" in text


OTHER_KINDS = {
    b"": "empty",
    b"\x89PNG\r\n\x1a\n": "PNG",
    b"\xff\xd8\xff\xe0": "JPEG",
    b"\n <!doctype html>": "web page",
    b"\x80\x04\x95": "pickle",
    b"hello": "another kind",
    b"\x1c\0\0\0TFL3\x14\0 \0": "TensorFlow Lite model, which has no layers",
    b'\x08\x0e:3\n\x0c\n\x01x\x12\x01y"\x04Relu\x12\x01gZ\x0f': "an ONNX model, not a Keras model. Convert it",
    b"\x08\x0e\x12\x07pytorch\x1a\x032.1:3\n\x0c\n\x01x": "an ONNX model",
    b'\x08\x08\x12\x1f\n\x11\n\x05image\x1a\x08"\x06\x08\xe0\x01': "a Core ML model",
    b"\x08\x01\x12\x8a\x95\x02\n\x81\x15\x12\xd1\x14\n^\n\x10Placeholder": "a TensorFlow graph",
    b"\n:\n\x01x\x12\x0bPlaceholder*\x1b\n\x05shape": "a TensorFlow graph (.pb)",
    b'8\0\0\0\0\0\0\0{"a":{"dtype":': "weights without layers (safetensors)",
    b'{"format": "layers-model", "modelTopology": {': "a TensorFlow.js model",
    b'{"module": "keras", "class_name": "Sequential"': "architecture (JSON) without its weights",
    b"PK\3\4" + bytes(22) + b"\x0d\0\0\0cats/data.pkl": "a PyTorch model",
    b"PK\3\4" + bytes(22) + b"\x05\0\0\0a.npy": "NumPy arrays",
    b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.": "a PyTorch model",
    b"MATLAB 5.0 MAT-file": "a MATLAB file",
    b"\0\0\x06\x08\x01\x1a\x02\x08\x01\0\x1c\x0f_CHECKPOINTABLE_OBJECT_GRAPH": "a TensorFlow checkpoint",
    b"\x08": "another kind",
    b"\n": "another kind",
    b"version https://git-lfs.github.com/spec/v1": "Git LFS",
}


@pytest.mark.parametrize(("head", "word"), OTHER_KINDS.items())
def test_says_what_a_file_is_instead(tmp_path, head, word):
    (tmp_path / "a.keras").write_bytes(head)
    assert word in refusal(tmp_path / "a.keras")


def test_says_that_a_file_is_missing_or_a_folder(tmp_path):
    assert "no file" in refusal(tmp_path / "a.keras")
    (tmp_path / "b.keras").mkdir()
    assert "folder" in refusal(tmp_path / "b.keras")


def test_refuses_what_is_no_ordinary_file(tmp_path):
    os.mkfifo(tmp_path / "a.keras")  # opening it would wait for ever
    assert "not a regular file" in refusal(tmp_path / "a.keras")


def test_refuses_a_file_beyond_the_limit_without_reading_it(tmp_path):
    with (tmp_path / "a.keras").open("wb") as file:
        file.write(b"PK\3\4")
        file.truncate(2**30 + 1)
    assert "1 GB" in refusal(tmp_path / "a.keras")


# Descriptions


def chain(depth):
    config = sequential([])
    for _ in range(depth):
        config = sequential([config])
    return config


DESCRIPTIONS = {
    "nested lists": (b"[" * 100_000, "deep"),
    "nested models": (json.dumps(chain(200)).encode(), "deep"),
    "not JSON": (b'{"class_name": ', "JSON"),
    "not UTF-8": (b'{"class_name": "\xff"}', "JSON"),
    "a list": (b"[]", "not a model config"),
    "null": (b"null", "not a model config"),
    "no settings": (b'{"class_name": "Sequential"}', "not a model config"),
    "a layer": (json.dumps(keras_layer("Dense", {"units": 2})).encode(), "not a model"),
    "a key twice": (b'{"class_name": "Sequential", "config": {}, "config": {}}', "twice"),
    "a very long number": (b'{"config": {}, "a": ' + b"9" * 5000 + b"}", "JSON"),
}


@pytest.mark.parametrize("name", DESCRIPTIONS)
def test_refuses_odd_descriptions(tmp_path, name):
    data, word = DESCRIPTIONS[name]
    assert word in refusal(model_file(tmp_path / "a.keras", config=data))


def test_refuses_a_description_that_is_too_long(tmp_path):
    config = b'{"config": {}, "a": "' + np.random.default_rng(0).bytes(20_000_000).hex().encode()[: 17 * 2**20] + b'"}'
    assert "16 MB" in refusal(model_file(tmp_path / "a.keras", config=config))


def test_refuses_a_sequential_that_keras_takes_minutes_to_build(tmp_path):
    layers = [keras_layer("ReLU", {"name": f"relu{index}"}) for index in range(1000)]
    assert "1,001 layers" in refusal(model_file(tmp_path / "a.keras", layers))
    assert check_model_file(model_file(tmp_path / "b.keras", layers[:150])).layer_count == 151


def test_refuses_too_many_layers(tmp_path):
    config = sequential([keras_layer("ReLU", {"name": f"relu{index}"}) for index in range(3500)])
    config["class_name"] = "Functional"
    assert "3,501 layers" in refusal(model_file(tmp_path / "a.keras", config=config))


def doubling(depth):
    """A model that calls another twice, which calls another twice, ...: Keras builds each call anew."""
    inner = sequential([keras_layer("ReLU", {"name": "relu"})])
    for level in range(depth):
        called = {**inner, "inbound_nodes": [{"args": [], "kwargs": {}}] * 2}
        inner = {**sequential([called], name=f"level{level}"), "class_name": "Functional"}
    return inner


def test_counts_the_layers_of_a_shared_model_once_for_each_call(tmp_path):
    assert check_model_file(model_file(tmp_path / "few.keras", config=doubling(3))).layer_count == 8
    # The innermost has an image and a ReLU; each level doubles that and adds an image of its own.
    assert "49,151 layer calls" in refusal(model_file(tmp_path / "many.keras", config=doubling(14)))


def places_in(node, where=()):
    """Paths to everything inside a description."""
    yield where
    items = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, value in items:
        yield from places_in(value, (*where, key))


def with_another(node, where, value):
    if not where:
        return value
    changed = dict(node) if isinstance(node, dict) else list(node)
    changed[where[0]] = with_another(node[where[0]], where[1:], value)
    return changed


@pytest.mark.parametrize("odd", [None, [], {}, "x", -1, 1.5, [[1]], {"class_name": {}}, True, "1" * 50], ids=str)
def test_any_odd_value_anywhere_is_refused_or_harmless(tmp_path, odd):
    """Nothing but a refusal may come out of the gate, whatever stands where."""
    function = {"class_name": "function", "module": "keras.losses", "config": "mean_squared_error"}
    array = {"class_name": "__numpy__", "config": {"value": [1.0], "dtype": "float32"}}
    inner = {**sequential([conv(2), keras_layer("MaxPooling2D", {"pool_size": [2, 2]})]), "compile_config": function}
    node = {"args": [{"class_name": "__keras_tensor__", "config": {"keras_history": ["conv", 0, 0]}}], "kwargs": {}}
    config = sequential([inner, keras_layer("Rescaling", {"scale": array}, inbound_nodes=[node]), dense(2)])
    assert check_model_file(model_file(tmp_path / "a.keras", config=config))
    refused = 0
    for where in list(places_in(config)):
        path = model_file(tmp_path / "a.keras", config=with_another(config, where, odd))
        try:
            check_model_file(path)
        except ModelFileError:
            refused += 1
    assert refused >= 5


@pytest.mark.parametrize("name", ["../../evil", "a/b", "a\\b", "nul\0"])
def test_refuses_layer_names_that_are_paths(tmp_path, name):
    layer = keras_layer("Dense", {"name": name, "units": 2})
    assert "path" in refusal(model_file(tmp_path / "a.keras", [layer]))


def test_refuses_channels_first(tmp_path):
    layer = keras_layer("Conv2D", {"name": "c", "filters": 2, "kernel_size": [3, 3], "data_format": "channels_first"})
    assert "channels_first" in refusal(model_file(tmp_path / "a.keras", [layer]))


def conv(filters, kernel=3):
    return keras_layer(
        "Conv2D", {"name": "conv", "filters": filters, "kernel_size": [kernel, kernel], "padding": "same"}
    )


def dense(units):
    return keras_layer("Dense", {"name": f"dense{units}", "units": units})


HUGE = {
    "a wide dense layer": ([dense(4_000_000)], (8, 8, 3), "weights"),
    "two wide dense layers": ([dense(60_000), dense(60_001)], (8, 8, 3), "weights"),
    "a dense layer behind many pixels": ([keras_layer("Flatten", {}), dense(4096)], (2000, 2000, 3), "weights"),
    "a wide convolution": ([conv(1_000_000, 99)], (8, 8, 3), "weights"),
    "a large input": ([], (60_000, 60_000, 3), "GB; the limit is"),
    "an enlarged image": ([keras_layer("UpSampling2D", {"size": [9999, 9999]})], (8, 8, 3), "GB; the limit is"),
    "a large activation": ([conv(200)], (2000, 2000, 3), "GB; the limit is"),
    "many large activations": ([conv(64) for _ in range(30)], (1000, 1000, 3), "A gradient for one image"),
    "many behind one that keeps the shape": (
        [keras_layer("UnitNormalization", {}), *(conv(64) for _ in range(30))],
        (1000, 1000, 3),
        "A gradient for one",
    ),
    "an inner model's": ([sequential([dense(4_000_000)])], (8, 8, 3), "weights"),
    "negative units": ([dense(-5)], (8, 8, 3), "not a number"),
    "units that are a word": ([dense("many")], (8, 8, 3), "not a number"),
    "no units": ([keras_layer("Dense", {})], (8, 8, 3), "not a number"),
    "a shape of words": ([dense(2)], ("a", "b", 3), "not a number"),
}


@pytest.mark.parametrize("name", HUGE)
def test_refuses_sizes_that_the_weights_do_not_bear_out(tmp_path, name):
    layers, shape, word = HUGE[name]
    start = time.process_time()
    assert word in refusal(model_file(tmp_path / "a.keras", layers, shape=shape))
    assert time.process_time() - start < 0.5


# Weights


def soft_link(file):
    file["model_weights/dense/soft"] = h5py.SoftLink("/model_weights")


def external_link(file):
    file["model_weights/dense/outside"] = h5py.ExternalLink("/etc/other.h5", "/")


def external_storage(file):
    file.create_dataset("model_weights/dense/raw", (4,), "f4", external=[("/etc/passwd", 0, 16)])


def virtual(file):
    layout = h5py.VirtualLayout((3, 2), "f4")
    layout[:] = h5py.VirtualSource("/etc/other.h5", "x", (3, 2))
    file.create_virtual_dataset("model_weights/dense/virtual", layout)


def text(file):
    file["model_weights/dense/text"] = "hello"


def objects(file):
    file["model_weights/dense/reference"] = np.array([file.ref], h5py.ref_dtype)


def named_type(file):
    file["model_weights/dense/type"] = np.dtype("f4")


def terabytes(file):
    file.create_dataset("model_weights/dense/huge", (2**40,), "f4", chunks=(2**20,))


def much_in_all(file):
    for index in range(4):  # 420 MB each, of which enough is stored that none stands out
        where = f"model_weights/dense/{index}"
        dataset = file.create_dataset(where, (400 * 2**18,), "f4", chunks=(2**20,), compression="gzip")
        dataset.id.write_direct_chunk((0,), bytes(430_000))


def stores_nothing(file):
    file.create_dataset("model_weights/dense/hollow", (2**26,), "f4", chunks=(2**20,))


def contains_itself(file):
    file["model_weights/dense/again"] = file["model_weights"]


def long_note(file):
    for index in range(280):
        file["model_weights"].attrs[f"note{index}"] = np.zeros(62_000, np.uint8)


def plugin(file):
    settings = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    settings.set_chunk((4,))
    settings.set_filter(307, h5py.h5z.FLAG_OPTIONAL)  # bzip2, which HDF5 would look for in a library
    group = file["model_weights/dense"]
    h5py.h5d.create(group.id, b"packed", h5py.h5t.IEEE_F32LE, h5py.h5s.create_simple((4,)), settings)


HOSTILE_WEIGHTS = {
    soft_link: "link",
    external_link: "link",
    external_storage: "another file",
    virtual: "another file",
    text: "data other than numbers",
    objects: "data other than numbers",
    named_type: "data other than numbers",
    terabytes: "declares",
    much_in_all: "more than 1.1 GB",
    stores_nothing: "stores",
    contains_itself: "too many",
    long_note: "HDF5 attributes",
    plugin: "plugin",
}


@pytest.mark.parametrize("change", HOSTILE_WEIGHTS, ids=lambda change: change.__name__)
def test_refuses_weights_that_are_more_than_numbers(tmp_path, change):
    path = legacy_file(tmp_path / "a.h5", sequential([]), change=change)
    assert HOSTILE_WEIGHTS[change] in refusal(path)
    inside = io.BytesIO()
    with h5py.File(inside, "w") as file:
        file.create_group("model_weights/dense")
        change(file)
    assert HOSTILE_WEIGHTS[change] in refusal(model_file(tmp_path / "a.keras", weights=inside.getvalue()))


def test_refuses_text_as_weights(tmp_path):
    assert "damaged" in refusal(model_file(tmp_path / "a.keras", weights=b"hello"))


def test_tells_data_from_weights(tmp_path):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["pictures"] = np.zeros((2, 3))
    assert "holds data" in refusal(tmp_path / "a.h5")
