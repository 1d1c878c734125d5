import numpy as np
import pytest

from cnnviz.convolution.arithmetic import cross_correlate
from cnnviz.convolution.presets import PRESETS
from cnnviz.convolution.quiz import brightest, draw_window, likeliest, questions
from cnnviz.convolution.sizes import size_formula
from cnnviz.convolution.stack import Block
from cnnviz.errors import LayerError

SHAPE = (28, 30, 3)
BLOCK = Block("convolution", 5, stride=2, padding="same", filters=6)


def by_kind(block=BLOCK, seed=0):
    return {question.kind: question for question in questions(SHAPE, block, seed=seed)}


def test_answers_are_those_worked_out_by_hand():
    asked = by_kind()
    assert asked["output-size"].answer == (14, 15)
    assert asked["parameters"].answer == (5 * 5 * 3 * 6 + 6,)
    depth = asked["receptive-field"].numbers["depth"]
    assert asked["receptive-field"].answer == ({2: 13, 3: 29, 4: 61}[depth],)


@pytest.mark.parametrize("seed", range(30))
def test_the_changed_size_is_that_of_the_settings_with_one_number_changed(seed):
    question = by_kind(seed=seed)["changed-size"]
    numbers = question.numbers
    assert numbers["instead_of"] == numbers[numbers["changed"]] != numbers["now"]
    options = {name: numbers[name] for name in ("kernel", "stride", "padding", "dilation")}
    options[numbers["changed"]] = numbers["now"]
    assert question.answer == tuple(size_formula(side, **options).output for side in SHAPE[:2])
    assert question.answer != (14, 15)


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("block", [BLOCK, Block("convolution", 1), Block("convolution", 3, dilation=2, has_bias=False)])
def test_the_answer_is_one_of_several_choices_that_all_differ(block, seed):
    asked = by_kind(block, seed)
    assert len(asked) == 4
    for question in asked.values():
        assert question.answer in question.choices
        assert len(set(question.choices)) == len(question.choices) >= 3


def test_the_seed_alone_decides_and_the_answer_has_no_place_of_its_own():
    assert questions(SHAPE, BLOCK, seed=3) == questions(SHAPE, BLOCK, seed=3)
    places = {by_kind(seed=seed)["parameters"].choices.index((456,)) for seed in range(30)}
    assert places == {0, 1, 2, 3}
    assert len({by_kind(seed=seed)["receptive-field"].numbers["depth"] for seed in range(30)}) == 3


def test_slips_that_are_often_made_are_among_the_choices():
    padded = by_kind(Block("convolution", 5, padding=2, dilation=2, filters=2))["output-size"]
    assert padded.answer == (24, 26)
    assert {(20, 22), (28, 30)} <= set(padded.choices)  # no padding; no dilation
    assert {(450,), (156,)} <= set(by_kind()["parameters"].choices)  # no bias; one channel


@pytest.mark.parametrize("seed", range(5))
def test_a_kernel_is_brightest_where_its_output_is_largest(seed):
    maps = np.random.default_rng(seed + 10).normal(size=(8, 9, 3))
    question = brightest(maps, PRESETS["sobel-x"], seed=seed)
    output = cross_correlate(maps, np.repeat(PRESETS["sobel-x"][..., None, None], 3, axis=2), padding="same")[..., 0]
    assert question.answer == np.unravel_index(output.argmax(), output.shape)
    assert len(set(question.choices)) == 4
    assert all(output[place] < output[question.answer] for place in question.choices if place != question.answer)


def test_windows_that_do_not_fit_and_plain_images_are_refused():
    with pytest.raises(LayerError, match="does not fit"):
        questions((4, 4, 1), Block("convolution", 5))
    with pytest.raises(LayerError, match="The output of the kernel is the same everywhere"):
        brightest(np.zeros((5, 5, 1)), PRESETS["edges"])


def test_drawn_windows_fit_and_differ_and_keras_has_them():
    drawn = [draw_window(seed) for seed in range(200)]
    assert all(questions(shape, block) for shape, block in drawn)
    assert not any(block.stride > 1 and block.dilation > 1 for _, block in drawn)
    assert len(set(drawn)) > 150
    assert {block.padding for _, block in drawn} == {"valid", "same", 1, 2}
    assert draw_window(7) == drawn[7]


@pytest.mark.parametrize("seed", range(10))
def test_the_likeliest_class_is_asked_among_those_that_come_next(seed):
    shares = np.linspace(0, 1, 30) ** 4
    question = likeliest(np.roll(shares, 5), seed=seed)
    assert question.answer == (4,)
    assert question.answer in question.choices and len(set(question.choices)) == 4
    best = np.argsort(-np.roll(shares, 5))[:9]
    assert {choice for (choice,) in question.choices} <= set(best.tolist())


def test_two_classes_have_two_choices_and_no_number_never_wins():
    assert sorted(likeliest(np.array([0.2, 0.8])).choices) == [(0,), (1,)]
    assert likeliest(np.array([np.nan, 0.1, 0.9])).answer == (2,)
