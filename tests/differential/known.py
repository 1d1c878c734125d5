"""Specs that once failed, and faults that are known: each of these is expected to fail until it is mended."""

from collections.abc import Callable
from dataclasses import dataclass

from random_models import Spec

KEPT = (
    Spec(end="coarse"),
    Spec(end="label_smoothing", seed=1),
    Spec(end="percent"),
    Spec(end="regression"),
    Spec(dtype="uint8"),
    Spec(entry="divide"),
    Spec(entry="divide", nesting="whole_decorated", end="softmax"),
    Spec(blocks=("stop_gradient", "conv")),
    Spec(blocks=("conv", "dropout_beside")),
    Spec(end="regression_relu"),
    Spec(end="tanh", nesting="whole_decorated"),
)
"""Specs that failed before: they run every time, beside the random ones."""


@dataclass(frozen=True)
class Known:
    """A fault that is known.

    Attributes:
        laws: Names of the laws that it breaks.
        spec: Its smallest example.
        reason: What is wrong.
        has: Whether another spec has it too; random models are not held to these laws then.
    """

    laws: tuple[str, ...]
    spec: Spec
    reason: str
    has: Callable[[Spec], bool]


KNOWN: tuple[Known, ...] = ()


def is_known(spec, law):
    """Whether a spec has a known fault that breaks a law."""
    return any(law in fault.laws and fault.has(spec) for fault in KNOWN)
