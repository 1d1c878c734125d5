"""Does the host's path stay with whoever sits at it?"""

from pathlib import Path

import pytest
from streamlit import config

from cnnviz.dashboard import paths, started


@pytest.fixture
def listen(monkeypatch):
    """Gives the addresses that a server is started with."""

    def on(address, *names):
        options = {"server.address": address, "server.allowedHosts": list(names)}
        monkeypatch.setattr(config, "get_option", options.__getitem__)

    return on


@pytest.mark.parametrize(
    ("address", "names", "is_solo"),
    [
        ("127.0.0.1", ("localhost", "127.0.0.1", "::1"), True),
        ("127.0.0.2", (), True),
        ("::1", (), True),
        ("localhost", ("localhost",), True),
        ("0.0.0.0", ("*",), False),
        ("::", ("*",), False),
        (None, (), False),
        ("192.168.1.7", ("localhost", "192.168.1.7"), False),
        ("class.example.org", (), False),
        ("127.0.0.1", ("localhost", "class.example.org"), False),
    ],
)
def test_only_a_server_that_listens_on_this_machine_alone_is_solo(listen, address, names, is_solo):
    listen(address, *names)
    assert started.is_solo() is is_solo


def test_the_configuration_that_ships_is_solo():
    assert config.get_option("server.address") == "127.0.0.1"
    assert started.is_solo()


def test_the_code_of_a_view_holds_the_path_for_who_sits_at_it_and_the_name_for_others(listen):
    file = Path("/srv/people/cats.zip")
    listen("127.0.0.1")
    assert paths.in_code(file) == (repr(str(file)), "")
    listen("0.0.0.0", "*")
    literal, comment = paths.in_code(file)
    assert literal == "'cats.zip'" and comment.startswith("  # ") and "server" in comment


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("No run can be kept in '/srv/ann lee/runs': Read-only.", "No run can be kept in 'runs': Read-only."),
        ("[Errno 28] No space left: /srv/ann/runs/a-run", "[Errno 28] No space left: a-run"),
        ('  File "/usr/lib/python3/x.py", line 3, in f', '  File "x.py", line 3, in f'),
        (r'{"data": "C:\\Users\\ann lee\\bars"}', '{"data": "bars"}'),
        (r"C:\Users\ann\bars.zip is gone", "bars.zip is gone"),
        *((same, same) for same in (
            "", "conv1/kernel and 1/2", "see https://keras.io/api/layers/", "~/.keras/models", "10 km / h", "'/' alone",
        )),
    ],
)  # fmt: skip
def test_of_full_paths_in_a_text_the_names_stay(text, expected):
    assert paths.names_only(text) == expected
