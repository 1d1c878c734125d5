"""Table of the TensorFlow graph operations that TF 2.2 and 2.3 kept in a model, each with its named counterpart."""

from __future__ import annotations

import base64
from typing import Any

from cnnviz.convnets.keras2.calls import Call, UntranslatableError
from cnnviz.convnets.keras2.operations import translate_operation
from cnnviz.sentences import Sentence

# By the operation: the function it comes from, and the names of its inputs after the first.
_NAMED: dict[str, tuple[str, tuple[str, ...]]] = {
    "AddV2": ("math.add", ("y",)),
    "Add": ("math.add", ("y",)),
    "BiasAdd": ("nn.bias_add", ("bias",)),
    "Cast": ("cast", ()),
    "ClipByValue": ("clip_by_value", ("clip_value_min", "clip_value_max")),
    "ConcatV2": ("concat", ()),
    "ExpandDims": ("expand_dims", ("axis",)),
    "Identity": ("identity", ()),
    "LeakyRelu": ("nn.leaky_relu", ()),
    "Max": ("math.reduce_max", ("axis",)),
    "Mean": ("math.reduce_mean", ("axis",)),
    "Min": ("math.reduce_min", ("axis",)),
    "MirrorPad": ("pad", ("paddings",)),
    "Pack": ("stack", ()),
    "Pad": ("pad", ("paddings",)),
    "PadV2": ("pad", ("paddings", "constant_values")),
    "Reshape": ("reshape", ("shape",)),
    "ResizeBilinear": ("image.resize", ("size",)),
    "ResizeNearestNeighbor": ("image.resize", ("size",)),
    "ReverseV2": ("reverse", ("axis",)),
    "Softmax": ("nn.softmax", ()),
    "Squeeze": ("squeeze", ()),
    "StridedSlice": ("strided_slice", ("begin", "end", "strides")),
    "Sum": ("math.reduce_sum", ("axis",)),
    "Tile": ("tile", ("multiples",)),
    "Transpose": ("transpose", ("perm",)),
    **{
        name: (f"math.{function}", ("y",))
        for name, function in {
            "DivNoNan": "divide_no_nan",
            "FloorMod": "floormod",
            "Greater": "greater",
            "Less": "less",
            "Maximum": "maximum",
            "Minimum": "minimum",
            "Mul": "multiply",
            "Pow": "pow",
            "RealDiv": "truediv",
            "SquaredDifference": "squared_difference",
            "Sub": "subtract",
        }.items()
    },
    **{
        name: (f"math.{name.lower()}", ())
        for name in ("Abs", "Ceil", "Cos", "Exp", "Floor", "Log", "Round", "Rsqrt", "Sigmoid", "Sign", "Sin", "Sqrt")
    },
    **{name: (f"math.{function}", ()) for name, function in {"Neg": "negative", "Square": "square"}.items()},
    **{name: (f"nn.{name.lower()}", ()) for name in ("Relu", "Relu6", "Elu", "Selu", "Softplus", "Softsign")},
    "Tanh": ("math.tanh", ()),
}
_TYPES = {"DT_HALF": "float16", "DT_FLOAT": "float32", "DT_DOUBLE": "float64", "DT_INT32": "int32", "DT_UINT8": "uint8"}
_MASKS = ("begin_mask", "end_mask", "ellipsis_mask", "new_axis_mask", "shrink_axis_mask")


def translate_node_def(settings: dict[str, Any], call: Call) -> Any:
    """Say one graph operation in operations of Keras 3.

    Args:
        settings: The layer's `node_def`, and its `constants` by the index of the input.
        call: Its tensors: one, or a list of them in the order of the inputs.

    Raises:
        UntranslatableError: If it is not in the table, or an attribute has no counterpart.
    """
    node, constants = settings["node_def"], settings.get("constants") or {}
    operation, attributes = str(node["op"]), node.get("attr") or {}
    if operation not in _NAMED:
        raise UntranslatableError(Sentence("the operation is not in the table of those that are opened"))
    function, names = _NAMED[operation]
    given = iter(call.first if isinstance(call.first, list) else [call.first])
    inputs = [
        constants[str(index)] if str(index) in constants else next(given) for index in range(_count(call, constants))
    ]
    options = _options(operation, attributes)
    if operation == "ConcatV2":
        options["axis"], inputs = inputs[-1], [inputs[:-1]]
    elif operation == "Pack":
        inputs = [inputs]
    named = Call(inputs[0], dict(zip(names, inputs[1:], strict=True)) | options, call.emit)
    return translate_operation(function, named)


def _count(call: Call, constants: dict[str, Any]) -> int:
    return (len(call.first) if isinstance(call.first, list) else 1) + len(constants)


def _options(operation: str, attributes: dict[str, Any]) -> dict[str, Any]:
    """Attributes that are options of the named function, in its words."""
    options: dict[str, Any] = {}
    if operation == "Cast":
        options["dtype"] = _TYPES.get(str(attributes["DstT"]["type"]), "")
    if "keep_dims" in attributes:
        options["keepdims"] = bool(attributes["keep_dims"].get("b"))
    if operation == "StridedSlice":
        options |= {name: int(attributes.get(name, {}).get("i", 0)) for name in _MASKS}
    if operation == "Squeeze":
        options["axis"] = [int(side) for side in attributes["squeeze_dims"].get("list", {}).get("i", [])] or None
    if operation == "LeakyRelu":
        options["alpha"] = float(attributes["alpha"]["f"]) if "alpha" in attributes else 0.2
    if operation == "Pack":
        options["axis"] = int(attributes.get("axis", {}).get("i", 0))
    if operation.startswith("Resize"):
        if not attributes.get("half_pixel_centers", {}).get("b") or attributes.get("align_corners", {}).get("b"):
            raise UntranslatableError(Sentence("its option {name} has no counterpart", name="half_pixel_centers"))
        options["method"] = "nearest" if operation == "ResizeNearestNeighbor" else "bilinear"
    if operation == "MirrorPad":
        options["mode"] = base64.b64decode(str(attributes["mode"]["s"])).decode("ascii")
    return options
