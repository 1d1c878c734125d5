"""Does a run in a process of its own outlive kills, wait its turn, and stop within seconds?"""

import json
import os
import resource
import signal
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from waiting import wait_until

from cnnviz.runs import open_run
from cnnviz.training import carry_out, create_run, launch, reopen, stop, trainer_process

SECONDS = 90


def state(path):
    return open_run(path).status.state


@pytest.fixture
def launched():
    """Launches runs, and leaves no process behind."""
    processes = []

    def start(path):
        processes.append(launch(path))
        return processes[-1]

    yield start
    for process in processes:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(20)


def test_a_killed_run_is_interrupted_and_resumes_as_if_nothing_had_happened(runs, recipe, launched):
    recipe = replace(recipe, epochs=30, patience=None, schedule="exponential")
    whole = carry_out(create_run(recipe, folder=runs))
    path = create_run(recipe, folder=runs)
    process = launched(path)
    wait_until(lambda: len(open_run(path).history) >= 2, "two epochs")
    os.kill(process.pid, signal.SIGKILL)
    process.wait(20)
    if state(path) == "finished":
        pytest.fail("The run was over before it could be killed.")
    assert state(path) == "interrupted"
    reopen(path)
    run = carry_out(path)
    assert list(run.history.epochs) == list(range(1, 31))
    for name in ("loss", "val_loss", "val_accuracy"):
        np.testing.assert_allclose(run.history.columns[name], whole.history.columns[name], rtol=1e-3, atol=1e-5)


def test_two_runs_wait_in_a_queue_and_stop_takes_seconds_or_ends_in_a_kill(runs, recipe, launched, monkeypatch):
    recipe = replace(recipe, epochs=10_000, patience=None, schedule="constant")  # it never ends by itself
    first, second = create_run(recipe, folder=runs), create_run(recipe, folder=runs)
    launched(first)
    wait_until(lambda: open_run(first).status.epoch >= 1, "the first epoch")
    waiting = launched(second)
    wait_until(lambda: (second / "lock").exists(), "the second trainer")
    assert state(second) == "queued"
    stop(first)
    wait_until(lambda: state(first) == "stopped", "the first to stop")
    wait_until(lambda: open_run(second).status.epoch >= 1, "the second's turn")
    assert open_run(first).model is not None
    waiting.send_signal(signal.SIGSTOP)
    stop(second)
    monkeypatch.setattr(trainer_process, "SECONDS_TO_ANSWER", 0)
    stop(second)
    assert waiting.wait(20) == -signal.SIGKILL
    assert (state(second), state(first)) == ("interrupted", "stopped")


def test_a_run_that_waits_can_be_stopped(runs, recipe, launched):
    from filelock import FileLock

    path = create_run(recipe, folder=runs)
    with FileLock(runs / ".turn"):
        launched(path)
        wait_until(lambda: (path / "lock").exists(), "the trainer")
        stop(path)
        wait_until(lambda: state(path) == "stopped", "it to stop")


@pytest.mark.skipif(sys.platform != "linux", reason="the limit on file sizes is POSIX's")
def test_a_disk_that_takes_no_more_ends_the_run_with_its_reason(runs, recipe):
    """The kernel refuses what lies beyond 300 kB of a file, as a full disk would: LeNet-5's checkpoint is larger."""
    path = create_run(recipe, folder=runs)
    command = [sys.executable, "-m", "cnnviz", "train", "--run", str(path), "--json"]

    def limit():
        resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000))

    done = subprocess.run(command, capture_output=True, text=True, preexec_fn=limit, timeout=SECONDS, check=False)
    assert done.returncode == 2
    assert json.loads(done.stdout)["state"] == "failed"
    run = open_run(path)
    assert run.status.state == "failed" and "disk is full" in run.status.reason
    assert run.model is not None
