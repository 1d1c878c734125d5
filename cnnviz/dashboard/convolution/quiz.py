"""Quiz view: one question at a time, with its answer hidden until it is asked for."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

import numpy as np
import streamlit as st

from cnnviz import convolution, images
from cnnviz.convolution import Block, Question, StackedLayer, stack
from cnnviz.convolution.notation import write_stack
from cnnviz.convolution.quiz import draw_window, likeliest
from cnnviz.dashboard import cache, components, language, panels, state
from cnnviz.dashboard.convolution import formulas, settings
from cnnviz.dashboard.convolution.naming import name_padding
from cnnviz.dashboard.convolution.settings import Shape
from cnnviz.dashboard.state import Selection
from cnnviz.dashboard.texts import convolution as texts
from cnnviz.errors import LayerError
from cnnviz.figures import convolution as charts

_LETTERS = "ABCD"
_SIDE = 10  # pixels: each can be pointed at
_KERNELS = ("sobel-x", "sobel-y", "edges", "laplacian")  # they sum to zero: a plain area gives nothing
_SHOWN_CLASSES = 5
_MOST = 9999
_SCORE = "_score"


@dataclass(frozen=True)
class Asked:
    """A question with what it is about.

    Attributes:
        question: What is asked.
        shape: What the window slides over.
        block: The window.
        kernel: Name of the kernel that is looked for.
        key: All that the question hangs on: an answer belongs to one question.
    """

    question: Question
    shape: Shape
    block: Block
    kernel: str
    key: str


def show(selection: Selection) -> None:
    """Draw the question that the link names, and its answer once it was asked for."""
    seed = _choose_number()
    asked = _ask(selection, seed)
    st.header(_words(asked, selection), anchor=False)
    _show_subject(selection, asked)
    chosen = st.segmented_control(
        texts.QUIZ_CHOICES, range(len(asked.question.choices)), key=f"answer {asked.key}",
        format_func=lambda place: _choice(asked, asked.question.choices[place], selection),
    )  # fmt: skip
    st.button(
        texts.QUIZ_REVEAL, key="reveal", type="primary", icon=":material/visibility:", disabled=_is_shown(asked),
        on_click=_reveal, args=(asked, chosen),
    )  # fmt: skip
    if _is_shown(asked):
        _show_answer(selection, asked, chosen)
    _show_score()


def _choose_number() -> int:
    """Draw the steps from question to question; the number is the seed, and stands in the URL."""
    said = str(st.session_state.get(state.SEED) or "")
    state.validate_choice(state.SEED, [said] if re.fullmatch(r"[1-9]\d{0,8}", said) and int(said) <= _MOST else [], "1")
    number = int(st.session_state[state.SEED])
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            texts.QUIZ_PREVIOUS, icon=":material/chevron_left:", key="previous", disabled=number == 1,
            on_click=state.select, args=(state.SEED, str(number - 1)),
        )  # fmt: skip
        st.markdown(f"**{texts.QUIZ_NUMBER.format(number=number)}**", width="content")
        st.button(
            texts.QUIZ_NEXT, icon=":material/chevron_right:", key="next", disabled=number == _MOST,
            on_click=state.select, args=(state.SEED, str(number + 1)),
        )  # fmt: skip
    return number


def _ask(selection: Selection, number: int) -> Asked:
    """Ask one kind after the other; the first round is about the settings of the page, then they are drawn."""
    shape, block = settings.window()
    kinds = 6 if selection.convnet.class_names else 5
    place, is_first_round = (number - 1) % kinds, number <= kinds
    if not is_first_round or not _fits(shape, block):
        shape, block = draw_window(number)
    kernel = _KERNELS[number % len(_KERNELS)]
    if place == 4:
        question = convolution.brightest(_small(selection), convolution.PRESETS[kernel], seed=number)
    elif place == 5:
        question = likeliest(cache.probabilities(selection), seed=number)
    else:
        found = convolution.questions(shape, block, seed=number)
        question = found[min(place, len(found) - 1)]
    about = f"{selection.convnet.fingerprint} {selection.image}" if place > 3 else write_stack(shape, [block])
    return Asked(question, shape, block, kernel, f"{number} {about}")


def _fits(shape: Shape, block: Block) -> bool:
    try:
        return bool(stack(shape, [block]))
    except LayerError:
        return False


def _small(selection: Selection) -> np.ndarray:
    """The image in few gray pixels around their mean, so that the zeros outside are no edge: `(rows, columns, 1)`."""
    gray = images.gray(images.fit(selection.photo, (_SIDE, _SIDE)))[..., :1].astype(np.float32)
    return gray - gray.mean()


def _words(asked: Asked, selection: Selection) -> str:
    kind, numbers = asked.question.kind, asked.question.numbers
    if kind == "receptive-field":
        return texts.QUIZ_DEPTH.format(depth=numbers["depth"])
    if kind == "changed-size":
        return texts.QUIZ_CHANGED[str(numbers["changed"])].format(now=numbers["now"])
    return texts.QUIZ[kind].format(network=panels.plain(selection.convnet.name))


def _show_subject(selection: Selection, asked: Asked) -> None:
    """Draw what the question is about: settings, a kernel and an image, or an image."""
    if asked.question.kind == "brightest":
        _show_kernel(selection, asked)
    elif asked.question.kind == "class":
        with st.container(width=320):
            components.image(selection.received, key="asked image", alt=texts.QUIZ_IMAGE)
    else:
        numbers = {name: getattr(asked.block, name) for name in ("kernel", "stride", "dilation", "filters")}
        rows, columns, channels = asked.shape
        padding = name_padding(asked.block.padding)
        st.markdown(
            texts.QUIZ_SETTINGS.format(rows=rows, columns=columns, channels=channels, padding=padding, **numbers)
        )


def _show_kernel(selection: Selection, asked: Asked) -> None:
    """Draw the image, the kernel, and what it makes of the image, once that was asked for."""
    image, kernel, output = st.columns([4, 3, 4], vertical_alignment="center")
    weights = convolution.PRESETS[asked.kernel]
    with image:
        _show_map(_small(selection)[..., 0], asked, texts.QUIZ_PLACES.format(side=_SIDE), colors="gray")
    with kernel:
        st.caption(texts.QUIZ_KERNEL)
        st.latex(formulas.matrix(weights))
    if _is_shown(asked):
        found = convolution.cross_correlate(_small(selection), weights[..., None, None], padding="same")[..., 0]
        with output:
            _show_map(found, asked, texts.QUIZ_OUTPUT, colors="PuOr")


def _show_map(values: np.ndarray, asked: Asked, title: str, *, colors: str) -> None:
    places = {letter: (row, column) for letter, (row, column) in zip(_LETTERS, asked.question.choices, strict=False)}
    st.caption(title)
    panels.chart(
        charts.lettered(values, places, colors=colors, is_signed=colors == "PuOr"),
        key=f"asked {colors}", alt=title,
    )  # fmt: skip


def _choice(asked: Asked, choice: tuple[int, ...], selection: Selection) -> str:
    """Write an answer for people."""
    if asked.question.kind == "brightest":
        return _LETTERS[asked.question.choices.index(choice)]
    if asked.question.kind == "class":
        return panels.plain(language.class_name(selection.convnet.class_names[choice[0]]))
    if len(choice) == 2:
        return texts.QUIZ_SIZE.format(rows=choice[0], columns=choice[1])
    return f"{choice[0]:,}"


def _is_shown(asked: Asked) -> bool:
    return bool(st.session_state.get(f"shown {asked.key}"))


def _reveal(asked: Asked, chosen: int | None) -> None:
    """Show the answer, and count it if one was chosen before."""
    st.session_state[f"shown {asked.key}"] = True
    if chosen is not None:
        score = st.session_state.setdefault(_SCORE, {})
        score[asked.key] = asked.question.choices[chosen] == asked.question.answer


def _show_answer(selection: Selection, asked: Asked, chosen: int | None) -> None:
    question = asked.question
    answer = _choice(asked, question.answer, selection)
    if chosen is None:
        st.info(texts.QUIZ_ANSWER.format(answer=answer), icon=":material/lightbulb:")
    elif question.choices[chosen] == question.answer:
        st.success(texts.QUIZ_RIGHT.format(answer=answer), icon=":material/check:")
    else:
        said = _choice(asked, question.choices[chosen], selection)
        st.warning(texts.QUIZ_WRONG.format(answer=answer, chosen=said), icon=":material/close:")
    _show_reason(selection, asked)


def _show_reason(selection: Selection, asked: Asked) -> None:
    """Draw why: the formula with the numbers filled in, or the best classes; the kernel's output is drawn above."""
    kind = asked.question.kind
    if kind == "class":
        names, shares = selection.convnet.class_names, cache.probabilities(selection)
        order = np.argsort(-shares, kind="stable")[:_SHOWN_CLASSES]
        components.bars(
            [(int(index), language.class_name(names[index]), float(shares[index])) for index in order],
            key="asked bars", title=texts.QUIZ["class"].format(network=selection.convnet.name), picked=int(order[0]),
            on_pick=lambda index: state.select(state.CLASS, names[index]),
            are_shares=selection.convnet.has_probabilities,
        )  # fmt: skip
    elif kind == "receptive-field":
        depth = int(asked.question.numbers["depth"])
        st.latex(formulas.field_of_depth(asked.block, depth, asked.question.answer[0]))
    elif kind != "brightest":
        layer = stack(asked.shape, [_changed(asked)])[0]
        st.latex(formulas.parameters(layer) if kind == "parameters" else _sizes(layer))


def _changed(asked: Asked) -> Block:
    """The window of the question, with the number that it changes."""
    numbers = asked.question.numbers
    if "changed" not in numbers:
        return asked.block
    return replace(asked.block, **{str(numbers["changed"]): int(numbers["now"])})  # type: ignore[arg-type]  # a field by its name


def _sizes(layer: StackedLayer) -> str:
    assert layer.sizes is not None  # a convolution slides
    return r" \qquad ".join(formulas.size(sizes) for sizes in dict.fromkeys(layer.sizes))


def _show_score() -> None:
    """Keep the score folded away: nobody has to see it."""
    score: dict[str, bool] = st.session_state.get(_SCORE, {})
    with st.expander(texts.QUIZ_SCORE, icon=":material/scoreboard:"):
        if not score:
            st.caption(texts.QUIZ_NO_SCORE)
            return
        one, many = texts.QUIZ_SCORES
        st.markdown((one if len(score) == 1 else many).format(right=sum(score.values()), count=len(score)))
