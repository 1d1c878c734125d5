"""Translatable sentences, and one-line reprs of dataclasses."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

_LONGEST = 60
_MOST_ITEMS = 6


class Sentence(str):
    """An English text that remembers what it was made of; it equals, prints and pickles as that text.

    Attributes:
        template: The text with named placeholders.
        values: What stands in their places; may hold sentences too. A template without values is said as it is.

    Example:
        >>> Sentence("{name} is empty.", name="cat.jpg")
        'cat.jpg is empty.'
    """

    template: str
    values: dict[str, Any]

    def __new__(cls, template: str, /, **values: object) -> Sentence:
        """Fill in the template; a sentence without new values stays what it is."""
        if isinstance(template, Sentence) and not values:
            return template
        sentence = super().__new__(cls, template.format(**values) if values else template)
        sentence.template, sentence.values = template, values
        return sentence

    def __getnewargs_ex__(self) -> tuple[tuple[str], dict[str, Any]]:
        return (self.template,), self.values


def one_line(record: Any) -> str:
    """Show a dataclass in one line, arrays by their type and shape: its `__repr__`.

    Example:
        >>> Pattern(image=np.zeros((8, 8, 3)), score=3.5)
        Pattern(image=float64 (8, 8, 3), score=3.5)
    """
    shown = (f"{each.name}={_short(getattr(record, each.name))}" for each in fields(record) if each.repr)
    return f"{type(record).__name__}({', '.join(shown)})"


def _short(value: Any) -> str:
    if hasattr(value, "shape") and hasattr(value, "dtype") and value.shape != ():
        return f"{value.dtype} {tuple(value.shape)}"
    if isinstance(value, dict) and len(value) <= _MOST_ITEMS:
        return "{" + ", ".join(f"{key!r}: {_short(each)}" for key, each in value.items()) + "}"
    if isinstance(value, (tuple, list)) and len(value) <= _MOST_ITEMS and type(value) in (tuple, list):
        items = ", ".join(_short(each) for each in value)
        return f"[{items}]" if isinstance(value, list) else f"({items}{',' * (len(value) == 1)})"
    if isinstance(value, (dict, tuple, list, set, frozenset)):
        return f"{len(value):,} items"
    text = " ".join(repr(value).split())
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."
