"""Sandbox of a process: limits on memory, CPU time, file access (Landlock) and network.

Memory and time bounds exist on Linux and macOS, the bounds on files only on Linux (Landlock, kernel 5.13). Where one
is missing it is left out; whoever starts the process must bound its time from outside as well.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import struct
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

_SYSTEM = tuple(Path(folder) for folder in ("/usr", "/lib", "/lib64", "/sys", "/dev/urandom", "/dev/null"))
# Landlock's system calls have the same numbers on every architecture.
_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_VERSION_FLAG, _RULE_PATH_BENEATH = 1, 1
_PR_SET_NO_NEW_PRIVS = 38
_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR, _TRUNCATE = (1 << bit for bit in (0, 1, 2, 3, 14))
_READING = _EXECUTE | _READ_FILE | _READ_DIR
_OF_FILES = _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE
_RIGHTS_BY_ABI = {1: 13, 2: 14, 3: 15, 4: 15}  # how many rights that version of the kernel knows
_RIGHTS_SINCE_5 = 16
_TCP = 3  # bind and connect; since version 4


def limit_resources(*, memory_bytes: int, cpu_seconds: int, file_bytes: int) -> None:
    """Bound this process's address space, processor time and the size of files it writes; no core dumps."""
    if sys.platform == "win32":
        return
    import resource

    limits = {
        resource.RLIMIT_AS: memory_bytes,
        resource.RLIMIT_CPU: cpu_seconds,
        resource.RLIMIT_FSIZE: file_bytes,
        resource.RLIMIT_CORE: 0,
    }
    for kind, wanted in limits.items():
        _, hard = resource.getrlimit(kind)
        bound = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(kind, (bound, hard))


def confine_files(*, readable: Iterable[Path], writable: Iterable[Path]) -> bool:
    """Take from this process every file outside some folders, and the network, for good.

    Args:
        readable: Folders whose files may be read and run.
        writable: Folders whose files may be written too.

    Returns:
        Whether it was done; False where the system cannot do it.
    """
    if not sys.platform.startswith("linux"):
        return False
    libc = ctypes.CDLL(None, use_errno=True)
    version = libc.syscall(_CREATE_RULESET, None, 0, _VERSION_FLAG)
    if version < 1:
        return False
    rights = (1 << _RIGHTS_BY_ABI.get(version, _RIGHTS_SINCE_5)) - 1
    attributes = struct.pack("=QQ", rights, _TCP) if version >= 4 else struct.pack("=Q", rights)
    ruleset = libc.syscall(_CREATE_RULESET, attributes, len(attributes), 0)
    if ruleset < 0:
        return False
    try:
        for path in readable:
            _allow(libc, ruleset, path, rights & _READING)
        for path in writable:
            _allow(libc, ruleset, path, rights)
        libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
        return int(libc.syscall(_RESTRICT_SELF, ruleset, 0)) == 0
    finally:
        os.close(ruleset)


def code_folders() -> list[Path]:
    """Where the system's libraries, Python, its packages and this one lie."""
    packages = [Path(entry) for entry in sys.path if entry.endswith("-packages")]
    return [*_SYSTEM, Path(sys.prefix), Path(sys.base_prefix), Path(__file__).parent, *packages]


def environment(**variables: str) -> dict[str, str]:
    """The environment of a process that runs a module of this package, wherever it is started."""
    root = str(Path(__file__).parents[1])
    path = os.pathsep.join(filter(None, (root, os.environ.get("PYTHONPATH"))))
    return {**os.environ, "PYTHONPATH": path, **variables}


def kill_all(process: subprocess.Popen[Any]) -> None:
    """End a process that was started in a session of its own, and whatever it has started."""
    if sys.platform == "win32":
        process.kill()
    else:
        with contextlib.suppress(ProcessLookupError, PermissionError):  # gone already
            os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _allow(libc: ctypes.CDLL, ruleset: int, path: Path, rights: int) -> None:
    """Add what may be done beneath a path; one that does not exist needs no rule."""
    try:
        handle = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    try:
        allowed = rights if path.is_dir() else rights & _OF_FILES
        libc.syscall(_ADD_RULE, ruleset, _RULE_PATH_BENEATH, struct.pack("=Qi", allowed, handle), 0)
    finally:
        os.close(handle)
