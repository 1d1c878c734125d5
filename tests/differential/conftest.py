"""Profile of the long run: `pytest tests/differential --hypothesis-profile=stress --hypothesis-seed=N`."""

import os

from hypothesis import settings

settings.register_profile("stress", max_examples=int(os.environ.get("STRESS_MODELS", "300")))
