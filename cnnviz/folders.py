"""Where does cnnviz keep what can be made again?"""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs


def cache_folder(kind: str) -> Path:
    """Name the folder for one kind of thing; it need not exist.

    Args:
        kind: `patterns`, `pictures`, `models`, `answers`.

    Returns:
        A folder in `$CNNVIZ_CACHE_DIR`, or in this system's cache folder for the user.
    """
    chosen = os.environ.get("CNNVIZ_CACHE_DIR")
    return (Path(chosen) if chosen else platformdirs.user_cache_path("cnnviz")) / kind
