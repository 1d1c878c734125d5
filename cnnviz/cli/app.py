"""`cnnviz app`: the dashboard's server on a free port, with a model and labeled images of one's own."""

from __future__ import annotations

import errno
import os
import socket
import sys
import threading
import time
from argparse import Namespace
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

from cnnviz.cli import options
from cnnviz.cli.errors import CommandError
from cnnviz.convnets import Answers, catalog, recall, remember
from cnnviz.convnets.labels import read_labels
from cnnviz.mistakes import open_labeled
from cnnviz.runs import trained_run

_PACKAGE = Path(__file__).resolve().parents[1]
_PORT, _PORTS = 8501, 100
_LOOK_SECONDS = 0.05
_QUIET = {"TF_CPP_MIN_LOG_LEVEL": "3"}  # TensorFlow's errors of a machine without GPU mean nothing; a person may set it


def add(verbs: options.Verbs) -> None:
    """Describe `cnnviz app`."""
    parser = options.add_verb(
        verbs,
        "app",
        run,
        question="Open the dashboard in the browser.",
        example="cnnviz app --model cats.keras --labels labels.txt --data photos",
    )
    parser.add_argument(
        "--model",
        metavar="NAME|PATH",
        help="the model to open at startup: a name that `cnnviz models` lists, or a model file",
    )
    parser.add_argument("--labels", metavar="FILE", help="the model's class names; saved next to the model file")
    parser.add_argument(
        "--data",
        metavar="FOLDER|DATASET",
        help="labeled images: a folder or .zip with a folder per class, or a dataset's name",
    )
    parser.add_argument(
        "--host", type=options.name, default="127.0.0.1", help="address to listen on (default: %(default)s)"
    )
    parser.add_argument(
        "--allow-host",
        metavar="NAME",
        action="append",
        default=[],
        help="additional host name to accept, such as a proxy's; can be repeated",
    )
    parser.add_argument(
        "--port",
        type=options.whole_number(1, 65535),
        help=f"port to listen on (default: the first free from {_PORT})",
    )
    parser.add_argument("--headless", action="store_true", help="do not open a browser")


def run(given: Namespace) -> Iterable[str]:
    """Serve the dashboard until Ctrl-C."""
    os.environ.update(_QUIET | os.environ | _start_with(given))
    port = given.port or _free_port(given.host)
    _check_address(given.host, port)
    from cnnviz.server import serve, url_of  # Streamlit, which no other verb needs

    threading.Thread(target=_say_when_ready, args=(url_of(given.host, port),), daemon=True).start()
    serve(_app(), host=given.host, port=port, names=given.allow_host, is_headless=given.headless)
    return ()


def _say_when_ready(url: str) -> None:
    """Say where the dashboard is once it answers there."""
    parts = urlsplit(url)
    while True:
        with suppress(OSError), socket.create_connection((parts.hostname, parts.port), timeout=1):
            break
        time.sleep(_LOOK_SECONDS)
    sys.stderr.write(f"cnnviz: The dashboard is running at {url}. Press Ctrl+C to stop it.\n")


def _app() -> Path:
    """The script that Streamlit runs: part of the installed package, at the top of a checkout."""
    installed = _PACKAGE / "streamlit_app" / "app.py"
    return installed if installed.is_file() else _PACKAGE.parent / "app.py"


def _start_with(given: Namespace) -> dict[str, str]:
    """Check what the dashboard shall begin with, and name it in the variables that `dashboard.started` reads.

    Raises:
        CnnvizError: If there is no such model or data, or the labels cannot be read.
    """
    named = {}
    if given.model is not None:
        named["CNNVIZ_MODEL"] = _model(given.model)
    if given.data is not None:
        open_labeled(given.data)  # a mistake is told at once, not when the page is opened
        is_path = Path(given.data).exists()
        named["CNNVIZ_DATA"] = str(Path(given.data).resolve()) if is_path else given.data
    if given.labels is not None:
        path = Path(named.get("CNNVIZ_MODEL", ""))
        if not path.is_file():
            raise CommandError("--labels needs a model file. Give one with --model.")
        try:
            remember(path, replace(recall(path) or Answers(), class_names=read_labels(Path(given.labels))))
        except ValueError as error:  # a name too long
            raise CommandError(f"The labels {given.labels!r} cannot be used. {error}") from error
    return named


def _model(name: str) -> str:
    if name in catalog():
        return name
    path = Path(name)
    if path.is_file():
        return str(path.resolve())
    if trained_run(name) is not None:
        return name
    raise CommandError(f"There is no model {name!r}. Check its name and folder; `cnnviz models` lists those by name.")


def _free_port(host: str) -> int:
    """Find the first free port, and say so where it is not the usual one; the usual one if none is free."""
    port = next((port for port in range(_PORT, _PORT + _PORTS) if _is_free(host, port)), _PORT)
    if port != _PORT:
        sys.stderr.write(f"cnnviz: Port {_PORT} is in use, so the dashboard is on port {port}.\n")
    return port


def _is_free(host: str, port: int) -> bool:
    try:
        _listen(host, port)
    except OSError as error:
        return error.errno not in (errno.EADDRINUSE, errno.EACCES)  # another error is told of the usual port
    except UnicodeError:
        return True
    return True


def _listen(host: str, port: int) -> None:
    host.encode("idna")  # a name that no host can have would leave a socket open
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    socket.create_server((host, port), family=family).close()


def _check_address(host: str, port: int) -> None:
    """Try the address: Streamlit would say less, and later."""
    try:
        _listen(host, port)
    except (OSError, UnicodeError) as error:  # UnicodeError: a name that no host can have
        if isinstance(error, OSError) and error.errno == errno.EADDRINUSE:
            raise CommandError(f"Port {port} on {host} is already in use. Choose another with --port.") from error
        raise CommandError(f"Cannot listen on {host!r}, port {port}. Choose another --port or --host.") from error
