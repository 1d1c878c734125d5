"""How does the program behave as a process: exit codes, streams, signals?"""

import contextlib
import json
import os
import shlex
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from cnnviz.cli.opening import _silent_stderr

FULL = Path("/dev/full")
COMMAND = [sys.executable, "-m", "cnnviz"]


@pytest.fixture
def environment(tmp_path):
    """As a person's shell has it: nothing set about TensorFlow's log."""
    kept = {name: value for name, value in os.environ.items() if name != "TF_CPP_MIN_LOG_LEVEL"}
    return kept | {"CNNVIZ_CACHE_DIR": str(tmp_path)}


def test_json_is_all_that_a_program_reads(environment):
    done = subprocess.run([*COMMAND, "predict", "chelsea", "--json"], capture_output=True, text=True, env=environment)
    first = json.loads(done.stdout)["images"][0]["classes"][0]
    assert (first["index"], first["name"]) == (285, "Egyptian cat")
    assert first["probability"] == pytest.approx(0.385, abs=5e-4)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_mistake_ends_the_process_with_2(environment):
    done = subprocess.run([*COMMAND, "predict", "no.jpg"], capture_output=True, text=True, env=environment)
    said = "cnnviz: There is no file 'no.jpg'. Check its name and folder.\n"
    assert (done.returncode, done.stdout, done.stderr) == (2, "", said)


def test_models_needs_no_heavy_package(environment):
    code = (
        "import sys; from cnnviz.cli import main; code = main(['models']);"
        "sys.exit(code or any(name in sys.modules for name in ('tensorflow', 'keras', 'streamlit', 'plotly', 'scipy')))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment)
    assert (done.returncode, done.stderr) == (0, "")
    assert "efficientnet-lite0" in done.stdout


def test_a_reader_that_goes_away_is_no_error(environment):
    with subprocess.Popen(
        [*COMMAND, "models"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment
    ) as process:
        process.stdout.close()
        assert process.wait() == 141
        assert process.stderr.read() == b""


@pytest.mark.skipif(not FULL.exists(), reason="there is no device that is always full")
def test_where_nothing_can_be_written_it_is_said(environment):
    with FULL.open("w") as full:
        done = subprocess.run([*COMMAND, "models"], stdout=full, stderr=subprocess.PIPE, text=True, env=environment)
    said = "cnnviz: Standard output cannot be written: No space left on device.\n"
    assert (done.returncode, done.stderr) == (2, said)


@pytest.mark.skipif(os.name != "posix", reason="needs a shell")
def test_a_closed_output_is_said(environment):
    command = shlex.join([*COMMAND, "models"])
    done = subprocess.run(["sh", "-c", f"{command} >&-"], stderr=subprocess.PIPE, text=True, env=environment)
    assert (done.returncode, done.stderr) == (2, "cnnviz: Standard output is closed.\n")


@pytest.mark.skipif(sys.platform == "win32", reason="needs a terminal that a test can hold")
def test_ctrl_c_under_a_progress_bar_ends_with_130(environment, network):
    import pty
    import termios

    terminal, end = pty.openpty()
    termios.tcsetwinsize(terminal, (24, 100))  # a new one has no columns, and a bar none to be drawn in
    command = [*COMMAND, "filters", "--model", str(network), "--size", "16", "--steps", "999999999", "--json"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=end, env=environment, preexec_fn=_hear_ctrl_c
    ) as process:
        os.close(end)
        try:
            seen = _read(terminal, until=b"step/s")
            process.send_signal(signal.SIGINT)
            seen += _read(terminal)
            assert process.wait() == 130
        finally:
            process.kill()
            os.close(terminal)
        assert process.stdout.read() == b""
    assert b"Optimizing" in seen and seen.rstrip().endswith(b"cnnviz: Stopped.")
    assert b"Traceback" not in seen


def _hear_ctrl_c():
    """Undo what a shell does to what it starts in the background."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


def _read(terminal, until=None):
    """What is written to a terminal, up to some word, or until nobody holds its other end."""
    seen = b""
    with contextlib.suppress(OSError):  # so Linux tells the end
        while (until is None or until not in seen) and (chunk := os.read(terminal, 4096)):
            seen += chunk
    return seen


def test_app_is_the_server_and_ctrl_c_ends_it(environment):
    import socket

    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with subprocess.Popen(
        [*COMMAND, "app", "--headless", "--port", str(port)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=environment,
    ) as process:
        try:
            assert any(f"http://127.0.0.1:{port}" in line for line in process.stdout)
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/_stcore/health", timeout=30) as answer:
                assert answer.read() == b"ok"
            process.send_signal(signal.SIGINT)
            assert process.wait(30) in (0, 130, -signal.SIGINT)
        finally:
            process.kill()
        assert "Traceback" not in process.stdout.read()


@pytest.mark.parametrize("fails", [False, True])
def test_what_is_said_at_the_start_is_told_only_after_a_failure(capfd, fails):
    def start():
        with _silent_stderr():
            os.write(2, b"a remark of compiled code\n")
            if fails:
                raise ImportError

    if fails:
        with pytest.raises(ImportError):
            start()
    else:
        start()
    os.write(2, b"afterwards\n")
    remark = "a remark of compiled code\n" if fails else ""
    assert capfd.readouterr().err == f"{remark}afterwards\n"
