"""Startup settings of the server: the model and labeled images given to `cnnviz app`, and its address.

The first two come through the environment, so that a container or `streamlit run` can name them too: `CNNVIZ_MODEL` is
the name of a model or a path to its file, `CNNVIZ_DATA` that of a data set. A file is used in place and trusted, since
who names it owns the server.
"""

from __future__ import annotations

import hashlib
import ipaddress
import os
import re
from pathlib import Path

from streamlit import config


def model_file() -> Path | None:
    """The model's file; None if no file was named."""
    path = Path(os.environ.get("CNNVIZ_MODEL") or "")
    return path if path.is_file() else None


def model() -> str | None:
    """Name of the model in links and choices; that of a file hangs on its path, so that links outlive a retraining."""
    path = model_file()
    if path is None:
        return os.environ.get("CNNVIZ_MODEL") or None
    stem = re.sub(r"[^A-Za-z0-9_-]+", "-", path.stem).strip("-")[:40] or "model"
    return f"{stem}-{hashlib.sha256(os.fsencode(path.resolve())).hexdigest()[:8]}"


def data() -> str | None:
    """Name of a data set, or path to the labeled images; None if none were named."""
    return os.environ.get("CNNVIZ_DATA") or None


def is_solo() -> bool:
    """Whether only whoever sits at this machine can open the pages: it listens here alone, and no proxy was named."""
    addresses = [config.get_option("server.address"), *config.get_option("server.allowedHosts")]
    return all(address == "localhost" or _is_loopback(address) for address in addresses)


def _is_loopback(address: str | None) -> bool:
    try:
        return ipaddress.ip_address(address or "").is_loopback
    except ValueError:  # a name, or none: all addresses
        return False
