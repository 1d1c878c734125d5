"""Stress test: hundreds of connections that send the server garbage, half a request or nothing."""

from __future__ import annotations

import contextlib
import os
import random
import socket
import time
from collections.abc import Iterator
from urllib.parse import urlsplit

from benchmarks.breaking.health import watched
from benchmarks.breaking.outcome import Outcome
from benchmarks.browser import serve

_CONNECTIONS = 500
_ROUNDS, _HELD_SECONDS, _ANSWER_SECONDS = 4, 2, 0.5
_HANDSHAKE = (
    b"GET /_stcore/stream HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
)


def run(scale: float) -> Iterator[Outcome]:
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
    yield outcome


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
