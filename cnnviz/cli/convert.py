"""`cnnviz convert`: conversion of a Keras 2 model file into a present-day `.keras` file."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path

from cnnviz.cli import options
from cnnviz.cli.errors import CommandError
from cnnviz.cli.opening import start_tensorflow
from cnnviz.convnets import Answers, convert_model_file, describe_model_file, recall, remember


def add(verbs: options.Verbs) -> None:
    """Describe `cnnviz convert`."""
    parser = options.add_verb(
        verbs,
        "convert",
        run,
        question="Convert a model file of Keras 2 (TensorFlow 2.2 to 2.15, Teachable Machine) into a .keras file.",
        example="cnnviz convert keras_model.h5 model.keras",
    )
    parser.add_argument(
        "source", type=options.path, metavar="OLD", help="a .h5 or .keras file, or Teachable Machine's .zip"
    )
    parser.add_argument("target", type=options.path, metavar="NEW.keras", help="the file to write")
    parser.add_argument("--force", action="store_true", help="replace the file if it exists")


def run(given: Namespace) -> Iterator[str]:
    """Translate, write, and say what was translated."""
    target: Path = given.target
    if target.suffix != ".keras":
        raise CommandError(f"{str(target)!r} does not end in .keras. Name a .keras file to write.")
    if target.is_dir() or (target.exists() and not given.force):
        raise CommandError(f"{str(target)!r} already exists. Choose another name, or add --force to replace it.")
    start_tensorflow()
    try:
        changes = convert_model_file(given.source, target)
    except OSError as error:
        raise CommandError(f"{str(target)!r} cannot be written: {error.strerror}.") from error
    yield from (f"{old} -> {new}" for old, new in changes)
    yield f"Wrote {target}."
    if kept := _keep_facts(given.source, target):
        yield f"The settings known for the old file, such as class names, were saved next to the new one, in {kept}."


def _keep_facts(source: Path, target: Path) -> Path | None:
    """Remember of the new file what was said of the old one, else what its labels and its maker tell, if anything."""
    facts = describe_model_file(source)
    told = Answers(scaling=facts.scaling, fit=facts.fit, class_names=facts.class_names)
    said = {name: value for name, value in asdict(recall(source) or Answers()).items() if value not in (None, ())}
    answers = replace(told, **said)
    return None if answers == Answers() else remember(target, answers)
