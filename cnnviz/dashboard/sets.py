"""Which sets of labelled pictures are offered: those that come by name, and a person's own?"""

from __future__ import annotations

from dataclasses import dataclass

from cnnviz import datasets
from cnnviz.dashboard import store


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


def offered() -> dict[str, Offer]:
    """List all sets by the name that stands in links; of a person's own that is the file's or folder's name."""
    known = {name: Offer(entry.title, name, entry.is_here) for name, entry in datasets.catalogue().items()}
    own = {path.name: Offer(path.stem, str(path), True) for path in store.own_data()}
    return known | {name: offer for name, offer in own.items() if name not in known}
