"""Stress tests, the parts of `make stress`: each breaks something on purpose and yields tries and broken promises."""
