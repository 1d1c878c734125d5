"""Stress test: connections that send the server garbage, half a request or nothing, and floods of messages."""

from __future__ import annotations

import contextlib
import os
import random
import socket
import time
from collections.abc import Iterator
from urllib.parse import urlsplit

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState
from websockets import ConnectionClosed, Origin, Subprotocol
from websockets.sync.client import connect

from benchmarks.breaking.health import watched
from benchmarks.breaking.outcome import Outcome
from benchmarks.browser import serve

_CONNECTIONS, _MESSAGES = 500, 20_000
_FLOOD_SECONDS = 8
_ROUNDS, _HELD_SECONDS, _ANSWER_SECONDS = 4, 2, 0.5
_HANDSHAKE = (
    b"GET /_stcore/stream HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
)


def run(scale: float) -> Iterator[Outcome]:
    """Flood the server with broken connections, then one socket with messages of each kind."""
    yield _of_connections(scale)
    yield _of_messages(scale)


def _of_messages(scale: float) -> Outcome:
    """Send what no page sends, or far more than a person causes, and ask meanwhile for the server's health."""
    count = max(100, round(scale * _MESSAGES))
    outcome = Outcome("Floods of messages over one socket, those that no page sends among them")
    slowest = 0.0
    with serve() as url:
        for name, data, times in _messages(count):
            with watched(url) as health:
                _send(url, data, times)
                time.sleep(_HELD_SECONDS)
            slowest = max(slowest, health.worst)
            outcome.check(health.worst <= _ANSWER_SECONDS, f"{name}: health answered after {health.worst:.2f} s")
    outcome.note = f"the slowest answer about its health took {slowest:.2f} s"
    return outcome


def _messages(count: int) -> Iterator[tuple[str, bytes, int]]:
    for kind in ("clear_cache", "load_git_info", "stop_script", "app_heartbeat"):
        yield kind, BackMsg(**{kind: True}).SerializeToString(), count
    yield "reruns", _rerun(0), count
    yield "reruns with 900 widgets", _rerun(900), count // 100
    yield "reruns with 100,000 widgets", _rerun(100_000), 5
    yield "huge messages", b"x" * 30_000_000, 3


def _rerun(widgets: int) -> bytes:
    message = BackMsg()
    message.rerun_script.widget_states.widgets.extend(WidgetState(id=f"w{n}", bool_value=True) for n in range(widgets))
    if not widgets:
        message.rerun_script.SetInParent()
    return message.SerializeToString()


def _send(url: str, data: bytes, times: int) -> None:
    """Send one message many times, for as long as the server takes them, and at most for a few seconds."""
    port, end = urlsplit(url).port, time.monotonic() + _FLOOD_SECONDS
    with (
        contextlib.suppress(ConnectionClosed, TimeoutError),
        connect(f"ws://127.0.0.1:{port}/_stcore/stream", origin=Origin(url), subprotocols=[Subprotocol("streamlit")],
                ping_interval=None) as opened,
    ):  # fmt: skip
        for _ in range(times):
            opened.send(data)
            if time.monotonic() > end:
                return


def _of_connections(scale: float) -> Outcome:
    """Open connections, send what nobody should, hold them, close them; several times."""
    connections = max(20, round(scale * _CONNECTIONS))
    outcome = Outcome(f"A flood of {connections} broken connections, {_ROUNDS} times")
    with serve() as url:
        with watched(url) as health:
            for turn in range(_ROUNDS):
                _flood(urlsplit(url).port or 0, connections, random.Random(turn))
        for seconds in health.seconds:
            outcome.check(seconds <= _ANSWER_SECONDS, f"health answered after {seconds:.2f} s")
        with watched(url) as after:
            time.sleep(1)
        outcome.check(after.worst <= _ANSWER_SECONDS, f"afterwards health answered after {after.worst:.2f} s")
    outcome.note = f"{len(health.seconds)} questions for its health meanwhile, the slowest {health.worst:.2f} s"
    return outcome


def _flood(port: int, connections: int, rng: random.Random) -> None:
    with contextlib.ExitStack() as stack:
        for _ in range(connections):
            with contextlib.suppress(OSError):  # refused, or closed by the server: as it should be
                opened = stack.enter_context(socket.create_connection(("127.0.0.1", port), timeout=5))
                opened.sendall(_garbage(rng))
        time.sleep(_HELD_SECONDS)


def _garbage(rng: random.Random) -> bytes:
    """Noise, half a request, a request without an end, a handshake without or with a wrong sequel."""
    return rng.choice(
        (
            rng.randbytes(rng.randrange(1, 5000)),
            _HANDSHAKE[: rng.randrange(len(_HANDSHAKE))],
            b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX: " + b"a" * 60_000,
            b"POST /_stcore/upload_file HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 999999999\r\n\r\n"
            + os.urandom(99),
            _HANDSHAKE + b"\r\n" + rng.randbytes(500),
            b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + rng.randbytes(200),
            b"",
        )
    )
