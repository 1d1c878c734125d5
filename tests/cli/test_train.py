"""Does training from a terminal say what it does, and end as it was asked to?"""

import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image
from waiting import wait_until

from cnnviz.cli import train
from cnnviz.runs import list_runs, open_run
from cnnviz.training import RECIPES, create_run
from cnnviz.training.record import Record, hold

SECONDS = 120


@pytest.fixture
def images(tmp_path, monkeypatch):
    """Bright and dark images, and a place for runs."""
    monkeypatch.setenv("CNNVIZ_RUNS_DIR", str(tmp_path / "runs"))
    rng = np.random.default_rng(0)
    for name, low in (("bright", 150), ("dark", 0)):
        (tmp_path / "data" / name).mkdir(parents=True)
        for number in range(20):
            pixels = rng.integers(low, low + 100, (28, 28)).astype(np.uint8)
            Image.fromarray(pixels).save(tmp_path / "data" / name / f"{number}.png")
    return tmp_path / "data"


@pytest.fixture
def runs(tmp_path):
    return tmp_path / "runs"


def quick(images, epochs=2):
    return ("lenet5", "--data", images, "--epochs", epochs, "--batch-size", 8, "--set", "has_tensorboard=false")


def test_a_run_tells_a_line_an_epoch_and_opens_under_its_name(cnnviz, images, runs):
    done = cnnviz("train", *quick(images))
    (run,) = list_runs(runs)
    lines = done.err.splitlines()
    assert done.code == 0 and lines[0] == str(run.path)
    assert [line.split()[:2] for line in lines[1:]] == [["epoch", "1"], ["epoch", "2"]]
    assert done.out.startswith(f"{run.name}: finished after 2 epochs, best epoch ")
    assert done.out.endswith("best.keras\n")
    assert "bright" in cnnviz("predict", "chelsea", "--model", run.name).out


def test_a_program_reads_json_and_nothing_else(cnnviz, images, runs):
    done = cnnviz("train", *quick(images, 1), "--optimizer", "sgd", "--json", "--set", "augmentation.rotation=5")
    facts = json.loads(done.out)
    assert (done.code, done.err) == (0, "")
    assert facts["state"] == "finished" and facts["recipe"]["optimizer"] == "sgd"
    assert facts["recipe"]["augmentation"]["rotation"] == 5
    assert facts["test"]["pictures"] == 8


def test_a_series_trains_one_run_after_the_other(cnnviz, images, runs):
    words = ("--series", "ladder", *quick(images, 1)[1:], "--base", "lenet5", "--set", "snapshots=0")
    done = cnnviz("train", *words, "--json")
    ended = json.loads(done.out)["runs"]
    assert [one["recipe"]["name"] for one in ended][:2] == ["ladder-scratch", "ladder-scratch-augmented"]
    assert [(one["state"], one["reason"]) for one in ended] == [("finished", "")] * 4
    listed = json.loads(cnnviz("runs", "--series", "ladder", "--json").out)["runs"]
    assert {one["name"] for one in listed} == {one["name"] for one in ended} and len(listed) == 4


def test_a_relative_path_holds_from_everywhere(cnnviz, images, runs, tmp_path, monkeypatch):
    monkeypatch.chdir(images.parent)
    words = quick("data", 1)
    assert cnnviz("train", *words).code == 0
    assert list_runs(runs)[0].recipe["data"] == str(images)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("", "Name a recipe or a series."),
        ("lenet5 --series optimizers", "Name a recipe or a series."),
        ("lenet6", "invalid choice: 'lenet6'"),
        ("lenet5 --data mnist-5", "Did you mean mnist-5k"),
        ("--series ladder --data nowhere", "There is no dataset, folder or zip archive 'nowhere'."),
        ("lenet5 --epochs 0", "expected a whole number of at least 1, not '0'"),
        ("lenet5 --epochs 1.5", "not '1.5'"),
        ("lenet5 --learning-rate nan", "The learning rate nan is not positive."),
        ("lenet5 --learning-rate -1", "is not positive"),
        ("lenet5 --learning-rate fast", "invalid float value: 'fast'"),
        ("lenet5 --base vgg16", "There is no setting 'transfer.base' in lenet5."),
        ("lenet5 --set rotation", "expected NAME=VALUE, not 'rotation'"),
        ("lenet5 --set augmentation.rotation=500", "Augmentation rotation is 500, out of range."),
        ("lenet5 --set no.such=1", "There is no setting 'no.such' in lenet5."),
        ("lenet5 --strategy tpu", "Choose mirrored or multi-worker."),
        ("lenet5 --strategy parameter-server", "Keras 3 does not train with a parameter server."),
        ("lenet5 --strategy multi-worker", "multi-worker needs $TF_CONFIG on every machine"),
        ("--run nowhere", "'nowhere' is not a run"),
        ("lenet5 --run nowhere", "--run cannot be combined with RECIPE"),
        ("--run nowhere --epochs 3", "--run cannot be combined with --epochs"),
        ("lenet5 --runs-dir /dev/null/x", "No run can be kept in '/dev/null/x': Not a directory."),
    ],
)
def test_a_mistake_is_told_before_anything_is_made(cnnviz, images, runs, words, said, monkeypatch):
    monkeypatch.delenv("TF_CONFIG", raising=False)
    done = cnnviz("train", *shlex.split(words))
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("cnnviz: ") and done.err.count("\n") == 1
    assert said in done.err
    assert not runs.exists()


def test_a_full_queue_is_told_and_nothing_is_made(cnnviz, images, runs, monkeypatch):
    monkeypatch.setenv("CNNVIZ_MAX_RUNS", "3")
    done = cnnviz("train", "--series", "ladder", *quick(images)[1:], "--base", "lenet5")
    assert (done.code, done.out, list_runs(runs)) == (2, "", [])
    assert done.err.startswith("cnnviz: There would be 4 unfinished runs in ") and done.err.count("\n") == 1


def test_what_fails_on_the_way_ends_with_2_and_its_reason(cnnviz, images, runs):
    shutil.rmtree(images / "dark")
    done = cnnviz("train", *quick(images), "--json")
    assert done.code == 2 and json.loads(done.out)["state"] == "failed"
    assert done.err == f"cnnviz: {json.loads(done.out)['reason']}\n"


@pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX's")
@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_the_run_which_says_how_to_carry_on(images, runs, sent, tmp_path):
    endless = (*quick(images, 10_000), "--set", "patience=null")
    command = [sys.executable, "-m", "cnnviz", "train", *map(str, endless)]
    environment = os.environ | {"CNNVIZ_CACHE_DIR": str(tmp_path / "cache")}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    ) as process:
        wait_until(lambda: list_runs(runs) and list_runs(runs)[0].status.epoch >= 1, "an epoch")
        process.send_signal(sent)
        out, err = process.communicate(timeout=SECONDS)
    run = open_run(list_runs(runs)[0].path)
    assert process.returncode == 130 and run.status.state == "stopped" and run.model is not None
    assert out.startswith(f"{run.name}: stopped after ")
    assert err.endswith(f"cnnviz: Stopped. Resume with `cnnviz train --run {run.path}`.\n")
    assert "Traceback" not in err


def test_a_signal_whose_exception_is_lost_is_heard_all_the_same(images, runs):
    path = create_run(replace(RECIPES["lenet5"].recipe, data=str(images)), folder=runs)
    with hold(path), train._stoppable([path]) as came:
        Record(path, open_run(path).status).tell(state="running")
        with pytest.raises(KeyboardInterrupt):  # as a callback of TensorFlow may swallow it
            signal.raise_signal(signal.SIGINT)
        assert came == [signal.SIGINT] and Record(path, open_run(path).status).is_asked_to_stop()
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGTERM)


def test_a_stopped_run_is_resumed_by_name_and_finishes(cnnviz, images, runs):
    from cnnviz.training import stop

    command = [sys.executable, "-m", "cnnviz", "train", *map(str, quick(images, 2)), "--background", "--json"]
    made = subprocess.run(command, capture_output=True, check=True, timeout=SECONDS)
    (path,) = json.loads(made.stdout)["launched"]
    wait_until(lambda: open_run(path).status.state in ("running", "finished"), "the launched run")
    if open_run(path).status.is_active:
        stop(open_run(path).path)
    wait_until(lambda: not open_run(path).status.is_active, "it to stop")
    if open_run(path).status.state == "stopped":
        done = cnnviz("runs", "resume", "lenet5")
        assert done.code == 0 and ": finished after 2 epochs" in done.out
    assert list(open_run(path).history.epochs) == [1, 2]


def test_export_writes_a_model_that_opens(cnnviz, images, runs, tmp_path):
    assert cnnviz("train", *quick(images, 1)).code == 0
    out = tmp_path / "bright.keras"
    assert cnnviz("runs", "export", "lenet5", "--out", out).out == f"Wrote {out}\n"
    assert "dark" in cnnviz("predict", "chelsea", "--model", out).out
    assert cnnviz("runs", "export", "lenet5", "--out", out).code == 2
    name = list_runs(runs)[0].name
    assert cnnviz("runs", "export", "lenet5", "--format", "weights").out == f"Wrote {name}.weights.h5\n"
