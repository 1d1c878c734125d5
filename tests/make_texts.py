"""Which texts are there to translate? `make texts` brings the catalogs up to date with them, and compiles them."""

import ast
import pkgutil
import re
import sys
from importlib import import_module
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

import cnnviz
from cnnviz import errors
from cnnviz.dashboard import language, texts
from cnnviz.datasets import class_names

PACKAGE = Path(cnnviz.__file__).parent
SPEAKERS = {"Sentence", *(name for name, value in vars(errors).items() if isinstance(value, type))}
"""Calls whose first argument is a text."""
_NO_WORDS = re.compile(r"\{[^{}]*\}|:material/\w+:|[\W\d_]")
_HEADER = "# Korean texts of cnnviz. `make texts` adds what is new and compiles the file."


def messages():
    """Every text as (context, English, file it stands in)."""
    yield from _constants()
    for path in sorted(PACKAGE.rglob("*.py")):
        if "cli" not in path.relative_to(PACKAGE).parts:  # the command line speaks English
            yield from _sentences(path)
    yield from ((language.CLASSES, name, Path(class_names.__file__)) for name in class_names.FASHION)


def _constants():
    for found in pkgutil.iter_modules(texts.__path__):
        module = import_module(f"{texts.__name__}.{found.name}")
        for name, value in vars(module).items():
            if name.isupper():
                yield from ((found.name, text, Path(module.__file__)) for text in _strings(value) if has_words(text))


def _strings(value):
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | tuple | list):
        for part in value.values() if isinstance(value, dict) else value:
            yield from _strings(part)


def has_words(text):
    """Whether there is something to translate: not only signs, numbers, placeholders and icons."""
    return bool(_NO_WORDS.sub("", text))


def _sentences(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and node.args and ast.unparse(node.func).rpartition(".")[2] in SPEAKERS:
            text = node.args[0]
            if isinstance(text, ast.Constant) and has_words(text.value):
                yield "", text.value, path


def template():
    """All texts as Babel keeps them."""
    catalog = Catalog(fuzzy=False)
    for context, text, path in messages():
        place = path.relative_to(PACKAGE.parent).as_posix()
        catalog.add(text, locations=[(place, 0)], context=context or None)
    return catalog


def folder(key):
    return language.FOLDER / key / "LC_MESSAGES"


def read(key):
    """Read a language's catalog; an empty one if there is none yet."""
    path = folder(key) / f"{language.DOMAIN}.po"
    if not path.exists():
        people = {"last_translator": "cnnviz", "language_team": key, "msgid_bugs_address": "cnnviz"}
        return Catalog(key, language.DOMAIN, project="cnnviz", version="1", **people, fuzzy=False)
    with path.open("rb") as file:
        return read_po(file, locale=key, domain=language.DOMAIN)


def main():
    missing = 0
    for key in language.LANGUAGES.keys() - {language.ENGLISH}:
        catalog = read(key)
        catalog.update(template(), no_fuzzy_matching=True, update_creation_date=False)
        catalog.obsolete.clear()
        catalog.header_comment = _HEADER
        folder(key).mkdir(parents=True, exist_ok=True)
        with (folder(key) / f"{language.DOMAIN}.po").open("wb") as file:
            write_po(file, catalog, width=120, include_lineno=False, sort_by_file=True)
        with (folder(key) / f"{language.DOMAIN}.mo").open("wb") as file:
            write_mo(file, catalog)
        empty = [message.id for message in catalog if message.id and not message.string]
        missing += len(empty)
        sys.stdout.write(f"{key}: {len(catalog)} texts, {len(empty)} without a translation\n")
        sys.stdout.writelines(f"  {text!r}\n" for text in empty[:10])
    return missing


if __name__ == "__main__":
    sys.exit(bool(main()))
