"""Random small models, each built from a frozen spec, with a layer-by-layer run as their reference.

The code of a block, bridge or end runs three times: on zeros, which makes the layers; on symbolic tensors, which
makes the Keras model of them; and on images, layer by layer under a gradient tape, which is the reference. The last
one knows nothing of Keras's graph, nor of cnnviz.
"""

import contextlib
import inspect
from dataclasses import dataclass, field, replace

import keras
import numpy as np
import tensorflow as tf
from blocks import BLOCKS, keep_small
from custom_layers import DecoratedModel, Subclassed
from ends import BRIDGES, ENDS, ENTRIES, WANTS_PIXELS

NESTINGS = (
    "flat",
    "functional",
    "deep",
    "sequential",
    "subclassed",
    "decorated",
    "whole_in_sequential",
    "whole_subclassed",
    "whole_decorated",
    "flipped_and_averaged",
)
"""What the blocks, or the whole model, are wrapped into."""


@dataclass(frozen=True, repr=False)
class Spec:
    """A random model.

    Attributes:
        size: Rows and columns of the input.
        channels: Of the input: 1, 3 or 4.
        dtype: Of the input.
        entry: What happens to pixels first.
        blocks: Names of blocks.
        nesting: What the blocks, or the whole, are wrapped into.
        bridge: How maps become units.
        end: How units become outputs.
        units: Number of classes.
        heads: `one`; or where a second, linear output stands: `list`, `main_last`, `dict`, `dict_main_last`.
        policy: `float32`; `mixed_float16` for every other block; `all_mixed_float16`.
        is_frozen: Whether no layer is trainable.
        seed: Of the weights.
    """

    size: tuple[int, int] = (8, 9)
    channels: int = 3
    dtype: str = "float32"
    entry: str = "none"
    blocks: tuple[str, ...] = ("conv",)
    nesting: str = "flat"
    bridge: str = "average"
    end: str = "softmax"
    units: int = 3
    heads: str = "one"
    policy: str = "float32"
    is_frozen: bool = False
    seed: int = 0

    def __repr__(self):
        changed = {name: value for name, value in vars(self).items() if value != getattr(Spec, name)}
        return f"Spec({', '.join(f'{name}={value!r}' for name, value in changed.items())})"

    @property
    def takes_pixels(self):
        """Whether the model itself says that pixels come as 0..255."""
        return self.entry in WANTS_PIXELS or self.dtype == "uint8"


def possible(spec):
    """The nearest spec of a model that Keras can build and that says all that it is."""
    if spec.nesting in ("whole_in_sequential", "flipped_and_averaged"):
        spec = replace(spec, heads="one")  # one model called on two images, or in a chain, has one output
    if spec.nesting == "flipped_and_averaged" and spec.end in ("log_softmax", "dense_log_softmax"):
        spec = replace(spec, end="linear")  # a mean of logarithms is neither log p nor what a linear layer returns
    if spec.nesting in ("whole_subclassed", "whole_decorated"):
        spec = replace(spec, dtype="float32")  # a subclassed model declares no type of input
    return spec


@dataclass
class Net:
    """The layers of one model by address, and what they returned in a layer-by-layer run.

    Attributes:
        layers: Address to layer, nested models among them.
        outputs: Address, with `@k` for later calls, to what a call returned in the reference run.
        tape: Watches each output in the reference run; None while the model is built.
        has_custom: Whether classes are used that no file can name.
    """

    layers: dict = field(default_factory=dict)
    outputs: dict = field(default_factory=dict)
    tape: tf.GradientTape | None = None
    has_custom: bool = False
    path: str = ""

    def __call__(self, name, make, *inputs):
        """Call a layer, made at its first call."""
        address = self.path + name
        if address not in self.layers:
            self.layers[address] = make()
        layer = self.layers[address]
        # Random layers train unless told otherwise, when nothing around them says so.
        knows = self.tape is not None and "training" in inspect.signature(layer.call).parameters
        return self._note(address, layer(*inputs, training=False) if knows else layer(*inputs))

    def _note(self, address, output):
        if self.tape is not None:
            # A layer that hands on what it was given, as Dropout does, still has a gradient of its own.
            output = tf.identity(output)
            count = sum(known.split("@")[0] == address for known in self.outputs)
            self.outputs[f"{address}@{count}" if count else address] = output
            if output.dtype.is_floating:
                self.tape.watch(output)
        return output

    def nest(self, name, body, x, *, kind):
        """Run a body inside a nested model; in the reference run, directly."""
        address = self.path + name
        if self.tape is not None:
            return self._note(address, self._inside(address, body, x))
        if address not in self.layers:
            self._inside(address, body, x)
            self.layers[address] = self._wrap(address, body, x, kind)
        return self.layers[address](x)

    def _inside(self, address, body, x):
        outer, self.path = self.path, f"{address}/"
        try:
            return body(self, x)
        finally:
            self.path = outer

    def _wrap(self, address, body, x, kind):
        name = address.rsplit("/", 1)[-1]
        held = [layer for known, layer in self.layers.items() if known.rpartition("/")[0] == address]
        if kind in ("subclassed", "decorated"):
            self.has_custom = True
            kind = Subclassed if kind == "subclassed" else DecoratedModel
            return kind(held, lambda y: self._inside(address, body, y), name=name)
        image = keras.Input(tuple(x.shape[1:]), dtype=keras.backend.standardize_dtype(x.dtype))
        if kind == "sequential":
            return keras.Sequential([image, *held], name=name)
        return keras.Model(image, self._inside(address, body, image), name=name)


def build_model(spec):
    """Build the model of a spec, and give its layers by address."""
    net = Net()
    program = program_of(spec)
    shape = (*spec.size, spec.channels)
    policy = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_float16" if spec.policy == "all_mixed_float16" else "float32")
    try:
        program(net, tf.zeros((2, *shape), spec.dtype))
        model = _whole(spec, net, program, shape)
    finally:
        keras.config.set_dtype_policy(policy)
    _set_weights(model, spec.seed)
    if spec.is_frozen:
        model.trainable = False
    net.has_custom |= any(block in ("composite", "decorated") for block in spec.blocks)
    return model, net


def main_head(spec):
    """Place of the main output among the flattened ones."""
    return keras.tree.flatten(_outputs(spec, "main", "aux")).index("main")


def _whole(spec, net, program, shape):
    if spec.nesting in ("whole_subclassed", "whole_decorated"):
        net.has_custom = True
        held = [layer for address, layer in net.layers.items() if "/" not in address]
        kind = Subclassed if spec.nesting == "whole_subclassed" else DecoratedModel
        model = kind(held, lambda x: program(net, x), name="model")
        model(np.zeros((1, *shape), spec.dtype), training=False)  # what `tf.function` keeps is not traced for training
        return model
    image = keras.Input(shape, dtype=spec.dtype, name="image")
    if spec.nesting == "whole_in_sequential":
        return keras.Sequential([image, net.layers["whole"]], name="model")
    return keras.Model(image, program(net, image), name="model")


def _set_weights(model, seed):
    """Give every weight a value of its own, of a size that keeps activations near one."""
    rng = np.random.default_rng(seed)
    for weight in model.weights:
        if "float" not in str(weight.dtype):
            continue
        fan_in = np.prod(weight.shape[:-1]) if len(weight.shape) > 1 else 4
        values = rng.normal(0, 1 / np.sqrt(max(fan_in, 1)), weight.shape)
        is_factor = weight.name in ("gamma", "scale", "moving_variance")
        weight.assign(np.abs(values) + 0.75 if is_factor else values)


def program_of(spec):
    """From pixels to outputs, through calls of `net`."""

    def whole(net, x):
        x = ENTRIES[spec.entry](net, x)
        x = _nested_blocks(spec, net, x)
        v = BRIDGES[spec.bridge](net, x)
        v = net("units", lambda: keras.layers.Identity(name="units"), v)
        return _heads(spec, net, v)

    if spec.nesting == "whole_in_sequential":
        return lambda net, x: net.nest("whole", whole, x, kind="functional")
    if spec.nesting == "flipped_and_averaged":
        return lambda net, x: (
            (
                net.nest("whole", whole, x, kind="functional")
                + net.nest("whole", whole, x[:, :, ::-1], kind="functional")
            )
            / 2.0
        )
    return whole


def _heads(spec, net, v):
    aux = net("aux", lambda: keras.layers.Dense(2, name="aux"), v) if spec.heads == "main_last" else None
    main = ENDS[spec.end].scores(net, v, ENDS[spec.end].units or spec.units)
    if spec.heads not in ("one", "main_last"):
        aux = net("aux", lambda: keras.layers.Dense(2, name="aux"), v)
    return _outputs(spec, main, aux)


def _outputs(spec, main, aux):
    if spec.heads == "list":
        return [main, aux]
    if spec.heads == "main_last":
        return [aux, main]
    if spec.heads == "dict":
        return {"a_main": main, "b_aux": aux}
    return {"b_main": main, "a_aux": aux} if spec.heads == "dict_main_last" else main


def _nested_blocks(spec, net, x):
    def body(inner, y):
        return _blocks(spec, inner, y)

    if spec.nesting in ("functional", "subclassed", "decorated"):
        return net.nest("backbone", body, x, kind=spec.nesting)
    if spec.nesting == "deep":
        return net.nest(
            "backbone", lambda inner, y: inner.nest("stem", body, y, kind="functional"), x, kind="functional"
        )
    if spec.nesting == "sequential":
        return net.nest(
            "encoder", lambda inner, y: inner.nest("stem", body, y, kind="functional"), x, kind="sequential"
        )
    return body(net, x)


def _blocks(spec, net, x):
    for index, block in enumerate(spec.blocks):
        with _policy("mixed_float16" if spec.policy == "mixed_float16" and index % 2 == 0 else None):
            x = keep_small(BLOCKS[block](net, x, f"b{index}_{block}"))
    return x


@contextlib.contextmanager
def _policy(name):
    """Make layers under another dtype policy."""
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(name or before)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)
