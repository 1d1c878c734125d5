"""Cache of function results, shared by all sessions, with a limit in bytes."""

from __future__ import annotations

import math
import os
import sys
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable
from dataclasses import fields, is_dataclass
from functools import wraps
from inspect import signature
from typing import Any, ParamSpec, TypeVar

import numpy as np

from cnnviz.convnets import Convnet
from cnnviz.memory import usable_memory

_Parameters = ParamSpec("_Parameters")
_Result = TypeVar("_Result")
_Key = tuple[Hashable, ...]

_SHARE = 4  # the cache takes one part in four of the memory that the process may use
_FLOAT_BYTES = 4


def budget() -> int:
    """Bytes that the cache may take: `$CNNVIZ_CACHE_MB`, or a quarter of the memory that the process may use."""
    chosen = os.environ.get("CNNVIZ_CACHE_MB", "")
    return int(chosen) * 2**20 if chosen.isdecimal() else usable_memory() // _SHARE


class Cache:
    """Values by key; the longest unused make room. Each is made once, however many ask for it at the same time.

    Args:
        max_bytes: Of all values together, as `size_of` counts them.
    """

    def __init__(self, max_bytes: int) -> None:
        self.max_bytes = max_bytes
        self._lock = threading.Lock()
        self._values: OrderedDict[_Key, tuple[Any, int]] = OrderedDict()
        self._making: dict[_Key, threading.Lock] = {}

    @property
    def total_bytes(self) -> int:
        """What all values take together."""
        with self._lock:
            return sum(size for _, size in self._values.values())

    def get(self, key: _Key) -> Any:
        """What is kept; None if nothing is."""
        with self._lock:
            if key not in self._values:
                return None
            self._values.move_to_end(key)
            return self._values[key][0]

    def made(self, key: _Key, make: Callable[[], Any], *, at_most: int | None = None) -> Any:
        """Look a value up, or make and keep it; what is None, or too large for the cache, is not kept.

        Args:
            key: All that it hangs on; its first part names the kind.
            make: Makes it.
            at_most: How many of its kind are kept, where bytes do not tell what they take.
        """
        found = self.get(key)
        if found is not None:
            return found
        with self._lock:
            making = self._making.setdefault(key, threading.Lock())
        try:
            with making:
                found = self.get(key)
                return self.put(key, make(), at_most=at_most) if found is None else found
        finally:
            with self._lock:
                self._making.pop(key, None)

    def put(self, key: _Key, value: Any, *, at_most: int | None = None) -> Any:
        """Keep a value, its arrays read-only, since all share them; return it."""
        size = size_of(value)
        if value is None or size > self.max_bytes:
            return value
        with self._lock:
            self._values[key] = value, size
            self._values.move_to_end(key)
            of_kind = [other for other in self._values if other[0] == key[0]] if at_most else []
            for other in of_kind[: -(at_most or 1)]:
                del self._values[other]
            total = sum(size for _, size in self._values.values())
            while total > self.max_bytes:
                total -= self._values.popitem(last=False)[1][1]
        return value


CACHE = Cache(budget())


def kept(
    at_most: int | None = None,
) -> Callable[[Callable[_Parameters, _Result]], Callable[_Parameters, _Result]]:
    """Keep what a function returns, by its arguments; those that begin with an underscore are no part of the key.

    Args:
        at_most: How many of its results are kept, where bytes do not tell what they take, as of a model.
    """

    def decorate(function: Callable[_Parameters, _Result]) -> Callable[_Parameters, _Result]:
        name = f"{function.__module__}.{function.__qualname__}"
        taken = signature(function)

        @wraps(function)
        def called(*args: _Parameters.args, **kwargs: _Parameters.kwargs) -> _Result:
            given = taken.bind(*args, **kwargs).arguments
            key = (name, *(value for argument, value in given.items() if not argument.startswith("_")))
            result: _Result = CACHE.made(key, lambda: function(*args, **kwargs), at_most=at_most)
            return result

        return called

    return decorate


def size_of(value: Any, _seen: set[int] | None = None) -> int:
    """Count the bytes of a value and of what it holds, each once, and make its arrays read-only."""
    seen = set() if _seen is None else _seen
    if id(value) in seen:
        return 0
    seen.add(id(value))
    if isinstance(value, np.ndarray):
        value.setflags(write=False)
        return max(value.nbytes, getattr(value.base, "nbytes", 0))  # a view keeps all of what it looks into
    if isinstance(value, Convnet):
        return sum(_FLOAT_BYTES * math.prod(weight.shape) for weight in value.model.weights)
    return sys.getsizeof(value) + sum(size_of(part, seen) for part in _parts(value))


def _parts(value: Any) -> Iterable[Any]:
    if is_dataclass(value) and not isinstance(value, type):
        return [getattr(value, field.name) for field in fields(value)]
    if isinstance(value, dict):
        return (*value.keys(), *value.values())
    return value if isinstance(value, tuple | list | set | frozenset) else ()
