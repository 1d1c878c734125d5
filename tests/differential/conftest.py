"""Profile of the long run: `pytest tests/differential --hypothesis-profile=stress --hypothesis-seed=N`."""

from hypothesis import settings

settings.register_profile("stress", max_examples=300)
