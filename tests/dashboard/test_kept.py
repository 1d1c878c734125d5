"""Does the dashboard's cache keep its bound in bytes, make each value once, and hand out what nobody can spoil?"""

import threading
import time
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnnviz import memory
from cnnviz.convnets import load_convnet
from cnnviz.dashboard import cached as module
from cnnviz.dashboard.cached import Cache, budget, kept, size_of


@given(st.lists(st.tuples(st.integers(0, 8), st.integers(0, 400_000)), max_size=60))
def test_all_values_together_stay_within_the_bound(asked):
    cache = Cache(1_000_000)
    for key, size in asked:
        value = cache.made(("array", key, size), lambda size=size: np.zeros(size, np.uint8))
        assert len(value) == size
        assert cache.get(("array", key, size)) is value
        assert size <= cache.total_bytes <= 1_000_000


def test_what_was_longest_unused_goes_first():
    cache = Cache(3_500_000)
    for name in "abc":
        cache.put((name,), np.zeros(1_000_000, np.uint8))
    cache.get(("a",))
    cache.put(("d",), np.zeros(1_000_000, np.uint8))
    assert [cache.get((name,)) is not None for name in "abcd"] == [True, False, True, True]


def test_a_value_too_large_for_the_cache_is_handed_out_and_displaces_nothing():
    cache = Cache(1_000_000)
    cache.put(("small",), np.zeros(1000))
    assert len(cache.made(("large",), lambda: np.zeros(1_000_000))) == 1_000_000
    assert cache.get(("large",)) is None
    assert cache.get(("small",)) is not None


def test_what_many_ask_for_at_once_is_made_once():
    cache, made = Cache(10**6), []

    def make():
        time.sleep(0.05)
        made.append(threading.get_ident())
        return len(made)

    found = []
    threads = [threading.Thread(target=lambda: found.append(cache.made(("slow",), make))) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [1] * 16


def test_what_fails_is_asked_for_again():
    cache, tries = Cache(10**6), iter([ValueError("no"), None, 3])

    def make():
        if isinstance(result := next(tries), Exception):
            raise result
        return result

    with pytest.raises(ValueError, match="no"):
        cache.made(("odd",), make)
    assert [cache.made(("odd",), make) for _ in range(3)] == [None, 3, 3]


def test_a_function_is_kept_by_its_arguments_but_those_with_an_underscore(monkeypatch):
    monkeypatch.setattr(module, "CACHE", Cache(10**6))
    calls = []

    @kept()
    def doubled(number: int, _log: str = "") -> int:
        calls.append(_log)
        return 2 * number

    assert [doubled(1, "a"), doubled(1, "b"), doubled(2, "c")] == [2, 2, 4]
    assert calls == ["a", "c"]


def test_of_what_bytes_do_not_measure_only_a_few_are_kept(monkeypatch):
    monkeypatch.setattr(module, "CACHE", Cache(10**6))
    calls = []

    @kept(at_most=2)
    def opened(name: str) -> str:
        calls.append(name)
        return name

    for name in "abcca":
        opened(name)
    assert calls == ["a", "b", "c", "a"]


@dataclass
class Pair:
    left: np.ndarray
    right: object


def test_sizes_are_those_of_the_arrays_each_counted_once():
    array = np.zeros(100_000, np.float32)
    assert size_of(array) == 400_000
    assert size_of(array[:10]) == 400_000  # it keeps all of it in memory
    nested = {"a": [Pair(array, (array, "x")), Pair(np.zeros(1000, np.uint8), None)]}
    assert 401_000 <= size_of(nested) < 403_000
    convnet = load_convnet("lenet5-mnist")
    assert size_of(convnet) == 4 * sum(weight.numpy().size for weight in convnet.model.weights)


def test_a_kept_array_cannot_be_changed():
    value = Cache(10**6).put(("pair",), Pair(np.zeros(3), [np.zeros(2)]))
    for array in (value.left, value.right[0]):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1


def test_the_bound_is_a_quarter_of_what_the_process_may_use(tmp_path, monkeypatch):
    group = tmp_path / "memory.max"
    monkeypatch.setattr(memory, "_CONTROL_GROUPS", (group,))
    monkeypatch.setattr(memory.os, "sysconf", {"SC_PAGE_SIZE": 4096, "SC_PHYS_PAGES": 2**20}.__getitem__)
    monkeypatch.setattr(module, "usable_memory", memory.usable_memory.__wrapped__)
    assert budget() == 2**30
    group.write_text("max\n")
    assert budget() == 2**30
    group.write_text(f"{2**30}\n")
    assert budget() == 2**28
    monkeypatch.setenv("CNNVIZ_CACHE_MB", "100")
    assert budget() == 100 * 2**20
