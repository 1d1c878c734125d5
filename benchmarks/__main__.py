"""Run every benchmark: `make bench`."""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")

from benchmarks import (
    browser,
    heatmaps,
    many_images,
    maps,
    memory,
    mistakes,
    patterns,
    training,
)  # the environment comes first

print(
    f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores; medians of interleaved repetitions", flush=True
)
for part in (heatmaps, maps, patterns, training, mistakes, memory, browser, many_images):
    part.main()
