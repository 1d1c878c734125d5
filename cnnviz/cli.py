"""What does the command line offer? One verb for each thing the library does."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

APP = Path(__file__).resolve().parents[1] / "app.py"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    parser = argparse.ArgumentParser(prog="cnnviz", description="See what a convnet sees.")
    verbs = parser.add_subparsers(dest="verb", required=True)
    app = verbs.add_parser("app", help="open the dashboard")
    app.add_argument("--port", type=int, default=8501)
    app.add_argument("--host", default="127.0.0.1")
    app.add_argument("--headless", action="store_true")
    parsed = parser.parse_args(arguments)
    return open_app(parsed.host, parsed.port, parsed.headless)


def open_app(host: str, port: int, headless: bool) -> int:
    """Replace this process by the dashboard's server, so that Ctrl-C and exit codes are its own."""
    command = [sys.executable, "-m", "streamlit", "run", str(APP), "--server.address", host, "--server.port", str(port)]
    if headless:
        command += ["--server.headless", "true"]
    os.execv(sys.executable, command)
