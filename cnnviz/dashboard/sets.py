"""Which sets of labelled pictures are offered, and how are they opened to be asked about?"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from cnnviz import datasets, mistakes
from cnnviz.dashboard import cache, started, store
from cnnviz.datasets import Dataset
from cnnviz.mistakes import Labelled


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
    """List all sets by the name that stands in links; of a person's own that is the file's or folder's name."""
    known = {name: Offer(entry.title, name, entry.is_here) for name, entry in datasets.catalogue().items()}
    own = {path.name: Offer(path.stem, str(path), True) for path in store.own_data()}
    if (name := begun_with()) and name not in known:
        own[name] = Offer(Path(name).stem, str(started.data()), True)
    return known | {name: offer for name, offer in own.items() if name not in known}


def begun_with() -> str | None:
    """Name in links of the set that the server was started with; None if it was started with none."""
    data = started.data()
    if data is None or data in datasets.catalogue():
        return data
    name = Path(data).name
    return f"own {name}" if name in datasets.catalogue() else name


def open_part(offer: Offer, part: str, *, learnt_with: int | None = None) -> Labelled:
    """Open one part of a set.

    Of a person's own pictures all are asked about, unless the network learnt from some of them: then those
    that were held out are the test pictures.

    Args:
        offer: The set.
        part: `train`, `validation` or `test`.
        learnt_with: Seed of the training run that held pictures of this set out; None if none did.

    Raises:
        DataError: If it cannot be opened.
    """
    if offer.is_own and learnt_with is None:
        path = Path(offer.source)
        return _own(offer.source, part, _changed(path))
    return part_of(cache.dataset(offer.source, learnt_with or 0), part)


def part_of(dataset: Dataset, part: str) -> Labelled:
    """One part of a set, with its names."""
    return Labelled(dataset.title, dataset.class_names, getattr(dataset, part))


@st.cache_resource(max_entries=4, show_spinner=False)
def _own(source: str, part: str, changed: tuple[int, ...]) -> Labelled:
    return mistakes.open_labelled(source, part=part)


def _changed(path: Path) -> tuple[int, ...]:
    """When a file, or a folder and the folders in it, were changed."""
    folders = sorted(child for child in path.iterdir() if child.is_dir()) if path.is_dir() else []
    return tuple(folder.stat().st_mtime_ns for folder in (path, *folders))
