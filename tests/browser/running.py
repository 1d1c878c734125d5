"""Runs the dashboard's server, and knows Debian's Chromium."""

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request

import pytest

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
TIMEOUT = 90_000  # milliseconds; two cores import TensorFlow, compile and draw at once


@contextlib.contextmanager
def running_app(folder, log, *options, **variables):
    """Run `cnnviz app` in a folder; gives its port."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "cnnviz", "app", "--headless", "--port", str(port), *options]
    set_by_tests = ("TF_CPP_MIN_LOG_LEVEL", "CUDA_VISIBLE_DEVICES")  # the log is to be that of a person's server
    kept = {name: value for name, value in os.environ.items() if name not in set_by_tests}
    with log.open("wb") as out:
        process = subprocess.Popen(command, cwd=folder, env=kept | variables, stdout=out, stderr=subprocess.STDOUT)
    try:
        _wait_until_healthy(f"http://127.0.0.1:{port}", process, log)
        yield port
    finally:
        process.terminate()
        process.wait(20)


def _wait_until_healthy(url, process, log):
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        assert process.poll() is None, log.read_text(errors="replace")
        try:
            # Unknown paths answer 200 as well: the body tells.
            if urllib.request.urlopen(f"{url}/_stcore/health", timeout=1).read() == b"ok":
                return
        except OSError:
            time.sleep(0.1)
    pytest.fail("The server did not become healthy.")
