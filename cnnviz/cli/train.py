"""`cnnviz train`: training by a recipe or a series of recipes, with one line for each epoch."""

from __future__ import annotations

import contextlib
import json
import os
import shlex
import signal
import sys
from argparse import ArgumentTypeError, Namespace
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from cnnviz import datasets, training
from cnnviz.cli import options, output
from cnnviz.cli.errors import CommandError
from cnnviz.cli.opening import start_tensorflow
from cnnviz.errors import CancelledError, CnnvizError, RunError
from cnnviz.runs import Run, list_runs, open_run, runs_folder
from cnnviz.training.recipe import Recipe
from cnnviz.training.series import SERIES, carry_out_in_turn, create_series
from cnnviz.training.strategies import STRATEGIES, check

_SHORT = {"data": "data", "epochs": "epochs", "batch_size": "batch_size", "optimizer": "optimizer",
          "learning_rate": "learning_rate", "seed": "seed", "size": "size", "patience": "patience",
          "strategy": "strategy", "base": "transfer.base"}  # fmt: skip


def add(verbs: options.Verbs) -> None:
    """Describe `cnnviz train`."""
    parser = options.add_verb(
        verbs,
        "train",
        run,
        question="Train a model from a recipe.",
        example="cnnviz train lenet5 --data mnist-5k --epochs 12 --runs-dir runs",
    )
    parser.add_argument("recipe", nargs="?", choices=sorted(training.RECIPES), metavar="RECIPE", help=_recipes())
    parser.add_argument(
        "--series",
        choices=sorted(SERIES),
        help="train a series of recipes that differ in one setting, one run at a time",
    )
    parser.add_argument("--data", metavar="NAME|PATH", help="a dataset's name, or a folder or .zip of images")
    parser.add_argument("--epochs", type=options.whole_number(1), help="maximum number of epochs")
    parser.add_argument("--batch-size", type=options.whole_number(1), help="batch size")
    parser.add_argument("--optimizer", choices=training.OPTIMIZERS, help="optimizer (default: the recipe's)")
    parser.add_argument("--learning-rate", type=float, metavar="RATE", help="initial learning rate")
    parser.add_argument("--seed", type=options.whole_number(0), help="random seed")
    parser.add_argument("--size", type=options.whole_number(16, 1024), help="image size in pixels")
    parser.add_argument("--patience", type=options.whole_number(1), help="early stopping patience, in epochs")
    parser.add_argument("--base", metavar="NAME|PATH", help="the pretrained base model for transfer learning")
    parser.add_argument("--strategy", help=f"distribution strategy: {', '.join(STRATEGIES)} (default: none)")
    parser.add_argument(
        "--set", type=_setting, action="append", default=[], metavar="NAME=VALUE", dest="settings",
        help="any other setting of recipe.json, such as augmentation.rotation=20",
    )  # fmt: skip
    parser.add_argument("--background", action="store_true", help="run in the background; follow it with `cnnviz runs`")
    add_runs_folder(parser)
    parser.add_argument(
        "--run",
        type=options.path,
        metavar="FOLDER",
        dest="existing",
        help="train or resume an existing run",
    )  # fmt: skip
    options.add_json(parser)


def add_runs_folder(parser: options.Parser, **more: Any) -> None:
    """Add where runs are kept."""
    parser.add_argument(
        "--runs-dir", type=options.path, metavar="FOLDER",
        help="folder for runs (default: $CNNVIZ_RUNS_DIR or ./runs)",
        **more,
    )  # fmt: skip


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
    paths = [_existing(given)] if given.existing else _new(given)
    yield from conduct(paths, is_json=given.json, is_background=given.background)


def _existing(given: Namespace) -> Path:
    typed = {"recipe": "RECIPE", "settings": "--set"} | {
        name: f"--{name.replace('_', '-')}" for name in ("series", *_SHORT)
    }
    others = [option for name, option in typed.items() if getattr(given, name)]
    if others:
        raise CommandError(f"--run cannot be combined with {others[0]}: a run keeps its recipe. Start a new run.")
    if open_run(given.existing).status.state != "queued":
        training.reopen(given.existing)
    return Path(given.existing)


def _new(given: Namespace) -> Sequence[Path]:
    if bool(given.recipe) == bool(given.series):
        raise CommandError(f"Name a recipe or a series. Recipes: {', '.join(training.RECIPES)}.")
    changes = {target: getattr(given, name) for name, target in _SHORT.items() if getattr(given, name) is not None}
    changes |= dict(given.settings)
    folder = given.runs_dir or runs_folder()
    if given.series:
        _require_data(str(changes.get("data", SERIES[given.series].recipes[0].data)))
        check(str(changes.get("strategy", "none")))
        return create_series(given.series, folder=folder, changes=changes)
    recipe: Recipe = training.edited(training.RECIPES[given.recipe].recipe, changes)
    _require_data(recipe.data)
    check(recipe.strategy)
    return [training.create_run(recipe, folder=folder)]


def _require_data(name: str) -> None:
    """Tell a name that was mistyped before there is a run with it."""
    if name not in datasets.catalog() and not os.path.lexists(name):
        datasets.load_dataset(name)


def conduct(paths: Sequence[Path], *, is_json: bool, is_background: bool) -> Iterator[str]:
    """Carry runs out one after the other, here or in processes of their own, and tell what became of them.

    Args:
        paths: Folders of runs that are queued.
        is_json: Whether a program reads the answer.
        is_background: Whether to launch them and return at once.

    Raises:
        RunError: If one failed.
        CancelledError: If they were stopped.
    """
    if is_background:
        for path in paths:
            training.launch(path)
        yield _launched(paths, is_json=is_json)
        return
    ended = []
    for ended_run in _in_turn(paths, is_json=is_json):
        ended.append(ended_run)
        if not is_json:
            yield _sentence(ended_run)
    if is_json:
        yield output.to_json(facts(ended[0]) if len(paths) == 1 else {"runs": [facts(one) for one in ended]})
    _complain(ended)


def _in_turn(paths: Sequence[Path], *, is_json: bool) -> Iterator[Run]:
    """Train in this process until all is done, or somebody wants it to end."""
    tell: dict[str, Any] = {} if is_json else {"on_begin": _begin, "on_epoch": _tell}
    if not is_json:
        _tell_who_is_first(paths)
    start_tensorflow()
    with _stoppable(paths) as signals:
        for ended in carry_out_in_turn(paths, **tell):
            yield ended
            if signals:
                return


@contextlib.contextmanager
def _stoppable(paths: Sequence[Path]) -> Iterator[list[int]]:
    """Let SIGTERM end a run as Ctrl-C does; gives what came, for the trainer keeps it to itself.

    The run is asked to stop as well: an exception that is raised while Python collects garbage or TensorFlow calls
    back is lost. One of several workers is only asked, so that it can tell the others; a second signal does not wait.
    """
    came: list[int] = []

    def interrupt(number: int, _: Any) -> None:
        came.append(number)
        running = [run for run in map(open_run, paths) if run.status.state == "running"] if len(came) == 1 else []
        for run in running:
            with contextlib.suppress(CnnvizError):  # its folder cannot be written: then the exception has to do
                training.stop(run.path)
        if not any(map(_is_worker, running)):
            raise KeyboardInterrupt

    kept = {number: signal.signal(number, interrupt) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield came
    finally:
        for number, handler in kept.items():
            signal.signal(number, handler)


def _is_worker(run: Run) -> bool:
    return run.recipe.get("strategy") == "multi-worker"


def _tell_who_is_first(paths: Sequence[Path]) -> None:
    """Say why nothing happens yet."""
    mine = {path.name for path in paths}
    first = [run.name for run in list_runs(paths[0].parent) if run.status.is_active and run.name not in mine]
    if first:
        sys.stderr.write(f"Waiting for {first[-1]}: runs of one folder train one after the other.\n")


def _begin(path: Path) -> None:
    sys.stderr.write(f"{path}\n")


def _tell(epoch: int, values: Mapping[str, float]) -> None:
    # An epoch's line is told while the run goes on, so it cannot be yielded.
    shown = (
        f"loss {values['loss']:.4f}  accuracy {output.percent(values['accuracy'])}"
        f"  val_loss {values['val_loss']:.4f}  val_accuracy {output.percent(values['val_accuracy'])}"
        f"  {values['seconds']:.1f} s"
    )
    sys.stderr.write(f"epoch {epoch:3}  {shown}\n")


def _complain(ended: Sequence[Run]) -> None:
    """End as the runs did: well, or with what a person should know."""
    stopped = [one for one in ended if one.status.state == "stopped"]
    failed = [one for one in ended if one.status.state == "failed"]
    if failed:
        name = f"{failed[0].name}: " if len(ended) > 1 else ""
        raise RunError(f"{name}{failed[0].status.reason}")
    if stopped:
        raise CancelledError(f"Stopped. Resume with `cnnviz train --run {shlex.quote(str(stopped[0].path))}`.")


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


def _launched(paths: Sequence[Path], *, is_json: bool) -> str:
    return output.to_json({"launched": [str(path) for path in paths]}) if is_json else "\n".join(map(str, paths))


def _sentence(run: Run) -> str:
    status = run.status
    if status.state == "failed":
        return f"{run.name}: failed after {_epochs(status.epoch)}."
    best = f"best epoch {status.best['epoch']}" if status.best else "no best epoch yet"
    test = f", test accuracy {output.percent(status.test['accuracy'])}" if status.test else ""
    return f"{run.name}: {status.state} after {_epochs(status.epoch)}, {best}{test}. {run.model or ''}".rstrip()


def _epochs(count: int) -> str:
    return "one epoch" if count == 1 else f"{count} epochs"
