"""Waits for what another process or thread does."""

import threading

_LOOK_SECONDS = 0.05


def wait_until(holds, what, *, seconds=120):
    """Return as soon as `holds()` is true; fail, saying for what, when it takes longer."""
    for _ in range(round(seconds / _LOOK_SECONDS)):
        if holds():
            return
        threading.Event().wait(_LOOK_SECONDS)
    raise AssertionError(f"waited {seconds} s for {what}")
