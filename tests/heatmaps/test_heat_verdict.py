import numpy as np
import pytest

from cnnviz.heatmaps import Verdict, judge
from cnnviz.heatmaps.verdict import SENTENCES

PEAK = np.eye(4, dtype=np.float32)


@pytest.mark.parametrize(
    ("heat", "probability", "expected"),
    [
        (PEAK, 0.5, Verdict.OK),
        (PEAK, None, Verdict.OK),
        (PEAK * np.nan, 0.5, Verdict.NOT_FINITE),
        (np.where(PEAK, np.inf, 0), 0.5, Verdict.NOT_FINITE),
        (PEAK, np.nan, Verdict.NOT_FINITE),
        (PEAK * 0, 0.0001, Verdict.EMPTY),
        (-PEAK, 0.5, Verdict.ONLY_AGAINST),
        (PEAK * 0 + 0.3, 0.5, Verdict.FLAT),
        (PEAK * 1e-4 + 0.3, 0.5, Verdict.OK),
        (PEAK * 1e-9, 0.5, Verdict.OK),  # small is not empty
        (PEAK, 0.009, Verdict.UNLIKELY),
        (PEAK, 0.9995, Verdict.SATURATED),
    ],
)
def test_the_most_important_thing_is_told(heat, probability, expected):
    assert judge(heat, probability=probability) is expected


def test_a_certain_model_without_logits_has_a_faded_map():
    assert judge(PEAK, probability=0.9995, has_logits=False) is Verdict.FADED
    assert judge(PEAK, probability=0.5, has_logits=False) is Verdict.OK


def test_every_verdict_but_ok_has_a_sentence_and_a_stable_key():
    assert set(SENTENCES) == set(Verdict)
    assert Verdict.OK.sentence == ""
    assert all(verdict.sentence.endswith(".") for verdict in Verdict if verdict is not Verdict.OK)
    assert Verdict("not finite") is Verdict.NOT_FINITE


def test_only_maps_without_data_are_not_drawn():
    assert {verdict for verdict in Verdict if not verdict.is_drawable} == {Verdict.NOT_FINITE, Verdict.EMPTY}
