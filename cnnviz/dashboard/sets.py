"""Labelled images to evaluate: which sets are offered, their splits, and how they are opened."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from cnnviz import datasets, mistakes
from cnnviz.dashboard import cache, started, store
from cnnviz.mistakes import Labelled
from cnnviz.runs import Run, trained_run


@dataclass(frozen=True)
class Offer:
    """A set of pictures to choose.

    Attributes:
        title: Its name for people.
        source: What `load_dataset` opens.
        is_here: Whether it opens without a download.
    """

    title: str
    source: str
    is_here: bool

    @property
    def is_own(self) -> bool:
        """Whether it is a person's own folder or archive."""
        return self.source not in datasets.catalogue()


def offered() -> dict[str, Offer]:
    """List all sets by the name that stands in links: those that are known, then a person's own, the newest first."""
    known = {name: Offer(entry.title, name, entry.is_here) for name, entry in datasets.catalogue().items()}
    begun, own = begun_with(), [(_link(path.name), str(path)) for path in store.own_data()]
    if begun and begun not in known:
        own.insert(0, (begun, str(started.data())))
    for name, source in own:
        known.setdefault(name, Offer(name, source, True))
    return known


def begun_with() -> str | None:
    """Name in links of the set that the server was started with; None if it was started with none."""
    data = started.data()
    if data is None or data in datasets.catalogue():
        return data
    return _link(Path(data).name)


def _link(name: str) -> str:
    """Name of a person's own folder or archive, in links and in lists; another one if a known set has it."""
    known = datasets.catalogue()
    return f"own {name}" if name in known or name in {entry.title for entry in known.values()} else name


def splits(offer: Offer, *, run: Run | None = None) -> tuple[str, ...]:
    """List the splits of a set that there are: those of the run that learnt from it, else its own; perhaps none.

    Raises:
        DataError: If it cannot be opened.
    """
    path = Path(offer.source)
    return _splits(offer.source, run.name if run else None, _changed(path) if offer.is_own else ())


def open_part(offer: Offer, part: str | None, *, run: Run | None = None) -> Labelled:
    """Open one split of a set.

    Of a person's own images without splits all are evaluated, unless the model learnt from some of them: then those
    that its run held out are the test images.

    Args:
        offer: The set.
        part: One of `splits`; None where there are none.
        run: The training run that the model is from; None if there is none.

    Raises:
        DataError: If it cannot be opened.
    """
    is_source = mistakes.learnt_from(run, offer.source)
    if offer.is_own:
        return _own(offer.source, part, run.name if run and is_source else None, _changed(Path(offer.source)))
    seed = int(run.recipe.get("seed") or 0) if run and is_source else 0
    dataset = cache.dataset(offer.source, seed)
    return mistakes.split_of_run(dataset, run, part) if run and is_source else mistakes.split_of(dataset, part)


@st.cache_resource(max_entries=4, show_spinner=False)
def _own(source: str, part: str | None, run: str | None, changed: tuple[int, ...]) -> Labelled:
    return mistakes.open_unseen(source, run=trained_run(run) if run else None, part=part)


@st.cache_data(max_entries=16, show_spinner=False)
def _splits(source: str, run: str | None, changed: tuple[int, ...]) -> tuple[str, ...]:
    return mistakes.splits_for(source, run=trained_run(run) if run else None)


def _changed(path: Path) -> tuple[int, ...]:
    """When a file, or a folder and the folders in it, were changed."""
    folders = sorted(child for child in path.iterdir() if child.is_dir()) if path.is_dir() else []
    return tuple(folder.stat().st_mtime_ns for folder in (path, *folders))
