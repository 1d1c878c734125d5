"""Stress test: two servers that write to the same folder."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.breaking.kills import in_child
from benchmarks.breaking.outcome import Outcome
from benchmarks.breaking.writers import WRITERS, broken_in_all, bytes_of, found_evaluation, found_pattern, use_folder
from cnnviz.dashboard import store
from cnnviz.runs import list_runs
from cnnviz.training import Recipe, create_run

_SERVERS, _NUMBERS, _RUNS = 2, 100, 3


def run(scale: float) -> Iterator[Outcome]:
    """Write from all servers at once, some of it the same, then look for everything."""
    numbers = max(5, round(scale * _NUMBERS))
    outcome = Outcome(f"{_SERVERS} servers on one folder")
    with tempfile.TemporaryDirectory() as folder:
        use_folder(Path(folder))
        os.environ["CNNVIZ_MAX_RUNS"] = str(_SERVERS * _RUNS)
        processes = [in_child(lambda server=server: _write(server, numbers)) for server in range(_SERVERS)]
        for process in processes:
            outcome.check(os.waitpid(process, 0)[1] == 0, "one of them failed")
        del os.environ["CNNVIZ_MAX_RUNS"]
        for number in range(_SERVERS * numbers):
            outcome.count(_lost(number))
        runs = len(list_runs())
        outcome.check(runs == _SERVERS * _RUNS, f"{runs} runs instead of {_SERVERS * _RUNS}")
        outcome.count(broken_in_all())
    yield outcome


def _write(server: int, numbers: int) -> None:
    """What is a server's own, what both write, and runs of the same name."""
    for place in range(numbers):
        for name in ("an uploaded image", "an uploaded model", "uploaded images", "an evaluation", "a pattern"):
            WRITERS[name].write(server * numbers + place)
            WRITERS[name].write(place)
        WRITERS["what was said of a model"].write(place)
        if place < _RUNS:
            create_run(Recipe("lenet5", "mnist-5k", "lenet5", 4))


def _lost(number: int) -> list[str]:
    digest = hashlib.sha256(bytes_of(number)).hexdigest()
    found = {
        "image": store.get("pictures", digest),
        "model": store.model_path(f"net-{digest[:8]}"),
        "evaluation": found_evaluation(number),
        "pattern": found_pattern(number),
    }
    return [f"{name} {number} is lost" for name, one in found.items() if one is None]
