"""`cnnviz runs`: list, show, compare, stop, resume, delete and export training runs."""

from __future__ import annotations

import argparse
from argparse import Namespace
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from cnnviz import training
from cnnviz.cli import options, output
from cnnviz.cli.errors import CommandError
from cnnviz.cli.opening import start_tensorflow
from cnnviz.cli.train import add_runs_folder, conduct, facts
from cnnviz.runs import Run, is_run, list_runs, open_run, runs_folder
from cnnviz.training.completing import complete
from cnnviz.training.export import ENDINGS, FORMATS, export_run

_RESULTS = ("best epoch", "val_loss", "val_accuracy", "test accuracy", "seconds")
_NAMED = 6  # runs that a sentence lists


def add(verbs: options.Verbs) -> None:
    """Describe `cnnviz runs` and what it can do with a run."""
    parser = options.add_verb(
        verbs,
        "runs",
        run,
        question="List training runs; show, compare, stop, resume, delete or export some of them.",
        example="cnnviz runs --series optimizers",
    )
    _add_shared(parser)
    parser.set_defaults(act=_list, json=False, runs_dir=None)
    _add_series(parser)
    actions = parser.add_subparsers(dest="action", metavar="ACTION")
    _add_series(_action(actions, "list", _list, "List all runs, the newest first.", "list"))
    one = _action(actions, "show", _show, "Show the settings and results of one run.", "show lenet5")
    _add_names(one, many=False)
    _add_names(
        _action(actions, "compare", _compare, "Show the differences between runs, and their results.",
                "compare lenet5 mnist-dense"), many=True,
    )  # fmt: skip
    question = (
        "Stop runs, keeping their best weights. A run that has not responded for "
        f"{training.SECONDS_TO_ANSWER} seconds is killed when you stop it again."
    )
    _add_names(_action(actions, "stop", _stop, question, "stop lenet5"))
    again = _action(actions, "resume", _resume, "Resume runs that ended early.", "resume lenet5")
    _add_names(again)
    again.add_argument("--background", action="store_true", help="run in the background")
    gone = _action(actions, "delete", _delete, "Delete runs and everything in them.", "delete lenet5 --yes")
    _add_names(gone)
    gone.add_argument("--yes", action="store_true", help="confirm; this cannot be undone")
    out = _action(actions, "export", _export, "Export the model of a run.",
                  "export lenet5 --format h5 --out digits.h5")  # fmt: skip
    _add_names(out, many=False)
    out.add_argument("--format", choices=FORMATS, default="keras", help="file format (default: %(default)s)")
    out.add_argument(
        "--out", type=options.path, metavar="PATH", help="output file, with the format's extension, or a folder"
    )


def _action(
    actions: options.Verbs, name: str, act: Callable[[Namespace], Iterator[str]], question: str, example: str
) -> options.Parser:
    parser = options.add_verb(actions, name, run, question=question, example=f"cnnviz runs {example}")
    parser.set_defaults(act=act)
    _add_shared(parser)
    return parser


def _add_shared(parser: options.Parser) -> None:
    """Add what stands before the action or after it; a default here would undo what stood before."""
    add_runs_folder(parser, default=argparse.SUPPRESS)
    parser.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help="print JSON instead of text")


def _add_series(parser: options.Parser) -> None:
    parser.add_argument("--series", help="only the runs of this series")


def _add_names(parser: options.Parser, *, many: bool | None = None) -> None:
    """Add one name (`many` is False), one or more, or two or more (`many` is True)."""
    parser.add_argument(
        "names",
        metavar="NAME",
        nargs=1 if many is False else "+",
        help="a run's name, a unique prefix of it, or its folder",
    )


def run(given: Namespace) -> Iterator[str]:
    """Do what was asked for."""
    return given.act(given)


def _folder(given: Namespace) -> Path:
    return given.runs_dir or runs_folder()


def _found(given: Namespace) -> list[Run]:
    return [_find(_folder(given), name) for name in dict.fromkeys(given.names)]


def _find(folder: Path, name: str) -> Run:
    """Find a run by its name, its beginning, or its folder."""
    if is_run(folder / name):
        return open_run(folder / name)
    if is_run(Path(name)):
        return open_run(Path(name))
    every = [run.name for run in list_runs(folder)]
    meant = [other for other in every if name and other.startswith(name)]
    if len(meant) == 1:
        return open_run(folder / meant[0])
    if meant:
        raise CommandError(f"{len(meant)} runs begin with {name!r}: {_some(meant)}. Type more of the name.")
    known = f"There are: {_some(every)}." if every else "There are none yet; start one with `cnnviz train lenet5`."
    raise CommandError(f"There is no run {name!r} in {str(folder)!r}. {known}")


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:_NAMED]) + (", ..." if len(names) > _NAMED else "")


def _list(given: Namespace) -> Iterator[str]:
    found = [one for one in list_runs(_folder(given)) if not given.series or one.recipe.get("series") == given.series]
    if given.json:
        yield output.to_json({"runs": [_facts(one) for one in found]})
    elif found:
        rows = [
            (one.name, one.status.state, f"{one.status.epoch}/{one.status.epochs}", *_results(one)) for one in found
        ]
        yield output.table(("name", "state", "epoch", *_RESULTS), rows, align="<<" + ">" * (1 + len(_RESULTS)))
    else:
        which = f" of the series {given.series!r}" if given.series else ""
        yield f"No runs{which} in {str(_folder(given))!r}. Start one with `cnnviz train`."


def _results(run: Run) -> tuple[str, ...]:
    """What came of a run, as `_RESULTS` names it."""
    found = _facts(run)
    shares = (found["val_accuracy"], found["test_accuracy"])
    val_accuracy, test = ("-" if share is None else output.percent(share) for share in shares)
    return _text(found["best_epoch"]), _text(found["val_loss"]), val_accuracy, test, _text(found["seconds"])


def _text(value: float | None) -> str:
    return "-" if value is None else f"{value:.4g}"


def _facts(run: Run) -> dict[str, Any]:
    """What came of a run, in numbers; None where there is none yet."""
    history, best = run.history, run.status.best.get("epoch")
    is_best = history.epochs == best
    at_best = {name: float(column[is_best][0]) for name, column in history.columns.items() if is_best.any()}
    return facts(run) | {
        "best_epoch": best,
        "val_loss": at_best.get("val_loss"),
        "val_accuracy": at_best.get("val_accuracy"),
        "test_accuracy": run.status.test.get("accuracy"),
        "seconds": float(np.nansum(history.columns["seconds"])) if "seconds" in history.columns else None,
    }


def _show(given: Namespace) -> Iterator[str]:
    one = _found(given)[0]
    history, environment = one.history, one.environment
    if given.json:
        columns = {"epoch": history.epochs, **history.columns}
        yield output.to_json(_facts(one) | {"history": columns, "environment": environment})
        return
    status = one.status
    yield f"{one.name}: {status.state}, {status.epoch} of {status.epochs} epochs. {status.reason}".rstrip()
    yield f"{one.path}"
    parameters = environment.get("parameters")
    if parameters:
        data = environment.get("data", {}).get("name") or one.recipe.get("data", "")
        trainable = environment.get("trainable", 0)
        yield f"{data}, {parameters:,} parameters, {trainable:,} trainable"
    settings = _settings(one.recipe)
    rows = [(name, str(value)) for name, value in settings.items()]
    yield "\n" + output.table(("setting", "value"), rows, align="<<")
    if len(history):
        yield "\n" + _epochs(one)


def _epochs(run: Run) -> str:
    history = run.history
    told = {name: column for name, column in history.columns.items() if not np.isnan(column).all()}
    rows = [
        (str(epoch), *(_text(float(column[row])) for column in told.values()))
        for row, epoch in enumerate(history.epochs)
    ]
    return output.table(("epoch", *told), rows, align=">" * (1 + len(told)))


def _settings(recipe: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Write a recipe's settings under the names that `--set` takes."""
    found: dict[str, Any] = {}
    for name, value in recipe.items():
        found |= _settings(value, f"{prefix}{name}.") if isinstance(value, Mapping) else {f"{prefix}{name}": value}
    return found


def _compare(given: Namespace) -> Iterator[str]:
    runs = _found(given)
    if len(runs) < 2:
        raise CommandError("A comparison needs at least two runs.")
    differing = _differences([_settings(one.recipe) for one in runs])
    if given.json:
        yield output.to_json({"differences": differing, "runs": [_facts(one) for one in runs]})
        return
    rows = [(name, *map(str, values)) for name, values in differing.items()]
    rows += zip(_RESULTS, *(_results(one) for one in runs), strict=True)
    yield output.table(("", *(one.name for one in runs)), rows, align="<" + ">" * len(runs))


def _differences(settings: Sequence[Mapping[str, Any]]) -> dict[str, list[Any]]:
    """Settings that are not the same in all runs, with each run's value; None where a run has no such setting."""
    names = dict.fromkeys(name for one in settings for name in one)
    values = {name: [one.get(name) for one in settings] for name in names}
    return {name: found for name, found in values.items() if any(value != found[0] for value in found)}


def _stop(given: Namespace) -> Iterator[str]:
    runs = _found(given)
    for one in runs:
        training.stop(one.path)
    killed = [one.name for one in runs if open_run(one.path).status.state == "interrupted"]
    stopping = [one.name for one in runs if one.name not in killed]
    if given.json:
        yield output.to_json({"stopping": stopping, "killed": killed})
        return
    yield from (f"Stopping {name}; this takes a few seconds." for name in stopping)
    yield from (f"{name} did not respond and was killed." for name in killed)


def _resume(given: Namespace) -> Iterator[str]:
    runs = _found(given)
    for one in runs:
        training.reopen(one.path)
    return conduct([one.path for one in runs], is_json=given.json, is_background=given.background)


def _delete(given: Namespace) -> Iterator[str]:
    runs = _found(given)
    if not given.yes:
        raise CommandError(f"This would delete {_some([one.name for one in runs])} permanently. Add --yes to confirm.")
    for one in runs:
        training.delete(one)
    if given.json:
        yield output.to_json({"deleted": [one.name for one in runs]})
    else:
        yield from (f"Deleted {one.name}." for one in runs)


def _export(given: Namespace) -> Iterator[str]:
    one = _found(given)[0]
    default = Path(f"{one.name}{ENDINGS[given.format]}")
    path = given.out or default
    path = path / default if path.is_dir() else path
    start_tensorflow()
    written = str(export_run(complete(one), path, format=given.format))
    facts_of_it = {"run": one.name, "format": given.format, "out": written}
    yield output.to_json(facts_of_it) if given.json else f"Wrote {written}"
