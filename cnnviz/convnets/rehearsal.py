"""Trial run of an uploaded model file in a sandboxed process, before this process opens it.

The gate reads what a file says; this finds out what it does: memory and time that only building the model shows, and
faults of the libraries that read it. The other process is a fresh Python, never a fork of a server with threads.
"""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cnnviz.confinement import environment, kill_all
from cnnviz.errors import ModelFileError
from cnnviz.folders import read_bounded
from cnnviz.sentences import Sentence

READY, ANSWER = "ready", "answer.json"  # files that the other process writes: TensorFlow is there; what came of it
_GB = 2**30
MEMORY_BYTES = 6 * _GB
_COPIES_OF_WEIGHTS = 3  # read, assigned, and one in flight
_CPU_SECONDS = 180
_IMPORT_SECONDS = 120  # a cold import of TensorFlow on a busy machine took 30
WALL_SECONDS = 60.0
_POLL_SECONDS = 0.05
_AT_ONCE = threading.BoundedSemaphore(2)  # each holds TensorFlow and a model: the others wait their turn
_MAX_ANSWER_BYTES = 65_536


@dataclass(frozen=True)
class Rehearsal:
    """What came of one run on zeros.

    Attributes:
        inputs: Shapes of the model's inputs, None where free.
        outputs: Shapes of what it returned; empty if it does not take one image.
        not_finite: Weights that are NaN or infinite.
    """

    inputs: tuple[tuple[int | None, ...], ...]
    outputs: tuple[tuple[int | None, ...], ...]
    not_finite: int


def rehearse(
    path: Path, *, weight_bytes: int = 0, wall_seconds: float = WALL_SECONDS, memory_bytes: int = MEMORY_BYTES
) -> Rehearsal:
    """Load a model file in a guarded process and run it once on zeros; at most two at a time.

    Args:
        path: A file that passed the gate, alone in its folder: the process may read that folder.
        weight_bytes: What its weights take in memory; the process may use a multiple of it on top.
        wall_seconds: Time it has once TensorFlow is there.
        memory_bytes: Address space it has beside that of the weights; TensorFlow itself needs more than 3 GB.

    Raises:
        ModelFileError: If the process refuses the file, dies, or does not answer in time.
    """
    with _AT_ONCE, tempfile.TemporaryDirectory(prefix="cnnviz-rehearsal-") as name:
        folder = Path(name)
        process = _start(path, folder, memory_bytes + _COPIES_OF_WEIGHTS * weight_bytes)
        try:
            status = _wait(process, folder, wall_seconds)
        finally:
            kill_all(process)
        return _understand(_read_answer(folder), status)


def _start(path: Path, folder: Path, memory_bytes: int) -> subprocess.Popen[bytes]:
    guarded = environment(TMPDIR=str(folder), TEMP=str(folder), CUDA_VISIBLE_DEVICES="-1", TF_CPP_MIN_LOG_LEVEL="3")
    command = [
        sys.executable,
        "-m",
        "cnnviz.convnets.worker",
        str(path),
        str(folder),
        str(memory_bytes),
        str(_CPU_SECONDS),
    ]
    nowhere = subprocess.DEVNULL
    return subprocess.Popen(
        command, stdin=nowhere, stdout=nowhere, stderr=nowhere, cwd=folder, env=guarded, start_new_session=True
    )


def _wait(process: subprocess.Popen[bytes], folder: Path, wall_seconds: float) -> int:
    """Wait for the end; the clock for the file starts when TensorFlow is there."""
    deadline, is_ready = time.monotonic() + _IMPORT_SECONDS, False
    while True:
        with contextlib.suppress(subprocess.TimeoutExpired):
            return process.wait(_POLL_SECONDS)
        if not is_ready and (folder / READY).exists():
            deadline, is_ready = time.monotonic() + wall_seconds, True
        if time.monotonic() > deadline:
            raise ModelFileError("The model takes too long to build and run once. It is not opened.")


def _read_answer(folder: Path) -> dict[str, Any] | None:
    """Read what the process wrote; it is as little trusted as the file."""
    try:
        answer = json.loads(read_bounded(folder / ANSWER, max_bytes=_MAX_ANSWER_BYTES))
    except (OSError, ValueError):
        return None
    return answer if isinstance(answer, dict) else None


def _understand(answer: dict[str, Any] | None, status: int) -> Rehearsal:
    if answer is None:
        reason = (
            Sentence("more memory or time than it may have")
            if status < 0
            else Sentence("something this machine cannot do")
        )
        raise ModelFileError("The model failed its trial run: it needs {reason}. It is not opened.", reason=reason)
    if "refused" in answer:
        raise ModelFileError(str(answer["refused"])[:200])
    inputs, outputs = (tuple(tuple(shape) for shape in answer[key]) for key in ("inputs", "outputs"))
    return Rehearsal(inputs, outputs, int(answer["not_finite"]))
