"""Entry point of the command line: parser, exit codes, and error messages in one sentence."""

from __future__ import annotations

import contextlib
import os
import sys
from argparse import Namespace
from collections.abc import Sequence
from typing import TextIO

from cnnviz import __version__
from cnnviz.cli import activations, app, convert, evaluate, filters, heatmap, layers, models, predict, runs, train
from cnnviz.cli.errors import CommandError
from cnnviz.cli.options import Parser
from cnnviz.errors import CancelledError, CnnvizError

EXIT_BELOW_BAR = 1
EXIT_MISTAKE = 2
EXIT_INTERRUPTED = 130  # what shells expect after Ctrl-C: 128 + SIGINT
EXIT_CLOSED_PIPE = 141  # 128 + SIGPIPE

_VERBS = (app, models, convert, layers, predict, activations, filters, heatmap, evaluate, train, runs)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line.

    Args:
        arguments: Words after the program's name; those of the process if not given.

    Returns:
        Exit code: 0; 1 if the accuracy is below `--fail-under`; 2 after a mistake that the person can mend,
        named in one sentence on standard error; 130 after Ctrl-C, or where what was asked for was stopped; 141 if
        the reader of standard output went away.
    """
    try:
        _carry_out(_parser().parse_args(_with_values(sys.argv[1:] if arguments is None else arguments)))
    except CancelledError as error:
        sys.stderr.write(f"cnnviz: {error}\n")
        return EXIT_INTERRUPTED
    except evaluate.BelowBarError as error:
        sys.stderr.write(f"cnnviz: {error}\n")
        return EXIT_BELOW_BAR
    except CnnvizError as error:
        sys.stderr.write(f"cnnviz: {error}\n")
        return EXIT_MISTAKE
    except KeyboardInterrupt:
        sys.stderr.write("\ncnnviz: Stopped.\n")
        return EXIT_INTERRUPTED
    except BrokenPipeError:
        _drop(sys.stdout)
        return EXIT_CLOSED_PIPE
    return 0


def _with_values(words: Sequence[str]) -> list[str]:
    """Join `--scaling` and `-1..1`, which argparse would take for another option."""
    joined: list[str] = []
    for word in words:
        if joined and joined[-1] == "--scaling" and word.startswith("-1"):
            joined[-1] += f"={word}"
        else:
            joined.append(word)
    return joined


def _carry_out(options: Namespace) -> None:
    stdout = sys.stdout
    if stdout is None:
        raise CommandError("Standard output is closed.")
    with contextlib.redirect_stdout(sys.stderr):  # Keras draws the progress of its downloads on standard output
        for text in options.run(options):
            try:
                stdout.write(f"{text}\n")
                stdout.flush()
            except BrokenPipeError:
                raise
            except OSError as error:
                _drop(stdout)
                raise CommandError(f"Standard output cannot be written: {error.strerror}.") from error


def _drop(stdout: TextIO) -> None:
    """Let nothing more be written: Python writes what is left when it ends, and would complain again."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stdout.fileno())


def _parser() -> Parser:
    parser = Parser(
        prog="cnnviz",
        description="Look inside trained convnets.",
        epilog="Run `cnnviz COMMAND --help` for its options and an example.",
    )
    parser.add_argument("--version", action="version", version=f"cnnviz {__version__}")
    verbs = parser.add_subparsers(dest="verb", title="commands", metavar="COMMAND", required=True)
    for module in _VERBS:
        module.add(verbs)
    return parser
