"""Stress test: the tests' hostile input corpora, and zip archives of a million members."""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ElementTree
import zipfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.breaking.outcome import Outcome, broken_by

_CORPORA = {
    "Hostile models: bombs, traversal, links, code": [
        "tests/convnets/test_hostile_files.py", "tests/convnets/test_gate.py",
    ],
    "Hostile images, and archives of images": ["tests/images/test_reading.py", "tests/datasets/test_own_images.py"],
    "Markup in every text, reports opened in Chromium": [
        "tests/browser/test_server.py", "tests/mistakes/test_reports.py", "tests/pages/test_taken_code.py",
    ],
}  # fmt: skip
_MEMBERS, _SECONDS, _MEGABYTES = 1_000_000, 20, 1500


def run(scale: float) -> Iterator[Outcome]:
    """Run the tests that hold these corpora, each case a try; then the archives that take long to write."""
    for what, paths in _CORPORA.items():
        yield _tested(what, paths)
    yield _many_members(max(10_000, round(scale * _MEMBERS)))


def _tested(what: str, paths: list[str]) -> Outcome:
    outcome = Outcome(what)
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        command = [sys.executable, "-m", "pytest", "-q", "-n0", f"--junit-xml={report}", *paths]
        subprocess.run(command, stdout=subprocess.DEVNULL, check=False)
        for case in ElementTree.parse(report).iter("testcase"):
            if case.find("skipped") is None:
                is_broken = case.find("failure") is not None or case.find("error") is not None
                outcome.check(not is_broken, f"{case.get('name')}")
    return outcome


def _many_members(members: int) -> Outcome:
    """As a model and as images: both are refused or read within seconds, in a process of so much memory."""
    outcome = Outcome(f"Archives of {members:,} members, as a model and as images")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "many.zip"
        with zipfile.ZipFile(path, "w") as archive:
            for number in range(members):
                archive.writestr(zipfile.ZipInfo(f"a/{number}.png"), b"")
        for act in ("check_model_file", "load_dataset"):
            start = time.monotonic()
            command = [sys.executable, "-m", "benchmarks.breaking.hostile", act, str(path)]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            outcome.check(done.returncode == 0, f"{act}: {done.stdout}{done.stderr[-300:]}")
            taken = time.monotonic() - start
            outcome.check(taken < _SECONDS, f"{act} took {taken:.0f} s")
    return outcome


def _refuse(act: str, path: str) -> str:
    """Open a file in this process, whose memory is bounded; what is wrong with how it was refused."""
    from cnnviz.convnets.gate import check_model_file
    from cnnviz.datasets import load_dataset

    resource.setrlimit(resource.RLIMIT_AS, (_MEGABYTES * 2**20,) * 2)
    try:
        check_model_file(Path(path)) if act == "check_model_file" else load_dataset(path)
    except Exception as error:  # noqa: BLE001  # which one is the question
        return "; ".join(broken_by(error))
    return "it was opened"


if __name__ == "__main__":
    sys.exit(_refuse(*sys.argv[1:]) or 0)
