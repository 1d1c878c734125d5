"""Inspection of one image file, here or in a sandboxed process, as for archives from untrusted sources.

    python -m cnnviz.datasets.looking FILE THREADS < keys

The process answers each key with a line of JSON. One that dies, or hangs, has answered too.
"""

from __future__ import annotations

import contextlib
import faulthandler
import hashlib
import json
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Generator, Sequence
from dataclasses import astuple, dataclass
from functools import partial
from pathlib import Path

from cnnviz.confinement import code_folders, confine_files, environment, kill_all, limit_resources
from cnnviz.datasets.notes import shown
from cnnviz.datasets.sources import Source, open_source
from cnnviz.datasets.threads import BLOCK, in_threads
from cnnviz.errors import DataError, ImageError
from cnnviz.images import Photo, open_photo
from cnnviz.sentences import Sentence

SECONDS_A_IMAGE = 30
_MOST_THREADS = 8
_MEMORY_BYTES, _MEMORY_A_THREAD = 2 * 2**30, 2**30  # address space: 40 megapixels take about 0.5 GB while decoded
_CPU_SECONDS = 3600
_MOST_DEATHS = 5
_READY = "ready"
_PROGRAM = ("-m", "cnnviz.datasets.looking")
_AT_ONCE = threading.BoundedSemaphore(2)  # images of strangers: each may take gigabytes
_GRAY_MODES = ("1", "L", "LA", "I", "F", "I;16", "I;16B", "I;16L", "MONOCHROME1", "MONOCHROME2")


@dataclass(frozen=True)
class Finding:
    """What a file is.

    Attributes:
        problem: Why it cannot be read, with its name; empty if it can.
        size: Rows and columns as a person sees it.
        is_gray: Whether the file stores gray.
        digest: Equal for equal pixels.
    """

    problem: str = ""
    size: tuple[int, int] = (0, 0)
    is_gray: bool = False
    digest: str = ""


def look_at(source: Source, key: str) -> Finding:
    """Decode an image and say what it is."""
    try:
        return _finding(source.open_photo(key))
    except ImageError as error:
        return Finding(str(error).rpartition(". ")[0])


def _finding(photo: Photo) -> Finding:
    rows, columns, _ = photo.pixels.shape
    same = hashlib.sha256(f"{rows} {columns} ".encode() + photo.pixels.tobytes()).hexdigest()[:32]
    return Finding("", (rows, columns), photo.mode in _GRAY_MODES, same)


def check_harmless(data: bytes) -> bool:
    """Decode a stranger's image in a process of its own first, which may die of it.

    Returns:
        Whether it is an image; why not, reading it says.

    Raises:
        ImageError: If it does, or takes longer than `SECONDS_A_IMAGE`; what is merely no image passes.
    """
    with _AT_ONCE, tempfile.TemporaryDirectory(prefix="cnnviz-image-") as folder:
        path = Path(folder) / "image"
        path.write_bytes(data)
        with contextlib.closing(_answers(path, [""], threads=1)) as answers:
            finding = next(answers, None)
    if finding is None:
        raise ImageError("The image takes too much memory or time to decode. Save it again as JPEG or PNG, or smaller.")
    return not finding.problem


def look_confined(path: Path, keys: Sequence[str]) -> Generator[Finding]:
    """Look at members of an archive in a process of its own; closing the iterator ends it.

    Args:
        path: The archive.
        keys: Names of members, as `open_source` lists them.

    Yields:
        A finding for each key, in their order; what the process dies of is a problem of the file.

    Raises:
        DataError: If it dies again and again, or cannot be started.
    """
    waiting, suspects, deaths = list(keys), 0, 0
    while waiting:
        threads = 1 if suspects else min(os.cpu_count() or 1, _MOST_THREADS)
        batch = waiting[:suspects] if suspects else waiting
        done = 0
        for finding in _answers(path, batch, threads=threads):
            done += 1
            yield finding
        waiting = waiting[done:]
        if done == len(batch):
            suspects = 0
        elif threads == 1:  # nothing else was under way
            yield Finding(Sentence("{key} takes too much memory or time to decode", key=shown(waiting.pop(0))))
            suspects -= done + 1
            deaths += 1
        else:  # one of these: they are looked at again, one by one
            suspects = min(BLOCK, len(waiting))
        if deaths > _MOST_DEATHS:
            raise DataError("Too many files take too much memory or time to decode. The archive is not opened.")


def _answers(path: Path, keys: Sequence[str], *, threads: int) -> Generator[Finding]:
    """What a process says of each key, until it has said all or has died.

    Raises:
        DataError: If it could not be started.
    """
    with _start(path, keys, threads) as process:
        try:
            assert process.stdout is not None  # it is a pipe
            if process.stdout.readline().strip() != _READY:
                raise DataError("The process that checks images could not be started. Free some memory and try again.")
            for line in process.stdout:
                problem, (rows, columns), is_gray, same = json.loads(line)
                yield Finding(str(problem), (int(rows), int(columns)), bool(is_gray), str(same))
        except ValueError:  # half a line: it died while writing
            return
        finally:
            kill_all(process)


def _start(path: Path, keys: Sequence[str], threads: int) -> subprocess.Popen[str]:
    bounded = environment(OPENBLAS_NUM_THREADS="1", MALLOC_ARENA_MAX="2")  # each more would take address space
    command = [sys.executable, *_PROGRAM, str(path.resolve()), str(threads)]
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=bounded,
        start_new_session=True, encoding="utf-8", errors="surrogatepass",
    )  # fmt: skip
    assert process.stdin is not None  # it is a pipe
    with contextlib.suppress(OSError):  # it has died already, which shows when it is read
        json.dump(list(keys), process.stdin)
        process.stdin.close()
    return process


def main(arguments: Sequence[str]) -> None:
    """Look at the keys that are read from the standard input, under limits."""
    path, threads = Path(arguments[0]), int(arguments[1])
    keys = json.load(sys.stdin)
    limit_resources(memory_bytes=_MEMORY_BYTES + threads * _MEMORY_A_THREAD, cpu_seconds=_CPU_SECONDS, file_bytes=0)
    confine_files(readable=[*code_folders(), path], writable=[])
    _say(_READY)
    work = partial(_look_at_file, path) if keys == [""] else partial(look_at, open_source(path))
    faulthandler.dump_traceback_later(SECONDS_A_IMAGE, exit=True)
    for finding in in_threads(work, keys, threads=threads):
        _say(json.dumps(astuple(finding)))
        faulthandler.dump_traceback_later(SECONDS_A_IMAGE, exit=True)


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _look_at_file(path: Path, _: str) -> Finding:
    try:
        return _finding(open_photo(path))
    except ImageError as error:
        return Finding(str(error))


if __name__ == "__main__":
    main(sys.argv[1:])
