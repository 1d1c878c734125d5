"""Memory that this process may use, within its container's limit."""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path

_CONTROL_GROUPS = (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"))
_WITHOUT_ANSWER = 8 * 2**30  # where the system does not say


@lru_cache(maxsize=1)
def usable_memory() -> int:
    """Bytes of the machine's memory, or what its control group, such as a container's, leaves the process."""
    limits = [int(text) for path in _CONTROL_GROUPS if (text := _read(path)).isdecimal()]
    if hasattr(os, "sysconf"):
        limits.append(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))
    return min(limits, default=_WITHOUT_ANSWER)


def _read(path: Path) -> str:
    try:
        return path.read_text().strip()
    except OSError:
        return ""
