"""Exceptions for what a user can fix.

    CnnvizError
    ├── ImageError            an image that cannot be read
    ├── DataError             labeled images that cannot be found, read or learned from
    ├── ModelError            a model that cannot be opened or used
    │   ├── ModelFileError        a model file that cannot be opened
    │   │   └── RefusedFileError      its own bytes are damaged or unsafe: another try would not help
    │   └── OfflineError          weights that would have to be downloaded
    ├── LayerError            a layer that does not exist or has no such view
    ├── ClassError            a class that the model does not have
    ├── UploadError           an upload that is too large, or cannot be kept or deleted
    ├── RunError              a training run, or what was asked of one, that cannot be
    └── CancelledError        long work that was asked to stop

Every message is two short sentences at most: what is wrong, with the value in it, and what would do.
A caller's bug is a `ValueError` or `TypeError` instead.
"""

from __future__ import annotations

from cnnviz.renamed import former_names
from cnnviz.sentences import Sentence


class CnnvizError(Exception):
    """Anything that a person can mend; its text is meant for them.

    Attributes:
        sentence: The text, which can be said in other languages.

    Args:
        template: English text with a named placeholder for each value.
        values: What stands in their places. A template without values is said as it is, braces and all.
    """

    def __init__(self, template: str = "", /, **values: object) -> None:
        self.sentence = Sentence(template, **values)
        super().__init__(self.sentence)


class ImageError(CnnvizError):
    """An image that cannot be read."""


class DataError(CnnvizError):
    """Labeled images that cannot be found, read or learned from."""


class ModelError(CnnvizError):
    """A model that cannot be opened or used."""


class ModelFileError(ModelError):
    """A model file that cannot be opened."""


class RefusedFileError(ModelFileError):
    """A model file whose own bytes are damaged or unsafe: another try would not help."""


class OfflineError(ModelError):
    """Weights that would have to be downloaded."""


class LayerError(CnnvizError):
    """A layer that does not exist, or has no such view."""


class ClassError(CnnvizError):
    """A class that the model does not have."""


class UploadError(CnnvizError):
    """An upload that is too large, or cannot be kept or deleted."""


class RunError(CnnvizError):
    """A training run, or what was asked of one, that cannot be."""


class CancelledError(CnnvizError):
    """Long work that was asked to stop."""


__getattr__ = former_names(__name__, {"PictureError": "ImageError"})
