"""Language of the session, and translation of texts, sentences and class names."""

from __future__ import annotations

import gettext
import re
import string
from collections.abc import Callable, Iterable
from contextvars import ContextVar, copy_context
from functools import cache
from pathlib import Path
from typing import TypeVar

import streamlit as st

from cnnviz.dashboard import private_streamlit, state
from cnnviz.sentences import Sentence

LANGUAGES = {"en": "English", "ko": "한국어"}
"""Each under the name that its readers know it by."""
ENGLISH = "en"
DOMAIN = "cnnviz"
FOLDER = Path(__file__).parents[1] / "locale"
CLASSES = "class"
"""Context of class names: a class called Test is no heading."""

_FORMAT = string.Formatter()
_PLACE = re.compile(r"\{[^{}]*\}")
_CONTEXT = "\x04"  # between a context and its text, in compiled catalogs
_OUTSIDE = ContextVar("language", default=ENGLISH)

T = TypeVar("T")


def current() -> str:
    """Key of the session's language; in a thread that belongs to none, what `kept` says, else English."""
    if not private_streamlit.is_in_session():
        return _OUTSIDE.get()
    chosen = st.session_state.get(state.LANGUAGE)
    return str(chosen) if chosen in LANGUAGES else usual()


def usual() -> str:
    """Key of the browser's language if there is a catalog for it, else English."""
    asked = (st.context.locale or "").partition("-")[0]
    return asked if asked in LANGUAGES else ENGLISH


def say(text: T, context: str = "") -> T:
    """Say a text in the session's language, or all texts of a dict, tuple or list; anything else stays as it is.

    Args:
        text: English; of a sentence, the template is said, then its values, if they are sentences. One that was kept
            as plain text, or crossed from another process as such, is recognized.
        context: Where the text stands: one English word may want two others.
    """
    return _say(text, current(), context)


def _say(text: T, language: str, context: str) -> T:
    said: object = text
    if language == ENGLISH or not text:
        return text
    if isinstance(text, Sentence):
        said = _fill(text, language)
    elif isinstance(text, str):
        catalog = _catalog(language)
        said = catalog.pgettext(context, text) if context else catalog.gettext(text)
        if said == text and not context:
            said = _recognized(text, language)
    elif isinstance(text, dict):
        said = {key: _say(value, language, context) for key, value in text.items()}
    elif isinstance(text, tuple | list):
        said = type(text)(_say(value, language, context) for value in text)
    return said  # type: ignore[return-value]  # of the type that came in


def _fill(sentence: Sentence, language: str) -> str:
    template = _catalog(language).gettext(sentence.template)
    if not sentence.values:
        return template
    values = {
        name: _fill(value, language) if isinstance(value, Sentence) else value
        for name, value in sentence.values.items()
    }
    return template.format(**values)


def _recognized(text: str, language: str) -> str:
    """Say a sentence that was kept as plain text, as in a run's status; its template is the longest that fits."""
    if text.endswith("."):
        for looks, template in _templates(language):
            if found := looks.fullmatch(text):
                values = found.groupdict()  # one word may be a name, and stays
                values |= {name: _say(value, language, "") for name, value in values.items() if " " in value}
                return "".join(words + values.get(name or "", "") for words, name, _, _ in _FORMAT.parse(template))
    return text


@cache
def _templates(language: str) -> list[tuple[re.Pattern[str], str]]:
    """What sentences with values look like in English, the longest first, and their translations."""
    known: dict[str, str] = _catalog(language)._catalog  # type: ignore[attr-defined]  # gettext lists them nowhere else
    sentences = [text for text in known if "{" in text and text.endswith(".") and _CONTEXT not in text]
    sentences.sort(key=lambda text: len(_PLACE.sub("", text)), reverse=True)
    return [(re.compile(_looks(text), re.DOTALL), known[text]) for text in sentences]


def _looks(template: str) -> str:
    parts, seen = [], set()
    for words, name, _, _ in _FORMAT.parse(template):
        place = "" if name is None else f"(?P={name})" if name in seen else f"(?P<{name}>.+)"
        parts.append(re.escape(words) + place)
        seen.add(name)
    return "".join(parts)


def class_name(name: str) -> str:
    """Say the name of a class; see `class_names`."""
    return say(name, CLASSES)


def class_names(names: Iterable[str]) -> tuple[str, ...]:
    """Say the names of classes; those of the models that ship are translated, all others stay as they are."""
    return say(tuple(names), CLASSES)


def kept(function: Callable[[], T]) -> Callable[[], T]:
    """Have a function speak the language of now, wherever it runs later: a thread of its own knows no session."""
    language = current()

    def speaking() -> T:
        _OUTSIDE.set(language)
        return function()

    return lambda: copy_context().run(speaking)


@cache
def _catalog(language: str) -> gettext.NullTranslations:
    return gettext.translation(DOMAIN, FOLDER, languages=[language])
