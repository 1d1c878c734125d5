"""Break things on purpose and report what was lost: `python -m benchmarks.stress kills disk --scale 0.1`."""

from __future__ import annotations

import argparse
import importlib
import os
import sys
import time
from collections.abc import Sequence

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")

from benchmarks.breaking.outcome import Outcome, table

PARTS = {
    "models": "300 random models against Keras itself",
    "sessions": "eight people at once",
    "kills": "SIGKILL of trainers and of what writes the cache",
    "disk": "a full disk at every write",
    "folders": "folders that are read-only, deleted, foreign or corrupted",
    "memory": "hundreds of own images on own models",
    "servers": "two servers on one folder",
    "burst": "bursts of page changes beside an upload, a training and a slow model",
    "threads": "many threads on one network",
    "flood": "a flood of broken connections",
    "hostile": "hostile texts, images, archives and models",
}
"""Each is a module of `benchmarks.breaking` whose `run(scale)` yields an `Outcome` for each line of the table."""


def run(name: str, scale: float) -> list[Outcome]:
    """Carry out a part, and print each line when it is there; a part that ends early has lost."""
    start, outcomes = time.monotonic(), []
    print(f"\n{name}: {PARTS[name]}", flush=True)
    try:
        for outcome in importlib.import_module(f"benchmarks.breaking.{name}").run(scale):
            outcomes.append(outcome)
            print(f"  {outcome.line()}", flush=True)
    except Exception as error:  # noqa: BLE001  # the other parts are worth their time
        outcomes.append(Outcome(name, 1, [f"the part ended with {type(error).__name__}: {error}"]))
        print(f"  {outcomes[-1].line()}", flush=True)
    print(f"  {time.monotonic() - start:.0f} s", flush=True)
    return outcomes


def main(words: Sequence[str] | None = None) -> int:
    """Run the parts that were named, or all, and print the table.

    Returns:
        1 if anything was lost.
    """
    parser = argparse.ArgumentParser(prog="python -m benchmarks.stress", description=__doc__)
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], default=[], metavar="PART", help=", ".join(PARTS))
    parser.add_argument("--scale", type=float, default=1.0, help="share of the full counts, such as 0.1")
    options = parser.parse_args(words)
    outcomes = [outcome for name in options.parts or PARTS for outcome in run(name, options.scale)]
    load = f"load average {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    print(
        f"\n{time.strftime('%Y-%m-%d')}, {os.cpu_count()} cores, {load}, scale {options.scale:g}\n\n{table(outcomes)}"
    )
    return int(any(outcome.losses for outcome in outcomes))


if __name__ == "__main__":
    sys.exit(main())
