"""Argument parser and command-line options that several verbs share."""

from __future__ import annotations

import argparse
import re
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, get_args

from cnnviz.cli.errors import CommandError
from cnnviz.convnets import CLASS_ORDERS, DEFAULT, KINDS, SCALINGS
from cnnviz.images import COLORMAPS, SAMPLES, Fit

if TYPE_CHECKING:
    Verbs = argparse._SubParsersAction["Parser"]  # argparse has no public name for what add_subparsers returns

Run = Callable[[Namespace], Iterable[str]]
"""Carries out a verb and yields text for standard output."""

Ranges = tuple[range, ...]
"""Filters as they were typed, not yet listed one by one: `0-9999` may be more than a layer has."""

_RANGE = re.compile(r"(\d{1,6})(?:-(\d{1,6}))?")


class Parser(ArgumentParser):
    """A parser that tells a mistake in one sentence, without its page of usage."""

    def error(self, message: str) -> NoReturn:
        """Raise instead of ending the process."""
        raise CommandError(f"{message[:1].upper()}{message[1:].rstrip('.')}. Try `{self.prog} --help`.")


def add_verb(verbs: Verbs, name: str, run: Run, *, question: str, example: str) -> Parser:
    """Add a verb with the question that it answers and an example that can be run as it stands."""
    parser = verbs.add_parser(
        name,
        help=question,
        description=question,
        epilog=f"example:\n  {example}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.set_defaults(run=run)
    return parser


def add_model(parser: Parser) -> None:
    """Add the choice of the model."""
    parser.add_argument(
        "--model",
        default=DEFAULT,
        metavar="NAME|PATH",
        help="a name that `cnnviz models` lists, or a .keras, .h5 or Teachable Machine's .zip (default: %(default)s)",
    )
    parser.add_argument(
        "--architecture",
        metavar="NAME",
        help="the architecture, by name, that a .weights.h5 file belongs to",
    )
    add_meaning(parser)


def add_meaning(parser: Parser) -> None:
    """Add what a model file cannot tell; each overrules what would be assumed."""
    group = parser.add_argument_group("model settings that the file may not record (guessed and reported if not given)")
    group.add_argument("--scaling", choices=SCALINGS, help="pixel scaling that the model expects")
    group.add_argument("--fit", choices=get_args(Fit), help="how to resize images with a different aspect ratio")
    group.add_argument("--labels", metavar="FILE", help="class names: one per line, a labels.txt, or JSON")
    group.add_argument(
        "--class-order",
        choices=CLASS_ORDERS,
        help="order in which class folders are numbered if "
        "the model has no class names: sorted (10 "
        "before 2) or natural (2 before 10)",
    )
    group.add_argument(
        "--outputs", choices=KINDS, help="what the outputs are: probabilities, logits, scores or numbers"
    )
    group.add_argument("--head", metavar="NAME|NUMBER", help="which output to use, if the model has several")


def add_image(parser: Parser, *, many: bool = False) -> None:
    """Add one image, or several."""
    samples = ", ".join(SAMPLES)
    parser.add_argument("image", metavar="IMAGE", nargs="+" if many else None, help=f"a file, or a sample: {samples}")
    parser.add_argument(
        "--stretch",
        action="store_true",
        help="rescale the image to its full range (minimum black, maximum white) before the model sees it; for "
        "12-bit or dark images",
    )


def add_json(parser: Parser) -> None:
    """Add the form for programs."""
    parser.add_argument("--json", action="store_true", help="print JSON instead of text")


def add_out(parser: Parser, *, default: str, arrays: str) -> None:
    """Add where an image, or the arrays behind it, are written."""
    parser.add_argument(
        "--out",
        type=path,
        metavar="PATH",
        help=f"a folder, a .png file, or a .npz file for {arrays} (default: {default}; with --json no file)",
    )
    parser.add_argument("--force", action="store_true", help="replace the file if it exists")


def add_colors(parser: Parser, default: str) -> None:
    """Add the choice of the color map."""
    add_renamed(
        parser, "--colors", "--colours", default=default, choices=sorted(COLORMAPS),
        help="color map; signed maps always use PuOr (default: %(default)s)",
    )  # fmt: skip


def add_renamed(parser: Parser, name: str, old: str, **more: Any) -> None:
    """Add an option that had another name before; the old one is understood for one release, and not shown."""
    added = parser.add_argument(name, **more)
    parser.add_argument(old, dest=added.dest, **more | {"help": argparse.SUPPRESS, "default": argparse.SUPPRESS})


def whole_number(low: int, high: int | None = None) -> Callable[[str], int]:
    """Make a type that takes whole numbers of a range, both ends included."""
    expected = f"a whole number from {low} to {high}" if high is not None else f"a whole number of at least {low}"

    def read(text: str) -> int:
        is_number = re.fullmatch(r"\d{1,9}", text, re.ASCII) is not None
        if not is_number or int(text) < low or (high is not None and int(text) > high):
            raise ArgumentTypeError(f"expected {expected}, not {text!r}")
        return int(text)

    return read


def share(text: str) -> float:
    """Read a number from 0 to 1."""
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 1:
        raise ArgumentTypeError(f"expected a number from 0 to 1, not {text!r}")
    return value


def path(text: str) -> Path:
    """Read a path; an empty one would be the current folder."""
    if not text.strip() or "\0" in text:
        raise ArgumentTypeError(f"expected a path, not {text!r}")
    return Path(text)


def name(text: str) -> str:
    """Read a name; an empty one would stand for every address of this machine."""
    if not text.strip():
        raise ArgumentTypeError(f"expected a name, not {text!r}")
    return text


def filter_ranges(text: str) -> Ranges:
    """Read filters, `0-15,20`: numbers and ranges, both ends included."""
    found = [_RANGE.fullmatch(part.strip()) for part in text.split(",")]
    ranges = tuple(range(int(match[1]), int(match[2] or match[1]) + 1) for match in found if match)
    if len(ranges) < len(found) or not all(ranges):
        raise ArgumentTypeError(f"expected filters such as 3, 0-15 or 0-7,12, not {text!r}")
    return ranges
