"""Interface texts: one module for each page, and `shared` for what several pages show.

Each is a plain constant in English. Whoever reads one from outside gets it in the language of the session, so it is
read where it is shown: not when a module is imported, and not into something that is kept.
"""

import importlib
import pkgutil
from types import ModuleType
from typing import Any

from cnnviz.dashboard import language


class _Translated(ModuleType):
    """A module whose constants are said in the language of the session; its name is their context."""

    def __getattribute__(self, name: str) -> Any:
        value = super().__getattribute__(name)
        return language.say(value, self.__name__.rpartition(".")[2]) if name.isupper() else value


for _module in pkgutil.iter_modules(__path__):
    importlib.import_module(f"{__name__}.{_module.name}").__class__ = _Translated
