"""Are runs found by name, shown as they are, and changed only when somebody means it?"""

import json
import os
import shlex
import subprocess
import sys
import time
from dataclasses import asdict, replace

import pytest
from filelock import FileLock

from cnnviz.runs import Status, open_run
from cnnviz.training import RECIPES, create_run
from cnnviz.training.record import append_epoch, write_json
from cnnviz.training.trainer_process import words_of

LENET = RECIPES["lenet5"].recipe
ACTIONS = ("list", "show", "compare", "stop", "resume", "delete", "export")


@pytest.fixture
def runs(tmp_path, monkeypatch):
    """Two finished runs and one that was stopped, with three epochs each."""
    folder = tmp_path / "runs"
    monkeypatch.setenv("CNNVIZ_RUNS_DIR", str(folder))
    made = {}
    for name, recipe, state in (
        ("adam", LENET, "finished"),
        ("adagrad", replace(LENET, optimizer="adagrad", seed=1, series="rules"), "finished"),
        ("sgd", replace(LENET, optimizer="sgd", series="rules"), "stopped"),
    ):
        path = create_run(recipe, folder=folder).rename(folder / name)
        for epoch in (1, 2, 3):
            values = {"loss": 1 / epoch, "val_loss": abs(epoch - 2) + 0.25, "val_accuracy": 0.5 + epoch / 10}
            append_epoch(path / "history.csv", epoch, values | {"seconds": 1.5})
        best = {"epoch": 2, "monitor": "val_loss", "value": 0.25}
        status = Status(
            state, epoch=3, epochs=12, best=best, test={"pictures": 8, "accuracy": 0.625}, updated=time.time()
        )
        write_json(path / "status.json", asdict(status))
        made[name] = path
    return made


def rows(text):
    return [line.split() for line in text.splitlines()]


def test_runs_are_listed_with_what_came_out(cnnviz, runs):
    listed = rows(cnnviz("runs").out)
    assert {line[0] for line in listed[1:]} == set(runs)
    adam = next(line for line in listed if line[0] == "adam")
    assert adam == ["adam", "finished", "3/12", "2", "0.25", "70.0", "%", "62.5", "%", "4.5"]
    assert cnnviz("runs", "list").out == cnnviz("runs").out


def test_a_list_can_be_of_one_series(cnnviz, runs):
    assert {line[0] for line in rows(cnnviz("runs", "list", "--series", "rules").out)[1:]} == {"sgd", "adagrad"}
    assert cnnviz("runs", "--series", "none").out.startswith("No runs of the series 'none' in ")


def test_programs_are_told_the_same_before_and_after_the_action(cnnviz, runs, tmp_path):
    facts = json.loads(cnnviz("runs", "--json", "show", "adam").out)
    assert facts == json.loads(cnnviz("runs", "show", "adam", "--json").out)
    assert facts["history"]["epoch"] == [1, 2, 3] and facts["history"]["val_loss"] == [1.25, 0.25, 1.25]
    assert (facts["best_epoch"], facts["val_accuracy"], facts["test_accuracy"]) == (2, 0.7, 0.625)
    assert facts["recipe"]["network"] == "lenet5" and facts["model"] is None
    for words in (("--runs-dir", tmp_path, "list"), ("list", "--runs-dir", tmp_path)):
        assert json.loads(cnnviz("runs", *words, "--json").out) == {"runs": []}


def test_a_run_is_shown_with_its_settings_under_the_names_that_change_them(cnnviz, runs):
    text = cnnviz("runs", "show", "adam").out
    assert text.startswith("adam: finished, 3 of 12 epochs.\n")
    assert ["augmentation.rotation", "0.0"] in rows(text) and ["optimizer", "adam"] in rows(text)
    assert rows(text)[-1] == ["3", "0.3333", "1.25", "0.8", "1.5"]


def test_runs_are_compared_in_what_differs(cnnviz, runs):
    text = cnnviz("runs", "compare", "adam", "adagrad", "sgd").out
    table = {line[0]: line[1:] for line in rows(text)}
    assert table["optimizer"] == ["adam", "adagrad", "sgd"] and table["seed"] == ["0", "1", "0"]
    assert "epochs" not in table and table["val_loss"] == ["0.25"] * 3
    differing = json.loads(cnnviz("runs", "compare", "adam", "sgd", "--json").out)["differences"]
    assert differing == {"optimizer": ["adam", "sgd"], "series": ["", "rules"]}


def test_a_name_may_be_a_unique_beginning_or_a_folder(cnnviz, runs):
    names = ("adagrad", "adag", runs["adagrad"])
    assert {json.loads(cnnviz("runs", "show", name, "--json").out)["name"] for name in names} == {"adagrad"}
    assert json.loads(cnnviz("runs", "show", "adam", "--json").out)["name"] == "adam"


def test_only_a_run_that_is_meant_is_deleted(cnnviz, runs):
    done = cnnviz("runs", "delete", "adag")
    assert done.code == 2 and "delete adagrad permanently. Add --yes" in done.err
    assert runs["adagrad"].is_dir()
    assert cnnviz("runs", "delete", "adag", "sgd", "--yes").out == "Deleted adagrad.\nDeleted sgd.\n"
    assert [path.is_dir() for path in runs.values()] == [True, False, False]


def test_a_run_that_goes_on_is_asked_to_stop_and_not_deleted(cnnviz, runs):
    path = runs["sgd"]
    write_json(path / "status.json", asdict(Status("running", epoch=3, epochs=12)))
    with FileLock(path / "lock"):
        assert "Stop it first" in cnnviz("runs", "delete", "sgd", "--yes").err
        assert cnnviz("runs", "stop", "sgd").out == "Stopping sgd; this takes a few seconds.\n"
    assert (path / "stop").exists()


def test_a_run_that_does_not_answer_is_killed_when_it_is_asked_again(cnnviz, runs):
    path, code = runs["sgd"], "import sys, time; from filelock import FileLock\n"
    code += "with FileLock(sys.argv[-1] + '/lock'): print('held', flush=True); time.sleep(120)"
    command = [sys.executable, "-c", code, *words_of(path)[1:]]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout.readline() == b"held\n"
        write_json(path / "status.json", asdict(Status("running", epoch=3, epochs=12, pid=process.pid)))
        assert cnnviz("runs", "stop", "sgd").out == "Stopping sgd; this takes a few seconds.\n"
        os.utime(path / "stop", (0, 0))
        assert cnnviz("runs", "stop", "sgd").out == "sgd did not respond and was killed.\n"
        assert process.wait(20)
    assert "sgd: interrupted, 3 of 12 epochs. The training process did not respond" in cnnviz("runs", "show", "sgd").out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("show", "required: NAME"),
        ("show vgg", "There is no run 'vgg' in "),
        ("show ad", "2 runs begin with 'ad': "),
        ("show ''", "There is no run ''"),
        ("show ..", "There is no run '..'"),
        ("compare adam", "A comparison needs at least two runs"),
        ("compare adam adam", "A comparison needs at least two runs"),
        ("stop adam", "'adam' is not running: it is finished."),
        ("resume adam", "'adam' is finished."),
        ("export adam", "'adam' has not finished an epoch"),
        ("export adam --format onnx", "invalid choice: 'onnx'"),
        ("paint adam", "invalid choice: 'paint'"),
        ("delete '' --yes", "There is no run ''"),
    ],
)
def test_a_mistake_is_told_in_one_sentence(cnnviz, runs, words, said):
    done = cnnviz("runs", *shlex.split(words))
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("cnnviz: ") and done.err.count("\n") == 1
    assert said in done.err
    assert all(open_run(path) for path in runs.values())


@pytest.mark.parametrize("action", ACTIONS)
def test_help_shows_an_example(action, capsys):
    from cnnviz.cli import entry

    with pytest.raises(SystemExit):
        entry.main(["runs", action, "--help"])
    example = shlex.split(capsys.readouterr().out.split("example:\n")[1])
    assert example[:3] == ["cnnviz", "runs", action]
    assert entry._parser().parse_args(example[1:]).action == action
