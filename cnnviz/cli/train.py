"""How is a network trained from the command line?"""

from __future__ import annotations

import contextlib
import json
import os
import signal
from argparse import ArgumentTypeError, Namespace
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from cnnviz import training
from cnnviz.cli import options, output
from cnnviz.cli.errors import CommandError
from cnnviz.errors import RunError
from cnnviz.runs import Run, open_run, runs_folder

_SHORT = {"data": "data", "epochs": "epochs", "batch_size": "batch_size", "optimizer": "optimizer",
          "learning_rate": "learning_rate", "seed": "seed", "size": "size", "patience": "patience",
          "strategy": "strategy", "base": "transfer.base"}  # fmt: skip


def add(verbs: options.Verbs) -> None:
    """Describe `cnnviz train`."""
    parser = options.add_verb(
        verbs,
        "train",
        run,
        question="Train a network by a recipe; what comes out is a network like any other.",
        example="cnnviz train lenet5 --data mnist-5k --epochs 12 --runs-dir runs",
    )
    parser.add_argument("recipe", nargs="?", choices=sorted(training.RECIPES), metavar="RECIPE", help=_recipes())
    parser.add_argument("--data", metavar="NAME|PATH", help="a data set's name, or a folder or .zip of pictures")
    parser.add_argument("--epochs", type=options.whole_number(1), help="most passes over the training pictures")
    parser.add_argument("--batch-size", type=options.whole_number(1), help="pictures a step")
    parser.add_argument("--optimizer", choices=training.OPTIMIZERS)
    parser.add_argument("--learning-rate", type=float, metavar="RATE")
    parser.add_argument("--seed", type=options.whole_number(0))
    parser.add_argument("--size", type=options.whole_number(16, 1024), help="side of the pictures in pixels")
    parser.add_argument("--patience", type=options.whole_number(1), help="epochs without progress before it stops")
    parser.add_argument("--base", metavar="NAME|PATH", help="the trained network that a transfer starts from")
    parser.add_argument("--strategy", choices=("none", "mirrored", "multi-worker"), help="how the work is shared")
    parser.add_argument(
        "--set", type=_setting, action="append", default=[], metavar="NAME=VALUE", dest="settings",
        help="any other setting of recipe.json, such as augmentation.rotation=20",
    )  # fmt: skip
    parser.add_argument("--runs-dir", type=Path, metavar="FOLDER", help="where runs are kept (default: runs)")
    parser.add_argument(
        "--run", type=Path, metavar="FOLDER", dest="existing", help="a run that was made before: carry it out, or on"
    )
    options.add_json(parser)


def _recipes() -> str:
    return "one of " + ", ".join(training.RECIPES)


def _setting(text: str) -> tuple[str, Any]:
    name, sign, value = text.partition("=")
    if not sign or not name:
        raise ArgumentTypeError(f"expected NAME=VALUE, not {text!r}")
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value


def run(given: Namespace) -> Iterator[str]:
    """Train, a line an epoch; what became of it at the end."""
    with contextlib.suppress(OSError, AttributeError):  # a system without priorities trains at its own
        os.nice(int(os.environ.get("CNNVIZ_NICE", "0")))
    path = _existing(given.existing) if given.existing else _new(given)
    if not given.json:
        yield f"{path}"
    signal.signal(signal.SIGTERM, lambda *_: training.stop(path))
    # An epoch's line is told while the run goes on, so it cannot be yielded from here.
    tell = None if given.json else _tell
    ended = training.carry_out(path, on_epoch=tell)
    yield output.to_json(facts(ended)) if given.json else _sentence(ended)
    if ended.status.state == "failed":
        raise RunError(ended.status.reason)


def _existing(path: Path) -> Path:
    if open_run(path).status.state != "queued":
        training.reopen(path)
    return path


def _new(given: Namespace) -> Path:
    if not given.recipe:
        raise CommandError(f"Name a recipe: {', '.join(training.RECIPES)}.")
    recipe = training.RECIPES[given.recipe].recipe
    changes = {target: getattr(given, name) for name, target in _SHORT.items() if getattr(given, name) is not None}
    return training.create_run(
        training.edited(recipe, changes | dict(given.settings)), folder=given.runs_dir or runs_folder()
    )


def _tell(epoch: int, values: Mapping[str, float]) -> None:
    import sys

    shown = (
        f"loss {values['loss']:.4f}  accuracy {output.percent(values['accuracy'])}"
        f"  val_loss {values['val_loss']:.4f}  val_accuracy {output.percent(values['val_accuracy'])}"
        f"  {values['seconds']:.1f} s"
    )
    sys.stderr.write(f"epoch {epoch:3}  {shown}\n")


def facts(run: Run) -> dict[str, Any]:
    """What a program wants to know of a run."""
    status = run.status
    return {
        "name": run.name,
        "path": str(run.path),
        "state": status.state,
        "reason": status.reason,
        "recipe": run.recipe,
        "epoch": status.epoch,
        "epochs": status.epochs,
        "best": status.best,
        "test": status.test,
        "model": run.model and str(run.model),
    }


def _sentence(run: Run) -> str:
    status = run.status
    if status.state == "failed":
        return f"Failed after {status.epoch} epochs."
    best = f"best epoch {status.best['epoch']}" if status.best else "no epoch"
    test = f", test accuracy {output.percent(status.test['accuracy'])}" if status.test else ""
    return f"{status.state.capitalize()} after {status.epoch} epochs: {best}{test}. {run.model or ''}".rstrip()
