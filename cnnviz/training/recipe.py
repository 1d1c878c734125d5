"""`Recipe` of a run: dataset, model, hyperparameters, augmentation and transfer learning."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import MISSING, Field, asdict, dataclass, field, fields
from types import NoneType
from typing import Any, Literal, get_args, get_type_hints

from cnnviz.errors import RunError
from cnnviz.runs import MOST_EPOCHS
from cnnviz.sentences import Sentence
from cnnviz.training.augmentation import Augmentation

Optimizer = Literal["sgd", "momentum", "nag", "adagrad", "adadelta", "rmsprop", "adam"]
Schedule = Literal["constant", "plateau", "exponential"]
Way = Literal["features", "frozen", "fine-tuning"]
Pooling = Literal["average", "flatten"]

OPTIMIZERS: tuple[Optimizer, ...] = get_args(Optimizer)
SCHEDULES: tuple[Schedule, ...] = get_args(Schedule)
WAYS: tuple[Way, ...] = get_args(Way)
POOLINGS: tuple[Pooling, ...] = get_args(Pooling)

TRANSFER = "transfer"
"""What `Recipe.network` is called when the network is a trained base with a new head."""

_KINDS = {int: "integer", float: "number", bool: "boolean", str: "string", NoneType: "null"}  # in the words of JSON


@dataclass(frozen=True)
class Transfer:
    """How a trained model becomes the base of a new one.

    Attributes:
        base: Name of the catalog, path of a model file or of a run.
        cut: Address of the last layer that is kept; None for the last one with maps. For a task unlike the base's
            own, an earlier one: the last blocks know too much about the old classes.
        way: `features`: the frozen base runs once over the data, and only the head is trained, on what it gave.
            `frozen`: the frozen base runs in every epoch, so that images may be augmented. `fine-tuning`: first
            the head alone, then the base's last convolutions with it, at `fine_rate`.
        pooling: How maps become a vector: averaged over positions, or all values in a row.
        dense: Units of the head's hidden layer; 0 for none.
        dropout: Share of the hidden values that is dropped while training.
        unfrozen: How many of the base's last convolutions are trained in the second phase; 0 for all of them.
        head_epochs: Epochs of the first phase of `fine-tuning`; the recipe's `epochs` count both.
        fine_rate: Learning rate of the second phase.
    """

    base: str = "efficientnet-lite0"
    cut: str | None = None
    way: Way = "features"
    pooling: Pooling = "average"
    dense: int = 256
    dropout: float = 0.5
    unfrozen: int = 3
    head_epochs: int = 5
    fine_rate: float = 1e-5

    def __post_init__(self) -> None:
        _require(
            self.way in WAYS,
            Sentence("Unknown transfer.way {way!r}. Choose one of: {known}.", way=self.way, known=", ".join(WAYS)),
        )
        _require(
            self.pooling in POOLINGS,
            Sentence(
                "Unknown pooling {pooling!r}. Choose one of: {known}.", pooling=self.pooling, known=", ".join(POOLINGS)
            ),
        )
        _require(0 <= self.dropout < 1, Sentence("Dropout {dropout} is not between 0 and 1.", dropout=self.dropout))
        _require_rate(self.fine_rate)
        _require_least(0, dense=self.dense, unfrozen=self.unfrozen)
        _require_least(1, head_epochs=self.head_epochs)


@dataclass(frozen=True)
class Recipe:
    """All that a run hangs on; with the same recipe and machine a run gives the same model.

    Attributes:
        name: Name of the recipe it came from.
        data: Name of a data set, or path of a folder or .zip of images.
        network: Name of an architecture of the catalog, or `transfer`.
        epochs: Most passes over the training images.
        batch_size: Images a step; times the replicas of a strategy.
        optimizer: One of `OPTIMIZERS`.
        learning_rate: Step size; None for the optimizer's usual one.
        schedule: `constant`; `plateau`: a fifth whenever val_loss has not fallen for two epochs; `exponential`:
            times 0.9 each epoch.
        patience: Epochs without a smaller val_loss after which it stops; None to run all epochs.
        seed: Of weights, order of the images, dropout and augmentation.
        size: Side of the images in pixels; None for the model's own.
        augmentation: How training images are varied.
        dropout: Share dropped before the last layer; None for what the model has by itself.
        l1: Weight of the sum of absolute weights in the loss.
        l2: Weight of the sum of squared weights in the loss.
        has_batch_norm: Whether the activations of hidden layers are normalized over each batch.
        clip_norm: Longest gradient of a weight, or None.
        clip_value: Largest entry of a gradient, or None.
        is_one_hot: Whether labels are one-hot vectors, with the loss that belongs to them, instead of numbers.
        transfer: The base and what becomes of it, if `network` is `transfer`.
        strategy: How the work is shared: `none`, `mirrored` or `multi-worker`.
        snapshots: Most epochs of which the weights are kept for the time lapse; 0 for none.
        has_tensorboard: Whether it writes for TensorBoard.
        series: Name of the series that it is one of; empty for a run by itself.
    """

    name: str
    data: str
    network: str
    epochs: int
    batch_size: int = 64
    optimizer: Optimizer = "adam"
    learning_rate: float | None = None
    schedule: Schedule = "constant"
    patience: int | None = None
    seed: int = 0
    size: int | None = None
    augmentation: Augmentation = field(default_factory=Augmentation)
    dropout: float | None = None
    l1: float = 0.0
    l2: float = 0.0
    has_batch_norm: bool = False
    clip_norm: float | None = None
    clip_value: float | None = None
    is_one_hot: bool = False
    transfer: Transfer | None = None
    strategy: str = "none"
    snapshots: int = 12
    has_tensorboard: bool = True
    series: str = ""

    def __post_init__(self) -> None:
        _require(self.epochs >= 1, Sentence("{epochs} epochs are too few. Choose at least one.", epochs=self.epochs))
        _require(
            self.epochs <= MOST_EPOCHS,
            Sentence("{epochs:,} epochs are too many. Choose at most {most:,}.", epochs=self.epochs, most=MOST_EPOCHS),
        )
        _require(
            self.batch_size >= 1,
            Sentence("The batch size {batch_size} is too small. Choose at least one.", batch_size=self.batch_size),
        )
        _require(
            self.optimizer in OPTIMIZERS,
            Sentence(
                "Unknown optimizer {optimizer!r}. Choose one of: {known}.",
                optimizer=self.optimizer,
                known=", ".join(OPTIMIZERS),
            ),
        )
        _require(
            self.schedule in SCHEDULES,
            Sentence(
                "Unknown schedule {schedule!r}. Choose one of: {known}.",
                schedule=self.schedule,
                known=", ".join(SCHEDULES),
            ),
        )
        _require_rate(self.learning_rate)
        _require(
            self.patience is None or self.patience >= 1,
            Sentence("The patience {patience} is too small. Choose at least 1.", patience=self.patience),
        )
        _require(self.seed >= 0, Sentence("The seed {seed} is negative. Choose 0 or more.", seed=self.seed))
        _require(
            self.dropout is None or 0 <= self.dropout < 1,
            Sentence("Dropout {dropout} is not between 0 and 1.", dropout=self.dropout),
        )
        _require(
            self.clip_norm is None or self.clip_value is None,
            Sentence("Gradients are clipped by norm or by value, not by both. Set only one of them."),
        )
        _require_least(0, l1=self.l1, l2=self.l2, snapshots=self.snapshots)
        _require_least(1, size=self.size)
        for name, longest in {"clip_norm": self.clip_norm, "clip_value": self.clip_value}.items():
            _require(
                longest is None or longest > 0,
                Sentence(
                    "{name} is {longest}, which stops all learning. Choose more than 0.", name=name, longest=longest
                ),
            )
        _require(
            (self.network == TRANSFER) == (self.transfer is not None),
            Sentence("Transfer learning needs a base model, and only transfer learning has one."),
        )

    def to_json(self) -> dict[str, Any]:
        """Write it as plain values."""
        return asdict(self)


def edited(recipe: Recipe, changes: Mapping[str, Any]) -> Recipe:
    """Change settings by name; a dot reaches into `augmentation` and `transfer`: `augmentation.rotation`.

    Raises:
        RunError: If there is no such setting, or the value cannot be.
    """
    plain = recipe.to_json()
    for name, value in changes.items():
        *path, last = name.split(".")
        group: Any = plain
        for part in path:
            group = group.get(part) if isinstance(group, dict) else None
        if not isinstance(group, dict) or last not in group:
            known = ", ".join(group if isinstance(group, dict) else plain)
            raise RunError(
                "There is no setting {name!r} in {recipe}. There are: {known}.",
                name=name,
                recipe=recipe.name,
                known=known,
            )
        group[last] = value
    return recipe_from_json(plain)


def recipe_from_json(found: Mapping[str, Any]) -> Recipe:
    """Read a recipe back; a setting that this version does not know is an error, a missing one has its default.

    Raises:
        RunError: If it is no recipe.
    """
    plain = _settings(Recipe, found)
    plain["augmentation"] = Augmentation(**_settings(Augmentation, plain.get("augmentation", {})))
    if plain.get("transfer") is not None:
        plain["transfer"] = Transfer(**_settings(Transfer, plain["transfer"]))
    return Recipe(**plain)


def _settings(group: type, found: Any) -> dict[str, Any]:
    """Read the settings of a recipe, or of a part of it, if each has a name and a kind of value that it may have."""
    kinds = get_type_hints(group)
    known = ", ".join(kinds)
    if not isinstance(found, Mapping):
        raise RunError("Expected settings by name: {known}. Received: {value!r:.60}.", known=known, value=found)
    for name, value in found.items():
        if name not in kinds:
            raise RunError("There is no setting {name!r:.60}. There are: {known}.", name=name, known=known)
        if not _may_be(value, kinds[name]):
            expected = " or ".join(_KINDS[kind] for kind in get_args(kinds[name]) or (kinds[name],))
            raise RunError(
                "{name} must be of type {expected}. Received: {value!r:.60}.", name=name, expected=expected, value=value
            )
    missing = [entry.name for entry in fields(group) if _is_required(entry) and entry.name not in found]
    if missing:
        raise RunError("The recipe has no {name}. It must have one.", name=missing[0])
    return dict(found)


def _is_required(entry: Field[Any]) -> bool:
    return entry.default is MISSING and entry.default_factory is MISSING


def _may_be(value: Any, kind: Any) -> bool:
    """Whether a value of JSON is of a setting's kind; the parts of a recipe and the named choices have their own."""
    kinds = get_args(kind) or (kind,)
    if any(part not in _KINDS for part in kinds):
        return True
    if isinstance(value, bool):  # which is a whole number to Python
        return bool in kinds
    return isinstance(value, (*kinds, int) if float in kinds else kinds)


def _require(holds: bool, sentence: str) -> None:
    if not holds:
        raise RunError(sentence)


def _require_rate(rate: float | None) -> None:
    _require(
        rate is None or (math.isfinite(rate) and rate > 0),
        Sentence("The learning rate {rate} is not positive. Choose a positive one, such as 0.001.", rate=rate),
    )


def _require_least(least: int, **settings: float | None) -> None:
    for name, value in settings.items():
        _require(
            value is None or (math.isfinite(value) and value >= least),
            Sentence("{name} is {value}. Choose a number of at least {least}.", name=name, value=value, least=least),
        )
