"""Specs that once failed, and faults that are known: each of these is expected to fail until it is mended."""

from collections.abc import Callable
from dataclasses import dataclass

from random_models import Spec

KEPT = ()
"""Specs that failed before: they run every time, before the random ones."""


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


_SCORES = ("kind_of_outputs_is_told", "predictions_are_the_models_own", "gradients_are_those_of_the_logit")
_BLENDS = (
    *("mean_of_softmaxes", "weighted_softmaxes", "label_smoothing", "coarse", "mean_of_sigmoids_1"),
    *("mean_of_sigmoids", "shifted_tanh", "shifted_tanh_1"),
)
_NO_PROBABILITIES = ("tanh", "ops_tanh", "softplus", "relu", "percent")
_NUMBERS = ("regression", "regression_relu", "regression_softplus")

KNOWN = (
    Known(
        _SCORES,
        Spec(end="coarse"),
        "probabilities that end in a sum are taken for logits",
        lambda spec: spec.end in _BLENDS,
    ),
    Known(
        _SCORES[:2],
        Spec(end="percent"),
        "scores that are neither are put through softmax",
        lambda spec: spec.end in _NO_PROBABILITIES,
    ),
    Known(_SCORES, Spec(end="regression"), "a number is taken for two classes", lambda spec: spec.end in _NUMBERS),
    Known(
        ("gradients_are_those_of_the_logit",),
        Spec(dtype="uint8"),
        "behind an integer input every gradient is zero",
        lambda spec: spec.dtype == "uint8" or {"stop_gradient", "through_integers"} & {*spec.blocks},
    ),
    Known(
        ("gradients_are_those_of_the_logit",),
        Spec(blocks=("conv", "dropout_beside")),
        "a layer that hands on its input is given the gradient of what reads its input past it",
        lambda spec: "dropout_beside" in spec.blocks,
    ),
    Known(
        ("no_gradient_is_an_error",),
        Spec(blocks=("stop_gradient",)),
        "zeros where nothing flows back",
        lambda spec: True,
    ),
    Known(
        ("scaling_follows_the_model",),
        Spec(entry="divide"),
        "operations that scale pixels are not seen",
        lambda spec: True,
    ),
)


def is_known(spec, law):
    """Whether a spec has a known fault that breaks a law."""
    return any(law in fault.laws and fault.has(spec) for fault in KNOWN)
