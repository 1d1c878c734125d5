"""Limits on a browser's messages over the socket: their kinds, sizes and rate."""

from __future__ import annotations

import asyncio
import time

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from cnnviz.dashboard import private_streamlit

_MOST_BYTES = 2**20
_MOST_ENTRIES = {"rerun_script": 1_000, "file_urls_request": 20}
"""Values of widgets, of which our fullest page has fewer than a hundred, and files, of which it takes one at a time."""

_A_SECOND, _AT_ONCE = 20, 60  # messages of one socket that are passed on at once: nobody clicks as fast for long
_POLICY_VIOLATION = 1008


class MessageLimits:
    """Middleware that passes on what pages send, as fast as a person causes it, and nothing else.

    Whoever opens the socket by hand may send what no page does: one message clears the caches of all sessions, another
    looks through the repository of the script while everybody waits; many, or huge ones, do the same by their number.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Leave out messages of other kinds, hold back those that come too fast, close at those that are too large."""
        await self._app(scope, _Arriving(receive).receive if scope["type"] == "websocket" else receive, send)


class _Arriving:
    """Messages of one socket."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._credit, self._at = float(_AT_ONCE), time.monotonic()

    async def receive(self) -> Message:
        """Wait for the next message that is passed on."""
        while True:
            message = await self._receive()
            data = message.get("bytes")
            if message["type"] != "websocket.receive" or data is None:
                return message
            await self._take_turn()
            if len(data) > _MOST_BYTES:
                return _closed()
            kind, entries = private_streamlit.browser_message(data)
            if entries > _MOST_ENTRIES.get(kind, 0):
                return _closed()
            if kind in private_streamlit.PAGE_MESSAGES:
                return message

    async def _take_turn(self) -> None:
        now = time.monotonic()
        self._credit = min(_AT_ONCE, self._credit + _A_SECOND * (now - self._at)) - 1
        self._at = now
        if self._credit < 0:  # nothing is read from the socket meanwhile, so that the sender waits as well
            await asyncio.sleep(-self._credit / _A_SECOND)


def _closed() -> Message:
    return {"type": "websocket.disconnect", "code": _POLICY_VIOLATION}
