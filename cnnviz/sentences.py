"""How is a text kept, so that it can be said in another language later?"""

from __future__ import annotations

from typing import Any


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
