"""What can be wrong with a command itself, rather than with a network or a picture?"""

from __future__ import annotations

from cnnviz.errors import CnnvizError


class CommandError(CnnvizError):
    """A command that cannot be carried out as it was typed."""
