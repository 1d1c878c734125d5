"""Labeled images to evaluate: the sets on offer, their splits, and how they are opened."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from cnnviz import datasets, mistakes
from cnnviz.dashboard import cache, language, started, store
from cnnviz.dashboard.cached import kept
from cnnviz.mistakes import Labeled
from cnnviz.runs import Run, trained_run


@dataclass(frozen=True)
class Offer:
    """A set of images to choose.

    Attributes:
        title: Its name for people.
        source: What `load_dataset` opens.
        is_here: Whether it opens without a download.
        is_own: Whether it is a person's own folder or archive.
    """

    title: str
    source: str
    is_here: bool
    is_own: bool

    @property
    def said(self) -> str:
        """Its name in the session's language; a person's own is called as they call it."""
        return self.title if self.is_own else language.say(self.title)


def offered() -> dict[str, Offer]:
    """List all sets by the name that stands in links: those that are known, then a person's own, the newest first.

    One's own goes by the name of its file or folder; with "own" before it where another one has that name.
    """
    known = datasets.catalog()
    offers = {name: Offer(entry.title, name, entry.is_here, is_own=False) for name, entry in known.items()}
    titles, begun = {entry.title for entry in known.values()}, started.data()
    first = [begun] if begun and begun not in known else []
    for source in dict.fromkeys([*first, *map(str, store.own_data())]):
        name = Path(source).name
        while name in offers or name in titles:
            name = f"own {name}"
        offers[name] = Offer(name, source, is_here=True, is_own=True)
    return offers


def splits(offer: Offer, *, run: Run | None = None) -> tuple[str, ...]:
    """List the splits of a set that there are: those of the run that learned from it, else its own; perhaps none.

    Raises:
        DataError: If it cannot be opened.
    """
    path = Path(offer.source)
    return _splits(offer.source, run.name if run else None, _changed(path) if offer.is_own else ())


def open_part(offer: Offer, part: str | None, *, run: Run | None = None) -> Labeled:
    """Open one split of a set.

    Of a person's own images without splits all are evaluated, unless the model learned from some of them: then those
    that its run held out are the test images.

    Args:
        offer: The set.
        part: One of `splits`; None where there are none.
        run: The training run that the model is from; None if there is none.

    Raises:
        DataError: If it cannot be opened.
    """
    is_source = mistakes.trained_on(run, offer.source)
    if offer.is_own:
        return _own(offer.source, part, run.name if run and is_source else None, _changed(Path(offer.source)))
    seed = int(run.recipe.get("seed") or 0) if run and is_source else 0
    dataset = cache.dataset(offer.source, seed)
    return mistakes.split_of_run(dataset, run, part) if run and is_source else mistakes.split_of(dataset, part)


@kept(at_most=4)
def _own(source: str, part: str | None, run: str | None, changed: tuple[int, ...]) -> Labeled:
    return mistakes.open_unseen(source, run=trained_run(run) if run else None, part=part)


@kept()
def _splits(source: str, run: str | None, changed: tuple[int, ...]) -> tuple[str, ...]:
    return mistakes.splits_for(source, run=trained_run(run) if run else None)


def _changed(path: Path) -> tuple[int, ...]:
    """When a file, or a folder and the folders in it, were changed."""
    folders = sorted(child for child in path.iterdir() if child.is_dir()) if path.is_dir() else []
    return tuple(folder.stat().st_mtime_ns for folder in (path, *folders))
