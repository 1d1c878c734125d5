"""Silenced floating-point warnings: NaN and infinity pass through into the map, where `judge` reports them."""

from __future__ import annotations

import numpy as np

quiet = np.errstate(over="ignore", invalid="ignore", divide="ignore")
"""Decorator: arithmetic on a broken model's numbers is no news to whoever reads the log."""
