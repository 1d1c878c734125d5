"""Assumptions about a model: what its file does not say, why it was assumed, and how sure that is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields

from cnnviz.sentences import Sentence


@dataclass(frozen=True)
class Assumption:
    """One thing that was taken for true.

    Attributes:
        value: What, in the word of the option that changes it.
        why: What speaks for it.
        is_confirmed: Whether a person said it, the catalog knows it, or the model could not work otherwise; False
            for a guess.
    """

    value: str
    why: Sentence
    is_confirmed: bool = True

    @property
    def reason(self) -> str:
        """Why, and whether it is a guess."""
        return str(self.why) if self.is_confirmed else f"guess: {self.why}"


KNOWN = Sentence("from the catalog")
SAID = Sentence("set by you")
REMEMBERED = Sentence("saved next to the model")
NOT_ASKED = Assumption("", Sentence("nothing had to be assumed"))
_OF_FILES = ("scaling", "fit", "class_names")


@dataclass(frozen=True)
class Assumptions:
    """All that was taken for true about a model.

    Attributes:
        scaling: How pixels become numbers, a key of `SCALINGS`.
        fit: How an image of another shape is brought to the model's size.
        class_names: Where the names of the classes come from.
        class_order: In which order folders are numbered where classes have no names: `sorted` or `natural`.
        outputs: What the outputs are, see `Convnet.outputs`.
        head: Which of several outputs is used, by name.
        layout: Which image a row of values is taken for: rows x columns x channels.
    """

    scaling: Assumption = NOT_ASKED
    fit: Assumption = NOT_ASKED
    class_names: Assumption = NOT_ASKED
    class_order: Assumption = NOT_ASKED
    outputs: Assumption = NOT_ASKED
    head: Assumption = NOT_ASKED
    layout: Assumption = NOT_ASKED

    def __iter__(self) -> Iterator[tuple[str, Assumption]]:
        """Name and assumption of each that means something for this model."""
        pairs = ((field.name, getattr(self, field.name)) for field in fields(self))
        return (pair for pair in pairs if pair[1].value)

    @property
    def are_open(self) -> bool:
        """Whether a person should hear of it: a guess, or what was taken from files beside the model."""
        told = (one for name, one in self if name in _OF_FILES)
        return bool(self.guesses) or any(one.why not in (KNOWN, SAID, REMEMBERED) for one in told)

    @property
    def lines(self) -> tuple[str, ...]:
        """Each in a line, with its reason: `scaling 0..255 (the model itself divides pixels by 255)`."""
        return tuple(f"{name.replace('_', ' ')} {one.value} ({one.reason})" for name, one in self)

    @property
    def record(self) -> dict[str, dict[str, object]]:
        """For files that programs read: name to value, reason and whether it is confirmed."""
        return {
            name: {"value": str(one.value), "why": str(one.why), "is_confirmed": one.is_confirmed} for name, one in self
        }

    @property
    def guesses(self) -> tuple[str, ...]:
        """Names of those that are guesses."""
        return tuple(name for name, one in self if not one.is_confirmed)
