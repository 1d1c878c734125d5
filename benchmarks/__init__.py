"""Benchmarks of speed and memory, mostly as ratios to a floor timed in the same run; they never fail a build."""
