"""Dashboard server: Streamlit behind a guard that checks the host and origin of requests."""

from __future__ import annotations

import ipaddress
import socket
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import streamlit as st
from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from cnnviz.dashboard.message_limits import MessageLimits
from cnnviz.dashboard.upload_limits import UploadLimits

_ANY_ADDRESS = frozenset({"0.0.0.0", "::", ""})  # named here, never listened on unasked
_THIS_MACHINE = frozenset({"localhost", "127.0.0.1", "::1"})
_MESSAGE_MEGABYTES = 32  # of the socket, in memory before anybody looks at it; pages send and get far less
_CLOSED = ("/_stcore/metrics",)  # counts sessions and memory for whoever asks
_HEADERS = {
    "Content-Security-Policy": "frame-ancestors 'self'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
}


def serve(script: Path, *, host: str, port: int, names: Iterable[str] = (), is_headless: bool = False) -> None:
    """Serve the dashboard until it is stopped.

    Args:
        script: `app.py`; the configuration is read from the folder `.streamlit` beside it.
        host: Address or name to listen on; `0.0.0.0` and `::` stand for all of this machine's.
        port: Port to listen on.
        names: Further host names under which browsers may reach it.
        is_headless: Whether no browser is opened.
    """
    allowed, is_open = host_names(host, names), host in _ANY_ADDRESS
    sys.argv = [str(script)]  # Streamlit looks for the configuration beside what was launched
    guards = [Middleware(Guard, names=allowed, takes_addresses=is_open), Middleware(UploadLimits)]
    guards.append(Middleware(MessageLimits))
    app = st.App(script, middleware=guards)
    app.run(
        config={
            "server.address": host,
            "server.port": port,
            "server.headless": is_headless,
            "server.allowedHosts": ["*"] if is_open else sorted(allowed),  # it knows no "any address"
            "server.maxMessageSize": _MESSAGE_MEGABYTES,
            "logger.hideWelcomeMessage": True,  # with it goes a card over the pages that recommends something else
            "browser.serverAddress": "localhost"
            if is_open
            else host,  # else Streamlit asks a service outside for this machine's address
        }
    )


def url_of(host: str, port: int) -> str:
    """Where a browser on this machine finds what listens on a host and a port."""
    name = "localhost" if host in _ANY_ADDRESS else f"[{host}]" if ":" in host else host
    return f"http://{name}:{port}"


def host_names(host: str, names: Iterable[str] = ()) -> frozenset[str]:
    """List the host names, in lower case, under which a server that listens on `host` may be reached."""
    own = {socket.gethostname(), f"{socket.gethostname()}.local"} if host in _ANY_ADDRESS else {host}
    return frozenset(name.lower().rstrip(".") for name in {*_THIS_MACHINE, *own, *names})


@dataclass(frozen=True)
class Guard:
    """Answers only browsers that reached the dashboard by an address of its own, from a page of its own.

    A name of somebody else that resolves to this machine (DNS rebinding) makes their page and the dashboard one origin
    for the browser; only the host name tells. An address of digits cannot be rebound.

    Attributes:
        app: What is guarded.
        names: Host names and addresses that are accepted.
        takes_addresses: Whether any address of digits is, since the server listens on all of them.
    """

    app: ASGIApp
    names: frozenset[str]
    takes_addresses: bool = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse with 403 what comes from elsewhere; add the headers that keep other sites out."""
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        if refused := self._refusal(headers, scope["path"]):
            if scope["type"] == "websocket":
                await send({"type": "websocket.close", "code": 1008})  # before it is accepted: the client gets a 403
            else:
                await PlainTextResponse(refused, status_code=403)(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(_HEADERS)
            await send(message)

        await self.app(scope, receive, send_with_headers)

    def _refusal(self, headers: Headers, path: str) -> str | None:
        host, origin = headers.get("host", ""), headers.get("origin")
        if not self._is_own(host):
            return f"The dashboard is not called {host!r}. Start it with --allow-host to let browsers reach it so.\n"
        if origin is not None and origin.partition("://")[2] != host:
            return "This page belongs to another site.\n"
        return "Closed.\n" if path.rstrip("/") in _CLOSED else None

    def _is_own(self, host: str) -> bool:
        try:
            name = (urlsplit(f"//{host}").hostname or "").rstrip(".")
        except ValueError:  # brackets that do not close
            return False
        return name in self.names or (self.takes_addresses and _is_address(name))


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
