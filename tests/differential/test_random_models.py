"""cnnviz against Keras itself, and against layer-by-layer runs, on random small models.

`make test` runs the same 40 models each time; `make stress` runs 300 new ones, from a seed that it prints.
"""

import pytest
from blocks import BLOCKS
from ends import BRIDGES, ENDS, ENTRIES
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from laws import LAWS
from random_models import NESTINGS, Spec, possible
from reference import build

SPECS = st.builds(
    Spec,
    size=st.sampled_from([(8, 9), (12, 8), (16, 15), (9, 24)]),
    channels=st.sampled_from([3, 1, 4]),
    dtype=st.sampled_from(["float32", "float32", "uint8", "float64"]),
    entry=st.sampled_from(list(ENTRIES)),
    blocks=st.lists(st.sampled_from(list(BLOCKS)), min_size=1, max_size=4).map(tuple),
    nesting=st.sampled_from(NESTINGS),
    bridge=st.sampled_from(list(BRIDGES)),
    end=st.sampled_from(list(ENDS)),
    units=st.sampled_from([3, 2, 5]),
    heads=st.sampled_from(["one"] * 3 + ["list", "main_last", "dict", "dict_main_last"]),
    policy=st.sampled_from(["float32"] * 4 + ["mixed_float16", "all_mixed_float16"]),
    is_frozen=st.booleans(),
    seed=st.integers(0, 2**16),
).map(possible)

KEPT = (
    Spec(end="coarse"),
    Spec(end="label_smoothing", seed=1),
    Spec(end="percent"),
    Spec(end="regression"),
    Spec(dtype="uint8"),
    Spec(entry="divide"),
    Spec(entry="divide", nesting="whole_decorated", end="softmax"),
    Spec(blocks=("stop_gradient", "conv")),
    Spec(blocks=("conv", "dropout_beside")),
    Spec(end="regression_relu"),
    Spec(end="tanh", nesting="whole_decorated"),
)
"""Specs that failed before: they run every time, beside the random ones."""

IS_STRESS = settings.get_current_profile_name() == "stress"
LIMITS = settings(
    settings() if IS_STRESS else settings(max_examples=40, derandomize=True, phases=(Phase.explicit, Phase.generate)),
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)


def keeps_the_laws(spec):
    """Build a model and hold it to all laws."""
    built = build(spec)
    for name, law in LAWS.items():
        try:
            law(built)
        except Exception as error:
            error.add_note(f"{name}: {spec!r}")
            raise


@pytest.mark.timeout(14_400 if IS_STRESS else 1_800)
@given(spec=SPECS)
@LIMITS
def test_random_models_keep_the_laws(spec):
    keeps_the_laws(spec)


@pytest.mark.parametrize("spec", KEPT, ids=repr)
def test_models_that_failed_once_keep_the_laws(spec):
    keeps_the_laws(spec)
