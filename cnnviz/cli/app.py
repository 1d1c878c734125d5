"""How does the dashboard open?"""

from __future__ import annotations

import errno
import os
import socket
import sys
from argparse import Namespace
from collections.abc import Iterable
from pathlib import Path

from cnnviz.cli import options
from cnnviz.cli.errors import CommandError

APP = Path(__file__).resolve().parents[2] / "app.py"


def add(verbs: options.Verbs) -> None:
    """Describe `cnnviz app`."""
    parser = options.add_verb(
        verbs, "app", run, question="Open the dashboard in the browser.", example="cnnviz app --port 8502"
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    parser.add_argument(
        "--port", type=options.whole_number(1, 65535), default=8501, help="port to listen on (default: %(default)s)"
    )
    parser.add_argument("--headless", action="store_true", help="do not open a browser")


def run(given: Namespace) -> Iterable[str]:
    """Replace this process by the dashboard's server, so that Ctrl-C and exit codes are its own."""
    _check_address(given.host, given.port)
    command = [sys.executable, "-m", "streamlit", "run", str(APP)]
    command += ["--server.address", given.host, "--server.port", str(given.port)]
    if given.headless:
        command += ["--server.headless", "true"]
    os.execv(sys.executable, command)


def _check_address(host: str, port: int) -> None:
    """Try the address: Streamlit would say less, and later."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        socket.create_server((host, port), family=family).close()
    except (OSError, UnicodeError) as error:  # UnicodeError: a name that no host can have
        if isinstance(error, OSError) and error.errno == errno.EADDRINUSE:
            raise CommandError(f"Port {port} of {host} is taken. Choose another one with --port.") from error
        raise CommandError(
            f"Nothing can listen on port {port} of {host!r}. Choose another --port or --host."
        ) from error
