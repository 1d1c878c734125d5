"""Subject of the Mistakes page: the model, the images, the class mapping; their evaluation and its headline."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from itertools import chain
from typing import cast

import streamlit as st

from cnnviz import mistakes
from cnnviz.convnets import Convnet
from cnnviz.dashboard import cache, components, dataset_choice, language, panels, samples, sets, started, state
from cnnviz.dashboard.mistakes import evaluation_job
from cnnviz.dashboard.mistakes.evaluation_job import Asked
from cnnviz.dashboard.sets import Offer
from cnnviz.dashboard.state import Selection
from cnnviz.dashboard.texts import mistakes as texts
from cnnviz.datasets import FASHION, Part
from cnnviz.errors import ClassError
from cnnviz.mistakes import ClassMapping, ClassOrder, Evaluation, Labeled, MappingGuess
from cnnviz.runs import Run, trained_run

_EXAMPLE = "fashion-cnn"


@dataclass(frozen=True, eq=False)
class Subject:
    """Whose mistakes on which images are looked at.

    Attributes:
        selection: The model; its image plays no part.
        offer: The set that the images are from.
        data: The images.
        part: Name of the split: `test`, `validation`, `train` or `all`; None where the images are not split.
        guess: For each class of the images the model's classes that stand for it, and whether that is assumed.
        is_example: Whether nobody chose it.
        learned_link: Name of the set that the model learned from, as in links; the images' own set, where it has a
            training part and nothing is known of the model; None where neither is offered.
        run: The training run that the network is from; None if there is none.
        is_learned: Whether the model learned from these images.
    """

    selection: Selection
    offer: Offer
    data: Labeled
    part: str | None
    guess: MappingGuess
    is_example: bool
    learned_link: str | None
    run: Run | None
    is_learned: bool

    @property
    def images(self) -> Part:
        """The labeled images."""
        return self.data.part

    @property
    def asked(self) -> Asked:
        """Which model is asked about which images."""
        return Asked(self.selection, self.data, self.guess)

    @property
    def mapping(self) -> ClassMapping:
        """For each class of the images the model's classes that stand for it."""
        return self.guess.mapping

    @property
    def key(self) -> str:
        """Name of all that the answers hang on."""
        return self.asked.key


def choose_subject(selection: Selection) -> Subject:
    """Draw the choice of the images; the example where nothing was chosen and nothing suits the model.

    Raises:
        CnnvizError: If the images cannot be opened.
    """
    offers = sets.offered()
    state.validate_choice(state.DATA, offers, _usual_set(offers, selection.convnet))
    with st.container(horizontal=True, vertical_alignment="bottom"):
        chosen = st.selectbox(
            texts.DATA, list(offers), key=state.DATA, index=None, placeholder=texts.DATA_PLACEHOLDER, width=320,
            format_func=lambda name: offers[name].said, persist_state="session",
        )  # fmt: skip
        parts = st.container(width="content")
        dataset_choice.take_own((state.DATA,), offers[chosen].source if chosen else None)
        mapped = st.container(horizontal=True, vertical_alignment="bottom", width="content")
    is_example = chosen is None
    if is_example:
        selection = replace(selection, convnet=cache.convnet(_EXAMPLE))
    offer, network = offers[chosen or samples.SETS[FASHION]], selection.convnet
    run = trained_run(network.name)
    with parts:
        part = _choose_part(offer, run)
    data = sets.open_part(offer, part, run=run)
    with mapped:
        guess = _choose_mapping(data, network)
    source = _learned_from(network)
    link = _link(offers, source) or (None if offer.is_own else _link(offers, offer.source))
    is_learned = (offer.source == source and part == "train") or data.learned_count > 0
    run = run if _link(offers, source) else None
    return Subject(selection, offer, data, part, guess, is_example, link, run, is_learned)


def _choose_part(offer: Offer, run: Run | None) -> str | None:
    """Draw the choice of a split, if there are any."""
    found = sets.splits(offer, run=run)
    if not found:
        state.validate_choice(state.PART, ())
        return None
    return panels.choose_one(texts.PART, {name: texts.PARTS[name] for name in found}, key=state.PART)


def _link(offers: dict[str, Offer], source: str | None) -> str | None:
    """Name in links of a set that opens without a download."""
    return next((link for link, offer in offers.items() if offer.source == source and offer.is_here), None)


def show_example(subject: Subject, chosen: Convnet) -> None:
    """Say that what is shown is an example, and how to see one's own."""
    text = texts.EXAMPLE.format(
        network=subject.selection.convnet.name,
        title=panels.plain(language.say(subject.data.title)),
        chosen=panels.plain(chosen.name),
    )
    st.info(text, icon=":material/lightbulb:")


def _learned_from(convnet: Convnet) -> str | None:
    """Which images a model was trained on."""
    if run := trained_run(convnet.name):
        return str(run.recipe.get("data"))
    return samples.SETS.get(convnet.class_names)


def _usual_set(offers: dict[str, Offer], convnet: Convnet) -> str | None:
    """The set that the server was started with, else that of the model's own run, else one with its classes."""
    source = started.data() or _learned_from(convnet)
    return next((link for link, offer in offers.items() if offer.source == source), None)


def _choose_mapping(data: Labeled, convnet: Convnet) -> MappingGuess:
    """Class for class where the names are the same; else guessed, and there to be changed.

    Raises:
        ClassError: If a class of the model stands for two.
    """
    names = data.class_names
    if names == convnet.class_names and convnet.has_class_names:
        return evaluation_job.guessed(data, convnet)
    guess = evaluation_job.guessed(data, convnet, class_order=_choose_order(data, convnet))
    order = f" {guess.assumed_order}" if guess.assumed_order else ""
    keys = [f"stands for {convnet.fingerprint}{order} {name}" for name in names]
    popover = st.popover(texts.MAPPING, icon=":material/swap_horiz:", type="tertiary", on_change="rerun", key="mapping")
    if popover.open:
        with popover:
            _edit_mapping(names, keys, guess.mapping, convnet)
    chosen = [st.session_state.get(key, guessed) for key, guessed in zip(keys, guess.mapping, strict=True)]
    twice = [index for index, count in Counter(chain.from_iterable(chosen)).items() if count > 1]
    if twice:
        raise ClassError(
            "The model's class {name!r} stands for two classes of the images. Remove it from one of them.",
            name=language.class_name(convnet.class_names[twice[0]]),
        )
    mapping = tuple(tuple(sorted(classes)) for classes in chosen)
    mistakes.require_mapping(convnet, mapping, names)
    return guess if mapping == guess.mapping else MappingGuess(mapping, None)


def _choose_order(data: Labeled, convnet: Convnet) -> ClassOrder | None:
    """Draw the choice of the order in which folders are numbered, where it is assumed and makes a difference."""
    is_assumed = evaluation_job.guessed(data, convnet).assumed_order == "sorted"
    if not is_assumed or mistakes.differing_orders(data.class_names) is None:
        return None
    usual = mistakes.said_class_order(convnet) or "sorted"
    chosen = panels.choose_one(texts.CLASS_ORDER, texts.CLASS_ORDERS, key="class_order", default=usual)
    return cast(ClassOrder, chosen)


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
    found = evaluation_job.known(asked)
    if found is not None:
        return found
    label = panels.counted(texts.EVALUATE, len(subject.images))
    is_quick = subject.is_example or asked.seconds < evaluation_job.QUICK_SECONDS
    return evaluation_job.or_progress(asked, label, icon=":material/play_arrow:", is_quick=is_quick, is_main=True)


def show_headline(subject: Subject, evaluation: Evaluation) -> None:
    """Say how much is right, how sure that is, and what was left out."""
    found = mistakes.accuracy(evaluation)
    low, high = components.percent(found.low), components.percent(found.high)
    st.header(texts.HEADLINE.format(share=components.percent(found.value)), anchor=False)
    st.caption(panels.counted(texts.RANGE, found.total, low=low, high=high))
    figures = mistakes.named_accuracies(evaluation)[0 if evaluation.has_other else 1 :]  # the headline is the plain one
    if figures:
        named = (f"{language.say(name)}: **{components.percent(one.value)}**" for name, one in figures)
        st.markdown(" · ".join(named))
    _show_notes(subject, evaluation)
    if evaluation.unreadable:
        _, reason = evaluation.unreadable[0]
        said = panels.counted(texts.UNREADABLE, len(evaluation.unreadable), reason=language.say(reason))
        st.caption(panels.plain(said))
    if evaluation.unmapped:
        names = ", ".join(language.class_names(name for name, _ in evaluation.unmapped[:5]))
        count = sum(images for _, images in evaluation.unmapped)
        st.caption(panels.plain(panels.counted(texts.UNMAPPED, count, names=names)))


def _show_notes(subject: Subject, evaluation: Evaluation) -> None:
    """Say what is assumed, and which of the images the model knows."""
    assumed = mistakes.assumptions(evaluation, subject.selection.convnet)
    if assumed:
        show = st.warning if len(assumed) > 1 else st.info
        show(panels.plain(" ".join(map(language.say, assumed))), icon=":material/swap_horiz:")
    for sentence in subject.data.notes:
        draw = st.warning if subject.is_learned else st.caption
        draw(panels.plain(language.say(sentence)))
    if subject.is_learned and not subject.data.learned_count:
        st.warning(texts.LEARNED)
