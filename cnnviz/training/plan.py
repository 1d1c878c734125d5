"""`Plan` of a run: training phases, batches, the fitted model and the saved one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import keras
    import tensorflow as tf


@dataclass(frozen=True, eq=False)
class Phase:
    """A stretch of epochs in which the same weights learn.

    Attributes:
        name: What it is called on the curve; empty where there is only one.
        last_epoch: Its last epoch, counted over the whole run.
        learning_rate: Of its optimizer; None for the recipe's.
        begin: Sets what learns; called before the network is compiled for this phase.
    """

    name: str
    last_epoch: int
    learning_rate: float | None = None
    begin: Callable[[], None] = field(default=lambda: None)


@dataclass(frozen=True, eq=False)
class Plan:
    """What a trainer carries out.

    Attributes:
        model: What is fitted.
        product: What is saved: takes pixels 0..255 and holds the fitted layers.
        phases: In their order.
        training: Makes the endless stream of training batches from an epoch (0 for the first) on.
        steps: Batches of an epoch.
        validation: Batches to validate on, in order.
        variables: What may change while `model` is fitted, seed generators included; of the optimizer nothing.
        is_head_alone: Whether `model` is all of the product that ever changes.
    """

    model: keras.Model
    product: keras.Model
    phases: Sequence[Phase]
    training: Callable[[int], tf.data.Dataset]
    steps: int
    validation: Any
    variables: Callable[[], list[keras.Variable]]
    is_head_alone: bool = False

    @property
    def kept(self) -> keras.Model:
        """What is kept on the way; the rest of the product is what it was."""
        return self.model if self.is_head_alone else self.product
