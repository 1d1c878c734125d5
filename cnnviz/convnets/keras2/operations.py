"""Table of the TensorFlow operations found in Keras 2 models, each with its counterpart in `keras.ops`.

Keras 2 keeps `x / 255.` as a layer `TFOpLambda` that names `tf.math.truediv`, and would look that name up in all of
TensorFlow, `tf.io.read_file` included. Here a name that is not in the table is refused.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import accumulate
from typing import Any

from cnnviz.convnets.keras2.calls import (
    Call,
    Shape,
    Side,
    Tensor,
    UntranslatableError,
    constant,
    is_tensor,
    slice_of,
    take_slices,
    whole,
    wholes,
)
from cnnviz.sentences import Sentence

Rule = Callable[[Call], Any]
_LAST = {"data_format": "channels_last"}


def translate_operation(symbol: str, call: Call) -> Any:
    """Say one call of an operation in operations of Keras 3.

    Args:
        symbol: TensorFlow's name of it, such as `math.truediv`.
        call: Its arguments.

    Returns:
        The tensor that stands for its (first) output.

    Raises:
        UntranslatableError: If the name is not in the table, or an argument has no counterpart.
    """
    is_early_resize = symbol.startswith("compat.v1.image.")  # it aligns pixels otherwise
    rule = OPERATIONS.get(symbol if is_early_resize else symbol.removeprefix("compat.v1."))
    if rule is None:
        raise UntranslatableError(Sentence("the operation is not in the table of those that are opened"))
    result = rule(call)
    call.finish()
    return result


def _unary(operation: str, **config: Any) -> Rule:
    return lambda call: call.emit(operation, call.x, **config)


def _binary(operation: str) -> Rule:
    return lambda call: call.emit(operation, call.x, constant(call.take("y", "b", "x2")))


def _reduction(operation: str) -> Rule:
    def rule(call: Call) -> Tensor:
        axis, keepdims = call.take("axis", "reduction_indices"), call.take("keepdims", "keep_dims", default=False)
        return call.emit(operation, call.x, axis=None if axis is None else wholes(axis), keepdims=bool(keepdims))

    return rule


def _arg(operation: str) -> Rule:
    def rule(call: Call) -> Tensor:
        call.take("output_type")
        return call.emit(operation, call.x, axis=whole(call.take("axis", "dimension", default=0)))

    return rule


def _along(operation: str, default: int) -> Rule:
    return lambda call: call.emit(operation, call.x, axis=whole(call.take("axis", default=default)))


def _identity(call: Call) -> Any:
    return call.first


def _cast(call: Call) -> Any:
    dtype = call.take("dtype")
    if isinstance(call.first, Shape | Side):
        return call.first
    if not isinstance(dtype, str):
        raise UntranslatableError(Sentence("it casts to no type of numbers"))
    return call.emit("core.Cast", call.x, dtype=dtype)


def _convert_image(call: Call) -> Tensor:
    """Integers become 0..1; floats stay as they are."""
    dtype = str(call.take("dtype"))
    call.take("saturate")
    source = call.first["config"]["dtype"] if is_tensor(call.first) else "float32"
    if not dtype.startswith("float") or source not in ("uint8", "float16", "float32", "float64"):
        raise UntranslatableError(Sentence("it converts {source} to {dtype}", source=source, dtype=dtype))
    cast = call.emit("core.Cast", call.x, dtype=dtype)
    return call.emit("numpy.Multiply", cast, 1 / 255) if source == "uint8" else cast


def _shape(call: Call) -> Shape:
    call.take("out_type", "optimize")
    return Shape(call.first)


def _get_item(call: Call) -> Any:
    spec = call.take("slice_spec", default=[None])
    call.require(var=None)
    if isinstance(call.first, Shape):
        if isinstance(spec, list):
            spec = spec[0] if len(spec) == 1 else None
        return Side(call.first.tensor, whole(spec))
    keys = spec if isinstance(spec, list) else [spec]
    return take_slices(call, [_key(item) for item in keys])


def _key(item: Any) -> Any:
    if item is None:
        return None
    if isinstance(item, dict):
        if item.get("class_name") == "__ellipsis__":
            return {"class_name": "__ellipsis__", "config": {}}
        values = item.get("config") if item.get("class_name") == "__slice__" else item
        if not isinstance(values, dict):
            raise UntranslatableError(Sentence("it slices by something that is not a number"))
        return slice_of(values.get("start"), values.get("stop"), values.get("step"))
    return whole(item)


def _slice(call: Call) -> Tensor:
    begin, size = wholes(call.take("begin")), wholes(call.take("size"))
    stops = [None if count == -1 else start + count for start, count in zip(begin, size, strict=True)]
    return take_slices(call, [slice_of(start, stop, None) for start, stop in zip(begin, stops, strict=True)])


def strided_slice(call: Call) -> Tensor:
    """Slice by begins, ends and strides, with TensorFlow's bit masks."""
    begin, end = wholes(call.take("begin")), wholes(call.take("end"))
    strides = wholes(call.take("strides", default=[1] * len(begin)))
    call.require(ellipsis_mask=0, var=None)
    masks = {name: whole(call.take(f"{name}_mask", default=0)) for name in ("begin", "end", "new_axis", "shrink_axis")}
    keys: list[Any] = []
    for index, (start, stop, step) in enumerate(zip(begin, end, strides, strict=True)):
        has = {name for name, mask in masks.items() if mask >> index & 1}
        if "new_axis" in has:
            keys.append(None)
        elif "shrink_axis" in has:
            keys.append(start)
        else:
            keys.append(slice_of(None if "begin" in has else start, None if "end" in has else stop, step))
    return take_slices(call, keys)


def _concat(call: Call) -> Tensor:
    return call.emit("numpy.Concatenate", _tensors(call), axis=whole(call.take("axis", default=-1)))


def _stack(call: Call) -> Any:
    axis = whole(call.take("axis", default=0))
    values = call.first if isinstance(call.first, list) else [call.first]
    if any(isinstance(value, Side) for value in values):
        return values  # a shape, put together for a reshape
    return call.emit("numpy.Stack", _tensors(call), axis=axis)


def _tensors(call: Call) -> list[Any]:
    values = call.first if isinstance(call.first, list) else [call.first]
    return [constant(value) for value in values]


def _unstack(call: Call) -> Tensor:
    return call.emit("core.Unstack", call.x, num=call.take("num"), axis=whole(call.take("axis", default=0)))


def _split(call: Call) -> Tensor:
    sizes, axis = call.take("num_or_size_splits"), whole(call.take("axis", default=0))
    call.take("num")
    if isinstance(sizes, list):
        if any(size < 0 for size in wholes(sizes)[:-1]):
            raise UntranslatableError(Sentence("the size of a part is left open"))
        parts: Any = list(accumulate(wholes(sizes)))[:-1]
    else:
        parts = whole(sizes)
    return call.emit("numpy.Split", call.x, indices_or_sections=parts, axis=axis)


def _add_n(call: Call) -> Tensor:
    first, *rest = _tensors(call)
    for value in rest:
        first = call.emit("numpy.Add", first, value)
    return first


def _squeeze(call: Call) -> Tensor:
    axis = call.take("axis", "squeeze_dims")
    return call.emit("numpy.Squeeze", call.x, axis=None if axis is None else sorted(wholes(axis)))


def _reshape(call: Call) -> Tensor:
    wanted = call.take("shape")
    if isinstance(wanted, Shape):
        raise UntranslatableError(Sentence("it computes with the shape of a tensor"))
    sides = wanted if isinstance(wanted, list) else [wanted]
    if sides and isinstance(sides[0], Side) and sides[0].index == 0:  # the batch, whatever its size
        return call.emit("layers.Reshape", call.x, target_shape=[_side(side) for side in sides[1:]])
    return call.emit("numpy.Reshape", call.x, newshape=[_side(side) for side in sides])


def _side(side: Any) -> int:
    if isinstance(side, Side):
        raise UntranslatableError(Sentence("it computes with the shape of a tensor"))
    return whole(side)


def _transpose(call: Call) -> Tensor:
    call.require(conjugate=False)
    axes = call.take("perm")
    return call.emit("numpy.Transpose", call.x, axes=None if axes is None else wholes(axes))


def _pad(call: Call) -> Tensor:
    mode = str(call.take("mode", default="CONSTANT")).lower()
    value, widths = call.take("constant_values", default=0), call.take("paddings")
    if mode not in ("constant", "reflect", "symmetric"):
        raise UntranslatableError(Sentence("its option {name} has no counterpart", name="mode"))
    pairs = [wholes(width) for width in widths]
    if mode == "constant":
        return call.emit("numpy.Pad", call.x, constant(value), pad_width=pairs, mode=mode)
    return call.emit("numpy.Pad", call.x, pad_width=pairs, mode=mode)


def _clip(call: Call) -> Tensor:
    low, high = constant(call.take("clip_value_min")), constant(call.take("clip_value_max"))
    return call.emit("numpy.Minimum", call.emit("numpy.Maximum", call.x, low), high)


def _where(call: Call) -> Tensor:
    return call.emit("numpy.Where", call.x, constant(call.take("x")), constant(call.take("y")))


def _gather(call: Call) -> Tensor:
    call.require(batch_dims=0)
    call.take("validate_indices")
    indices = constant(call.take("indices"))
    return call.emit("numpy.Take", call.x, indices, axis=whole(call.take("axis", default=0)))


def _matmul(call: Call) -> Tensor:
    options = ("adjoint_a", "adjoint_b", "a_is_sparse", "b_is_sparse", "output_type")
    call.require(**dict.fromkeys(options[:4], False), output_type=None, grad_a=False, grad_b=False)
    left, right = call.x, constant(call.take("b"))
    if call.take("transpose_a", default=False):
        left = call.emit("numpy.Swapaxes", left, axis1=-2, axis2=-1)
    if call.take("transpose_b", default=False):
        right = call.emit("numpy.Swapaxes", right, axis1=-2, axis2=-1)
    return call.emit("numpy.Matmul", left, right)


def _tensordot(call: Call) -> Tensor:
    return call.emit("numpy.Tensordot", call.x, constant(call.take("b")), axes=call.take("axes"))


def _squared_difference(call: Call) -> Tensor:
    return call.emit("numpy.Square", call.emit("numpy.Subtract", call.x, constant(call.take("y"))))


def _l2_normalize(call: Call) -> Tensor:
    axis, epsilon = call.take("axis", "dim"), call.take("epsilon", default=1e-12)
    square = call.emit("numpy.Square", call.x)
    total = call.emit("numpy.Sum", square, axis=None if axis is None else wholes(axis), keepdims=True)
    return call.emit("numpy.Multiply", call.x, call.emit("math.Rsqrt", call.emit("numpy.Maximum", total, epsilon)))


def _norm(call: Call) -> Tensor:
    axis, kind = call.take("axis"), call.take("ord", default="euclidean")
    keepdims = bool(call.take("keepdims", "keep_dims", default=False))
    axes = None if axis is None else wholes(axis)
    if kind == 1 and (axes is None or len(axes) == 1):
        return call.emit("numpy.Sum", call.emit("numpy.Absolute", call.x), axis=axes, keepdims=keepdims)
    if kind not in ("euclidean", 2) or (kind == 2 and axes is not None and len(axes) > 1):  # the 2-norm
        raise UntranslatableError(Sentence("its option {name} has no counterpart", name="ord"))
    total = call.emit("numpy.Sum", call.emit("numpy.Square", call.x), axis=axes, keepdims=keepdims)
    return call.emit("numpy.Sqrt", total)


def _bias_add(call: Call) -> Tensor:
    if call.take("data_format", default="NHWC") not in ("NHWC", "N...C"):
        raise UntranslatableError(Sentence("its channels come first"))
    return call.emit("numpy.Add", call.x, constant(call.take("bias")))


def _leaky_relu(call: Call) -> Tensor:
    return call.emit("nn.LeakyRelu", call.x, negative_slope=float(call.take("alpha", default=0.2)))


def _silu(call: Call) -> Tensor:
    call.require(beta=1.0)
    return call.emit("nn.Silu", call.x)


def _gelu(call: Call) -> Tensor:
    return call.emit("nn.Gelu", call.x, approximate=bool(call.take("approximate", default=False)))


def _softmax(operation: str) -> Rule:
    return lambda call: call.emit(operation, call.x, axis=whole(call.take("axis", "dim", default=-1)))


def _pooling(operation: str) -> Rule:
    def rule(call: Call) -> Tensor:
        window, strides = _sides(call.take("ksize")), _sides(call.take("strides"))
        if call.take("data_format", default="NHWC") != "NHWC":
            raise UntranslatableError(Sentence("its channels come first"))
        padding = str(call.take("padding")).lower()
        return call.emit(operation, call.x, pool_size=window, strides=strides, padding=padding, **_LAST)

    return rule


def _convolution(call: Call) -> Tensor:
    kernel, strides = constant(call.take("filters", "filter")), _sides(call.take("strides", default=1))
    dilation, padding = _sides(call.take("dilations", default=1)), str(call.take("padding")).lower()
    call.require(use_cudnn_on_gpu=True, data_format="NHWC")
    return call.emit("nn.Conv", call.x, kernel, strides=strides, padding=padding, dilation_rate=dilation, **_LAST)


def _sides(value: Any) -> list[int]:
    """Rows and columns of a window that may be given as 2, [2], [2, 2] or [1, 2, 2, 1]."""
    sides = wholes(value)
    return sides[1:3] if len(sides) == 4 else sides * 2 if len(sides) == 1 else sides  # a side an axis


def _depth(operation: str) -> Rule:
    def rule(call: Call) -> Tensor:
        call.require(data_format="NHWC")
        return call.emit(operation, call.x, block_size=whole(call.take("block_size")))

    return rule


def _resize(call: Call) -> Tensor:
    method = call.take("method", default="bilinear")
    call.require(preserve_aspect_ratio=False)
    antialias = bool(call.take("antialias", default=False))
    if method not in ("bilinear", "nearest", "bicubic", "lanczos3", "lanczos5"):
        raise UntranslatableError(Sentence("its option {name} has no counterpart", name="method"))
    # TensorFlow answers in float32 then; Keras 3 would round back to whole numbers.
    x = call.x if method == "nearest" else call.emit("core.Cast", call.x, dtype="float32")
    return call.emit("image.Resize", x, size=wholes(call.take("size")), interpolation=method, antialias=antialias)


def _standardize(call: Call) -> Tensor:
    """Subtract each image's mean and divide by its deviation, which is held above that of noise."""
    image, over = call.emit("core.Cast", call.x, dtype="float32"), {"axis": [-1, -2, -3], "keepdims": True}
    centered = call.emit("numpy.Subtract", image, call.emit("numpy.Mean", image, **over))
    deviation = call.emit("numpy.Std", image, **over)
    count = call.emit("numpy.Sum", call.emit("numpy.OnesLike", image), **over)
    return call.emit(
        "numpy.TrueDivide", centered, call.emit("numpy.Maximum", deviation, call.emit("math.Rsqrt", count))
    )


def _local_response(call: Call) -> Tensor:
    """Divide by a power of the squares summed over neighboring channels."""
    radius = whole(call.take("depth_radius", default=5))
    bias, alpha, beta = (float(call.take(name, default=value)) for name, value in _LOCAL_RESPONSE)
    width = 2 * radius + 1
    squares = call.emit("numpy.ExpandDims", call.emit("numpy.Square", call.x), axis=-1)
    sides = [[0, 0], [0, 0], [0, 0], [radius, radius], [0, 0]]
    padded = call.emit("numpy.Pad", squares, 0, pad_width=sides, mode="constant")
    window = {"pool_size": [1, 1, width], "strides": [1, 1, 1], "padding": "valid"}
    mean = call.emit("nn.AveragePool", padded, **window, **_LAST)
    total = call.emit("numpy.Multiply", call.emit("numpy.Squeeze", mean, axis=-1), alpha * width)
    power = call.emit("numpy.Power", call.emit("numpy.Add", total, bias), beta)
    return call.emit("numpy.TrueDivide", call.x, power)


_LOCAL_RESPONSE = (("bias", 1.0), ("alpha", 1.0), ("beta", 0.5))


def _one_hot(call: Call) -> Tensor:
    call.require(on_value=None, off_value=None)
    dtype = call.take("dtype", default="float32")
    return call.emit(
        "nn.OneHot",
        call.x,
        num_classes=whole(call.take("depth")),
        axis=whole(call.take("axis", default=-1)),
        dtype=dtype,
    )


def _top_k(call: Call) -> Tensor:
    call.take("index_type")
    return call.emit(
        "math.TopK", call.x, k=whole(call.take("k", default=1)), sorted=bool(call.take("sorted", default=True))
    )


def _cumsum(call: Call) -> Tensor:
    call.require(exclusive=False, reverse=False)
    return call.emit("numpy.Cumsum", call.x, axis=whole(call.take("axis", default=0)))


def _tile(call: Call) -> Tensor:
    return call.emit("numpy.Tile", call.x, repeats=wholes(call.take("multiples")))


def _repeat(call: Call) -> Tensor:
    axis = call.take("axis")
    return call.emit("numpy.Repeat", call.x, repeats=whole(call.take("repeats")), axis=axis)


def _flip(call: Call) -> Tensor:
    return call.emit("numpy.Flip", call.x, axis=wholes(call.take("axis")))


def _patches(call: Call) -> Tensor:
    size, strides = _sides(call.take("sizes")), _sides(call.take("strides"))
    rates, padding = _sides(call.take("rates", default=1)), str(call.take("padding")).lower()
    if rates[0] != rates[1]:
        raise UntranslatableError(Sentence("its option {name} has no counterpart", name="rates"))
    return call.emit(
        "image.ExtractPatches", call.x, size=size, strides=strides, dilation_rate=rates[0], padding=padding
    )


def _flatten(call: Call) -> Tensor:
    return call.emit("layers.Flatten", call.x)


def _hard_sigmoid(call: Call) -> Tensor:
    """Keras 2 bends at 2.5, Keras 3 at 3."""
    line = call.emit("numpy.Add", call.emit("numpy.Multiply", call.x, 0.2), 0.5)
    return call.emit("numpy.Clip", line, x_min=0.0, x_max=1.0)


def _table(names: str, operation: Callable[[str], Rule], prefixes: str = "math.") -> dict[str, Rule]:
    """Rules for pairs `name=Operation`, under `math.` and under no prefix."""
    pairs = [pair.split("=") for pair in names.split()]
    return {f"{prefix}{name}": operation(target) for name, target in pairs for prefix in (*prefixes.split(), "")}


_ELEMENTWISE = """
    abs=numpy.Absolute acos=numpy.Arccos acosh=numpy.Arccosh asin=numpy.Arcsin asinh=numpy.Arcsinh atan=numpy.Arctan
    atanh=numpy.Arctanh ceil=numpy.Ceil cos=numpy.Cos cosh=numpy.Cosh erf=math.Erf exp=numpy.Exp expm1=numpy.Expm1
    floor=numpy.Floor log=numpy.Log log1p=numpy.Log1p log_sigmoid=nn.LogSigmoid logical_not=numpy.LogicalNot
    negative=numpy.Negative reciprocal=numpy.Reciprocal round=numpy.Round rsqrt=math.Rsqrt sigmoid=nn.Sigmoid
    sign=numpy.Sign sin=numpy.Sin sinh=numpy.Sinh softplus=nn.Softplus softsign=nn.Softsign sqrt=numpy.Sqrt
    square=numpy.Square tan=numpy.Tan tanh=numpy.Tanh
"""
_PAIRWISE = """
    add=numpy.Add atan2=numpy.Arctan2 divide=numpy.TrueDivide divide_no_nan=numpy.DivideNoNan equal=numpy.Equal
    floor_div=numpy.FloorDivide floordiv=numpy.FloorDivide floormod=numpy.Mod greater=numpy.Greater
    greater_equal=numpy.GreaterEqual less=numpy.Less less_equal=numpy.LessEqual logical_and=numpy.LogicalAnd
    logical_or=numpy.LogicalOr logical_xor=numpy.LogicalXor maximum=numpy.Maximum minimum=numpy.Minimum mod=numpy.Mod
    multiply=numpy.Multiply not_equal=numpy.NotEqual pow=numpy.Power subtract=numpy.Subtract truediv=numpy.TrueDivide
    div=numpy.TrueDivide
"""
_REDUCTIONS = """
    reduce_all=numpy.All reduce_any=numpy.Any reduce_logsumexp=math.Logsumexp reduce_max=numpy.Max
    reduce_mean=numpy.Mean reduce_min=numpy.Min reduce_prod=numpy.Prod reduce_std=numpy.Std reduce_sum=numpy.Sum
    reduce_variance=numpy.Var
"""

OPERATIONS: dict[str, Rule] = {
    **_table(_ELEMENTWISE, _unary),
    **_table(_PAIRWISE, _binary),
    **_table(_REDUCTIONS, _reduction),
    **_table(
        "relu=nn.Relu relu6=nn.Relu6 elu=nn.Elu selu=nn.Selu sigmoid=nn.Sigmoid tanh=numpy.Tanh softplus=nn.Softplus"
        " softsign=nn.Softsign",
        _unary,
        "nn. keras.activations. keras.backend.",
    ),
    **_table("argmax=numpy.Argmax argmin=numpy.Argmin", _arg),
    "__operators__.add": _binary("numpy.Add"),
    "__operators__.getitem": _get_item,
    "__operators__.eq": _binary("numpy.Equal"),
    "__operators__.ne": _binary("numpy.NotEqual"),
    "add_n": _add_n,
    "math.add_n": _add_n,
    "cast": _cast,
    "clip_by_value": _clip,
    "concat": _concat,
    "cumsum": _cumsum,
    "math.cumsum": _cumsum,
    "expand_dims": _along("numpy.ExpandDims", 0),
    "gather": _gather,
    "identity": _identity,
    "image.convert_image_dtype": _convert_image,
    "image.extract_patches": _patches,
    "image.flip_left_right": _unary("numpy.Flip", axis=[-2]),
    "image.flip_up_down": _unary("numpy.Flip", axis=[-3]),
    "image.grayscale_to_rgb": _unary("numpy.Repeat", repeats=3, axis=-1),
    "image.hsv_to_rgb": _unary("image.HSVToRGB"),
    "image.per_image_standardization": _standardize,
    "image.resize": _resize,
    "image.rgb_to_grayscale": _unary("image.RGBToGrayscale"),
    "image.rgb_to_hsv": _unary("image.RGBToHSV"),
    "keras.activations.exponential": _unary("numpy.Exp"),
    "keras.activations.gelu": _gelu,
    "keras.activations.hard_sigmoid": _hard_sigmoid,
    "keras.activations.linear": _identity,
    "keras.activations.swish": _silu,
    "keras.backend.batch_flatten": _flatten,
    "keras.backend.hard_sigmoid": _hard_sigmoid,
    "linalg.l2_normalize": _l2_normalize,
    "linalg.matmul": _matmul,
    "linalg.norm": _norm,
    "linalg.tensordot": _tensordot,
    "math.l2_normalize": _l2_normalize,
    "math.squared_difference": _squared_difference,
    "math.top_k": _top_k,
    "matmul": _matmul,
    "nn.avg_pool": _pooling("nn.AveragePool"),
    "nn.avg_pool2d": _pooling("nn.AveragePool"),
    "nn.bias_add": _bias_add,
    "nn.conv2d": _convolution,
    "nn.depth_to_space": _depth("nn.DepthToSpace"),
    "nn.gelu": _gelu,
    "nn.l2_normalize": _l2_normalize,
    "nn.leaky_relu": _leaky_relu,
    "nn.local_response_normalization": _local_response,
    "nn.log_softmax": _softmax("nn.LogSoftmax"),
    "nn.max_pool": _pooling("nn.MaxPool"),
    "nn.max_pool2d": _pooling("nn.MaxPool"),
    "nn.silu": _silu,
    "nn.softmax": _softmax("nn.Softmax"),
    "nn.space_to_depth": _depth("nn.SpaceToDepth"),
    "nn.swish": _silu,
    "nn.top_k": _top_k,
    "norm": _norm,
    "one_hot": _one_hot,
    "ones_like": _unary("numpy.OnesLike"),
    "pad": _pad,
    "repeat": _repeat,
    "reshape": _reshape,
    "reverse": _flip,
    "shape": _shape,
    "slice": _slice,
    "space_to_depth": _depth("nn.SpaceToDepth"),
    "split": _split,
    "squeeze": _squeeze,
    "stack": _stack,
    "stop_gradient": _unary("core.StopGradient"),
    "strided_slice": strided_slice,
    "tensordot": _tensordot,
    "tile": _tile,
    "transpose": _transpose,
    "unstack": _unstack,
    "where": _where,
    "zeros_like": _unary("numpy.ZerosLike"),
}
