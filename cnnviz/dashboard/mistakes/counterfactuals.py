"""Counterfactual edits of one image, a sweep over one of them, and the smallest patch that changes the prediction."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import streamlit as st

from cnnviz import mistakes
from cnnviz.dashboard import background, cache, components, language, panels, state
from cnnviz.dashboard.components import score
from cnnviz.dashboard.jobs import Job
from cnnviz.dashboard.mistakes import steps
from cnnviz.dashboard.mistakes.steps import BRUSH, HIDE, MASK, Step, edited, steps_of
from cnnviz.dashboard.state import Selection
from cnnviz.dashboard.texts import mistakes as texts
from cnnviz.figures import mistakes as charts
from cnnviz.mistakes import perturbations
from cnnviz.mistakes.perturbations import Slider

_SHOWN_CLASSES = 5
_STRENGTHS = 33
_MIDDLE = (35, 65)  # percent: a box to begin with


def show(selection: Selection, *, hottest: int | None) -> None:
    """Draw what can be done to the image, and what the model says then.

    Args:
        selection: The image as it was.
        hottest: The class whose hottest region can be hidden; None where its map is empty.
    """
    done = steps_of(selection)
    answer, controls = st.columns([4, 7], gap="large")
    with answer:
        _show_answer(selection, edited(selection, done))
    with controls:
        _show_actions(selection, hottest)
        _show_steps(selection, done)
        state.validate_choice("edit_kind", texts.EDITS, next(iter(texts.EDITS)))
        kind = str(
            st.pills(
                texts.EDIT, list(texts.EDITS), format_func=texts.EDITS.__getitem__, key="edit_kind", required=True,
                persist_state="session", wrap=True,
            )
        )  # fmt: skip
        if kind == BRUSH:
            _paint(selection)
        elif kind in perturbations.SLIDERS:
            _choose_strength(selection, kind, perturbations.SLIDERS[kind])
            _show_sweep(selection, kind, perturbations.SLIDERS[kind])
        else:
            _choose_box(selection, kind)


def _show_answer(before: Selection, now: Selection) -> None:
    """Draw the most probable classes of then and now, and say whether the answer flipped."""
    names = before.convnet.class_names
    spoken = language.class_names(names)
    old, new = cache.probabilities(before), cache.probabilities(now)
    order = dict.fromkeys([*np.argsort(-old, kind="stable")[:_SHOWN_CLASSES].tolist(), int(new.argmax())])
    components.bars(
        [(index, spoken[index], float(new[index])) for index in order],
        key="edited_answer",
        title=texts.ANSWER,
        picked=int(new.argmax()),
        on_pick=lambda index: state.select(state.CLASS, names[index]),
        are_shares=before.convnet.has_probabilities,
    )
    if now is before:
        return
    was, said = int(old.argmax()), int(new.argmax())
    text = texts.STAYS if was == said else texts.FLIPS
    shares = {"before": score(before.convnet, float(old[was])), "after": score(before.convnet, float(new[said]))}
    st.markdown(panels.plain(text.format(was=spoken[was], said=spoken[said], **shares)))


def _show_actions(selection: Selection, hottest: int | None) -> None:
    done = steps_of(selection)
    with st.container(horizontal=True):
        st.button(
            texts.HIDE, icon=":material/visibility_off:", key="hide_hottest", disabled=hottest is None,
            on_click=steps.add, args=(selection, Step(HIDE, class_index=hottest or 0)),
        )  # fmt: skip
        _show_patch(selection)
        if done:
            st.button(
                texts.UNDO, icon=":material/undo:", key="undo", on_click=steps.take_off, args=(selection, len(done) - 1)
            )
            st.button(texts.START_OVER, type="tertiary", key="start_over", on_click=steps.keep, args=(selection, ()))


def _show_steps(selection: Selection, done: tuple[Step, ...]) -> None:
    """Draw what was done, each to be taken off."""
    with st.container(horizontal=True):
        for place, step in enumerate(done):
            title = texts.STEPS.get(step.kind) or texts.STRENGTH.format(
                edit=texts.EDITS[step.kind], strength=f"{step.strength:.3g}"
            )
            st.button(
                title, icon=":material/close:", key=f"take off {place}", help=texts.TAKE_OFF, type="tertiary",
                on_click=steps.take_off, args=(selection, place),
            )  # fmt: skip


def _paint(selection: Selection) -> None:
    """Draw the image to be painted on, and how much what is painted covers."""
    base, step = steps.before(selection, BRUSH), steps.found(selection, BRUSH) or Step(BRUSH, strength=1.0)
    components.paint(
        base.received, key="paint", title=texts.PAINT, strokes=step.strokes,
        on_paint=lambda strokes: steps.put(selection, replace(step, strokes=strokes)),
        ink=perturbations.mean_color(base.received).tolist(), width=360,
    )  # fmt: skip
    if step.strokes:
        slider = Slider(steps.paint_over(step.strokes), 0, 1, 0)
        _choose_strength(selection, BRUSH, slider)
        _show_sweep(selection, BRUSH, slider)


def _choose_strength(selection: Selection, kind: str, slider: Slider) -> None:
    key, step = f"strength {kind}", steps.found(selection, kind) or Step(kind, strength=float(slider.neutral))
    st.session_state[key] = step.strength

    def take() -> None:
        steps.put(selection, replace(step, strength=float(st.session_state[key])))

    low, high = float(slider.low), float(slider.high)
    st.slider(
        texts.STRENGTHS[kind], low, high, key=key, on_change=take, step=1.0 if high > 10 else (high - low) / 100
    )  # fmt: skip


def _choose_box(selection: Selection, kind: str) -> None:
    """Draw two ranges, and the button that covers the box or keeps it only."""
    across, down = st.columns(2)
    with across:
        left, right = st.slider(
            texts.ACROSS, 0, 100, _MIDDLE, key="box_across", format="%d %%", persist_state="session"
        )
    with down:
        top, bottom = st.slider(texts.DOWN, 0, 100, _MIDDLE, key="box_down", format="%d %%", persist_state="session")
    height, width = selection.convnet.preparation.size
    box = (top * height // 100, left * width // 100, bottom * height // 100, right * width // 100)
    is_empty = box[0] >= box[2] or box[1] >= box[3]
    st.button(
        texts.BOX_BUTTONS[kind], key="take_box", disabled=is_empty, on_click=steps.add,
        args=(selection, Step(kind, box=box)),
    )  # fmt: skip


def _show_sweep(selection: Selection, kind: str, slider: Slider) -> None:
    """Draw the answer's probability over the strengths of an edit, done beside all other steps."""
    convnet = selection.convnet
    base = edited(selection, tuple(step for step in steps_of(selection) if step.kind != kind))
    strengths = np.linspace(slider.low, slider.high, _STRENGTHS)
    strengths = strengths[np.argsort(np.abs(strengths - slider.neutral), kind="stable")]  # as the edit grows

    def work(job: Job) -> object:
        with cache.compute():
            return mistakes.sweep(convnet, base.received, slider.edit, strengths.tolist(), on_step=job.step)

    painted = steps.found(selection, BRUSH) if kind == BRUSH else None
    key = f"sweep {kind} {convnet.fingerprint} {base.image} {painted.strokes if painted else ''}"
    label = texts.SWEEP.format(edit=texts.EDITS[kind])
    job = background.finished(key, label, work, icon=":material/show_chart:", progress=texts.SWEEPING)
    if job is None:
        return
    found, names = job.result, language.class_names(convnet.class_names)
    name = names[found.answer]
    text = texts.NO_FLIP if found.flip is None else texts.FLIP.format(strength=f"{found.flip:.3g}")
    panels.chart(
        charts.sweep_curve(
            found.values, found.probabilities, [names[answer] for answer in found.answers],
            flip=found.flip, across=texts.STRENGTHS[kind], up=texts.SHARE_OF.format(name=name),
        ),
        key="sweep", alt=texts.SWEEP_ALT.format(name=name, text=text),
    )  # fmt: skip
    st.caption(text)


def _show_patch(selection: Selection) -> None:
    """Search the smallest patch that flips the answer, and offer to cover it."""
    convnet, now = selection.convnet, edited(selection, steps_of(selection))

    def work(job: Job) -> object:
        with cache.compute():
            return mistakes.smallest_flipping_patch(convnet, now.received, on_step=job.step)

    job = background.finished(
        f"patch {convnet.fingerprint} {now.image}", texts.PATCH, work, icon=":material/select_all:",
        progress=texts.PATCHING,
    )  # fmt: skip
    if job is None:
        return
    if job.result is None:
        st.caption(texts.NO_PATCH)
        return
    top, left, bottom, right = job.result.box
    text = texts.MASK_PATCH.format(
        width=right - left,
        height=bottom - top,
        said=panels.plain(language.class_names(convnet.class_names)[job.result.after]),
    )
    st.button(
        text, icon=":material/select_all:", key="cover_patch", on_click=steps.add,
        args=(selection, Step(MASK, box=job.result.box)),
    )  # fmt: skip
