"""Is what may be launched bounded, does Stop end in a kill, and is a folder that cannot be written one sentence?"""

import errno
import os
import signal
import subprocess
import sys
import time
from dataclasses import asdict, replace
from pathlib import Path
from unittest import mock

import pytest
from filelock import FileLock
from waiting import wait_until

from cnnviz import training
from cnnviz.errors import RunError
from cnnviz.runs import list_runs, open_run
from cnnviz.training import (
    RECIPES,
    SERIES,
    carry_out,
    create_run,
    create_series,
    is_deaf,
    launch,
    reopen,
    stop,
    trainer_process,
)
from cnnviz.training.queue import wait_for_turn
from cnnviz.training.record import Record, write_json

RECIPE = RECIPES["lenet5"].recipe
LONG_AGO = time.time() - 3600
STAND_IN = """
import sys, time
from filelock import FileLock
with FileLock(sys.argv[-1] + "/lock"):
    print("held", flush=True)
    time.sleep(120)
"""
IS_POSIX = os.name == "posix"


def tell(path, **changed):
    """Write a status as it stands in the file, whoever lives."""
    write_json(path / "status.json", asdict(replace(open_run(path).status, **changed)))


@pytest.fixture
def processes():
    """Starts processes that hold a run's lock, named by the words that follow, and leaves none behind."""
    started = []

    def start(*words):
        command = [sys.executable, "-c", STAND_IN, *map(str, words)]
        started.append(subprocess.Popen(command, stdout=subprocess.PIPE))
        assert started[-1].stdout.readline() == b"held\n"
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.wait(20)
        process.stdout.close()


@pytest.fixture
def trained(runs, processes):
    """A run and a stand-in for its trainer, launched as one, which never looks whether to stop."""
    path = create_run(RECIPE, folder=runs)
    process = processes(*trainer_process.words_of(path)[1:])
    tell(path, state="running", epoch=2, epochs=5, updated=LONG_AGO, pid=process.pid)
    return path, process


def test_the_queue_takes_so_many_runs_and_a_series_as_a_whole_or_not_at_all(runs):
    largest = max(SERIES, key=lambda name: len(SERIES[name].recipes))
    path = create_run(RECIPE, folder=runs)
    create_series(largest, folder=runs)
    assert len(list_runs(runs)) == 8  # the largest series fits behind a run that trains
    with pytest.raises(RunError, match=r"There would be 9 unfinished runs .* there may be 8\. .*CNNVIZ_MAX_RUNS\."):
        create_run(RECIPE, folder=runs)
    tell(path, state="finished")
    create_run(RECIPE, folder=runs)
    for run in list_runs(runs)[:6]:
        tell(run.path, state="stopped")
    with pytest.raises(RunError, match="There would be 9 "):
        create_series(largest, folder=runs)
    assert len(list_runs(runs)) == 9  # nothing of it was made
    create_series("ladder", folder=runs)


def test_what_is_resumed_counts_as_well(runs, monkeypatch):
    monkeypatch.setenv("CNNVIZ_MAX_RUNS", "1")
    stopped = create_run(RECIPE, folder=runs)
    tell(stopped, state="stopped")
    create_run(RECIPE, folder=runs)
    with pytest.raises(RunError, match="There would be 2 unfinished runs"):
        reopen(stopped)
    assert open_run(stopped).status.state == "stopped"
    monkeypatch.setenv("CNNVIZ_MAX_RUNS", "2")
    reopen(stopped)
    assert open_run(stopped).status.state == "queued"


@pytest.mark.parametrize("value", ["0", "-1", "many", "1.5"])
def test_a_limit_that_is_none_is_told(runs, monkeypatch, value):
    monkeypatch.setenv("CNNVIZ_MAX_RUNS", value)
    with pytest.raises(RunError, match=f"CNNVIZ_MAX_RUNS is '{value}'. Set a whole number of at least 1."):
        create_run(RECIPE, folder=runs)
    assert list_runs(runs) == []


@pytest.mark.skipif(not IS_POSIX, reason="SIGSTOP is POSIX's")
def test_a_stopped_trainer_is_killed_when_it_had_time_to_answer(trained):
    path, process = trained
    process.send_signal(signal.SIGSTOP)
    stop(path)
    stop(path)  # it has its time, however often somebody asks
    assert not is_deaf(open_run(path)) and process.poll() is None
    os.utime(path / "stop", (LONG_AGO, LONG_AGO))
    assert is_deaf(open_run(path))
    stop(path)
    assert process.wait(20) == -signal.SIGKILL
    status = open_run(path).status
    assert (status.state, status.epoch) == ("interrupted", 2)
    assert "did not respond to Stop" in status.reason
    reopen(path)
    assert (open_run(path).status.state, open_run(path).status.pid) == ("queued", 0)


def test_the_page_ends_a_run_that_does_not_answer_though_nobody_looks(trained, monkeypatch):
    from cnnviz.dashboard.training import processes

    path, process = trained
    monkeypatch.setattr(trainer_process, "SECONDS_TO_ANSWER", 0.05)
    monkeypatch.setattr(training, "SECONDS_TO_ANSWER", -0.9)  # a second longer is waited
    processes.stop(path)
    assert process.wait(20)
    wait_until(lambda: open_run(path).status.state == "interrupted", "what became of it")


def test_a_run_that_was_resumed_after_its_stop_is_not_stopped_again(trained, monkeypatch):
    from cnnviz.dashboard.training import processes

    path, process = trained
    waited = []
    monkeypatch.setattr(processes.threading, "Timer", lambda _, end, given: waited.append((end, given)) or mock.Mock())
    processes.stop(path)
    (path / "stop").unlink()  # as it is after a resume
    for end, given in waited:
        end(*given)
    assert waited and not (path / "stop").exists() and process.poll() is None


def test_a_trainer_that_goes_on_reporting_is_not_killed(trained):
    path, process = trained
    stop(path)
    os.utime(path / "stop", (LONG_AGO, LONG_AGO))
    tell(path, updated=time.time())
    stop(path)
    assert process.poll() is None and open_run(path).status.state == "running"
    assert (path / "stop").stat().st_mtime == pytest.approx(LONG_AGO)  # since when it is asked stays known


def test_a_clock_that_was_ahead_keeps_no_trainer_alive(trained):
    path, process = trained
    stop(path)
    os.utime(path / "stop", (LONG_AGO, LONG_AGO))
    tell(path, updated=time.time() + 1e6)
    stop(path)
    assert process.wait(20)


@pytest.mark.parametrize("of", ["another run", "no trainer", "nobody"])
def test_a_stranger_is_never_killed(runs, processes, of):
    """The number in the folder may be an old one that the system gave away again, or written by anybody."""
    path = create_run(RECIPE, folder=runs)
    other = create_run(RECIPE, folder=runs).rename(runs / f"{path.name}-2")
    words = trainer_process.words_of(other)[1:] if of == "another run" else ["train", other]
    process = processes(*words)
    pid = 2**40 if of == "nobody" else process.pid
    (path / "stop").touch()
    os.utime(path / "stop", (LONG_AGO, LONG_AGO))
    with FileLock(path / "lock"):
        tell(path, state="running", updated=LONG_AGO, pid=pid)
        with pytest.raises(RunError, match=f"process {pid} was not launched for it alone. End it where it was started"):
            stop(path)
    assert process.poll() is None


def refuse(*_, **__):
    raise OSError(errno.EROFS, "Read-only file system")


def one_sentence(error, path):
    said = str(error.value)
    return said.startswith(f"'{path.name}' cannot be written: ") and said.count("cannot be written") == 1


@pytest.mark.parametrize(("act", "strange"), [(reopen, "stop"), (carry_out, "lock"), (carry_out, "reserve")])
def test_what_cannot_be_written_is_named_when_a_run_goes_on(runs, act, strange):
    """A folder stands where a file has to be: whoever asks, it cannot be written."""
    path = create_run(RECIPE, folder=runs)
    tell(path, state="stopped")
    (path / strange).mkdir()
    with pytest.raises(RunError) as error:
        act(path)
    assert one_sentence(error, path)


def test_a_reserve_that_cannot_be_written_is_the_reason_of_the_run(runs):
    path = create_run(RECIPE, folder=runs)
    (path / "reserve").mkdir()
    with pytest.raises(RunError) as error:
        carry_out(path)
    assert one_sentence(error, path)
    status = open_run(path).status
    assert (status.state, status.reason) == ("failed", str(error.value))
    with FileLock(path / "lock", timeout=0):
        pass  # it is free again


def test_where_not_even_the_status_can_be_written_the_reason_is_told(runs, monkeypatch):
    path = create_run(RECIPE, folder=runs)
    tell(path, state="stopped")
    monkeypatch.setattr(Path, "write_bytes", refuse)
    monkeypatch.setattr(Path, "write_text", refuse)
    monkeypatch.setattr(Path, "unlink", refuse)
    with pytest.raises(RunError) as error:
        carry_out(path)
    assert str(error.value) == f"'{path.name}' cannot be written: Read-only file system."


@pytest.mark.skipif(not IS_POSIX, reason="there are no pipes in folders")
def test_a_log_that_is_a_pipe_is_named_and_not_waited_for(runs):
    path = create_run(RECIPE, folder=runs)
    os.mkfifo(path / "train.log")
    with pytest.raises(RunError) as error:
        launch(path)
    assert one_sentence(error, path)
    reader = os.open(path / "train.log", os.O_RDONLY | os.O_NONBLOCK)  # now it can be opened, and is no file yet
    with pytest.raises(RunError) as error:
        launch(path)
    os.close(reader)
    assert one_sentence(error, path)


@pytest.mark.skipif(not IS_POSIX or os.geteuid() == 0, reason="nothing is read-only for root")
def test_a_read_only_folder_is_named(runs):
    path = create_run(RECIPE, folder=runs)
    tell(path, state="stopped")
    path.chmod(0o555)
    try:
        for act in (reopen, carry_out):
            with pytest.raises(RunError) as error:
                act(path)
            assert one_sentence(error, path)
    finally:
        path.chmod(0o755)


def test_a_run_that_cannot_be_written_leaves_no_folder(runs, monkeypatch):
    monkeypatch.setitem(create_run.__globals__, "write_json", refuse)
    with pytest.raises(RunError, match="Read-only file system"):
        create_run(RECIPE, folder=runs)
    assert not [path for path in runs.iterdir() if path.is_dir()]


def test_a_queue_that_cannot_be_written_is_named(runs):
    path = create_run(RECIPE, folder=runs)
    (runs / ".turn").mkdir()
    with pytest.raises(RunError, match="'runs' cannot be written: "):
        wait_for_turn(Record(path, open_run(path).status))
    (runs / ".launch").unlink()
    (runs / ".launch").mkdir()
    with pytest.raises(RunError, match=r"No run can be kept in .*runs': "):
        create_run(RECIPE, folder=runs)
    tell(path, state="stopped")
    with pytest.raises(RunError, match="'runs' cannot be written: "):
        reopen(path)
