"""Upload limits, for each session and in all; an upload beyond them is refused unread."""

from __future__ import annotations

import asyncio
import re
import time
from collections import Counter

from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from cnnviz.dashboard import private_streamlit
from cnnviz.memory import usable_memory

MEGABYTES = {"pictures": 20, "models": 256, "uploads": 256}
"""Most that is taken of each kind. The browser refuses more, and so does the server, which anything can be sent to."""

_ROUTE = re.compile(r"/_stcore/upload_file/(?P<session>[^/]+)/[^/]+/?")
_OF_A_SESSION = 2**20 * (sum(MEGABYTES.values()) + max(MEGABYTES.values()))  # of each kind, and what replaces one
_PATIENCE_SECONDS, _LEAST_BYTES_A_SECOND = 20.0, 20_000
_SHARE = 4  # of the memory that the process may use


class _Arriving:
    """The messages of an upload; one that comes too slowly counts as broken off, since it takes room from others."""

    def __init__(self, receive: Receive) -> None:
        self._receive, self._seconds = receive, _PATIENCE_SECONDS

    async def receive(self) -> Message:
        """Wait for the next message as long as those before allow; what the server itself takes does not count."""
        start = time.monotonic()
        try:
            message = await asyncio.wait_for(self._receive(), self._seconds)
        except TimeoutError:
            return {"type": "http.disconnect"}
        earned = len(message.get("body", b"")) / _LEAST_BYTES_A_SECOND
        self._seconds = min(_PATIENCE_SECONDS, self._seconds - (time.monotonic() - start) + earned)
        return message


class UploadLimits:
    """Middleware that refuses an upload for which there is no room, by the size that it says it has.

    Streamlit bounds one upload. It keeps each until its session takes it out of the page or ends, also those that no
    page asked for.

    Args:
        app: What takes the uploads.
        in_all: Bytes that all of them may hold together; a quarter of the memory that the process may use if None.
    """

    def __init__(self, app: ASGIApp, *, in_all: int | None = None) -> None:
        self._app = app
        self._in_all = max(_OF_A_SESSION, usable_memory() // _SHARE) if in_all is None else in_all
        self._arriving: Counter[str] = Counter()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass everything on but an upload without a size (411), without room (413), or that breaks off (408)."""
        route = _ROUTE.fullmatch(scope["path"]) if scope["type"] == "http" and scope["method"] == "PUT" else None
        if route is None:
            await self._app(scope, receive, send)
            return
        session, headers = route["session"], Headers(scope=scope)
        length = headers.get("content-length", "")
        if not length.isdecimal() or "transfer-encoding" in headers:  # with the second, the first means nothing
            await PlainTextResponse("An upload says its size.\n", status_code=411)(scope, receive, send)
            return
        if not self._has_room(session, int(length)):
            refusal = "There is no room for this upload. Take earlier ones out of the page, or choose a smaller file.\n"
            await PlainTextResponse(refusal, status_code=413)(scope, receive, send)
            return
        self._arriving[session] += int(length)
        arriving = _Arriving(receive)
        try:
            await self._app(scope, arriving.receive, send)
        except ClientDisconnect:
            await PlainTextResponse("The upload broke off.\n", status_code=408)(scope, receive, send)
        finally:
            self._arriving[session] -= int(length)
            self._arriving += Counter()  # keeps what is positive: sessions that are gone leave nothing

    def _has_room(self, session: str, length: int) -> bool:
        held = Counter(private_streamlit.upload_bytes()) + self._arriving
        return held[session] + length <= _OF_A_SESSION and held.total() + length <= self._in_all
