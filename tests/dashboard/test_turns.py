import threading
import time

import pytest

from cnnviz.dashboard.turns import Turns

LONG = 60.0  # seconds: nothing in these tests lasts as long


def _asked(turns, names, *, order, until):
    """Threads that ask for a turn one after the other, note that they have it, and keep it until told."""
    threads = []
    for name in names:

        def work(name=name):
            with turns.take(name.partition(" ")[0]):
                order.append(name)
                until[name].wait(10)

        threads.append(threading.Thread(target=work, daemon=True))
        threads[-1].start()
        _until(lambda: len(turns._waiting) + len(turns._running) == len(threads))
    return threads


def _until(holds):
    for _ in range(400):
        if holds():
            return
        time.sleep(0.01)
    raise AssertionError("it did not come about within 4 s")


def test_quick_turns_come_one_by_one_in_the_order_of_asking():
    turns, order, names = Turns(long=LONG), [], [str(number) for number in range(6)]
    until = {name: threading.Event() for name in names}
    threads = _asked(turns, names, order=order, until=until)
    for place, name in enumerate(names):
        _until(lambda place=place: len(order) == place + 1)
        time.sleep(0.12)  # more than one look of those that wait
        assert order == names[: place + 1]
        until[name].set()
    for thread in threads:
        thread.join(5)
    assert not turns._running and not turns._waiting


def test_a_turn_that_takes_long_lets_other_models_go_on_beside_up_to_a_number():
    turns, order, names = Turns(long=0.3, at_once=2), [], ["slow", "quick", "later"]
    until = {name: threading.Event() for name in names}
    start = time.monotonic()
    threads = _asked(turns, names, order=order, until=until)
    _until(lambda: order == ["slow", "quick"])
    assert time.monotonic() - start >= 0.3
    time.sleep(0.5)  # both have lasted long now
    assert order == ["slow", "quick"]
    until["quick"].set()
    _until(lambda: order == names)  # while the slow one goes on
    for name in ("slow", "later"):
        until[name].set()
    for thread in threads:
        thread.join(5)
    assert not turns._running and not turns._waiting


def test_however_many_sessions_look_at_a_slow_model_another_one_waits_for_none_of_them():
    turns, order, names = Turns(long=0.1, at_once=4), [], ["slow 1", "slow 2", "slow 3", "quick"]
    until = {name: threading.Event() for name in names}
    threads = _asked(turns, names, order=order, until=until)
    _until(lambda: order == ["slow 1", "quick"])
    time.sleep(0.4)
    assert order == ["slow 1", "quick"]
    for place, name in enumerate(("slow 1", "slow 2", "slow 3")):
        until[name].set()
        _until(lambda place=place: len(order) == min(place + 3, 4))
    assert order == ["slow 1", "quick", "slow 2", "slow 3"]
    until["quick"].set()
    for thread in threads:
        thread.join(5)
    assert not turns._running and not turns._waiting


def test_a_turn_ends_with_an_error_of_its_work():
    turns = Turns(long=LONG)
    for _ in range(3):
        with pytest.raises(ZeroDivisionError), turns.take():
            1 / 0  # noqa: B018  # the error is what is wanted
    assert not turns._running and not turns._waiting
