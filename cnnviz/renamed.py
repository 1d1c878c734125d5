"""Former names of public functions and classes, understood for one release with a DeprecationWarning."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable, Mapping
from typing import Any


def former_names(module: str, names: Mapping[str, str]) -> Callable[[str], Any]:
    """Make a module's `__getattr__` that finds what had another name in the last release.

    Args:
        module: Name of the module.
        names: Former names to present ones.
    """

    def find(name: str) -> Any:
        if name not in names:
            raise AttributeError(f"module {module!r} has no attribute {name!r}")
        present = names[name]
        warnings.warn(f"{module}.{name} is now {module}.{present}.", DeprecationWarning, stacklevel=2)
        return getattr(sys.modules[module], present)

    return find
