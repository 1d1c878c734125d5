"""Model files of other frameworks, recognized by their first bytes, with advice on converting each to Keras."""

from __future__ import annotations

from collections.abc import Callable

from cnnviz.sentences import Sentence

HEAD_BYTES = 4096
"""How much of a file is looked at."""

_ZIP = b"PK\3\4"
_NAME_LENGTH, _NAME = slice(26, 28), 30  # in the header of an archive's first member
_OF_TORCH = (b"/data.pkl", b"/version", b"/byteorder", b"/constants.pkl", b"/.format_version")
_OLD_TORCH = b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19"  # the number that torch.save began its files with before 1.6
_SHORTEST = 16
_FIRST_VERSION, _LAST_VERSION = 2, 0x20  # of ONNX's own; a SavedModel begins with 1

_FROM_KERAS = Sentence("Open the Keras model it was converted from, saved with model.save('name.keras').")
_BY_ONNX = Sentence("Convert it to Keras, with onnx2tf for example.")


def describe_other_model(head: bytes) -> tuple[str, str] | None:
    """Say which program's model a file is, and what would do; None if it is none that is known.

    Args:
        head: The file's first `HEAD_BYTES`.
    """
    return next(((what, advice) for matches, what, advice in _MODELS if matches(head)), None)


def _first_member(head: bytes) -> bytes:
    """Name of an archive's first member; nothing if it is no archive."""
    if not head.startswith(_ZIP):
        return b""
    return head[_NAME : _NAME + int.from_bytes(head[_NAME_LENGTH], "little")]


def _is_torch(head: bytes) -> bool:
    return _first_member(head).endswith(_OF_TORCH) or head.startswith(_OLD_TORCH)


def _is_safetensors(head: bytes) -> bool:
    return head[8:10] == b'{"' and int.from_bytes(head[:8], "little") < 2**32


def _is_tensorflow_js(head: bytes) -> bool:
    names = (b'"modelTopology"', b'"weightsManifest"', b'"layers-model"', b'"graph-model"')
    return head.lstrip().startswith(b"{") and any(name in head for name in names)


def _is_architecture(head: bytes) -> bool:
    return head.lstrip().startswith(b"{") and b'"class_name"' in head


def _is_onnx(head: bytes) -> bool:
    """A version, then the name of the program that wrote it, or the graph: fields 1, 2 and 7 of its message."""
    if len(head) < _SHORTEST or head[:1] != b"\x08" or not _FIRST_VERSION <= head[1] <= _LAST_VERSION:
        return False
    producer = head[4 : 4 + head[3]]
    return head[2] == 0x3A or (head[2] == 0x12 and producer.isascii() and producer.decode().isprintable())


def _is_core_ml(head: bytes) -> bool:
    """A version, then a description that begins with an input: fields 1 and 2 of its message."""
    return head[:1] == b"\x08" and head[2:3] == b"\x12" and b"\x0a" in head[4:6]


def _is_graph(head: bytes) -> bool:
    """A node's name and operation, as TensorFlow writes its graphs."""
    operations = (b"Placeholder", b"Const", b"VarHandleOp", b"NoOp")
    return head[:1] in (b"\x0a", b"\x08") and any(name in head for name in operations)


_MODELS: tuple[tuple[Callable[[bytes], bool], str, str], ...] = (
    (
        _is_torch,
        Sentence("a PyTorch model"),
        Sentence(
            "Export it to ONNX and convert that, with onnx2tf for example, or copy its weights into a Keras model."
        ),
    ),
    (
        lambda head: _first_member(head).endswith(b".npy"),
        Sentence("an archive of NumPy arrays (.npz)"),
        Sentence("Load them into a Keras model and save that with model.save('name.keras')."),
    ),
    (
        lambda head: head[4:8] == b"TFL3",
        Sentence("a TensorFlow Lite model, which has no layers to look into"),
        _FROM_KERAS,
    ),
    (
        _is_safetensors,
        Sentence("weights without layers (safetensors)"),
        Sentence("Load them into a Keras model and save that with model.save('name.keras')."),
    ),
    (
        _is_tensorflow_js,
        Sentence("a TensorFlow.js model"),
        Sentence("Convert it with tensorflowjs_converter, from tfjs_layers_model to keras, and open the .h5 file."),
    ),
    (
        _is_architecture,
        Sentence("a model's architecture (JSON) without its weights"),
        Sentence("Build it with keras.models.model_from_json, load its weights, and save it as .keras."),
    ),
    (
        lambda head: head.startswith(b"MATLAB "),
        Sentence("a MATLAB file"),
        Sentence("Export the model with exportNetworkToTensorFlow, and save it as .keras."),
    ),
    (_is_onnx, Sentence("an ONNX model"), _BY_ONNX),
    (_is_graph, Sentence("a TensorFlow graph (.pb), a program without layers to look into"), _FROM_KERAS),
    (
        lambda head: b"_CHECKPOINTA" in head[:64],  # the first key of an index, where its name may be cut
        Sentence("a TensorFlow checkpoint, weights without layers"),
        Sentence("Build the model, load them into it, and save it with model.save('name.keras')."),
    ),
    (_is_core_ml, Sentence("a Core ML model"), _FROM_KERAS),
    (
        lambda head: head[:1] == b"\x80" and head[1:2] in (b"\x02", b"\x03", b"\x04", b"\x05"),
        Sentence("a Python pickle, which would run code"),
        Sentence("Load it where it was made and save the model with model.save('name.keras')."),
    ),
)
