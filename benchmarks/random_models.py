"""cnnviz against Keras itself on 300 new random models; the seed is printed, so that a failure can be seen again."""

from __future__ import annotations

import random
import subprocess
import sys


def main(seed: int | None = None) -> None:
    """Run the differential tests with new models; a failure is printed as the smallest spec that has it."""
    seed = random.SystemRandom().randrange(2**32) if seed is None else seed
    print(f"300 random models, seed {seed}", flush=True)
    options = ("--hypothesis-profile=stress", f"--hypothesis-seed={seed}", "-q", "-p", "no:xdist")
    done = subprocess.run([sys.executable, "-m", "pytest", "tests/differential", *options], check=False)
    print(f"random models: {'all laws hold' if done.returncode == 0 else 'a law is broken, see above'}", flush=True)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
