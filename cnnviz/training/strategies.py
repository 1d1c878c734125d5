"""How is the work of a run shared between devices and machines?"""

from __future__ import annotations

STRATEGIES = ("none", "mirrored", "multi-worker", "parameter-server", "tpu")
