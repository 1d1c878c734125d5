"""Error for a command that cannot be carried out as it was typed."""

from __future__ import annotations

from cnnviz.errors import CnnvizError


class CommandError(CnnvizError):
    """A command that cannot be carried out as it was typed."""
