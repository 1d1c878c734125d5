"""Whose mistakes on which pictures are looked at, how are they found, and how many are there?"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from itertools import chain

import streamlit as st

from cnnviz import mistakes
from cnnviz.convnets import Convnet
from cnnviz.dashboard import cache, components, language, panels, samples, sets, state
from cnnviz.dashboard.mistakes import answers
from cnnviz.dashboard.mistakes.answers import Asked
from cnnviz.dashboard.sets import Offer
from cnnviz.dashboard.state import Selection
from cnnviz.dashboard.texts import mistakes as texts
from cnnviz.dashboard.training import pictures as own_pictures
from cnnviz.datasets import FASHION, Part
from cnnviz.errors import ClassError
from cnnviz.mistakes import ClassMapping, Evaluation, Labelled
from cnnviz.runs import trained_run

_EXAMPLE = "fashion-cnn"


@dataclass(frozen=True, eq=False)
class Subject:
    """Whose mistakes on which pictures are looked at.

    Attributes:
        selection: The network; its picture plays no part.
        offer: The set that the pictures are from.
        data: The pictures.
        part: Name of the part: `test`, `validation` or `train`.
        mapping: For each class of the pictures the network's classes that stand for it.
        is_example: Whether nobody chose it.
        learnt_link: Name of the set that the network learnt from, as in links; the pictures' own set, where it has a
            training part and nothing is known of the network; None where neither is offered.
        learnt_seed: Seed that held out what it did not learn from.
        is_learnt: Whether the network learnt from these pictures.
    """

    selection: Selection
    offer: Offer
    data: Labelled
    part: str
    mapping: ClassMapping
    is_example: bool
    learnt_link: str | None
    learnt_seed: int
    is_learnt: bool

    @property
    def pictures(self) -> Part:
        """The labelled pictures."""
        return self.data.part

    @property
    def asked(self) -> Asked:
        """Which network is asked about which pictures."""
        return Asked(self.selection, self.data, self.mapping)

    @property
    def key(self) -> str:
        """Name of all that the answers hang on."""
        return self.asked.key


def choose_subject(selection: Selection) -> Subject:
    """Draw the choice of the pictures; the example where nothing was chosen and nothing suits the network.

    Raises:
        CnnvizError: If the pictures cannot be opened.
    """
    offers = sets.offered()
    state.settle(state.DATA, offers, _usual_set(selection.convnet.name, selection.convnet.class_names))
    with st.container(horizontal=True, vertical_alignment="bottom"):
        chosen = st.selectbox(
            texts.DATA, list(offers), key=state.DATA, index=None, placeholder=texts.DATA_PLACEHOLDER, width=320,
            format_func=lambda name: language.say(offers[name].title), persist_state="session",
        )  # fmt: skip
        part = panels.choose_one(texts.PART, texts.PARTS, key=state.PART)
        own_pictures.take_own((state.DATA,))
        mapped = st.container(width="content")
    is_example = chosen is None
    if is_example:
        selection = replace(selection, convnet=cache.convnet(_EXAMPLE))
    offer, network = offers[chosen or samples.SETS[FASHION]], selection.convnet
    source, seed = _learnt_from(network.name, network.class_names)
    is_source = offer.source == source
    data = sets.open_part(offer, part, learnt_with=seed if is_source else None)
    with mapped:
        mapping = _choose_mapping(data.class_names, network)
    link, seed = (_link(source), seed) if _link(source) else (_link(offer.source, has_parts=True), 0)
    return Subject(selection, offer, data, part, mapping, is_example, link, seed, is_source and part == "train")


def _link(source: str | None, *, has_parts: bool = False) -> str | None:
    """Name in links of a set that opens without a download; of a person's own, if it need not have parts."""
    found = (link for link, offer in sets.offered().items() if offer.source == source and offer.is_here)
    return next((link for link in found if not (has_parts and sets.offered()[link].is_own)), None)


def show_example(subject: Subject, chosen: Convnet) -> None:
    """Say that what is shown is an example, and how to see one's own."""
    text = texts.EXAMPLE.format(
        network=subject.selection.convnet.name,
        title=panels.plain(language.say(subject.data.title)),
        chosen=panels.plain(chosen.name),
    )
    st.info(text, icon=":material/lightbulb:")


def _learnt_from(name: str, class_names: tuple[str, ...]) -> tuple[str | None, int]:
    """Which pictures a network was trained on, and the seed that held some of them out."""
    if run := trained_run(name):
        return str(run.recipe.get("data")), int(run.recipe.get("seed") or 0)
    return samples.SETS.get(class_names), 0


def _usual_set(name: str, class_names: tuple[str, ...]) -> str | None:
    """The set that the server was started with, else that of the model's own run, else one with its classes."""
    if begun := sets.begun_with():
        return begun
    source, _ = _learnt_from(name, class_names)
    return next((link for link, offer in sets.offered().items() if offer.source == source), None)


def _choose_mapping(names: tuple[str, ...], convnet: Convnet) -> ClassMapping:
    """Class for class where the names are the same; else guessed, and there to be changed.

    Raises:
        ClassError: If a class of the network stands for two.
    """
    if names == convnet.class_names:
        return tuple((index,) for index in range(len(names)))
    guessed = mistakes.guess_mapping(names, convnet.class_names)
    keys = [f"stands for {convnet.fingerprint} {name}" for name in names]
    popover = st.popover(texts.MAPPING, icon=":material/swap_horiz:", type="tertiary", on_change="rerun", key="mapping")
    if popover.open:
        with popover:
            _edit_mapping(names, keys, guessed, convnet)
    chosen = [st.session_state.get(key, guess) for key, guess in zip(keys, guessed, strict=True)]
    twice = [index for index, count in Counter(chain.from_iterable(chosen)).items() if count > 1]
    if twice:
        raise ClassError(
            "The network's class {name!r} stands for two classes of the pictures. Take it away from one of them.",
            name=language.class_name(convnet.class_names[twice[0]]),
        )
    return tuple(tuple(sorted(classes)) for classes in chosen)


def _edit_mapping(names: tuple[str, ...], keys: list[str], guessed: ClassMapping, convnet: Convnet) -> None:
    st.caption(texts.MAPPING_HELP)
    spoken = language.class_names(convnet.class_names)
    for name, key, guess in zip(language.class_names(names), keys, guessed, strict=True):
        st.multiselect(
            name, range(len(spoken)), list(guess), key=key, persist_state="session",
            format_func=spoken.__getitem__,
        )  # fmt: skip


def evaluation_or_progress(subject: Subject) -> Evaluation | None:
    """Return the answers, or draw the way to them: at once where that is quick, else an estimate and a button."""
    asked = subject.asked
    found = answers.known(asked)
    if found is not None:
        return found
    label = panels.counted(texts.EVALUATE, len(subject.pictures))
    is_quick = subject.is_example or asked.seconds < answers.QUICK_SECONDS
    return answers.or_progress(asked, label, icon=":material/play_arrow:", is_quick=is_quick, is_main=True)


def show_headline(subject: Subject, evaluation: Evaluation) -> None:
    """Say how much is right, how sure that is, and what was left out."""
    found = mistakes.accuracy(evaluation)
    low, high = components.percent(found.low), components.percent(found.high)
    parts = [texts.RANGE.format(low=low, high=high)]
    if len(evaluation.class_names) > 2 * evaluation.top_classes.shape[1]:
        top = mistakes.accuracy(evaluation, top=evaluation.top_classes.shape[1])
        parts.append(texts.TOP5.format(share=components.percent(top.value)))
    headline = panels.counted(texts.HEADLINE, found.total, share=components.percent(found.value))
    st.header(headline, anchor=False)
    st.caption(" · ".join(parts))
    if subject.is_learnt:
        st.caption(texts.LEARNT)
    if evaluation.unreadable:
        _, reason = evaluation.unreadable[0]
        said = panels.counted(texts.UNREADABLE, len(evaluation.unreadable), reason=language.say(reason))
        st.caption(panels.plain(said))
    if evaluation.unmapped:
        names = ", ".join(language.class_names(name for name, _ in evaluation.unmapped[:5]))
        count = sum(pictures for _, pictures in evaluation.unmapped)
        st.caption(panels.plain(panels.counted(texts.UNMAPPED, count, names=names)))
