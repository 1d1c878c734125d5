"""One call of a TensorFlow operation in a Keras 2 config, and the tools for its translation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from cnnviz.sentences import Sentence

# A symbolic tensor as Keras 3 describes it in JSON.
Tensor = dict[str, Any]


class UntranslatableError(Exception):
    """What stands in the way of a translation, as the end of a sentence."""

    def __init__(self, reason: Sentence) -> None:
        self.reason = reason
        super().__init__(reason)


@dataclass(frozen=True)
class Shape:
    """The result of `tf.shape`: no tensor in Keras 3, only an ingredient of a `tf.reshape`."""

    tensor: Tensor


@dataclass(frozen=True)
class Side:
    """One entry of a `Shape`."""

    tensor: Tensor
    index: int


@dataclass
class Call:
    """An operation's arguments, and a way to say what Keras 3 is to do instead.

    Attributes:
        first: The first argument: a tensor, a list of them, or a constant.
        settings: All others by name, tensors among them resolved.
        emit: `emit("numpy.Add", x, y, axis=1)` adds an operation of `keras.ops` to the model and returns its output.
    """

    first: Any
    settings: dict[str, Any]
    emit: Callable[..., Tensor]
    _taken: set[str] = field(default_factory=lambda: {"name"})

    @property
    def x(self) -> Any:
        """The first argument, constants as Keras 3 writes them."""
        return constant(self.first)

    def take(self, *names: str, default: Any = None) -> Any:
        """The argument of one of these names; each version of TensorFlow has its own."""
        self._taken.update(names)
        found = [self.settings[name] for name in names if self.settings.get(name) is not None]
        return found[0] if found else default

    def require(self, **values: Any) -> None:
        """Refuse options that Keras 3 does not have, unless they stand at the value that changes nothing."""
        for name, value in values.items():
            if self.take(name, default=value) not in (value, None):
                raise UntranslatableError(Sentence("its option {name} has no counterpart", name=name))

    def finish(self) -> None:
        """Refuse if an argument was left over."""
        for name, value in self.settings.items():
            if name not in self._taken and value is not None:
                raise UntranslatableError(Sentence("its option {name} has no counterpart", name=name))


def tensor(name: str, node: int, index: int, dtype: str = "float32") -> Tensor:
    """Describe a symbolic tensor. Keras looks at where it comes from only, so its shape may be anything."""
    return {
        "class_name": "__keras_tensor__",
        "config": {"shape": [1], "dtype": dtype, "keras_history": [name, node, index]},
    }


def is_tensor(value: Any) -> bool:
    """Whether a value describes a symbolic tensor."""
    return isinstance(value, dict) and value.get("class_name") == "__keras_tensor__"


def constant(value: Any) -> Any:
    """Write a constant as Keras 3 does: lists of numbers are arrays."""
    if isinstance(value, Shape | Side):
        raise UntranslatableError(Sentence("it computes with the shape of a tensor"))
    if not isinstance(value, list):
        return value
    if any(is_tensor(item) for item in value):
        return [constant(item) for item in value]
    kinds = {type(item) for item in _leaves(value)}
    if not kinds <= {int, float, bool}:
        raise UntranslatableError(Sentence("a constant of it is not made of numbers"))
    dtype = "float32" if float in kinds or not kinds else "int32" if int in kinds else "bool"
    return {"class_name": "__numpy__", "config": {"value": value, "dtype": dtype}}


def _leaves(value: Any) -> list[Any]:
    return [leaf for item in value for leaf in _leaves(item)] if isinstance(value, list) else [value]


def whole(value: Any) -> int:
    """Insist on a whole number."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise UntranslatableError(Sentence("an option of it is not a whole number"))
    return value


def wholes(value: Any) -> list[int]:
    """Insist on a list of whole numbers; one number is a list of one."""
    return [whole(item) for item in value] if isinstance(value, list) else [whole(value)]


def take_slices(call: Call, keys: list[Any]) -> Tensor:
    """Slice a tensor by integers, None (a new axis), `slice` values and ellipses."""
    return call.emit("numpy.GetItem", call.x, keys)


def slice_of(start: Any, stop: Any, step: Any) -> dict[str, Any]:
    """Describe a Python slice."""
    values = {"start": start, "stop": stop, "step": step}
    if not all(value is None or (isinstance(value, int) and not isinstance(value, bool)) for value in values.values()):
        raise UntranslatableError(Sentence("it slices by something that is not a number"))
    return {"class_name": "__slice__", "config": values}
