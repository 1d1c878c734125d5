"""Compare-models view: mistakes that a second model fixes and adds, with McNemar's test."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from cnnviz import mistakes
from cnnviz.convnets import catalog
from cnnviz.dashboard import cache, panels, sidebar, state
from cnnviz.dashboard.components import percent
from cnnviz.dashboard.mistakes import evaluation_job, gallery
from cnnviz.dashboard.mistakes.subject import Subject, evaluation_or_progress
from cnnviz.dashboard.texts import mistakes as texts
from cnnviz.mistakes import Agreement, Evaluation
from cnnviz.runs import trained_networks

_LUCK = 0.05  # McNemar's test: the usual level


def show(subject: Subject, evaluation: Evaluation) -> int | None:
    """Draw the choice of a second model and what changes with it; return the row of the chosen image.

    Raises:
        CnnvizError: If the other model does not open, or has no class in common.
    """
    own = subject.selection.convnet.name
    known = [name for name, entry in catalog().items() if entry.is_trained]
    names = [name for name in (*known, *trained_networks(), *sidebar.own_networks()) if name != own]
    state.validate_choice(state.RIVAL, names)
    chosen = st.selectbox(
        texts.RIVAL, names, key=state.RIVAL, index=None, placeholder=texts.RIVAL_PLACEHOLDER, persist_state="session",
        width=320,
    )  # fmt: skip
    if chosen is None:
        st.caption(texts.RIVAL_HELP)
        return None
    rival = cache.convnet(chosen)
    guess = evaluation_job.guessed(subject.data, rival)
    other = replace(subject, selection=replace(subject.selection, convnet=rival), guess=guess)
    of_rival = evaluation_or_progress(other)
    if of_rival is None:
        return None
    found = mistakes.agreement(evaluation, of_rival)
    _say(found, own, chosen, evaluation, of_rival)
    return _show_changes(subject, evaluation, found)


def _say(found: Agreement, own: str, rival: str, before: Evaluation, now: Evaluation) -> None:
    """Say how many changed, and whether that is more than luck."""
    shares = (percent(float(before.is_right.mean())), percent(float(now.is_right.mean())))
    st.markdown(texts.SCORES.format(own=panels.plain(own), rival=panels.plain(rival), before=shares[0], now=shares[1]))
    fixed, new = len(found.fixed), len(found.new)
    verdict = texts.LUCK
    if found.p_value < _LUCK:
        verdict = texts.BETTER if fixed > new else texts.WORSE
    chance = f"= {found.p_value:.2g}" if found.p_value >= 0.001 else "< 0.001"
    st.markdown(
        panels.plain(
            texts.MCNEMAR.format(rival=rival, fixed=fixed, new=new, verdict=verdict.format(rival=rival), p=chance)
        )
    )
    table = texts.AGREEMENT.format(own=panels.plain(own), rival=panels.plain(rival), **_counts(found))
    st.markdown(table)


def _counts(found: Agreement) -> dict[str, str]:
    sizes = {"right": found.both_right, "new": found.new, "fixed": found.fixed, "wrong": found.both_wrong}
    return {name: f"{len(rows):,}" for name, rows in sizes.items()}


def _show_changes(subject: Subject, evaluation: Evaluation, found: Agreement) -> int | None:
    """Draw one of the three kinds as a gallery."""
    sets = {"fixed": found.fixed, "new": found.new, "both": found.both_wrong}
    titles = {kind: texts.GALLERY.format(title=title, count=len(sets[kind])) for kind, title in texts.CHANGES.items()}
    kind = panels.choose_one(texts.CHANGE_KIND, titles, key="changes")
    rows = mistakes.ordered(evaluation, sets[kind])
    if not len(rows):
        st.caption(texts.GALLERY_EMPTY)
        return gallery.chosen_row(evaluation)
    shown = gallery.page_of(rows, key="changes_page")
    gallery.show_rows(subject, evaluation, shown, key=f"changed {kind}", title=titles[kind], otherwise=int(shown[0]))
    return gallery.chosen_row(evaluation, otherwise=int(shown[0]))
