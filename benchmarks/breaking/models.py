"""Stress test: differential tests against Keras on hundreds of new random models."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from collections.abc import Iterator

from benchmarks.breaking.outcome import Outcome

MODELS = 300


def run(scale: float) -> Iterator[Outcome]:
    """Run the differential tests with new models; a failure is printed as the smallest spec that has it."""
    seed = random.SystemRandom().randrange(2**32)
    outcome = Outcome("Random models, compared with Keras itself", note=f"seed {seed}")
    options = ("--hypothesis-profile=stress", f"--hypothesis-seed={seed}", "-q", "-p", "no:xdist")
    outcome.tries = max(1, round(scale * MODELS))
    environment = os.environ | {"STRESS_MODELS": str(outcome.tries)}
    command = [sys.executable, "-m", "pytest", "tests/differential", *options]
    done = subprocess.run(command, env=environment, check=False)
    outcome.losses = ["a law is broken, see above"] if done.returncode else []
    yield outcome
